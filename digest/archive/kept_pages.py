"""Kept pages → the listings that they were fetched as, proven again by today's parser. Offline."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import parse_qs

from digest.archive.archive import Archive
from digest.disk.files import Folder
from digest.disk.raw import read_raw
from digest.errors import ListingIncompleteError, PageRefusedError, StoreError
from digest.model import Day, PageRef, RawPageRow, Source, State
from digest.parse.listing import Listing, Page, as_day, join_pages, parse_page, proven_listing, require_date

log = logging.getLogger(__name__)

_ADDRESS = re.compile(
    r"(?P<whole>https?://[^?#]+/(?:list/(?P<category>[^/?#]+)/new"
    r"|catchup/(?P<past_category>[^/?#]+)/(?P<asked>[0-9]{4}-[0-9]{2}-[0-9]{2})))(?:\?(?P<query>[^#]*))?"
)


@dataclass(frozen=True)
class KeptListing:
    """The kept pages of one look at a listing; ``asked`` is the date in the address, which only catchup's have."""

    category: str
    asked: date | None
    rows: tuple[RawPageRow, ...]

    @property
    def refs(self) -> tuple[PageRef, ...]:
        """The pages as a day names them."""
        return tuple(PageRef(row.url, row.sha256) for row in self.rows)


def kept_listings(rows: Iterable[RawPageRow]) -> list[KeptListing]:
    """Put ``rows``, in the order in which they were fetched, together to looks at listings.

    A first page begins one; the pages that follow it at the same address, a part of the listing each, belong to
    it. Listings come before catchup pages, whose texts may be later than the announcement; equal bytes come once.
    """
    looks: list[tuple[re.Match[str], dict[str, RawPageRow]]] = []
    current: dict[str, dict[str, RawPageRow]] = {}
    for row in rows:
        match = _ADDRESS.fullmatch(row.url)
        if match is None or row.status != 200:
            continue
        query = parse_qs(match["query"] or "")
        if query.get("skip", ["0"]) == ["0"] and query.get("page", ["1"]) == ["1"]:
            current[match["whole"]] = {}
            looks.append((match, current[match["whole"]]))
        if match["whole"] in current:
            # Asked for again, a page takes the place of an answer that was none.
            current[match["whole"]][row.url] = row
    different: dict[object, KeptListing] = {}
    for match, pages in looks:
        asked = date.fromisoformat(match["asked"]) if match["asked"] else None
        kept = KeptListing(match["category"] or match["past_category"], asked, tuple(pages.values()))
        different.setdefault((kept.category, asked, *(row.sha256 for row in kept.rows)), kept)
    return sorted(different.values(), key=lambda kept: kept.asked is not None)


def proven_day(raw: Folder, kept: KeptListing) -> Day:
    """Return the complete day that pages kept in ``raw`` prove, under the date that they bear.

    Raises:
        PageRefusedError: they prove none.
        StoreError: one of them is missing, damaged or cannot be read.
    """
    listing = _listing(raw, kept.refs, kept.category)
    when = require_date(listing)
    if kept.asked not in (None, when):
        raise PageRefusedError(f"{kept.rows[0].url}: expected the listing of {kept.asked}, found that of {when}")
    return as_day(listing, when, State.COMPLETE, kept.refs)


def kept_short_day(archive: Archive, category: str, when: date) -> Day | None:
    """Return the day that a kept listing of ``when`` has, complete as far as it goes, if it is short of its own count.

    The one with the most entries counts, of equal ones the newest; pages that a person saved are looked through last.
    """
    found = []
    used = {sha256 for pages in archive.store.page_hashes().values() for sha256 in pages}
    # Pages that a stored day names were taken in for what they are; the others may have more.
    rows = [row for row in archive.store.raw_pages() if row.status == 200 and row.path and row.sha256 not in used]
    looks = [kept.refs for kept in kept_listings(rows) if kept.category == category and kept.asked in (None, when)]
    saved = [(PageRef(row.url, row.sha256),) for row in rows if row.url.startswith("import:")]
    for refs in (*reversed(looks), *reversed(saved)):
        try:
            listing = join_pages([_read_page(archive.raw, ref) for ref in refs], category)
        except (PageRefusedError, ListingIncompleteError, StoreError) as error:
            log.info("%s: not the page that is looked for: %s", refs[0].url, error)
            continue
        if listing.date == when and listing.shortage:
            day = as_day(listing, when, State.COMPLETE, refs)
            found.append(day if refs in looks else replace(day, source=Source.IMPORT))
    return max(found, key=lambda day: len(day.entries), default=None)


def parsed_again(raw: Folder, stored: Day) -> Day:
    """Return a stored day as the current parser reads its pages in ``raw``; state, source and pages stay.

    Raises:
        PageRefusedError: they do not prove it any more.
        StoreError: one of them is missing, damaged or cannot be read.
    """
    if not stored.entries and not stored.shortage:
        # Each page of an empty day says "No updates" for itself; together they are no listing.
        for ref in stored.pages:
            if found := len(_read_page(raw, ref).entries):
                raise PageRefusedError(f"{ref.url}: expected 'No updates', found {found} entries")
        return stored
    listing = _listing(raw, stored.pages, stored.category, is_short=stored.shortage > 0)
    # Pages that a person dated bear no date.
    if listing.date != stored.date and (listing.date is not None or stored.state is State.COMPLETE):
        raise PageRefusedError(f"{stored.pages[0].url}: expected the date {stored.date}, found {listing.date}")
    return replace(as_day(listing, stored.date, stored.state, stored.pages), source=stored.source)


def _listing(raw: Folder, refs: Sequence[PageRef], category: str, *, is_short: bool = False) -> Listing:
    pages = [_read_page(raw, ref) for ref in refs]
    with _refusals_about(refs[0]):
        return join_pages(pages, category) if is_short else proven_listing(pages, category)


def _read_page(raw: Folder, ref: PageRef) -> Page:
    with _refusals_about(ref):
        return parse_page(read_raw(raw, ref.sha256))


@contextmanager
def _refusals_about(ref: PageRef) -> Iterator[None]:
    """Name the page in every error; a kept one will not become whole later, as arXiv's own may."""
    try:
        yield
    except StoreError as error:
        raise type(error)(f"{ref.url}: {error}") from error
    except (PageRefusedError, ListingIncompleteError) as error:
        raise PageRefusedError(f"{ref.url}, kept as {ref.sha256}: {error}") from error
