"""The nightly job: each category's newest listing, and every file up to date."""

import logging
from collections.abc import Sequence
from datetime import date

from digest.archive import Archive, Report
from digest.decide import after_refusal, lateness, needs_listing, proven_dates
from digest.errors import DigestError
from digest.fetch import listing_url
from digest.jobs.pages import as_day, fetch_pages, require_date
from digest.jobs.steps import begin, each, publish, take
from digest.model import RawPage, State
from digest.parse import Listing, Page

log = logging.getLogger(__name__)


def run(archive: Archive, categories: Sequence[str]) -> Report:
    """Do the nightly job: bring each category's newest listing in, and every file up to date."""
    report = begin(archive)
    each(categories, lambda category: _run_category(archive, category, report), report)
    publish(archive, report)
    return report


def plan_run(archive: Archive, categories: Sequence[str]) -> list[str]:
    """Say what ``run`` would ask arXiv for, a line each."""
    expected = archive.calendar.newest_expected(archive.now)
    return [
        f"would ask for the newest listing of {category}, expecting {expected}"
        for category in categories
        if needs_listing(expected, _proven(archive, category))
    ]


def _proven(archive: Archive, category: str) -> list[date]:
    return proven_dates(archive.store.summaries(category))


def _run_category(archive: Archive, category: str, report: Report) -> None:
    expected = archive.calendar.newest_expected(archive.now)
    overdue = archive.calendar.newest_overdue(archive.now)
    proven = _proven(archive, category)
    if not needs_listing(expected, proven):
        log.info("%s: the newest expected listing is proven; nothing to ask", category)
        return
    try:
        pages, listing = _fetch_newest(archive, category)
        shown = require_date(listing)
    except DigestError as error:
        missing = expected if overdue in proven or not proven else overdue
        meaning = after_refusal(error, missing, archive.now)
        if meaning is error:
            raise
        raise meaning from error
    if shown > expected:
        log.warning(
            "%s: arXiv shows %s, but %s is the newest expected at %s; is the clock right?",
            *(category, shown, expected, archive.now.isoformat()),
        )
    take(archive, as_day(listing, shown, State.COMPLETE, pages), report)
    late = lateness(shown, overdue, archive.now)
    if late is not None:
        raise late
    if shown < expected:
        log.info("%s: the listing of %s is not out yet", category, expected)


def _fetch_newest(archive: Archive, category: str) -> tuple[list[RawPage], Listing]:
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        sizes = [len(page.entries) for page in pages]
        return listing_url(base, category, skip=sum(sizes), show=sizes[0] if sizes else 0)

    return fetch_pages(archive, category, address)
