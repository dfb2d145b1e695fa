"""The nightly job: each category's newest listing, what is missing, and every file up to date.

::

    lock → Snapshot → plan → fetch → RawPage ─file─→ parse → Listing → doubt? ─one transaction─→ Day → files → commit
                                     (kept before            (complete                           (the one in hand)
                                      anything else)          or refused)

Every step can be repeated, so recovery from any crash is: run again.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date
from itertools import takewhile
from typing import TYPE_CHECKING

from digest.archive.archive import Archive
from digest.archive.days import begin, update_files
from digest.archive.old_pages import pages_to_remove, remove_old_pages
from digest.archive.report import Report, Track, untracked
from digest.calendar import expected_at, is_overdue, today
from digest.decide import LISTING_PATIENCE, after_refusal, lateness, needs_listing
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    MissingError,
    NotServedError,
    PageRefusedError,
    StoreError,
    TryLaterError,
    how_many,
)
from digest.fetch.documents import listing_url
from digest.jobs.catchup import get_day, is_catchup_due, may_look_again, remember_vain
from digest.jobs.doubt import is_about_to_settle, note_look, take_in, take_short, was_short_long_ago, when_again
from digest.jobs.fetch import Confirm, Get, Limit, heal, plan_healing, report_overdue
from digest.jobs.listing import fetch_listing
from digest.jobs.regenerate import tell_outdated
from digest.model import Day, Ledger, Start

if TYPE_CHECKING:
    from digest.parse.listing import Page

log = logging.getLogger(__name__)

_RUNS_A_DAY = 200  # rows that are looked at: an hourly schedule, and what a person does besides
# How a page that is asked for besides may fail, and leave things as they are.
_NO_HELP = (MissingError, PageRefusedError, TryLaterError)


@dataclass(frozen=True)
class GetNewest:
    """A step of the plan: to ask for the newest listing of a category.

    ``is_probe``: nothing is expected; one look today finds a listing that the calendar does not know of.
    """

    category: str
    expected: date
    is_probe: bool = False

    def __str__(self) -> str:
        if self.is_probe:
            return f"would look once today whether arXiv announced {self.category} after all"
        return f"would ask for the newest listing of {self.category}, expecting {self.expected}"


@dataclass(frozen=True)
class RemovePages:
    """A step of the plan: to remove the kept pages whose time is over."""

    pages: Sequence[str]
    days: int

    def __str__(self) -> str:
        return f"would remove raw pages that are older than {self.days} days: {len(self.pages)}"


Step = GetNewest | Get | Confirm | Limit | RemovePages


def plan_run(archive: Archive, categories: Sequence[str]) -> list[Step]:
    """Return what ``run`` does, step by step, as far as it is known before arXiv was asked."""
    # A probe may cost a request in vain: what is known to be missing comes before it.
    newest = [step for category in categories if (step := _newest_step(archive, category))]
    in_order = sorted(newest, key=lambda step: step.is_probe)
    asked = {(step.category, step.expected) for step in newest if not step.is_probe}
    # The newest listing is healed only where the step before does not bring it in.
    healing = [
        step
        for step in plan_healing(archive, categories)
        if not (isinstance(step, Get) and (step.category, step.date) in asked)
    ]
    return [*in_order, *healing, *_plan_removal(archive)]


def run(archive: Archive, categories: Sequence[str], track: Track = untracked) -> Report:
    """Do the nightly job: carry out ``plan_run``, each part of it made from what is known by then."""
    report = begin(archive, track)
    _each_free(archive, categories, report)
    if not report.is_ended:
        heal(archive, categories, report, track)
    elsewhere = archive.elsewhere()
    if archive.config.is_shared and not report.is_ended:
        archive.refresh()  # other hosts brought in days meanwhile, whose files may be ours to write
    # Even a run that ended early has stored days: their files are written now, not at the next try.
    update_files(archive, report, track)
    if not report.is_ended:
        report_overdue(archive, [name for name in categories if name not in elsewhere], report)
        tell_outdated(archive, report)
        # After any failure the pages may be needed to find out why.
        if not report.failures:
            _remove_pages(archive, report)
    return report


def _each_free(archive: Archive, categories: Sequence[str], report: Report) -> None:
    """Bring in the newest listing of each category that no other host is at work on; look at the others once more."""

    def free(names: Sequence[str]) -> Generator[str]:
        for name in names:
            with archive.claiming(name) as is_ours:
                if is_ours:
                    yield name
                else:
                    busy.append(name)

    busy: list[str] = []
    for names in (categories, busy):
        with closing(free([*names])) as those:
            report.each(those, lambda category: _bring_in_newest(archive, category, report))
        if report.is_ended:
            return


def _plan_removal(archive: Archive) -> list[RemovePages]:
    """Old pages are removed by the first run of a day (UTC)."""
    limit, day = archive.config.store.raw_days, archive.now.astimezone(UTC).date()
    runs = archive.runs(_RUNS_A_DAY) if limit else []
    is_done = any(one.command == "run" and one.exit_code == 0 and one.started_at.date() == day for one in runs)
    pages = pages_to_remove(archive, limit) if limit and not is_done else []
    return [RemovePages(pages, limit)] if pages else []


def _remove_pages(archive: Archive, report: Report) -> None:
    try:
        steps = _plan_removal(archive)
        for step in steps:
            remove_old_pages(archive, step.pages)
    except StoreError as error:  # also of a record that cannot be read: the night's work is committed all the same
        report.fail("raw pages", error)
        return
    for step in steps:
        pages = how_many(len(step.pages), "raw page was", "raw pages were")
        report.remarks.append(f"{pages} removed: older than {step.days} days ([store] raw_days)")


def _newest_step(archive: Archive, category: str) -> GetNewest | None:
    """Return how arXiv has to be asked for the newest listing of a category; None if it need not be by now."""
    expected = archive.calendar.newest_expected(archive.now)
    if _needs_listing(archive, category, expected):
        return GetNewest(category, expected) if may_look_again(archive, category, expected) else None
    is_asked = today(archive.now) in archive.attempts(category)
    is_probe = archive.calendar.is_pause(archive.now) and not is_asked
    return GetNewest(category, expected, is_probe=True) if is_probe else None


def _needs_listing(archive: Archive, category: str, expected: date) -> bool:
    newest_first = takewhile(lambda day: day.date >= expected, reversed(archive.snapshot.days_of(category)))
    return needs_listing(expected, [day.date for day in newest_first if day.is_proven])


def _bring_in_newest(archive: Archive, category: str, report: Report) -> DigestError | None:
    """Ask for the newest listing of a category if that is due; return what is to be complained of."""
    archive.doubt_silence()
    expected = archive.calendar.newest_expected(archive.now)
    # From its first run on a category is followed: should that very listing fail, it is missing.
    if not any(start.category == category for start in archive.snapshot.ledger.starts):
        archive.note(Ledger(starts=(Start(category, archive.snapshot.first_run(category) or expected),)))
    step = _newest_step(archive, category)
    if step is None:
        return _why_waiting(archive, category, expected)
    # Noted before the look: a run that is killed on the way must not look again at each hour of a holiday.
    if step.is_probe:
        archive.remember_attempt(category, today(archive.now))
    missing = _most_missed(archive, category, expected)
    try:
        problem = _take_newest(archive, category, expected, report)
    except DigestError as error:
        problem = error
    if step.is_probe and isinstance(problem, TryLaterError):
        log.info("%s: %s; nothing was due", category, problem)
        return None
    if step.is_probe:
        return problem
    if problem is None or _is_rescued(archive, category, expected, problem, report):
        return None
    if isinstance(problem, NotServedError):
        report.not_served.add(category)
    report.unobtainable |= {(category, missing), (category, expected)}
    meaning = after_refusal(problem, missing, archive.now)
    given_up = archive.snapshot.ledger.losses_of(category)
    if missing in given_up and isinstance(meaning, (MissingError, TryLaterError)):
        log.info("%s: %s; it was given up", category, meaning)
        return None
    return meaning


def _why_waiting(archive: Archive, category: str, when: date) -> DigestError | None:
    if not _needs_listing(archive, category, when):
        log.info("%s: the newest expected listing is proven; nothing to ask", category)
        return None
    words = f"the listing of {when} is doubtful, {when_again(archive, category, when)}"
    if is_overdue(when, archive.now):
        return MissingError(f"{words}; `digest accept {when}` settles it")
    log.info("%s: %s", category, words)
    return None


def _most_missed(archive: Archive, category: str, expected: date) -> date:
    """Return the date that counts if the newest listing cannot be had: an overdue one before it, if that is missing."""
    overdue, start = archive.calendar.newest_overdue(archive.now), archive.snapshot.start(category)
    is_here = archive.snapshot.is_proven(category, overdue) or start is None or overdue < start
    return expected if is_here else overdue


def _take_newest(archive: Archive, category: str, expected: date, report: Report) -> DigestError | None:
    """Get the newest listing, and store it; return why it is doubtful, or that it is late."""
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        sizes = [len(page.entries) for page in pages]
        return listing_url(base, category, skip=sum(sizes), show=sizes[0] if sizes else 0)

    day, listing = fetch_listing(archive, category, address)
    if day.date > expected:
        words = "%s: arXiv shows %s, but %s is the newest expected at %s; is the clock right?"
        log.warning(words, category, day.date, expected, archive.now.isoformat())
    if problem := _take(archive, day, listing.shortage, report):
        return problem
    if day.date < expected and is_catchup_due(archive, category, expected):
        _make_up(archive, category, expected, report)
    overdue = archive.calendar.newest_overdue(archive.now)
    late = lateness(day.date, overdue, archive.now)
    if late is not None and not archive.snapshot.is_proven(category, overdue):
        return late
    if day.date < expected:
        log.info("%s: the listing of %s is not out yet", category, expected)
    return None


def _take(archive: Archive, day: Day, shortage: DigestError | None, report: Report) -> DigestError | None:
    """Store what /new shows; where a cache may keep a page for hours, the catchup page speaks first."""
    is_proven = archive.snapshot.is_proven(day.category, day.date)
    if shortage and is_proven:
        log.info("%s %s: proven already; now %s", day.category, day.date, shortage)
        return None
    if not day.entries and not shortage:
        if is_proven:
            return None
        # The catchup page has to say, too, that the newest announcement has nothing of this category.
        archive.learn(day.date, day.pages[0].url, has_listing=True)
        note_look(archive, day)
        return get_day(archive, day.category, day.date, report, known=True)
    if was_short_long_ago(archive, day) if shortage else is_about_to_settle(archive, day):
        problem = get_day(archive, day.category, day.date, report)
        if isinstance(problem, _NO_HELP) and not isinstance(problem, ListingDoubtfulError):
            log.info("%s %s: %s", day.category, day.date, problem)
        elif problem:
            return problem
    if not shortage:
        return take_in(archive, day, report)
    is_proven = archive.snapshot.is_proven(day.category, day.date)  # by now
    return None if is_proven else take_short(archive, day, shortage, report)


def _is_rescued(archive: Archive, category: str, expected: date, problem: DigestError, report: Report) -> bool:
    """Make the best of a listing that cannot be had; return whether nothing is left to complain of.

    A refused page is made up for at once, one that is late or out of reach after six hours: by the catchup
    page, if it may be there by now, else by the feed. Older days are left to the healing.
    """
    is_refused = isinstance(problem, PageRefusedError)
    is_late = archive.now >= expected_at(expected) + LISTING_PATIENCE
    is_out_of_reach = isinstance(problem, TryLaterError) and is_late
    if archive.client.forbidden or isinstance(problem, ListingDoubtfulError) or not (is_refused or is_out_of_reach):
        return False
    is_proven = _make_up(archive, category, expected, report)
    if is_proven:
        log.warning("%s; the catchup page of %s proves the listing all the same", problem, expected)
    # A page that is refused may mean a new layout: somebody has to look at it.
    return is_proven and not is_refused


def _make_up(archive: Archive, category: str, expected: date, report: Report) -> bool:
    """Try the catchup page, if it may be there by now, then the feed; return whether the listing is proven."""
    if is_catchup_due(archive, category, expected):
        problem = get_day(archive, category, expected, report)
        if isinstance(problem, (*_NO_HELP, NotServedError)):
            log.info("%s %s: %s", category, expected, problem)
            remember_vain(archive, category, expected)
        elif problem:
            raise problem
        if archive.snapshot.is_proven(category, expected):
            return True
    if archive.snapshot.day(category, expected) is None:
        from digest.jobs.feed import take_feed  # noqa: PLC0415 - a parser that few nights need

        take_feed(archive, category, expected, report)
    return False
