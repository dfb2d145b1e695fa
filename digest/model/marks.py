"""Which papers a person marked, and what was ordered by that."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from digest.errors import how_many
from digest.model import Hit

LEAST_MARKS = 5
"""From so many wanted papers on, a model tells more than words would."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The ids of papers that are wanted, and of others that were seen and are not; an id is in one of them.

    Each id is in the form that every paper has once (``ArxivId.without_class``).
    """

    wanted: Collection[str] = ()
    unwanted: Collection[str] = ()

    @classmethod
    def of(cls, signs: Mapping[str, bool]) -> "Marks":
        """Return marks from ids, each with whether it is wanted."""
        return cls(
            tuple(sorted(one for one in signs if signs[one])), tuple(sorted(one for one in signs if not signs[one]))
        )

    @property
    def hash(self) -> str:
        """The SHA-256 of what is marked, however it is written and in whatever order."""
        lines = [*(f"+{one}" for one in sorted(self.wanted)), *(f"-{one}" for one in sorted(self.unwanted))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ranking:
    """By what the papers of a view were ordered: so many wanted ``marks``, of which ``stored`` are in the archive.

    ``hash`` is the beginning of that of all marks, ``model`` the version of the model.
    """

    marks: int
    stored: int
    hash: str
    model: int

    @property
    def is_cold(self) -> bool:
        """Whether there were too few marks to order anything by."""
        return self.stored < LEAST_MARKS

    @property
    def data(self) -> dict[str, object]:
        """All of it, for machines."""
        counts = {"marks": self.marks, "stored": self.stored}
        return {**counts, "hash": self.hash, "model": self.model, "ordered": not self.is_cold}

    @property
    def note(self) -> str:
        """What a reader should know of it, in words."""
        found = how_many(self.stored, "marked paper")
        if self.stored < self.marks:
            found = f"{self.stored} of {how_many(self.marks, 'marked paper')}, as the others are not stored"
        of = f"marks {self.hash}, model {self.model}"
        if self.is_cold:
            return f"Not ranked: that takes {LEAST_MARKS} marked papers, here are {found} ({of})."
        return f"Ranked by {found} ({of})."


class RankedHits(Sequence[Hit]):
    """What a ranked view shows, in its order, and by what that is its order."""

    def __init__(self, found: Sequence[Hit], ranking: Ranking) -> None:
        self._found = tuple(found)
        self.ranking = ranking

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> "RankedHits": ...
    def __getitem__(self, place: int | slice) -> "Hit | RankedHits":
        return RankedHits(self._found[place], self.ranking) if isinstance(place, slice) else self._found[place]
