"""Atomic files, raw pages, the run lock. The only importer of os.replace."""

from digest.publish.files import Folder, new_file
from digest.publish.lock import hold_lock
from digest.publish.raw import raw_path, read_raw, read_saved_page, write_raw

__all__ = ["Folder", "hold_lock", "new_file", "raw_path", "read_raw", "read_saved_page", "write_raw"]
