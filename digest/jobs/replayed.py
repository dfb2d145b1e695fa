"""What a replay found, in words."""

from collections import Counter
from dataclasses import dataclass, field

from digest.archive.report import Report
from digest.jobs.differences import differences, in_total
from digest.model import Day, DaySummary, Section

SHOWN = 10
"""How many differences of a day are told one by one, unless all are asked for."""

_ALWAYS = ("as stored", "differ", "refused")


@dataclass
class Replay:
    """What a replay found: ``lines`` for a person, how many days came out so or so, and how it went.

    ``useless`` counts the kept listings that prove no day; ``shown`` bounds the differences told of each
    day one by one; None is without bound. ``removed``: the SHA-256 of pages that were removed on purpose;
    ``names_each``: whether each day that they are of is named; ``known``: the SHA-256 of all pages kept here ever.
    """

    report: Report
    shown: int | None = SHOWN
    removed: frozenset[str] = frozenset()
    names_each: bool = False
    known: frozenset[str] = frozenset()
    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    useless: int = 0
    removals: int = 0

    def removal(self, stored: Day) -> None:
        """Note a stored day of which a page was removed on purpose: its links alone are found again."""
        self.removals += 1
        if self.names_each:
            words = "its page was removed on purpose ([store] raw_days); only its links are looked for again"
            self.lines.append(f"{stored.category} {stored.date}: {words}")

    def differs(self, stored: Day, fresh: Day) -> None:
        """Tell what differs of a stored day."""
        found = differences(stored, fresh)
        self.counts["differ"] += 1
        self.lines.append(f"{stored.category} {stored.date}: {in_total(found, stored, fresh)}")
        self.lines += [f"  {one}" for one in found[: self.shown]]
        if rest := len(found[self.shown :]) if self.shown is not None else 0:
            self.lines.append(f"  and {rest} more (-v shows all)")

    def proves(self, day: Day, stored: DaySummary | None) -> None:
        """Tell of a day that kept pages prove, and as what it is ``stored``."""
        was = f"{stored.state} from {stored.source}" if stored else "not stored"
        counts = " ".join(f"{name}={day.counts[name]}" for name in Section)
        self.counts["proven anew"] += 1
        self.lines.append(f"{day.category} {day.date}: {was}; kept pages prove it ({counts} source={day.source})")

    @property
    def total(self) -> str:
        """The last line."""
        days = self.counts.total()
        others = [what for what in self.counts if what not in _ALWAYS]
        named = ", ".join(f"{self.counts[what]} {what}" for what in (*_ALWAYS, *others))
        useless = f"; {self.useless} kept listing{_s(self.useless)} proved no day" if self.useless else ""
        gone = f"; {self.removals} without pages that were removed on purpose" if self.removals else ""
        return f"replayed {days} day{_s(days)}: {named}{useless}{gone}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
