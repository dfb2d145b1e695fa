"""Saved listing and catchup pages → days: the pages of one listing put together, proven as those of a run are."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.errors import DigestError, ListingIncompleteError, PageRefusedError, TryLaterError
from digest.jobs.doubt import take_in
from digest.jobs.import_days import Asked, require_category
from digest.model import RawPage, Source, State
from digest.parse.entries import belongs
from digest.parse.foreign import other_kind
from digest.parse.listing import Page, as_day, join_pages, parse_page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedPage:
    """A saved page: under which name it is shown, its bytes (those were kept by then), and of what it is."""

    name: str
    raw: RawPage
    category: str
    date: date


def read_page(archive: Archive, name: str, raw: RawPage, asked: Asked) -> tuple[SavedPage, Page]:
    """Keep a page and parse it; what is no listing at all is named by its kind, and not kept.

    Raises:
        PageRefusedError: it does not prove itself, or does not suit what was ``asked`` for.
    """
    try:
        page = parse_page(raw.body)
    except (PageRefusedError, TryLaterError) as error:
        kind = other_kind(raw.body)
        if kind is not None:
            raise PageRefusedError(f"expected a listing with abstracts, found {kind}") from error
        archive.keep(raw)
        raise
    archive.keep(raw)
    if not page.entries:
        way_out = f"one page alone does not prove an empty day, `digest accept {page.date or 'DATE'}` settles it"
        if page.date is not None and not archive.calendar.is_listing_date(page.date):
            way_out = f"arXiv has no listing of {page.date}"
        raise PageRefusedError(f"expected entries, found 'No updates'; {way_out}")
    category = asked.category or _category_of(archive, page)
    # Its bytes are kept by now; those of a whole folder need not be held.
    return SavedPage(name, replace(raw, body=b""), category, _date_of(page, asked.date)), page


def _category_of(archive: Archive, page: Page) -> str:
    configured = archive.config.arxiv.categories
    if page.category is not None:
        require_category(archive, page.category, None)
        return page.category
    possible = [name for name in configured if all(belongs(entry, name) for entry in page.entries)]
    if len(possible) != 1:
        raise PageRefusedError(f"expected the page's category, found {possible or 'no match'}; use --category")
    return possible[0]


def _date_of(page: Page, when: date | None) -> date:
    if page.date is not None and when is not None and page.date != when:
        raise PageRefusedError(f"expected the date {when} that --date says, found {page.date} on the page")
    found = page.date or when
    if found is None:
        raise PageRefusedError("expected a date on the page, found none; give it with --date")
    return found


def take_pages(archive: Archive, saved: Sequence[tuple[SavedPage, Page]], report: Report) -> DigestError | None:
    """Take in the day that the pages of one listing prove together; return why it is refused."""
    category, when, pages = saved[0][0].category, saved[0][0].date, [page for _, page in saved]
    try:
        listing = replace(join_pages(pages, category), source=Source.IMPORT)
        if listing.shortage and listing.date:  # all pages are here, and arXiv counts more than they list
            return PageRefusedError(f"{listing.shortage}; `digest accept {when}` keeps what is listed")
        if listing.shortage:
            raise listing.shortage
    except ListingIncompleteError as error:
        further = "" if any(page.partial for page in pages) else "; the listing has further pages: import them together"
        return PageRefusedError(f"{error}{further}")
    state = State.COMPLETE if listing.date else State.IMPORTED
    ordered = sorted(saved, key=lambda pair: pair[1].entries[0].position)
    if doubt := take_in(archive, as_day(listing, when, state, [one.raw for one, _ in ordered]), report):
        log.warning("%s: %s", category, doubt)
    return None
