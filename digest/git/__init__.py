"""git: what was written becomes a commit, and is pushed; nobody's work is ever undone."""

from digest.git.commits import commit_paths, require_branch, require_nothing_foreign, start_repository
from digest.git.examining import RepositoryState, can_push, examine_repository
from digest.git.recovery import recover, remove_stale_locks, take_turn
from digest.git.remote import Remote, push
from digest.git.repository import Repository, Unkept, find_repository, named, open_repository, unkept

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
