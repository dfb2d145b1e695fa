"""Files written whole or not at all, the raw pages, the run lock. The only importer of fcntl and os.replace."""

from digest.disk.files import Folder, hold_lock, new_file
from digest.disk.raw import raw_path, read_raw, read_saved_page, write_raw

__all__ = [
    "Folder",
    "hold_lock",
    "new_file",
    "raw_path",
    "read_raw",
    "read_saved_page",
    "write_raw",
]
