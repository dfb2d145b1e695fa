"""What a person settles: a doubtful day, an empty one, a short one, a lost one. It can be undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import begin, put_in_place, store, update_files, write_record
from digest.archive.kept_pages import kept_short_day
from digest.archive.report import Report
from digest.calendar import is_overdue
from digest.decide import in_reach_until, is_in_reach
from digest.errors import MissingError, UsageError
from digest.model import LOST, UNDONE, YEARS, Day, DaySummary, Decision, Ledger, Source, State

_Key = tuple[str, date]


@dataclass(frozen=True)
class Acceptance:
    """How a person settles days: ``note`` says why; ``force`` notes losses before the archive's start too."""

    note: str = ""
    force: bool = False


def accept(
    archive: Archive, categories: Sequence[str], first: date | None, last: date | None, how: Acceptance
) -> Report:
    """Settle what is open from ``first`` to ``last``; None is without bound.

    Doubtful entries count as complete from then on, "No updates" as empty, a date without either as lost. A listing
    that was refused because it is short of its own count is stored with the entries that are there. A day from the
    feed stays provisional, for only arXiv's listing tells that it is whole; it is accepted as it is. Of several
    dates, those on which nothing is open are left out.
    """
    if how.force and first is None:
        raise UsageError("--force notes every date of a range as lost: expected its first date, found none")
    report = begin(archive)
    report.verb = "settled"
    in_question = _overdue if how.force else _unsettled
    one = first if first == last else None
    dates = [one] if one else in_question(archive, categories, *_bounds(archive, first, last))
    _each_day(categories, dates, lambda day: _accept(archive, day, how, report), report)
    update_files(archive, report)
    return report


def undo(archive: Archive, categories: Sequence[str], first: date | None, last: date | None) -> Report:
    """Take back what a person settled from ``first`` to ``last``: it is open again, and asked for again."""
    report = begin(archive)
    report.verb = "reopened"
    accepted = {category: archive.snapshot.status(category, archive.now).accepted for category in categories}
    start, end = _bounds(archive, first, last)
    dates = sorted({when for found in accepted.values() for when in found if start <= when <= end})
    if not dates:
        report.remarks.append("nothing was accepted there, so there is nothing to undo")
    _each_day(categories, dates, lambda day: _undo(archive, accepted[day[0]].get(day[1]), report), report)
    update_files(archive, report)
    return report


def _bounds(archive: Archive, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the ends of a span: without a first date all that was ever announced, without a last one all until now."""
    return first or date(YEARS[0], 1, 1), last or archive.calendar.newest_expected(archive.now)


def _each_day(categories: Sequence[str], dates: Sequence[date], do: Callable[[_Key], None], report: Report) -> None:
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    report.each(parts, lambda name: do(parts[name]))


def _unsettled(archive: Archive, categories: Sequence[str], first: date, last: date) -> list[date]:
    """Return the dates of a span on which there is something to settle in one of the categories.

    Raises:
        UsageError: there is none.
    """
    dates = [
        when
        for found in (archive.snapshot.status(category, archive.now) for category in categories)
        for when in (*found.overdue, *(day.date for day in found.days if day.state is State.PROVISIONAL))
        if first <= when <= last
    ]
    if not dates:
        raise UsageError(f"expected something to settle in {first}..{last}, found nothing")
    return sorted(set(dates))


def _overdue(archive: Archive, categories: Sequence[str], first: date, last: date) -> list[date]:  # noqa: ARG001
    """Return the overdue listing dates of a span, those before the start too."""
    return [when for when in archive.calendar.listing_dates(first, last) if is_overdue(when, archive.now)]


def _accept(archive: Archive, key: _Key, how: Acceptance, report: Report) -> None:
    category, when = key
    stored = archive.snapshot.day(category, when)
    short = kept_short_day(archive, category, when) if _is_open(stored) else None
    if short is not None and archive.store.ids(*key) <= {str(entry.paper.arxiv_id) for entry in short.entries}:
        _note(archive, key, State.COMPLETE, how.note)
        store(archive, short, report)
    elif stored is None:
        _accept_loss(archive, key, how, report)
    elif stored.is_proven or stored.state is not State.PROVISIONAL:
        report.remarks.append(f"{category} {when}: {stored.state} from {stored.source}, nothing to settle")
    else:
        _accept_provisional(archive, key, how, report)


def _is_open(stored: DaySummary | None) -> bool:
    """Whether nothing is here that arXiv's own listing shows."""
    return stored is None or (stored.state is State.PROVISIONAL and stored.source is Source.FEED)


def _accept_loss(archive: Archive, key: _Key, how: Acceptance, report: Report) -> None:
    category, when = key
    if not archive.calendar.is_listing_date(when) or not is_overdue(when, archive.now):
        is_early = archive.calendar.is_listing_date(when) and when <= archive.calendar.newest_expected(archive.now)
        words = "not overdue yet; the next runs ask for it"
        raise MissingError(words) if is_early else archive.why_not_stored(category, when)
    start = archive.snapshot.start(category)
    if not how.force and (start is None or when < start):
        begins = f"the archive begins with {start}" if start else "the archive begins with its first run"
        raise UsageError(f"{begins}: nothing is missing before it; --force notes it as lost all the same")
    _note(archive, key, LOST, how.note)
    report.deeds.append(f"gave up {category} {when} as lost")
    report.remarks.append(f"date={when} category={category} state={LOST}")
    if is_in_reach(when, archive.now):
        until = in_reach_until(when)
        report.remarks.append(f"{category} {when}: arXiv serves it until {until}; `digest fetch {when}` gets it")


def _accept_provisional(archive: Archive, key: _Key, how: Acceptance, report: Report) -> None:
    day = _stored_day(archive, key)
    state = State.COMPLETE if day.entries else State.EMPTY
    if day.source is Source.FEED:
        state = State.PROVISIONAL
        report.remarks.append(f"{day.category} {day.date}: accepted as the feed has it; it stays provisional")
    _note(archive, key, state, how.note)
    store(archive, replace(day, state=state), report)


def _undo(archive: Archive, decision: Decision | None, report: Report) -> None:
    if decision is None:
        return
    key = (decision.category, decision.date)
    if decision.state in (State.COMPLETE, State.EMPTY):
        # The record first, for the old one knows the day better; the decision last, for it counts no more if the
        # day is no longer what it says.
        day = replace(_stored_day(archive, key), state=State.PROVISIONAL)
        write_record(archive, day, report)
        put_in_place(archive, day, report)
    _note(archive, key, UNDONE, decision.note)
    report.deeds.append(f"took back what was accepted for {decision.category} {decision.date}")
    report.remarks.append(f"{decision.category} {decision.date}: no longer accepted as {decision.state}")


def _stored_day(archive: Archive, key: _Key) -> Day:
    day = archive.store.day(*key)
    if day is None:
        raise UsageError(f"{key[0]} {key[1]}: expected a stored day, found none")
    return day


def _note(archive: Archive, key: _Key, state: str, note: str) -> None:
    archive.note(Ledger(decisions=(Decision(*key, str(state), note, archive.now),)))
