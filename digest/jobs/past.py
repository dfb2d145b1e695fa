"""Past listings, from arXiv's catchup pages."""

import logging
from collections.abc import Sequence
from datetime import date

from digest.archive import Archive, Report
from digest.calendar import CATCHUP_DAYS, today
from digest.decide import after_refusal, not_stored, proven_dates
from digest.errors import DigestError, MissingError, PageRefusedError, UsageError
from digest.fetch import catchup_url
from digest.jobs.pages import as_day, fetch_pages, require_date
from digest.jobs.steps import Track, begin, each, publish, take, untracked
from digest.model import State
from digest.parse import Page

log = logging.getLogger(__name__)

_REFUSED_DATE = "Invalid date"
"""How arXiv's answer 400 begins when catchup does not serve a date; for a category it says otherwise."""


def fetch(archive: Archive, categories: Sequence[str], dates: Sequence[date], track: Track = untracked) -> Report:
    """Get past listings from arXiv's catchup pages; a day that is proven already is not asked for."""
    for when in dates:
        refusal = _refusal(archive, when)
        if isinstance(refusal, UsageError):
            raise type(refusal)(f"{when}: {refusal}")
    report = begin(archive)
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    each(track(list(parts)), lambda name: _fetch_day(archive, *parts[name], report), report)
    publish(archive, report)
    return report


def plan_fetch(archive: Archive, categories: Sequence[str], dates: Sequence[date]) -> list[str]:
    """Say what ``fetch`` would ask arXiv for, a line each."""
    return [
        _plan(archive, category, when)
        for when in dates
        for category in categories
        if not _is_proven(archive, category, when)
    ]


def _plan(archive: Archive, category: str, when: date) -> str:
    refusal = _refusal(archive, when)
    return f"would ask for {category} {when}" if refusal is None else f"would not ask for {category} {when}: {refusal}"


def _is_proven(archive: Archive, category: str, when: date) -> bool:
    stored = archive.store.summary(category, when)
    return stored is not None and bool(proven_dates([stored]))


def _fetch_day(archive: Archive, category: str, when: date, report: Report) -> None:
    if _is_proven(archive, category, when):
        log.info("%s %s: proven already; nothing to ask", category, when)
        return
    refusal = _refusal(archive, when)
    if refusal is not None:
        raise refusal
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        return catchup_url(base, category, when, page=len(pages) + 1)

    try:
        pages, listing = fetch_pages(archive, category, address)
        shown = require_date(listing)
    except UsageError as error:
        # Where arXiv draws the line at a date differs by hours from ours; the other dates go on.
        if _REFUSED_DATE in str(error):
            raise MissingError(str(error)) from error
        raise
    except DigestError as error:
        meaning = after_refusal(error, when, archive.now)
        if meaning is error:
            raise
        raise meaning from error
    if shown != when:
        raise PageRefusedError(f"expected the listing of {when}, found that of {shown}")
    take(archive, as_day(listing, when, State.COMPLETE, pages), report)


def _refusal(archive: Archive, when: date) -> DigestError | None:
    """Say why arXiv need not be asked for ``when``: it cannot have it, or has it no longer."""
    if not archive.calendar.is_listing_date(when):
        return not_stored(when, archive.calendar, archive.now)
    current = today(archive.now)
    if when > max(current, archive.calendar.newest_expected(archive.now)):
        return UsageError(f"is in the future; in New York it is {current}")
    if (current - when).days > CATCHUP_DAYS:
        return MissingError(
            f"arXiv serves past listings for {CATCHUP_DAYS} days only; `digest import` takes in saved pages"
        )
    return None
