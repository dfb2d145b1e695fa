"""Which git there is; an old one is told so by name, and not by a usage of git's that it prints."""

import re

from digest.errors import GitError
from digest.git.program import Program

OLDEST = (2, 26)
"""The first git that commits the paths of a file (``--pathspec-from-file``, by the notes of its release)."""

_NUMBER = re.compile(r"([0-9]+)\.([0-9]+)")


def version_of(git: Program) -> str:
    """Return git's version in its own words, such as ``2.39.5 (Apple Git-154)``.

    Raises:
        GitError: git cannot be run.
    """
    return git.run("version").removeprefix("git version ").strip()


def number_of(version: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version; None if it has none."""
    found = _NUMBER.match(version)
    return (int(found[1]), int(found[2])) if found else None


def require_version(git: Program) -> None:
    """Refuse a git that is too old to commit.

    Raises:
        GitError: it is, or cannot be run.
    """
    version = version_of(git)
    number = number_of(version)
    if number and number < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise GitError(f"expected git {oldest} or younger, found {version}; install one, or set [git] commit = false")
