"""Paths that were written → one commit of just these; or why not, with nothing undone that somebody prepared."""

from collections.abc import Callable, Collection, Sequence

from digest.config.values import Git
from digest.errors import GitError
from digest.git.identity import identity
from digest.git.program import BY_INPUT
from digest.git.repository import Change, Repository, named
from digest.git.version import require_version

IsGenerated = Callable[[str], bool]
"""Whether digest generates the file at a path, relative to the work tree."""


def require_branch(repository: Repository, settings: Git) -> str:
    """Return the branch that is checked out.

    Raises:
        GitError: there is none, or not the configured one, or somebody is in the middle of something.
    """
    if words := repository.busy:
        raise GitError(f"{repository.root}: {words} is in progress; end it, as `git status` says, and run again")
    branch = repository.branch
    if branch is None:
        wanted = settings.branch or "BRANCH"
        raise GitError(f"{repository.root}: expected a branch, found a detached HEAD; `git switch {wanted}`")
    if settings.branch not in ("", branch):
        words = f"expected the branch {settings.branch} ([git] branch), found {branch}"
        raise GitError(f"{repository.root}: {words}; `git switch {settings.branch}`")
    return branch


def require_nothing_foreign(repository: Repository, changes: Sequence[Change], is_generated: IsGenerated) -> None:
    """Refuse to commit while somebody has prepared a commit of their own.

    Raises:
        GitError: paths are staged that digest does not generate.
    """
    foreign = [change.path for change in changes if change.is_staged and not is_generated(change.path)]
    if foreign:
        words = f"staged, and not by digest: {named(foreign)}"
        raise GitError(f"{repository.root}: {words}; commit them, or `git restore --staged` them, and run again")


def commit_paths(repository: Repository, paths: Collection[str], message: str, author: str) -> str | None:
    """Commit ``paths``, relative to the work tree, as they are there; return the commit, or None if nothing changed.

    Hooks and signatures are as the repository's owner configured them.

    Raises:
        GitError: git, or a hook, refuses; or git is too old.
    """
    require_version(repository.git)
    repository.git.run("add", *BY_INPUT, paths=paths)
    # Asked again: a file that was staged and is gone, or whose line ends alone changed, is no change to be committed.
    staged = [one.path for one in repository.changes(untracked=False) if one.is_staged and one.path in paths]
    if not staged:
        return None
    git = repository.git.having(identity(repository.git, author))
    git.run("commit", "--quiet", "--only", "--cleanup=whitespace", f"--message={message}", *BY_INPUT, paths=staged)
    return repository.head
