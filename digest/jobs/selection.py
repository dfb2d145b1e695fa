"""Which days a person chose, and which of those are not here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.decide import in_short
from digest.errors import MissingError
from digest.model import DaySummary

Span = tuple[date | None, date | None]
"""From one date to another, both included; None is without bound."""


@dataclass(frozen=True)
class Selection:
    """Days of these categories, within these spans of dates; without spans, all days.

    ``with_unfiled``: also those that the database alone has; who writes files has no use for them.
    """

    categories: Sequence[str]
    spans: Sequence[Span] = ()
    with_unfiled: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether no date is left out."""
        return all(span == (None, None) for span in self.spans)

    def has(self, category: str, when: date) -> bool:
        """Whether a day is chosen."""
        is_within = not self.spans or any(
            (first is None or first <= when) and (last is None or when <= last) for first, last in self.spans
        )
        return category in self.categories and is_within

    def stored(self, archive: Archive) -> list[DaySummary]:
        """Return the stored days that are chosen, by category and date."""
        stored = [day for day in archive.snapshot.summaries if self.has(day.category, day.date)]
        if not self.with_unfiled:
            return stored
        spans = [(name, *span) for name in self.categories for span in self.spans or [(None, None)]]
        unfiled = {(day.category, day.date): day for span in spans for day in archive.unfiled(*span)}
        return sorted([*stored, *unfiled.values()], key=lambda day: (day.category, day.date))


def is_one_date(span: Span) -> bool:
    """Whether a person named a single date: that is meant whatever the calendar says."""
    return span[0] is not None and span[0] == span[1]


def note_missing(archive: Archive, selection: Selection, report: Report) -> None:
    """Note each listing date that was asked for by its name or by a range and is not stored; the rest is done.

    An open end is where the archive begins or ends; what somebody accepted as lost is no gap of such a range.
    """
    stored = selection.stored(archive)
    for span in selection.spans:
        for category in selection.categories:
            known = {day.date for day in stored if day.category == category}
            first, last = span[0] or archive.snapshot.start(category), span[1] or max(known, default=None)
            given_up = archive.snapshot.ledger.losses_of(category) if None in span else {}
            dates = archive.calendar.listing_dates(first, last) if first and last else ()
            asked = [first] if first and is_one_date(span) else dates
            missing = [when for when in asked if when not in known and when not in given_up]
            report_not_stored(archive, category, span, missing, report)


def report_not_stored(archive: Archive, category: str, span: Span, missing: Collection[date], report: Report) -> None:
    """Note that ``missing`` dates of a span are not stored; of a single one, why."""
    if is_one_date(span):
        for when in missing:
            report.fail(f"{category} {when}", archive.why_not_stored(category, when))
    elif missing:
        report.fail(category, MissingError(f"not stored: {in_short([*missing])}"))
