"""All pages of one listing, fetched, kept, parsed and proven together; the day that they are."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from digest.archive.archive import Archive
from digest.disk.raw import read_raw
from digest.errors import DigestError, ListingIncompleteError, PageRefusedError
from digest.model import SHOW_VALUES, Day, PageRef, RawPage, State
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.parse.listing import Listing, Page, join_pages, parse_page

log = logging.getLogger(__name__)

_MOST_PAGES = 200
"""What one listing may cost at most, if a server names ever greater totals."""

_LATELY = 30 * 3600.0

Address = Callable[[Sequence[Page]], str]
"""The pages of a listing that are here → the address of the next one."""


def fetch_pages(
    archive: Archive, category: str, address: Address, *, resume: bool = False
) -> tuple[list[RawPage], Listing]:
    """Get all pages of one listing.

    Every page is kept before it is parsed. The errors name the page that they are about. With ``resume``, pages
    that an interrupted job kept within the last thirty hours are not asked for again, if they prove themselves.
    The listing may have a shortage; who stores it has to look at that.
    """
    if resume:
        try:
            return _fetch_all(archive, category, address, is_resumed=True)
        except _NotKeptWholeError as error:
            log.debug("the kept pages prove nothing (%s)", error)
    return _fetch_all(archive, category, address)


class _NotKeptWholeError(Exception):
    """Kept pages were used and do not make a listing."""


def _fetch_all(
    archive: Archive, category: str, address: Address, *, is_resumed: bool = False
) -> tuple[list[RawPage], Listing]:
    raws: list[RawPage] = []
    pages: list[Page] = []
    used = False
    try:
        while not pages or (_goes_on(pages) and len(pages) < _MOST_PAGES):
            url = address(pages)
            found = _kept_lately(archive, url) if is_resumed else None
            used = used or found is not None
            raws.append(found or archive.client.get(url, archive.keep))
            with errors_about(raws[-1].url):
                pages.append(parse_page(raws[-1].body))
        with errors_about(raws[0].url):
            listing = join_pages(pages, category)
            if used and listing.shortage:
                raise listing.shortage
    except (PageRefusedError, ListingIncompleteError) as error:
        if used:
            raise _NotKeptWholeError(str(error)) from error
        raise
    shortage = listing.shortage and type(listing.shortage)(f"{raws[0].url}: {listing.shortage}")
    return raws, replace(listing, shortage=shortage)


def _kept_lately(archive: Archive, url: str) -> RawPage | None:
    """Return the page of this address that was kept within the last thirty hours, if it shows entries."""
    row = archive.store.last_page(url)
    if row is None or row.status != 200:
        return None
    if not 0 <= archive.client.machine.time() - row.fetched_at.timestamp() < _LATELY:
        return None
    try:
        body = read_raw(archive.raw, row.path)
        page = parse_page(body)
    except DigestError:
        return None
    return RawPage(row.url, row.status, row.fetched_at, (), body, row.sha256) if page.entries else None


def _goes_on(pages: Sequence[Page]) -> bool:
    """Whether arXiv cut the listing after the last of ``pages``; a page that is short for another reason lags."""
    sizes = [len(page.entries) for page in pages]
    is_full = sizes[0] in SHOW_VALUES and sizes[-1] == sizes[0]
    return is_full and not pages[-1].partial and sum(sizes) < pages[0].total


def proven_listing(pages: Sequence[Page], category: str) -> Listing:
    """Put pages together to a whole listing that has entries.

    Raises:
        PageRefusedError: they contradict one another.
        ListingIncompleteError: entries are missing, or there are none: no single page proves a day empty.
    """
    listing = join_pages(pages, category)
    if listing.shortage:
        raise listing.shortage
    if not listing.entries:
        raise ListingIncompleteError("found 'No updates' with a total of 0, which one page alone does not prove")
    return listing


@contextmanager
def errors_about(where: str) -> Iterator[None]:
    """Say in every error which page it is about."""
    try:
        yield
    except DigestError as error:
        raise type(error)(f"{where}: {error}") from error


def as_day(listing: Listing, when: date, state: State, pages: Sequence[RawPage]) -> Day:
    """Return the day that a whole listing is, known as well as ``state``, by these ``pages``."""
    return Day(
        category=listing.category,
        date=when,
        state=state,
        source=listing.source,
        declared=listing.declared,
        entries=listing.entries,
        pages=tuple(PageRef(page.url, page.sha256) for page in pages),
        parser_version=PARSER_VERSION,
        link_rules=LINK_RULES,
    )


def require_date(listing: Listing) -> date:
    """Return the date that a listing bears.

    Raises:
        PageRefusedError: it bears none (arXiv's layout of 12 to 23 September 2024).
    """
    if listing.date is None:
        raise PageRefusedError("expected a date on the page, found none; `digest import --date` can take it in")
    return listing.date
