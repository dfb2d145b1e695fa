"""The nightly job: each category's newest listing, what is missing, and every file up to date.

::

    lock → Snapshot → plan → fetch → RawPage ─file─→ parse → Listing → doubt? ─one transaction─→ Day → files → commit
                                     (kept before            (complete                           (the one in hand)
                                      anything else)          or refused)

Every step can be repeated, so recovery from any crash is: run again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date

from digest.archive.archive import Archive
from digest.archive.days import begin, update_files
from digest.archive.kept_pages import pages_to_remove, remove_old_pages
from digest.archive.report import Report, Track, untracked
from digest.calendar import expected_at, is_overdue, today
from digest.decide import PATIENCE, after_refusal, lateness, needs_listing, next_look
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    MissingError,
    NotServedError,
    PageRefusedError,
    StoreError,
    TryLaterError,
    errors_about,
    how_many,
)
from digest.fetch.documents import listing_url
from digest.jobs.catchup import get_day, is_due, remember_vain
from digest.jobs.doubt import is_about_to_settle, note_no_updates, take, take_short, was_short_long_ago, when_again
from digest.jobs.feed import take_feed
from digest.jobs.fetch import Confirm, Get, heal, plan_healing, tell_missing
from digest.jobs.listing import fetch_pages
from digest.jobs.regenerate import tell_outdated
from digest.model import Day, Ledger, Start, State
from digest.parse.listing import Page, as_day, require_date

log = logging.getLogger(__name__)

_RUNS_A_DAY = 200  # rows that are looked at: an hourly schedule, and what a person does besides


@dataclass(frozen=True)
class GetNewest:
    """A step of the plan: to ask for the newest listing of a category."""

    category: str
    expected: date

    def __str__(self) -> str:
        return f"would ask for the newest listing of {self.category}, expecting {self.expected}"


@dataclass(frozen=True)
class Probe:
    """A step of the plan: to look once today for a listing that the calendar does not know of."""

    category: str
    expected: date

    def __str__(self) -> str:
        return f"would look once today whether arXiv announced {self.category} after all"


@dataclass(frozen=True)
class RemovePages:
    """A step of the plan: to remove the kept pages whose time is over."""

    pages: tuple[str, ...]
    days: int

    def __str__(self) -> str:
        return f"would remove raw pages that are older than {self.days} days: {len(self.pages)}"


Step = GetNewest | Probe | Get | Confirm | RemovePages


def plan_run(archive: Archive, categories: Sequence[str]) -> list[Step]:
    """Return what ``run`` does, step by step, as far as it is known before arXiv was asked."""
    newest = [step for category in categories if (step := _newest_step(archive, category))]
    in_order = sorted(newest, key=lambda step: isinstance(step, Probe))
    return [*in_order, *plan_healing(archive, categories), *_plan_removal(archive)]


def run(archive: Archive, categories: Sequence[str], track: Track = untracked) -> Report:
    """Do the nightly job: carry out ``plan_run``, each part of it made from what is known by then."""
    report = begin(archive, track)
    for category in categories:
        _bring_in_newest(archive, category, report)
        if report.is_ended:
            break
    if not report.is_ended:
        heal(archive, categories, report, track)
    update_files(archive, report, track)
    if not report.is_ended:
        tell_missing(archive, categories, report)
        tell_outdated(archive, report)
        if not report.failures:
            _remove_pages(archive, report)
    return report


def _plan_removal(archive: Archive) -> list[RemovePages]:
    """Old pages are removed by the first run of a day (UTC)."""
    limit = archive.config.store.raw_days
    if not limit:
        return []
    today_ = archive.now.astimezone(UTC).date()
    runs = archive.store.runs(_RUNS_A_DAY)
    if any(run.command == "run" and run.exit_code == 0 and run.started_at.date() == today_ for run in runs):
        return []
    pages = pages_to_remove(archive)
    return [RemovePages(tuple(pages), limit)] if pages else []


def _remove_pages(archive: Archive, report: Report) -> None:
    for step in _plan_removal(archive):
        try:
            remove_old_pages(archive, step.pages)
        except StoreError as error:
            report.fail("raw pages", error)
            return
        pages = how_many(len(step.pages), "raw page was", "raw pages were")
        report.remarks.append(f"{pages} removed: older than {step.days} days ([store] raw_days)")


def _newest_step(archive: Archive, category: str) -> GetNewest | Probe | None:
    """Return how arXiv has to be asked for the newest listing of a category; None if it need not be by now."""
    expected, snapshot = archive.calendar.newest_expected(archive.now), archive.snapshot
    if _needs_listing(archive, category, expected):
        again = next_look(snapshot.ledger.readings_of(category, expected))
        return GetNewest(category, expected) if again is None or archive.now >= again else None
    is_asked = today(archive.now) in archive.attempts(category)
    return Probe(category, expected) if archive.calendar.is_pause(archive.now) and not is_asked else None


def _needs_listing(archive: Archive, category: str, expected: date) -> bool:
    return needs_listing(expected, [day.date for day in archive.snapshot.days_of(category) if day.is_proven])


def _bring_in_newest(archive: Archive, category: str, report: Report) -> None:
    """Ask for the newest listing of a category if that is due; note in ``report`` how it went."""
    archive.client.doubt_silence()
    expected = archive.calendar.newest_expected(archive.now)
    _remember_start(archive, category, expected)
    step = _newest_step(archive, category)
    try:
        if isinstance(step, GetNewest):
            problem = _get_newest(archive, category, expected, report)
        elif isinstance(step, Probe):
            problem = _probe(archive, category, expected, report)
        else:
            problem = _why_waiting(archive, category, expected)
    except DigestError as error:
        problem = error
    if problem is None:
        report.succeeded += 1
    else:
        report.fail(category, problem)


def _remember_start(archive: Archive, category: str, expected: date) -> None:
    """Note at the first run since when ``category`` is followed: should that listing fail, it is missing."""
    if not any(start.category == category for start in archive.snapshot.ledger.starts):
        first = archive.snapshot.first_run(category) or expected
        archive.note(Ledger(starts=(Start(category, first),)))


def _why_waiting(archive: Archive, category: str, when: date) -> DigestError | None:
    if not _needs_listing(archive, category, when):
        log.info("%s: the newest expected listing is proven; nothing to ask", category)
        return None
    words = f"the listing of {when} is doubtful, {when_again(archive, category, when)}"
    if is_overdue(when, archive.now):
        return MissingError(f"{words}; `digest accept {when}` settles it")
    log.info("%s: %s", category, words)
    return None


def _probe(archive: Archive, category: str, expected: date, report: Report) -> DigestError | None:
    archive.remember_attempt(category, today(archive.now))
    try:
        problem = _take_newest(archive, category, expected, report)
    except TryLaterError as error:
        problem = error
    if isinstance(problem, TryLaterError):
        log.info("%s: %s; nothing was due", category, problem)
        return None
    return problem


def _get_newest(archive: Archive, category: str, expected: date, report: Report) -> DigestError | None:
    missing = _most_missed(archive, category, expected)
    try:
        problem = _take_newest(archive, category, expected, report)
    except DigestError as error:
        problem = error
    if problem is None or _is_rescued(archive, category, expected, problem, report):
        return None
    if isinstance(problem, NotServedError):
        report.not_served.add(category)
    report.told |= {(category, missing), (category, expected)}
    meaning = after_refusal(problem, missing, archive.now)
    is_absence = isinstance(meaning, (MissingError, TryLaterError))
    if is_absence and missing in archive.snapshot.ledger.losses_of(category):
        log.info("%s: %s; it was given up", category, meaning)
        return None
    return meaning


def _most_missed(archive: Archive, category: str, expected: date) -> date:
    """Return the date that counts if the newest listing cannot be had: an overdue one before it, if that is missing."""
    overdue, start = archive.calendar.newest_overdue(archive.now), archive.snapshot.start(category)
    is_here = archive.snapshot.is_proven(category, overdue) or start is None or overdue < start
    return expected if is_here else overdue


def _take_newest(archive: Archive, category: str, expected: date, report: Report) -> DigestError | None:
    """Get the newest listing, and store it; return why it is doubtful, or that it is late."""
    day, shortage = _fetch_newest(archive, category, expected)
    doubt = _take(archive, day, shortage, report)
    if doubt is not None:
        return doubt
    if day.date < expected and is_due(archive, category, expected):
        _make_up(archive, category, expected, report)
    overdue = archive.calendar.newest_overdue(archive.now)
    late = lateness(day.date, overdue, archive.now)
    if late is not None and not archive.snapshot.is_proven(category, overdue):
        return late
    if day.date < expected:
        log.info("%s: the listing of %s is not out yet", category, expected)
    return None


def _fetch_newest(archive: Archive, category: str, expected: date) -> tuple[Day, DigestError | None]:
    """Return the day that /new shows, and how it falls short of its own count."""
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        sizes = [len(page.entries) for page in pages]
        return listing_url(base, category, skip=sum(sizes), show=sizes[0] if sizes else 0)

    pages, listing = fetch_pages(archive, category, address)
    with errors_about(pages[0].url):
        shown = require_date(listing)
    if shown > expected:
        log.warning(
            "%s: arXiv shows %s, but %s is the newest expected at %s; is the clock right?",
            *(category, shown, expected, archive.now.isoformat()),
        )
    return as_day(listing, shown, State.COMPLETE, pages), listing.shortage


def _take(archive: Archive, day: Day, shortage: DigestError | None, report: Report) -> ListingDoubtfulError | None:
    """Store what /new shows; where a cache may keep a page for hours, the catchup page speaks first."""
    is_proven = archive.snapshot.is_proven(day.category, day.date)
    if shortage and is_proven:
        log.info("%s %s: proven already; now %s", day.category, day.date, shortage)
    elif shortage:
        if was_short_long_ago(archive, day) and (doubt := _ask_catchup_too(archive, day, report)):
            return doubt
        if not archive.snapshot.is_proven(day.category, day.date):
            take_short(archive, day, shortage, report)
    elif day.entries:
        if is_about_to_settle(archive, day) and (doubt := _ask_catchup_too(archive, day, report)):
            return doubt
        return take(archive, day, report)
    elif not is_proven:
        # The catchup page has to say, too, that the newest announcement has nothing of this category.
        archive.learn(day.date, day.pages[0].url, has_listing=True)
        note_no_updates(archive, day)
        return get_day(archive, day.category, day.date, report, known=True)
    return None


def _ask_catchup_too(archive: Archive, day: Day, report: Report) -> ListingDoubtfulError | None:
    try:
        return get_day(archive, day.category, day.date, report)
    except (MissingError, PageRefusedError, TryLaterError) as error:
        log.info("%s %s: %s", day.category, day.date, error)
        return None


def _is_rescued(archive: Archive, category: str, expected: date, problem: DigestError, report: Report) -> bool:
    """Make the best of a listing that cannot be had; return whether nothing is left to complain of.

    A refused page is made up for at once, one that is late or out of reach after six hours: by the catchup
    page, if it may be there by now, else by the feed. Older days are left to the healing.
    """
    is_refused = isinstance(problem, PageRefusedError)
    is_late = archive.now >= expected_at(expected) + PATIENCE
    is_out_of_reach = isinstance(problem, TryLaterError) and is_late
    if archive.client.forbidden or isinstance(problem, ListingDoubtfulError) or not (is_refused or is_out_of_reach):
        return False
    is_proven = _make_up(archive, category, expected, report)
    if is_proven:
        log.warning("%s; the catchup page of %s proves the listing all the same", problem, expected)
    return is_proven and not is_refused


def _make_up(archive: Archive, category: str, expected: date, report: Report) -> bool:
    """Try the catchup page, if it may be there by now, then the feed; return whether the listing is proven."""
    if is_due(archive, category, expected):
        try:
            problem: DigestError | None = get_day(archive, category, expected, report)
        except (MissingError, NotServedError, PageRefusedError, TryLaterError) as error:
            problem = error
        if problem is not None:
            log.info("%s %s: %s", category, expected, problem)
            remember_vain(archive, category, expected)
        if archive.snapshot.is_proven(category, expected):
            return True
    if archive.snapshot.day(category, expected) is None:
        take_feed(archive, category, expected, report)
    return False
