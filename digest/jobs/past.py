"""Past listings, from arXiv's catchup pages."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.calendar import announced_date, today
from digest.decide import after_refusal, in_reach_since, in_short, is_in_reach, not_stored
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    ListingIncompleteError,
    MissingError,
    NotServedError,
    PageRefusedError,
    TryLaterError,
    UsageError,
)
from digest.fetch import catchup_url
from digest.jobs.doubt import note_no_updates, take, take_empty, take_short
from digest.jobs.pages import as_day, errors_about, fetch_pages, require_date
from digest.jobs.steps import Track, begin, each, publish, untracked
from digest.model import Day, RawPage, Source, State
from digest.parse import Listing, Page

log = logging.getLogger(__name__)

_REFUSED_DATE = "Invalid date"
"""How arXiv's answer 400 begins when catchup does not serve a date; for a category it says otherwise."""

_LONGEST_LEAP = 4
"""Listing dates that a link to the next announcement may leave out; arXiv's pauses have never taken more than three."""


def fetch(
    archive: Archive, categories: Sequence[str], first: date | None, last: date | None, track: Track = untracked
) -> Report:
    """Get past listings from arXiv's catchup pages; a day that is proven already is not asked for.

    Without ``first``, it begins with the oldest that arXiv serves; without ``last``, it ends today in New York.

    Raises:
        UsageError: there is no listing date from ``first`` to ``last``, or one is in the future.
    """
    report = begin(archive, track)
    dates, asked = _dates(archive, first, last), set[date]()
    _require_possible(archive, categories[0], dates[-1])
    while dates and not report.is_ended:
        _fetch_days(archive, categories, _reachable(archive, categories, dates, report), report, track)
        asked |= {*dates}
        # The pages may have told of listings that the calendar did not know.
        dates = [when for when in _dates(archive, first, last) if when not in asked]
    publish(archive, report, track)
    return report


def _fetch_days(
    archive: Archive, categories: Sequence[str], dates: Sequence[date], report: Report, track: Track
) -> None:
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    served = (name for name in track(list(parts)) if parts[name][0] not in report.not_served)
    each(served, lambda name: _fetch_day(archive, *parts[name], report), report)


def _require_possible(archive: Archive, category: str, newest: date) -> None:
    """Refuse dates whose ``newest`` one is in the future; a single one may be a weekend's."""
    refusal = _refusal(archive, category, newest)
    if isinstance(refusal, UsageError):
        raise type(refusal)(f"{newest}: {refusal}")


def _reachable(archive: Archive, categories: Sequence[str], dates: Sequence[date], report: Report) -> Sequence[date]:
    """Return the dates that arXiv still serves; of several, note the others together."""
    served = [when for when in dates if is_in_reach(when, archive.now)]
    if len(dates) == 1 or len(served) == len(dates):
        return dates
    for category in categories:
        known = {*served, *(day.date for day in archive.store.summaries(category) if day.is_proven)}
        gone = [when for when in dates if when not in known]
        if gone:
            report.fail(category, MissingError(f"{archive.why_not_stored(category, gone[-1])}: {in_short(gone)}"))
    return served


def plan_fetch(archive: Archive, categories: Sequence[str], first: date | None, last: date | None) -> list[str]:
    """Say what ``fetch`` would ask arXiv for, a line each.

    Raises:
        UsageError: as ``fetch``, of several dates.
    """
    dates = _dates(archive, first, last)
    if len(dates) > 1:
        _require_possible(archive, categories[0], dates[-1])
    proven = {(day.category, day.date) for day in archive.store.summaries() if day.is_proven}
    parts = ((category, when) for when in dates for category in categories)
    return [_plan(archive, *part) for part in parts if part not in proven]


def _dates(archive: Archive, first: date | None, last: date | None) -> list[date]:
    if first is not None and first == last:
        return [first]
    start, end = first or in_reach_since(archive.now), last or today(archive.now)
    dates = list(archive.calendar.listing_dates(start, end))
    if not dates:
        raise UsageError(f"expected a listing date in {start}..{end}, found none")
    return dates


def _plan(archive: Archive, category: str, when: date) -> str:
    refusal = _refusal(archive, category, when)
    return f"would ask for {category} {when}" if refusal is None else f"would not ask for {category} {when}: {refusal}"


def _refusal(archive: Archive, category: str, when: date) -> DigestError | None:
    """Say why arXiv need not be asked for ``when``: it cannot have it, or has it no longer."""
    is_denied = not archive.calendar.is_listing_date(when)
    if is_denied and not (when in archive.calendar.surprises and is_in_reach(when, archive.now)):
        return not_stored(when, archive.calendar, archive.now, archive.start(category))
    current = today(archive.now)
    if when > max(current, archive.calendar.newest_expected(archive.now)):
        return UsageError(f"is in the future; in New York it is {current}")
    if not is_in_reach(when, archive.now):
        return archive.why_not_stored(category, when)
    return None


