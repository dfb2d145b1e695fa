"""Atomic files, raw pages, the run lock. The only importer of os.replace."""

from digest.publish.files import Folder
from digest.publish.lock import hold_lock
from digest.publish.raw import read_saved_page, write_raw

__all__ = ["Folder", "hold_lock", "read_saved_page", "write_raw"]
