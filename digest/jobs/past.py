"""Past listings, from arXiv's catchup pages."""

import logging
from collections.abc import Sequence
from datetime import date

from digest.archive import Archive, Report, as_day, proven_dates, require_date
from digest.calendar import CATCHUP_DAYS, today
from digest.decide import after_refusal, not_stored
from digest.errors import DigestError, MissingError, PageRefusedError, UsageError
from digest.fetch import catchup_url
from digest.jobs.pages import fetch_pages
from digest.jobs.steps import Track, begin, publish, take, untracked
from digest.model import State
from digest.parse import Page

log = logging.getLogger(__name__)

_REFUSED_DATE = "Invalid date"
"""How arXiv's answer 400 begins when catchup does not serve a date; for a category it says otherwise."""


def fetch(archive: Archive, categories: Sequence[str], dates: Sequence[date], track: Track = untracked) -> Report:
    """Get past listings from arXiv's catchup pages; a day that is proven already is not asked for."""
    report = begin(archive)
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    try:
        for name in track(list(parts)):
            try:
                _fetch_day(archive, *parts[name], report)
                report.succeeded += 1
            except DigestError as error:
                report.fail(name, error)
    finally:
        publish(archive, report)
    return report


def plan_fetch(archive: Archive, categories: Sequence[str], dates: Sequence[date]) -> list[str]:
    """Say what ``fetch`` would ask arXiv for, a line each."""
    proven = {category: set(proven_dates(archive.store.summaries(category))) for category in categories}
    return [
        f"would ask for {category} {when}" for when in dates for category in categories if when not in proven[category]
    ]


def _fetch_day(archive: Archive, category: str, when: date, report: Report) -> None:
    if when in proven_dates(archive.store.summaries(category)):
        log.info("%s %s: proven already; nothing to ask", category, when)
        return
    _require_servable(archive, when)
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
        raise after_refusal(error, when, archive.now) from error
    if shown != when:
        raise PageRefusedError(f"expected the listing of {when}, found that of {shown}")
    take(archive, as_day(listing, when, State.COMPLETE, pages), report)


def _require_servable(archive: Archive, when: date) -> None:
    """Refuse a date that arXiv cannot have, or has no longer, without asking it."""
    if not archive.calendar.is_listing_date(when):
        raise not_stored(when, archive.calendar, archive.now)
    current = today(archive.now)
    if when > max(current, archive.calendar.newest_expected(archive.now)):
        raise UsageError(f"is in the future; in New York it is {current}")
    if (current - when).days > CATCHUP_DAYS:
        raise MissingError(
            f"arXiv serves past listings for {CATCHUP_DAYS} days only; `digest import` takes in saved pages"
        )
