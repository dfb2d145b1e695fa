"""The nightly job: each category's newest listing, what is missing, and every file up to date."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.calendar import is_overdue, today
from digest.decide import after_refusal, lateness, needs_listing, next_look, proven_dates
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    MissingError,
    NotServedError,
    PageRefusedError,
    StoreError,
    TryLaterError,
)
from digest.fetch import listing_url
from digest.jobs.doubt import is_about_to_settle, note_no_updates, take, take_short, was_short_long_ago, when_again
from digest.jobs.files import tell_outdated
from digest.jobs.healing import heal, plan_heal, tell_missing
from digest.jobs.kept import pages_to_remove, remove_old_pages
from digest.jobs.pages import as_day, errors_about, fetch_pages, require_date
from digest.jobs.past import get_day
from digest.jobs.patience import is_due
from digest.jobs.rescue import is_rescued, make_up
from digest.jobs.steps import Track, begin, each, publish, untracked
from digest.model import Day, Ledger, RawPage, Start, State
from digest.parse import Listing, Page

log = logging.getLogger(__name__)

_RUNS_A_DAY = 200  # rows that are looked at: an hourly schedule, and what a person does besides


def run(archive: Archive, categories: Sequence[str], track: Track = untracked) -> Report:
    """Do the nightly job: bring each category's newest listing in, then what is missing, and every file up to date."""
    report = begin(archive, track)
    each(categories, lambda category: _run_category(archive, category, report), report)
    if not report.is_ended:
        heal(archive, categories, report, track)
    publish(archive, report, track)
    if not report.is_ended:
        tell_missing(archive, categories, report)
        tell_outdated(archive, report)
        _clear_up(archive, report)
    return report


def _clear_up(archive: Archive, report: Report) -> None:
    """Remove old pages, as the first run of a day (UTC) that goes well."""
    if report.failures or not _is_first_today(archive):
        return
    try:
        number = remove_old_pages(archive)
    except StoreError as error:
        report.fail("raw pages", error)
        return
    if number:
        pages = "1 raw page was" if number == 1 else f"{number} raw pages were"
        report.remarks.append(f"{pages} removed: older than {archive.config.store.raw_days} days ([store] raw_days)")


def _is_first_today(archive: Archive) -> bool:
    runs = archive.store.runs(_RUNS_A_DAY) if archive.config.store.raw_days else []
    today_ = archive.now.astimezone(UTC).date()
    return not any(run.command == "run" and run.exit_code == 0 and run.started_at.date() == today_ for run in runs)


def plan_run(archive: Archive, categories: Sequence[str]) -> list[str]:
    """Say what ``run`` would ask arXiv for, a line each."""
    expected = archive.calendar.newest_expected(archive.now)
    due = [category for category in categories if _is_listing_due(archive, category, expected)]
    probes = [category for category in categories if category not in due and _is_probe_due(archive, category, expected)]
    old = len(pages_to_remove(archive)) if _is_first_today(archive) else 0
    return [
        *(f"would ask for the newest listing of {category}, expecting {expected}" for category in due),
        *(f"would look once today whether arXiv announced {category} after all" for category in probes),
        *plan_heal(archive, categories),
        *([f"would remove raw pages that are older than {archive.config.store.raw_days} days: {old}"] if old else []),
    ]


def _is_listing_due(archive: Archive, category: str, expected: date) -> bool:
    again = _looked_at_again(archive, category, expected)
    return needs_listing(expected, _proven(archive, category)) and (again is None or archive.now >= again)


def _is_probe_due(archive: Archive, category: str, expected: date) -> bool:
    """Whether to look once today for a listing that the calendar does not know of."""
    is_idle = not needs_listing(expected, _proven(archive, category)) and archive.calendar.is_pause(archive.now)
    return is_idle and today(archive.now) not in archive.store.attempts(category)


def _proven(archive: Archive, category: str) -> list[date]:
    return proven_dates(archive.store.summaries(category))


def _looked_at_again(archive: Archive, category: str, when: date) -> datetime | None:
    """Return when a doubtful listing may be looked at again."""
    return next_look(archive.store.ledger().readings_of(category, when))


def _run_category(archive: Archive, category: str, report: Report) -> None:
    archive.client.doubt_silence()
    expected = archive.calendar.newest_expected(archive.now)
    _remember_start(archive, category, expected)
    if _is_listing_due(archive, category, expected):
        _bring_in(archive, category, expected, report)
    elif _is_probe_due(archive, category, expected):
        _probe(archive, category, expected, report)
    elif needs_listing(expected, _proven(archive, category)):
        _wait(archive, category, expected)
    else:
        log.info("%s: the newest expected listing is proven; nothing to ask", category)


