"""What a person settles: a doubtful day, an empty one, a lost one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from digest.archive import Archive
from digest.calendar import is_overdue
from digest.decide import in_reach_until, is_in_reach, not_stored
from digest.errors import MissingError, UsageError
from digest.jobs.state import status
from digest.jobs.steps import begin, each, publish, store
from digest.ledger import LOST
from digest.model import DaySummary, Decision, Ledger, Source, State
from digest.outcome import Report


def accept(archive: Archive, categories: Sequence[str], first: date, last: date, note: str) -> Report:
    """Settle what is open from ``first`` to ``last``.

    Doubtful entries count as complete from then on, "No updates" as empty, a date without either as lost. A day
    from the feed stays provisional, for only arXiv's listing tells that it is whole; it is accepted as it is.
    """
    report = begin(archive)
    dates = [first] if first == last else _unsettled(archive, categories, first, last)
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    each(parts, lambda name: _accept(archive, *parts[name], note, report), report)
    publish(archive, report)
    return report


def _unsettled(archive: Archive, categories: Sequence[str], first: date, last: date) -> list[date]:
    """Return the dates of a span on which there is something to settle in one of the categories.

    Raises:
        UsageError: there is none.
    """
    dates = [
        when
        for found in status(archive, categories)
        for when in (*found.overdue, *(day.date for day in found.days if day.state is State.PROVISIONAL))
        if first <= when <= last
    ]
    if not dates:
        raise UsageError(f"expected something to settle in {first}..{last}, found nothing")
    return sorted(set(dates))


def _accept(archive: Archive, category: str, when: date, note: str, report: Report) -> None:
    stored = archive.store.summary(category, when)
    if stored is None:
        _accept_loss(archive, category, when, note, report)
    elif stored.is_proven or stored.state is not State.PROVISIONAL:
        report.remarks.append(f"{category} {when}: {stored.state} from {stored.source}, nothing to settle")
    else:
        _accept_provisional(archive, stored, note, report)


def _accept_loss(archive: Archive, category: str, when: date, note: str, report: Report) -> None:
    if not archive.calendar.is_listing_date(when) or not is_overdue(when, archive.now):
        reason = not_stored(when, archive.calendar, archive.now)
        is_early = archive.calendar.is_listing_date(when) and when <= archive.calendar.newest_expected(archive.now)
        raise MissingError("not overdue yet; the next runs ask for it") if is_early else reason
    _note(archive, category, when, LOST, note)
    report.remarks.append(f"date={when} category={category} state={LOST}")
    if is_in_reach(when, archive.now):
        until = in_reach_until(when)
        report.remarks.append(f"{category} {when}: arXiv serves it until {until}; `digest fetch {when}` gets it")


def _accept_provisional(archive: Archive, stored: DaySummary, note: str, report: Report) -> None:
    day = archive.store.day(stored.category, stored.date)
    if day is None:
        raise UsageError(f"{stored.category} {stored.date}: expected a stored day, found none")
    state = State.COMPLETE if day.entries else State.EMPTY
    if day.source is Source.FEED:
        state = State.PROVISIONAL
        report.remarks.append(f"{day.category} {day.date}: accepted as the feed has it; it stays provisional")
    _note(archive, day.category, day.date, state.value, note)
    store(archive, replace(day, state=state), report)


def _note(archive: Archive, category: str, when: date, state: str, note: str) -> None:
    archive.store.note(Ledger(decisions=(Decision(category, when, state, note, archive.now),)))