def _fetch_day(archive: Archive, category: str, when: date, report: Report) -> None:
    if archive.is_proven(category, when):
        log.info("%s %s: proven already; nothing to ask", category, when)
        return
    refusal = _refusal(archive, category, when)
    if refusal is not None:
        raise refusal
    try:
        get_day(archive, category, when, report)
    except TryLaterError as error:
        raise after_refusal(error, when, archive.now) from error


def get_day(archive: Archive, category: str, when: date, report: Report, *, known: bool = False) -> None:
    """Get the listing of ``when`` from arXiv's catchup pages, and what they show of the calendar.

    Where they show no entries, it has to be found out whether arXiv announced anything, unless that is ``known``.

    Raises:
        MissingError: arXiv has it no longer, or not yet.
        NotServedError: arXiv knows no such category.
        PageRefusedError: the pages do not prove themselves.
        TryLaterError: they cannot be had now, or are doubtful.
        NotAskedError: arXiv was not even asked, which says nothing of the day.
    """
    try:
        # A second look must be one: pages kept lately are good only for what an interrupted job did not come to.
        is_first = archive.store.summary(category, when) is None
        pages, listing = _catchup(archive, category, when, resume=is_first)
        day = as_day(listing, when, State.COMPLETE, pages)
        if listing.shortage:
            take_short(archive, day, listing.shortage, report)
        elif listing.entries:
            take(archive, day, report)
        elif known or is_announced(archive, category, when):
            take_no_updates(archive, day, report)
        elif archive.store.ids(category, when):
            raise ListingDoubtfulError(f"expected the entries of {when} that are here, found that arXiv announced none")
    except NotServedError as error:
        # Where arXiv draws the line at a date differs by hours from ours; the other dates go on.
        if _REFUSED_DATE in str(error):
            raise MissingError(str(error)) from error
        report.not_served.add(category)
        raise


def take_no_updates(archive: Archive, day: Day, report: Report) -> None:
    """Note that a page says "No updates" for a date on which arXiv did announce, and store what that proves."""
    note_no_updates(archive, day)
    take_empty(archive, replace(day, entries=()), report)


def _catchup(archive: Archive, category: str, when: date, *, resume: bool = False) -> tuple[list[RawPage], Listing]:
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        return catchup_url(base, category, when, page=len(pages) + 1)

    pages, listing = fetch_pages(archive, category, address, resume=resume)
    with errors_about(pages[0].url):
        shown = require_date(listing)
    if shown != when:
        raise PageRefusedError(f"{pages[0].url}: expected the listing of {when}, found that of {shown}")
    listing = replace(listing, source=Source.CATCHUP)  # whatever it looks like: a look is told by where it went
    if listing.next_day is None or _learn(archive, when, listing.next_day, pages[0].url):
        return pages, listing
    return pages, replace(listing, next_day=None)


def _learn(archive: Archive, when: date, following: date, evidence: str) -> bool:
    """Let the calendar know that arXiv announced ``following`` next after ``when``; return whether that can be true."""
    if following > announced_date(archive.now) + timedelta(days=1):  # a clock may be slow, and arXiv early
        log.warning("%s: expected a link to an announcement that is out, found %s: not believed", evidence, following)
        return False
    between = [when + timedelta(days=offset) for offset in range(1, (following - when).days)]
    if sum(map(archive.calendar.is_listing_date, between)) > _LONGEST_LEAP:
        log.warning("%s: expected a link to the next announcement, found %s: not believed", evidence, following)
        return False
    stored = {day.date for day in archive.store.summaries() if day.size}
    for day in between:
        if day not in stored:
            archive.learn(day, evidence, has_listing=False)
    archive.learn(following, evidence, has_listing=True)
    return True


def is_announced(archive: Archive, category: str, when: date) -> bool:
    """Whether arXiv announced anything for ``when``, a date without any entries in ``category``.

    A page of that date does not tell a holiday from an empty category; the one before links to it, or beyond.

    Raises:
        ListingIncompleteError: arXiv does not say it yet.
    """
    others = [day for day in archive.store.summaries() if day.date == when and day.category != category]
    if any(day.size for day in others) or archive.calendar.corrections.get(when) is True:
        return True
    before = archive.calendar.latest(when - timedelta(days=1))
    following: date | None = before
    try:
        while following is not None and following < when and is_in_reach(following, archive.now):
            before = following
            following = _catchup(archive, category, before)[1].next_day
    except (PageRefusedError, NotServedError) as error:
        raise ListingIncompleteError(f"found 'No updates' for {when}, and cannot tell why: {error}") from error
    if following is None or following < when:
        raise ListingIncompleteError(
            f"found 'No updates' for {when}, and no link from {before} to a later announcement"
        )
    return following == when