def _wait(archive: Archive, category: str, when: date) -> None:
    words = f"the listing of {when} is doubtful, {when_again(archive, category, when)}"
    if is_overdue(when, archive.now):
        raise MissingError(f"{words}; `digest accept {when}` settles it")
    log.info("%s: %s", category, words)


def _probe(archive: Archive, category: str, expected: date, report: Report) -> None:
    archive.store.remember_attempt(category, today(archive.now), archive.now)
    try:
        _take_newest(archive, category, expected, report)
    except TryLaterError as error:
        log.info("%s: %s; nothing was due", category, error)


def _bring_in(archive: Archive, category: str, expected: date, report: Report) -> None:
    missing = _most_missed(archive, category, expected)
    try:
        _take_newest(archive, category, expected, report)
    except DigestError as error:
        if is_rescued(archive, category, expected, error, report):
            return
        if isinstance(error, NotServedError):
            report.not_served.add(category)
        report.told |= {(category, missing), (category, expected)}
        meaning = after_refusal(error, missing, archive.now)
        is_absence = isinstance(meaning, (MissingError, TryLaterError))
        if is_absence and missing in archive.store.ledger().losses_of(category):
            log.info("%s: %s; it was given up", category, meaning)
            return
        if meaning is error:
            raise
        raise meaning from error


def _most_missed(archive: Archive, category: str, expected: date) -> date:
    """Return the date that counts if the newest listing cannot be had: an overdue one before it, if that is missing."""
    overdue = archive.calendar.newest_overdue(archive.now)
    proven = _proven(archive, category)
    start = archive.start(category)
    is_here = overdue in proven or start is None or overdue < start
    return expected if is_here else overdue


def _remember_start(archive: Archive, category: str, expected: date) -> None:
    """Note at the first run since when ``category`` is followed: should that listing fail, it is missing."""
    ledger = archive.store.ledger()
    if not any(start.category == category for start in ledger.starts):
        first = archive.first_run(category) or expected
        archive.store.note(Ledger(starts=(Start(category, first),)))


def _take_newest(archive: Archive, category: str, expected: date, report: Report) -> None:
    pages, listing = _fetch_newest(archive, category)
    with errors_about(pages[0].url):
        shown = require_date(listing)
    if shown > expected:
        log.warning(
            "%s: arXiv shows %s, but %s is the newest expected at %s; is the clock right?",
            *(category, shown, expected, archive.now.isoformat()),
        )
    day = as_day(listing, shown, State.COMPLETE, pages)
    if listing.shortage:
        _take_short(archive, day, listing.shortage, report)
    elif listing.entries:
        if is_about_to_settle(archive, day):
            _ask_catchup_too(archive, day, report)
        take(archive, day, report)
    elif shown not in _proven(archive, category):
        _take_no_updates(archive, day, report)
    if shown < expected and is_due(archive, category, expected):
        make_up(archive, category, expected, report)
    overdue = archive.calendar.newest_overdue(archive.now)
    late = lateness(shown, overdue, archive.now)
    if late is not None and overdue not in _proven(archive, category):
        raise late
    if shown < expected:
        log.info("%s: the listing of %s is not out yet", category, expected)


def _take_short(archive: Archive, day: Day, shortage: DigestError, report: Report) -> None:
    """Let the catchup page settle what has been short on /new for long; a day that is proven stays as it is."""
    if archive.is_proven(day.category, day.date):
        log.info("%s %s: proven already; now %s", day.category, day.date, shortage)
        return
    if was_short_long_ago(archive, day):
        _ask_catchup_too(archive, day, report)
    if not archive.is_proven(day.category, day.date):
        take_short(archive, day, shortage, report)


def _ask_catchup_too(archive: Archive, day: Day, report: Report) -> None:
    """Let the catchup page speak before doubtful entries are settled: a cache may keep the same /new for hours."""
    try:
        get_day(archive, day.category, day.date, report)
    except ListingDoubtfulError:
        raise
    except (MissingError, PageRefusedError, TryLaterError) as error:
        log.info("%s %s: %s", day.category, day.date, error)


def _fetch_newest(archive: Archive, category: str) -> tuple[list[RawPage], Listing]:
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        sizes = [len(page.entries) for page in pages]
        return listing_url(base, category, skip=sum(sizes), show=sizes[0] if sizes else 0)

    return fetch_pages(archive, category, address)


def _take_no_updates(archive: Archive, day: Day, report: Report) -> None:
    """Ask the catchup page whether it is true that the newest announcement has nothing of this category."""
    archive.learn(day.date, day.pages[0].url, has_listing=True)
    note_no_updates(archive, day)
    get_day(archive, day.category, day.date, report, known=True)
