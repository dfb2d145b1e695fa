"""What was gathered of one source of metadata, and how fast that goes."""

import logging
from dataclasses import dataclass

from digest.errors import DigestError, PageRefusedError, how_many
from digest.model import MachineClock
from digest.store.harvests import Taken

log = logging.getLogger(__name__)

NAMED = 10
"""So many things that cannot be read are named; of more, how many there are."""

NOTHING = Taken(0, 0, 0)
_TELL_EVERY = 10.0  # seconds


def added(one: Taken, other: Taken) -> Taken:
    """Return both together."""
    return Taken(*(first + second for first, second in zip(one, other, strict=True)))


def duration(seconds: float) -> str:
    """Return how long something takes, in words: ``40 s``, ``9 min``, ``2 h 5 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of one source: how many records, new papers and changed ones, those that were deleted.

    ``refused`` says of the first of ``refusals`` records why they cannot be read; ``problem``, why there is not more.
    """

    what: str
    records: int
    new: int
    changed: int
    deleted: int
    refused: tuple[str, ...] = ()
    refusals: int = 0
    problem: DigestError | None = None

    def __str__(self) -> str:
        parts = [
            f"{self.new:,} new",
            f"{self.changed:,} changed",
            *([f"{self.deleted:,} deleted"] if self.deleted else []),
        ]
        return f"{self.what}: {', '.join(parts)} of {how_many(self.records, 'paper')}"

    @property
    def failures(self) -> list[DigestError]:
        """What went wrong, each with the name of the source."""
        words = [*self.refused]
        if self.refusals > len(self.refused):
            words.append(f"{self.refusals - len(self.refused):,} more cannot be read")
        failures: list[DigestError] = [PageRefusedError(f"{self.what}: {one}") for one in words]
        return [*failures, self.problem] if self.problem else failures

    @property
    def data(self) -> dict[str, object]:
        """It, as machines read it."""
        counts = {"records": self.records, "new": self.new, "changed": self.changed, "deleted": self.deleted}
        return {"source": self.what, **counts, "refused": self.refusals}


class Pace:
    """Tells now and then how far something has come, how fast it goes, and how long it will take."""

    def __init__(self, what: str, clock: MachineClock) -> None:
        self._what, self._clock = what, clock
        self._begun = self._told = clock.monotonic()

    def tell(self, done: int, share: float | None) -> None:
        """Tell it, if that was not told just now; ``share``: how much of all is done, if anybody knows."""
        now = self._clock.monotonic()
        if now - self._told < _TELL_EVERY or not done:
            return
        self._told, passed = now, now - self._begun
        left = f", about {duration(passed * (1 - share) / share)} left" if share else ""
        log.info("%s: %s read, %.0f a second%s", self._what, how_many(done, "paper"), done / passed, left)
