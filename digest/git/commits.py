"""Paths that were written → one commit of just these; or why not, with nothing undone that somebody prepared."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from digest.config.settings import Git
from digest.errors import GitError, how_many, named
from digest.git.program import Program
from digest.git.repository import FileChange, Repository, find_repository, open_repository

_BRANCH = "main"
_MADE_UP = ("digest", "digest@localhost")
_AUTHOR = re.compile(r"([^<>]+?) <([^<>]+)>")
_ROLES = ("AUTHOR", "COMMITTER")

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


def require_nothing_foreign(repository: Repository, changes: Sequence[FileChange], is_generated: IsGenerated) -> None:
    """Refuse to commit while somebody has prepared a commit of their own.

    Raises:
        GitError: paths are staged that digest does not generate.
    """
    foreign = [change.path for change in changes if change.is_staged and not is_generated(change.path)]
    if foreign:
        words = f"staged, and not by digest: {named(foreign)}"
        raise GitError(f"{repository.root}: {words}; commit them, or `git restore --staged` them, and run again")


def commit_paths(repository: Repository, paths: Sequence[str], message: str, author: str) -> str | None:
    """Commit ``paths``, relative to the work tree, as they are there; return the commit, or None if nothing changed.

    Hooks and signatures are as the repository's owner configured them.

    Raises:
        GitError: git, or a hook, refuses; or git is too old.
    """
    repository.git.require_version()
    repository.git.run("add", paths=paths)
    # Asked again: a file that was staged and is gone, or whose line ends alone changed, is no change to be committed.
    wanted = frozenset(paths)
    staged = [path for path in repository.staged() if path in wanted]
    if not staged:
        return None
    git = repository.git.having(identity(repository.git, author))
    git.run("commit", "--quiet", "--only", "--cleanup=whitespace", f"--message={message}", paths=staged)
    return repository.head


def identity(git: Program, author: str) -> Mapping[str, str]:
    """Return the variables that give commits their names; none where git's own do.

    git would otherwise refuse a first run in a bare container, or make an address up from the machine's name.
    """
    match = _AUTHOR.fullmatch(author)
    name, mail = match.groups() if match else _MADE_UP
    roles = _ROLES if author else unknown_roles(git)
    return {f"GIT_{role}_{key}": value for role in roles for key, value in (("NAME", name), ("EMAIL", mail))}


def unknown_roles(git: Program) -> Sequence[str]:
    """Return for whom git is told no mail address: the author, the committer (git-commit(1), "Commit Information")."""
    if os.environ.get("EMAIL") or git.ask("config", "--get", "user.email"):
        return ()
    own = [role for role in _ROLES if not os.environ.get(f"GIT_{role}_EMAIL")]
    return [role for role in own if not git.ask("config", "--get", f"{role.lower()}.email")]


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
    lacking, _ = repository.unkept([folder / path for path in paths])
    ignored = [change.path for change in lacking if change.is_ignored]
    changed = [change.path for change in lacking if not change.is_ignored]
    done = [f"git ignores {named(ignored)}: in no commit, so a clone lacks it"] if ignored else []
    if not changed:
        return done
    require_branch(repository, settings)
    is_first = repository.head is None and repository.root == folder.resolve()
    staged = repository.staged()
    if commit_paths(repository, changed, message, settings.author):
        files, where = how_many(len(changed), "file"), f"the git repository {repository.root}"
        done.append(f"made it a git repository with {files} committed" if is_first else f"committed {files} in {where}")
    if others := [path for path in staged if path not in changed]:
        done.append(f"staged before, and left as it was: {named(others)}")
    return done
