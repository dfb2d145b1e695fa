"""A folder becomes a repository, or part of one: its first commit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from digest.config.values import Git
from digest.errors import GitError
from digest.git.commits import commit_paths, require_branch
from digest.git.contents import unkept
from digest.git.program import Program
from digest.git.repository import Repository, find_repository, named, open_repository

_BRANCH = "main"


def start_repository(folder: Path, paths: Sequence[str], message: str, settings: Git) -> list[str]:
    """Commit ``paths``, relative to ``folder``, in the repository that it lies in, which is made if there is none.

    It is one commit of these files alone: what somebody staged stays staged. What git ignores is left out.

    Returns what was done, for a person; nothing without git, or where all is committed already.

    Raises:
        GitError: git, or a hook, refuses; nothing is committed then.
    """
    try:
        git = Program(folder)
        git.run("version")
    except GitError:
        return []
    repository = find_repository(folder)
    if repository is None:
        git.run("init", "--quiet")
        # The option for it is younger than git 2.28, and the owner's configuration may name another.
        git.run("symbolic-ref", "HEAD", f"refs/heads/{_BRANCH}")
        repository = open_repository(folder)
    return list(_commit(repository, folder, paths, message, settings))


def _commit(repository: Repository, folder: Path, paths: Sequence[str], message: str, settings: Git) -> Iterator[str]:
    found = unkept(repository, [folder / path for path in paths])
    if found.ignored:
        yield f"git ignores {named(found.ignored)}: in no commit, so a clone lacks it"
    if not found.changed:
        return
    require_branch(repository, settings)
    is_first = repository.head is None and repository.root == folder.resolve()
    staged = [change.path for change in repository.changes(untracked=False) if change.is_staged]
    if commit_paths(repository, frozenset(found.changed), message, settings.author):
        files = f"{len(found.changed)} file{'s' if len(found.changed) > 1 else ''}"
        where = f"the git repository {repository.root}"
        yield f"made it a git repository with {files} committed" if is_first else f"committed {files} in {where}"
    if others := [path for path in staged if path not in found.changed]:
        yield f"staged before, and left as it was: {named(others)}"
