"""What is stored, what is missing, what is lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive import Archive
from digest.calendar import is_overdue
from digest.decide import is_in_reach
from digest.ledger import LOST, decisions_of, losses_of
from digest.model import DaySummary, Decision


@dataclass(frozen=True)
class CategoryStatus:
    """What is stored of a category, and which listing dates are not, up to the newest expected one.

    ``missing`` are those that arXiv still serves; ``lost`` those that it does not, or that a person gave up.
    ``overdue`` are those of both that should be here and that nobody gave up.
    """

    category: str
    days: tuple[DaySummary, ...]
    missing: tuple[date, ...]
    lost: tuple[date, ...]
    overdue: tuple[date, ...]
    accepted: Mapping[date, Decision]


def status(archive: Archive, categories: Sequence[str]) -> list[CategoryStatus]:
    """Say which listing dates are stored and which are not since the archive's start."""
    return [_status(archive, category) for category in categories]


def _status(archive: Archive, category: str) -> CategoryStatus:
    days = archive.store.summaries(category)
    ledger = archive.store.ledger()
    given_up = losses_of(ledger, category)
    gaps = gaps_between(archive, category, {day.date for day in days})
    lost = tuple(day for day in gaps if day in given_up or not is_in_reach(day, archive.now))
    return CategoryStatus(
        category=category,
        days=tuple(days),
        missing=tuple(day for day in gaps if day not in lost),
        lost=lost,
        overdue=tuple(day for day in gaps if day not in given_up and is_overdue(day, archive.now)),
        accepted=_in_effect(decisions_of(ledger, category), days, gaps),
    )


def _in_effect(
    decisions: Mapping[date, Decision], days: Sequence[DaySummary], gaps: Sequence[date]
) -> dict[date, Decision]:
    """Return the decisions that say what their dates still are: a lost day may have turned up since."""
    states = {day.date: day.state.value for day in days} | dict.fromkeys(gaps, LOST)
    return {when: one for when, one in decisions.items() if one.state == states.get(when)}


def gaps_between(archive: Archive, category: str, known: Collection[date]) -> list[date]:
    """Return the listing dates of a category that are not among those ``known``, the oldest first."""
    newest = archive.calendar.newest_expected(archive.now)
    first = archive.start(category, known) or newest
    return [day for day in archive.calendar.listing_dates(min(first, newest), newest) if day not in known]
