"""Atomic files, raw pages, the run lock, git, channels. The only importer of os.replace and subprocess.

What starts other programs, or asks the network, stands in modules of its own (``publish.git``, ``publish.schedule``):
most commands need neither.
"""

from digest.publish.addresses import read_addresses
from digest.publish.files import Folder, new_file
from digest.publish.lock import hold_lock
from digest.publish.raw import raw_path, read_raw, read_saved_page, write_raw

__all__ = [
    "Folder",
    "hold_lock",
    "new_file",
    "raw_path",
    "read_addresses",
    "read_raw",
    "read_saved_page",
    "write_raw",
]
