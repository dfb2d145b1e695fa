"""Past listings, a date at a time, from arXiv's catchup pages; what these show of the calendar; when to ask again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.calendar import announced_date, expected_at
from digest.decide import LISTING_PATIENCE, REST, SETTLING, in_reach_since, is_in_reach, next_look
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    ListingIncompleteError,
    MissingError,
    NotServedError,
    PageRefusedError,
)
from digest.fetch.documents import catchup_url
from digest.jobs.doubt import take_empty, take_in, take_short
from digest.jobs.listing import fetch_listing
from digest.model import Day, Source

if TYPE_CHECKING:
    from digest.parse.listing import Listing, Page

log = logging.getLogger(__name__)

# How arXiv's answer 400 begins when catchup does not serve a date; for a category it says otherwise.
_REFUSED_DATE = "Invalid date"

# Listing dates that a link to the next announcement may leave out; arXiv's pauses have never taken more than three.
_LONGEST_LEAP = 4

_LONGEST_PAUSE = timedelta(days=7)
_DAY = timedelta(days=1)


def get_day(archive: Archive, category: str, when: date, report: Report, *, known: bool = False) -> DigestError | None:
    """Get the listing of ``when`` from arXiv's catchup pages, and what they show of the calendar.

    Where they show no entries, it has to be found out whether arXiv announced anything, unless that is ``known``.

    Returns:
        Why it is not here, or why what they show is doubtful. Of a ``NotAskedError``, arXiv was not even asked, which
        says nothing of the day.
    """
    problem: DigestError | None = None
    try:
        # A second look must be one: pages kept lately are good only for what an interrupted job did not come to.
        is_first = archive.snapshot.day(category, when) is None
        day, listing = _past_listing(archive, category, when, resume=is_first)
        if listing.shortage:
            problem = take_short(archive, day, listing.shortage, report)
        elif day.entries:
            problem = take_in(archive, day, report)
        elif known or is_announced(archive, category, when):
            problem = take_empty(archive, day, report)
        elif archive.ids(category, when):
            words = f"expected the entries of {when} that are here, found that arXiv announced none"
            problem = ListingDoubtfulError(words)
    except NotServedError as error:
        # Where arXiv draws the line at a date differs by hours from ours; the other dates go on.
        problem = MissingError(str(error)) if _REFUSED_DATE in str(error) else error
        if problem is error:
            report.not_served.add(category)
    except DigestError as error:
        problem = error
    return problem


def _past_listing(archive: Archive, category: str, when: date, *, resume: bool = False) -> tuple[Day, Listing]:
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        return catchup_url(base, category, when, page=len(pages) + 1)

    day, listing = fetch_listing(archive, category, address, resume=resume)
    url = day.pages[0].url
    if day.date != when:
        raise PageRefusedError(f"{url}: expected the listing of {when}, found that of {day.date}")
    if listing.next_day is not None and not _learn(archive, when, listing.next_day, url):
        listing = replace(listing, next_day=None)
    # Whatever it looks like: a look is told by where it went.
    return replace(day, source=Source.CATCHUP), listing


def _learn(archive: Archive, when: date, following: date, evidence: str) -> bool:
    """Let the calendar know that arXiv announced ``following`` next after ``when``; return whether that can be true."""
    is_to_come = following > announced_date(archive.now) + _DAY  # a clock may be slow, and arXiv early
    between = [] if is_to_come else [when + offset * _DAY for offset in range(1, (following - when).days)]
    if is_to_come or sum(map(archive.calendar.is_listing_date, between)) > _LONGEST_LEAP:
        wanted = "an announcement that is out" if is_to_come else "the next announcement"
        log.warning("%s: expected a link to %s, found %s: not believed", evidence, wanted, following)
        return False
    stored = {day.date for day in archive.snapshot.summaries if day.date in between and day.size}
    for day in between:
        # A listing that is here is a better witness than a link that leaves it out.
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
    others = [day for day in archive.snapshot.summaries if day.date == when and day.category != category]
    if any(day.size for day in others) or archive.calendar.corrections.get(when) is True:
        return True
    before = archive.calendar.latest(when - _DAY)
    following: date | None = before
    # It takes several steps where arXiv announced dates in between that the calendar does not know of.
    try:
        while following is not None and following < when and is_in_reach(following, archive.now):
            before = following
            following = _past_listing(archive, category, before)[1].next_day
    except (PageRefusedError, NotServedError) as error:
        raise ListingIncompleteError(f"found 'No updates' for {when}, and cannot tell why: {error}") from error
    if following is None or following < when:
        raise ListingIncompleteError(
            f"found 'No updates' for {when}, and no link from {before} to a later announcement"
        )
    return following == when


def unconfirmed_deferrals(archive: Archive, categories: Sequence[str]) -> list[date]:
    """Return the dates on which arXiv deferred by its table, and on which nobody has looked yet whether it did.

    They lie where arXiv has what was before them, and after.
    """
    if not categories:
        return []
    snapshot, newest = archive.snapshot, archive.calendar.newest_expected(archive.now)
    first = min(snapshot.start(category) or newest for category in categories)
    last = max((day.date for category in categories for day in snapshot.days_of(category)[-1:]), default=first)
    first, last = max(first, in_reach_since(archive.now) + _LONGEST_PAUSE), min(last, newest)
    dates = archive.calendar.unconfirmed_deferrals(first, last)
    return [when for when in dates if may_be_asked_again(archive, categories[0], when, _DAY)]


def may_look_again(archive: Archive, category: str, when: date) -> bool:
    """Whether a second look, if that is what is needed, may be taken already."""
    again = next_look(archive.snapshot.ledger.readings_of(category, when))
    return again is None or not archive.now < again <= archive.now + SETTLING  # beyond, the clock was ahead


def is_catchup_due(archive: Archive, category: str, when: date) -> bool:
    """Whether the job of the night leaves it to us, and it was not asked for in vain a little while ago."""
    is_late = archive.now >= expected_at(when) + LISTING_PATIENCE
    return is_late and may_be_asked_again(archive, category, when, REST)


def may_be_asked_again(archive: Archive, category: str, when: date, rest: timedelta) -> bool:
    """Whether a date was not asked for in vain within the last ``rest``."""
    asked = archive.attempts(category).get(when)
    return asked is None or not asked <= archive.now < asked + rest  # before, the clock was ahead


def remember_vain(archive: Archive, category: str, when: date) -> None:
    """Note that arXiv was asked for a day in vain; if it did not answer at all, nothing was asked."""
    if not archive.client.is_silent(archive.config.arxiv.pages_url):
        archive.remember_attempt(category, when)
