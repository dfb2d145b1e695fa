"""Files written whole or not at all, the raw pages, the run lock. The only importer of fcntl and os.replace."""
