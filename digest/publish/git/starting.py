"""A folder becomes a repository."""

from collections.abc import Sequence
from pathlib import Path

from digest.errors import GitError
from digest.publish.git.commits import commit_paths
from digest.publish.git.program import Program
from digest.publish.git.repository import Repository, find_repository

_BRANCH = "main"


def start_repository(folder: Path, paths: Sequence[str], message: str, author: str) -> str | None:
    """Make ``folder`` a git repository with a first commit of ``paths``, relative to it, unless it is in one already.

    Returns what was done, for a person; None without git.

    Raises:
        GitError: git fails.
    """
    try:
        git = Program(folder)
        git.run("version")
    except GitError:
        return None
    repository = find_repository(folder)
    if repository is not None and not _is_begun(repository, folder):
        return f"it lies in the git repository {repository.root}; commit the new files there"
    if repository is None:
        git.run("init", "--quiet")
        # The option for it is younger than git 2.28, and the owner's configuration may name another.
        git.run("symbolic-ref", "HEAD", f"refs/heads/{_BRANCH}")
        repository = find_repository(folder)
    commit = commit_paths(repository, frozenset(paths), message, author) if repository else None
    return f"made it a git repository with {len(paths)} files committed" if commit else None


def _is_begun(repository: Repository, folder: Path) -> bool:
    """Whether the folder was made a repository, and nothing was committed yet, nor prepared."""
    is_own = repository.root == folder.resolve() and repository.head is None
    return is_own and not any(change.is_tracked for change in repository.changes())
