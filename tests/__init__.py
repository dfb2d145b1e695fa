"""The tests: one file a module; ``conftest`` has the archive and the stand-in that they share."""
