"""Atomic files, raw pages, the run lock, git. The only importer of os.replace and subprocess."""

from digest.publish.addresses import read_addresses
from digest.publish.files import Folder, new_file
from digest.publish.git import RepositoryState, can_push, examine_repository, start_repository
from digest.publish.git.contents import is_committed
from digest.publish.lock import hold_lock
from digest.publish.raw import raw_path, read_raw, read_saved_page, write_raw
from digest.publish.schedule import read_crontab

__all__ = [
    "Folder",
    "RepositoryState",
    "can_push",
    "examine_repository",
    "hold_lock",
    "is_committed",
    "new_file",
    "raw_path",
    "read_addresses",
    "read_crontab",
    "read_raw",
    "read_saved_page",
    "start_repository",
    "write_raw",
]
