"""All pages of one listing, fetched, kept, parsed and proven together; the day that they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from digest.archive.archive import Archive
from digest.disk.raw import read_raw
from digest.errors import DigestError, ListingIncompleteError, PageRefusedError, errors_about
from digest.model import SHOW_VALUES, Day, RawPage, State

if TYPE_CHECKING:
    from digest.parse.listing import Listing, Page

    AddressOfNext = Callable[[Sequence[Page]], str]
    """The pages of a listing that are here → the address of the next one."""

# The parser is imported where a page is at hand: most runs have none.

log = logging.getLogger(__name__)

# What one listing may cost at most, if a server names ever greater totals.
_MOST_PAGES = 200

# Seconds. A job that was interrupted goes on in the next night at the latest; older pages may have other texts by now.
_LATELY = 30 * 3600.0


def fetch_listing(
    archive: Archive, category: str, address: AddressOfNext, *, resume: bool = False
) -> tuple[Day, Listing]:
    """Get all pages of one listing; return it as a complete day, and as it was read: it may have a shortage.

    Every page is kept before it is parsed. The errors name the page that they are about. With ``resume``, pages
    that an interrupted job kept within the last thirty hours are not asked for again, if they prove themselves.
    """
    from digest.parse.listing import as_day, join_pages, parse_page, require_date  # noqa: PLC0415 - see above

    raws: list[RawPage] = []
    pages: list[Page] = []
    is_resumed = False
    listing: Listing | None = None
    try:
        while not pages or (_goes_on(pages) and len(pages) < _MOST_PAGES):
            url = address(pages)
            kept = _kept_lately(archive, url) if resume else None
            is_resumed = is_resumed or kept is not None
            raws.append(kept or archive.client.get(url, archive.keep))
            with errors_about(raws[-1].url):
                pages.append(parse_page(raws[-1].body))
        with errors_about(raws[0].url):
            listing = join_pages(pages, category)
            if is_resumed and listing.shortage:
                raise listing.shortage
    except (PageRefusedError, ListingIncompleteError) as error:
        if not is_resumed:
            raise
        # arXiv may have changed the listing since: pages of two of its states prove nothing together.
        log.debug("the kept pages prove nothing (%s)", error)
        listing = None
    if listing is None:  # outside of "except": a failure of the new look must not be told as that of the kept pages
        return fetch_listing(archive, category, address)
    with errors_about(raws[0].url):
        day = as_day(listing, require_date(listing), State.COMPLETE, raws)
    shortage = listing.shortage and type(listing.shortage)(f"{raws[0].url}: {listing.shortage}")
    return day, replace(listing, shortage=shortage)


def _kept_lately(archive: Archive, url: str) -> RawPage | None:
    """Return the page of this address that was kept within the last thirty hours, if it shows entries."""
    from digest.parse.listing import parse_page  # noqa: PLC0415 - see above

    row = archive.store.last_page(url)
    if (
        row is None
        or row.status != 200
        or not 0 <= archive.client.machine.time() - row.fetched_at.timestamp() < _LATELY
    ):
        return None
    try:
        body = read_raw(archive.raw, row.path)
        # "No updates" may have been true when it was kept, and be so no longer.
        return RawPage(row.url, row.status, row.fetched_at, (), body, row.sha256) if parse_page(body).entries else None
    except DigestError:
        return None


def _goes_on(pages: Sequence[Page]) -> bool:
    """Whether arXiv cut the listing after the last of ``pages``; a page that is short for another reason lags."""
    sizes = [len(page.entries) for page in pages]
    is_full = sizes[0] in SHOW_VALUES and sizes[-1] == sizes[0]
    return is_full and not pages[-1].partial and sum(sizes) < pages[0].total
