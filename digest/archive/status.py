"""What is stored, what is missing, what is lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive.archive import Archive
from digest.decide import in_reach_since, is_all_told, is_in_reach
from digest.model import LOST, DaySummary, Decision, Ledger, State


@dataclass(frozen=True)
class CategoryStatus:
    """What is stored of a category, and which listing dates are not, up to the newest expected one.

    ``missing`` are those that arXiv still serves; ``lost`` those that it does not, or that a person gave up.
    ``overdue`` are those of both that should be here and that nobody gave up. Of the provisional days, ``provable``
    are those that arXiv can still prove, ``stuck`` those that it cannot and that nobody accepted.
    """

    category: str
    days: tuple[DaySummary, ...]
    missing: tuple[date, ...]
    lost: tuple[date, ...]
    overdue: tuple[date, ...]
    provable: tuple[date, ...]
    stuck: tuple[date, ...]
    accepted: Mapping[date, Decision]


def status(archive: Archive, categories: Sequence[str]) -> list[CategoryStatus]:
    """Say which listing dates are stored and which are not since the archive's start."""
    return [_status(archive, category) for category in categories]


def _status(archive: Archive, category: str) -> CategoryStatus:
    days = archive.store.summaries(category)
    ledger = archive.store.ledger()
    given_up = ledger.losses_of(category)
    stored = {day.date for day in days}
    believed = filter(archive.calendar.is_listing_date, given_up.keys() - stored)  # an older one, too
    gaps = sorted({*gaps_between(archive, category, stored), *believed})
    provisional = [day.date for day in days if day.state is State.PROVISIONAL]
    provable = tuple(when for when in provisional if _is_provable(archive, ledger, category, when, days))
    accepted = _in_effect(ledger.decisions_of(category), days, gaps)
    oldest, overdue = in_reach_since(archive.now), archive.calendar.newest_overdue(archive.now)
    lost = tuple(day for day in gaps if day in given_up or day < oldest)
    return CategoryStatus(
        category=category,
        days=tuple(days),
        missing=tuple(day for day in gaps if day not in given_up and day >= oldest),
        lost=lost,
        overdue=tuple(day for day in gaps if day not in given_up and day <= overdue),
        provable=provable,
        stuck=tuple(when for when in provisional if when not in provable and when not in accepted),
        accepted=accepted,
    )


def _is_provable(archive: Archive, ledger: Ledger, category: str, when: date, days: Sequence[DaySummary]) -> bool:
    """Whether another look at arXiv can tell more of a provisional day."""
    has_moved_on = any(day.date > when for day in days)
    is_told = has_moved_on and is_all_told(ledger.readings_of(category, when))
    return archive.calendar.is_listing_date(when) and is_in_reach(when, archive.now) and not is_told


def _in_effect(
    decisions: Mapping[date, Decision], days: Sequence[DaySummary], gaps: Sequence[date]
) -> dict[date, Decision]:
    """Return the decisions that say what their dates still are: a lost day may have turned up since."""
    states = {day.date: day.state.value for day in days} | dict.fromkeys(gaps, LOST)
    return {when: one for when, one in decisions.items() if one.state == states.get(when)}


def gaps_between(archive: Archive, category: str, known: Collection[date]) -> list[date]:
    """Return the listing dates of a category that are not among those ``known``, the oldest first.

    Before the first run there is no gap between days; of an archive without any, the newest listing is missing.
    """
    newest, start = archive.calendar.newest_expected(archive.now), archive.start(category)
    if start is None and known:
        return []
    first = min(start or newest, newest)
    return [day for day in archive.calendar.listing_dates(first, newest) if day not in known]
