"""The message of a commit: which days it brings, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from digest.model import DaySummary, Section, State

_LONGEST_SUBJECT = 100
_MOST_DAYS = 20
_MOST_CATEGORIES = 4
_MOST_FILES = 3


@dataclass(frozen=True)
class Contents:
    """What a commit brings: the ``days`` whose digests or records are in it, and the paths of all its ``files``.

    ``sections``: those that digests show.
    """

    days: Sequence[DaySummary]
    files: Sequence[str]
    sections: Sequence[Section]

    @property
    def summary(self) -> str:
        """Say what it is, such as ``cs.CV 2025-03-05 (107 new, 46 cross-lists)``."""
        if not self.days:
            return self.counts
        categories = list(dict.fromkeys(day.category for day in self.days))
        shown = ", ".join(categories) if len(categories) <= _MOST_CATEGORIES else f"{len(categories)} categories"
        if len(self.days) == 1:
            return f"{shown} {self.dates} ({self.counts})"
        if self._first == self._last:
            return f"{self.dates} of {shown} ({self.counts})"
        return f"{len(self.days)} days of {shown}, {self.dates} ({self.counts})"

    @property
    def dates(self) -> str:
        """Name the date, or the first and the last; "" without days."""
        if not self.days:
            return ""
        return f"{self._first}" if self._first == self._last else f"{self._first}..{self._last}"

    @property
    def counts(self) -> str:
        """Say how many entries the days have; which files there are, or how many, without days."""
        return _counts(self.days, self.sections) if self.days else _named_files(self.files)

    @property
    def _first(self) -> date:
        return min(day.date for day in self.days)

    @property
    def _last(self) -> date:
        return max(day.date for day in self.days)


def commit_message(template: str, contents: Contents) -> str:
    """Return the message: what ``template`` says, and a line for each day, the newest first."""
    filled = template.format(summary=contents.summary, dates=contents.dates, counts=contents.counts).strip()
    subject, _, rest = (filled or contents.summary).partition("\n")
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"{subject[: _LONGEST_SUBJECT - 1].rstrip()}…"
    parts = [subject, rest.strip(), "\n".join(_lines(contents))]
    return "\n\n".join(part for part in parts if part)


def _named_files(files: Sequence[str]) -> str:
    if len(files) <= _MOST_FILES and all(path.isprintable() for path in files):
        return ", ".join(files)
    return f"{len(files)} file{'s' * (len(files) != 1)}"


def _lines(contents: Contents) -> list[str]:
    days = sorted(contents.days, key=lambda day: (-day.date.toordinal(), day.category))
    lines = [f"{_named(day)}: {_counts([day], contents.sections)}" for day in days[:_MOST_DAYS]]
    return [*lines, f"and {len(days) - _MOST_DAYS} more"] if len(days) > _MOST_DAYS else lines


def _named(day: DaySummary) -> str:
    return f"{day.category} {day.date}" + ("" if day.state is State.COMPLETE else f" ({day.state})")


def _counts(days: Sequence[DaySummary], sections: Sequence[Section]) -> str:
    return ", ".join(_count(sum(day.counts[section] for day in days), section) for section in sections)


def _count(number: int, section: Section) -> str:
    one = {Section.NEW: "new", Section.CROSS: "cross-list", Section.REPLACEMENT: "replacement"}[section]
    return f"{number} {one}{'s' * (number != 1 and section is not Section.NEW)}"
