"""Which files a clone of a repository would lack, or have otherwise."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from digest.git.repository import Repository


@dataclass(frozen=True)
class Unkept:
    """Files that are not in the last commit as they are now, relative to the work tree; see ``unkept``.

    ``changed``: untracked, or changed since. ``ignored``: untracked, and git will not add them by itself.
    ``outside``: in no folder of the repository.
    """

    changed: tuple[str, ...]
    ignored: tuple[str, ...]
    outside: tuple[Path, ...]


def unkept(repository: Repository, places: Iterable[Path]) -> Unkept:
    """Return which of the files at ``places`` a clone would not have as they are. It is one call of git.

    Raises:
        GitError: git cannot tell.
    """
    real = {place: Path(os.path.realpath(place.parent), place.name) for place in places}
    inside = [place.relative_to(repository.root).as_posix() for place in real.values() if _is_in(place, repository)]
    changes = repository.changes(paths=inside) if inside else []
    return Unkept(
        tuple(change.path for change in changes if not change.is_ignored),
        tuple(change.path for change in changes if change.is_ignored),
        tuple(given for given, place in real.items() if not _is_in(place, repository)),
    )


def _is_in(place: Path, repository: Repository) -> bool:
    return place.is_relative_to(repository.root)
