"""What a person settles: a doubtful day, an empty one, a short one, a lost one. It can be undone."""

from dataclasses import replace
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import begin, put_in_place, store, stored_day, update_files, write_record
from digest.archive.kept_pages import kept_short_day
from digest.archive.report import Report
from digest.calendar import is_overdue
from digest.decide import in_reach_until, is_in_reach
from digest.errors import MissingError, UsageError
from digest.jobs.selection import Selection, is_one_date
from digest.model import LOST, UNDONE, Decision, Ledger, Source, State

DayKey = tuple[str, date]


def accept(archive: Archive, chosen: Selection, note: str = "", *, force: bool = False) -> Report:
    """Settle what is open on the chosen dates; ``note`` says why.

    Doubtful entries count as complete from then on, "No updates" as empty, a date without either as lost. A listing
    that was refused because it is short of its own count is stored with the entries that are there. A day from the
    feed stays provisional, for only arXiv's listing tells that it is whole; it is accepted as it is. Of several
    dates, those on which nothing is open are left out; with ``force``, every overdue one that is not stored is lost,
    before the archive's start, too.
    """
    (span,) = chosen.spans
    if force and span[0] is None:
        raise UsageError("--force notes every date of a range as lost: expected its first date, found none")
    report = begin(archive)
    report.verb = "settled"
    dates = [span[0]] if span[0] and is_one_date(span) else _open_dates(archive, chosen, force=force)
    parts = {f"{category} {when}": (category, when) for when in dates for category in chosen.categories}
    report.each(parts, lambda name: _settle(archive, parts[name], note, report, force=force))
    update_files(archive, report)
    return report


def undo(archive: Archive, chosen: Selection) -> Report:
    """Take back what a person settled on the chosen dates: they are open again, and asked for again."""
    report = begin(archive)
    report.verb = "reopened"
    found = [archive.snapshot.status(category, archive.now) for category in chosen.categories]
    decisions = [one for status in found for one in status.accepted.values() if chosen.has(one.category, one.date)]
    if not decisions:
        report.remarks.append("nothing was accepted there, so there is nothing to undo")
    parts = {f"{one.category} {one.date}": one for one in sorted(decisions, key=lambda one: one.date)}
    report.each(parts, lambda name: _undo(archive, parts[name], report))
    update_files(archive, report)
    return report


def _open_dates(archive: Archive, chosen: Selection, *, force: bool) -> list[date]:
    """Return the dates on which there is something to settle; with ``force``, all overdue ones, before the start too.

    Raises:
        UsageError: there is nothing.
    """
    ((first, last),) = chosen.spans
    if first and force:
        until = last or archive.calendar.newest_expected(archive.now)
        return [when for when in archive.calendar.listing_dates(first, until) if is_overdue(when, archive.now)]
    found = [archive.snapshot.status(category, archive.now) for category in chosen.categories]
    dates = {
        when
        for status in found
        for when in (*status.overdue, *(day.date for day in status.days if day.state is State.PROVISIONAL))
        if chosen.has(status.category, when)
    }
    if not dates:
        raise UsageError(f"expected something to settle in {first or ''}..{last or ''}, found nothing")
    return sorted(dates)


def _settle(archive: Archive, key: DayKey, note: str, report: Report, *, force: bool) -> None:
    category, when = key
    stored = archive.snapshot.day(category, when)
    # A short listing helps only where nothing is here that arXiv's own listing shows.
    is_from_feed = stored is not None and (stored.source is Source.FEED or not stored.is_counted)
    is_open = stored is None or (stored.state is State.PROVISIONAL and is_from_feed)
    short = kept_short_day(archive, category, when) if is_open else None
    if short is not None and archive.ids(category, when) <= short.ids:
        # The decision first: a run that is killed in between must not leave a complete day that nobody answers for.
        _note(archive, key, State.COMPLETE, note)
        store(archive, short, report)
    elif stored is None:
        _require_lost(archive, category, when, force=force)
        _note(archive, key, LOST, note)
        report.actions.append(f"gave up {category} {when} as lost")
        report.remarks.append(f"date={when} category={category} state={LOST}")
        if is_in_reach(when, archive.now):
            until = in_reach_until(when)
            report.remarks.append(f"{category} {when}: arXiv serves it until {until}; `digest fetch {when}` gets it")
    elif stored.state is not State.PROVISIONAL:
        report.remarks.append(f"{category} {when}: {stored.state} from {stored.source}, nothing to settle")
    else:
        day = stored_day(archive, *key)
        state = State.COMPLETE if day.entries else State.EMPTY
        if day.source is Source.FEED or not day.is_counted:
            state = State.PROVISIONAL
            report.remarks.append(f"{category} {when}: accepted as the feed has it; it stays provisional")
        _note(archive, key, state, note)
        store(archive, replace(day, state=state), report)


def _require_lost(archive: Archive, category: str, when: date, *, force: bool) -> None:
    """See to it that a date is missing, so that it can be given up; ``force``: before the archive's start, too.

    Raises:
        DigestError: it is not.
    """
    if not archive.calendar.is_listing_date(when) or not is_overdue(when, archive.now):
        is_early = archive.calendar.is_listing_date(when) and when <= archive.calendar.newest_expected(archive.now)
        words = "not overdue yet; the next runs ask for it"
        raise MissingError(words) if is_early else archive.why_not_stored(category, when)
    start = archive.snapshot.start(category)
    if not force and (start is None or when < start):
        begins = f"the archive begins with {start or 'its first run'}"
        raise UsageError(f"{begins}: nothing is missing before it; --force notes it as lost all the same")


def _undo(archive: Archive, decision: Decision, report: Report) -> None:
    key = (decision.category, decision.date)
    if decision.state in (State.COMPLETE, State.EMPTY):
        # The record first, for the old one knows the day better; the decision last, for it counts no more if the
        # day is no longer what it says.
        day = replace(stored_day(archive, *key), state=State.PROVISIONAL)
        write_record(archive, day, report)
        put_in_place(archive, day, report)
    _note(archive, key, UNDONE, decision.note)
    report.actions.append(f"took back what was accepted for {decision.category} {decision.date}")
    report.remarks.append(f"{decision.category} {decision.date}: no longer accepted as {decision.state}")


def _note(archive: Archive, key: DayKey, state: str, note: str) -> None:
    archive.note(Ledger(decisions=(Decision(*key, str(state), note, archive.now),)))
