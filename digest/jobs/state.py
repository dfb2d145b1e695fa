"""What is stored, what is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive import Archive
from digest.calendar import is_overdue
from digest.model import DaySummary


@dataclass(frozen=True)
class CategoryStatus:
    """What is stored of a category, and which listing dates are missing up to the newest expected one."""

    category: str
    days: tuple[DaySummary, ...]
    missing: tuple[date, ...]
    overdue: tuple[date, ...]


def status(archive: Archive, categories: Sequence[str]) -> list[CategoryStatus]:
    """Say which listing dates are stored and which are missing since the archive's start."""
    return list(_status(archive, categories))


def _status(archive: Archive, categories: Sequence[str]) -> Iterator[CategoryStatus]:
    for category in categories:
        days = archive.store.summaries(category)
        start = archive.config.store.start
        first = date.fromisoformat(start) if start else min((day.date for day in days), default=None)
        newest = archive.calendar.newest_expected(archive.now)
        known = {day.date for day in days}
        due = archive.calendar.listing_dates(min(first or newest, newest), newest)
        missing = tuple(day for day in due if day not in known)
        overdue = tuple(day for day in missing if is_overdue(day, archive.now))
        yield CategoryStatus(category, tuple(days), missing, overdue)
