"""git: what was written becomes a commit, and is pushed; nobody's work is ever undone."""

from digest.git.commits import commit_paths, require_branch, require_nothing_foreign
from digest.git.contents import Unkept, unkept
from digest.git.examining import RepositoryState, can_push, examine_repository
from digest.git.locks import remove_stale_locks, take_turn
from digest.git.pushes import Remote, push
from digest.git.recovery import recover
from digest.git.repository import Repository, find_repository, named, open_repository
from digest.git.starting import start_repository

__all__ = [
    "Remote",
    "Repository",
    "RepositoryState",
    "Unkept",
    "can_push",
    "commit_paths",
    "examine_repository",
    "find_repository",
    "named",
    "open_repository",
    "push",
    "recover",
    "remove_stale_locks",
    "require_branch",
    "require_nothing_foreign",
    "start_repository",
    "take_turn",
    "unkept",
]
