"""Whose name commits bear: the configured one, or git's own, or digest's where git knows nobody."""

import os
import re
from collections.abc import Iterator, Mapping

from digest.git.program import Program

_MADE_UP = "digest <digest@localhost>"
_AUTHOR = re.compile(r"(?P<name>[^<>]+?) <(?P<mail>[^<>]+)>")
_ROLES = ("AUTHOR", "COMMITTER")


def is_known(git: Program) -> bool:
    """Whether git is told a mail address by its configuration or its environment."""
    return not any(_unknown(git))


def identity(git: Program, author: str) -> Mapping[str, str]:
    """Return the variables that give commits their names; none where git's own do.

    git would otherwise refuse a first run in a bare container, or make an address up from the machine's name.
    """
    roles, name = (_ROLES, author) if author else (tuple(_unknown(git)), _MADE_UP)
    match = _AUTHOR.fullmatch(name) or _AUTHOR.fullmatch(_MADE_UP)
    parts = match.groupdict() if match else {}
    return {f"GIT_{role}_{what}": parts[key] for role in roles for what, key in (("NAME", "name"), ("EMAIL", "mail"))}


def _unknown(git: Program) -> Iterator[str]:
    """Yield who is not known: the author, the committer (git-commit(1), "Commit Information")."""
    if os.environ.get("EMAIL") or git.ask("config", "--get", "user.email"):
        return
    for role in _ROLES:
        if not (os.environ.get(f"GIT_{role}_EMAIL") or git.ask("config", "--get", f"{role.lower()}.email")):
            yield role
