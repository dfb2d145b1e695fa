"""Pages that a person saved."""

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from digest.archive import Archive
from digest.calendar import WEEKDAY_NAMES, is_weekend
from digest.errors import DigestError, ListingDoubtfulError, ListingIncompleteError, PageRefusedError, UsageError
from digest.jobs.doubt import take
from digest.jobs.pages import as_day, proven_listing
from digest.jobs.steps import Track, begin, publish, untracked
from digest.model import RawPage, Source, State
from digest.outcome import Report
from digest.parse import Listing, Page, belongs, join_pages, parse_page
from digest.publish import read_saved_page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Saved:
    """A saved page and where it was found."""

    path: Path
    raw: RawPage
    page: Page
    category: str


def import_pages(
    archive: Archive,
    paths: Sequence[Path],
    category: str | None,
    when: date | None,
    track: Track = untracked,
) -> Report:
    """Take in saved listing and catchup pages; the partial pages of one day are put together.

    Args:
        archive: where to.
        paths: the files.
        category: what the pages list, if they do not say so themselves.
        when: the date of pages that bear none; such days are only as sure as the person who dates them.
        track: shows progress.
    """
    _require_room(archive, category)
    _require_possible(archive, when)
    report = begin(archive)
    by_day: dict[tuple[str, date, Source], list[_Saved]] = defaultdict(list)
    files = {str(path): path for path in paths}
    for name in track(list(files)):
        try:
            saved = _read_saved(archive, files[name], category)
            by_day[saved.category, _date_of(saved, when), saved.page.source].append(saved)
        except DigestError as error:
            report.fail(name, _as_refusal(error))
    # A day's listing comes before its catchup pages, which may show later texts.
    for (name, day, _), pages in sorted(by_day.items(), key=_listings_first):
        try:
            _import_day(archive, name, day, pages, report)
            report.succeeded += 1
        except DigestError as error:
            report.fail(", ".join(str(saved.path) for saved in pages), _as_refusal(error))
    publish(archive, report)
    return report


def _listings_first(item: tuple[tuple[str, date, Source], list[_Saved]]) -> tuple[str, date, bool]:
    category, day, source = item[0]
    return category, day, source is not Source.LISTING


def _require_room(archive: Archive, category: str | None) -> None:
    """Refuse a category whose digests would take the places of another's."""
    is_kept = category is None or category in archive.config.arxiv.categories
    if not is_kept and "{category}" not in archive.config.digest.path:
        raise UsageError(
            f"category {category} is not kept here, and [digest] path has no {{category}} to tell it apart"
        )


def _require_possible(archive: Archive, when: date | None) -> None:
    """Refuse a date by hand that no listing can have; the table of deferrals may be wrong, and is not asked."""
    if when is not None and (is_weekend(when) or when > archive.calendar.newest_expected(archive.now)):
        raise UsageError(
            f"expected --date to be the date of a listing that is out, found {WEEKDAY_NAMES[when.weekday()]}, {when}"
        )


def _as_refusal(error: DigestError) -> DigestError:
    """A saved page will not become whole later, as arXiv's own pages may."""
    return PageRefusedError(str(error)) if isinstance(error, ListingIncompleteError) else error


def _read_saved(archive: Archive, path: Path, category: str | None) -> _Saved:
    body = read_saved_page(path)
    # The name alone: where the file lay on somebody's machine does not belong into an archive.
    name = os.fsencode(path.name).decode("utf-8", "replace")
    raw = RawPage(f"import:{name}", 200, archive.now, (), body, hashlib.sha256(body).hexdigest())
    archive.keep(raw)
    page = parse_page(body)
    return _Saved(path, raw, page, category or _category_of(page, archive.config.arxiv.categories))


def _category_of(page: Page, configured: Sequence[str]) -> str:
    if page.category is not None and page.category not in configured:
        raise PageRefusedError(
            f"expected a listing of {', '.join(configured)}, found one of {page.category}; "
            f"--category {page.category} takes it in all the same"
        )
    possible = [
        name for name in configured if name == page.category or all(belongs(entry, name) for entry in page.entries)
    ]
    if page.category is None and len(possible) != 1:
        raise PageRefusedError(f"expected to see what the page lists, found {possible or 'no match'}; say --category")
    return page.category or possible[0]


def _date_of(saved: _Saved, when: date | None) -> date:
    shown = saved.page.date
    if shown is not None and when is not None and shown != when:
        raise PageRefusedError(f"expected the date {when} that --date says, found {shown} on the page")
    found = shown or when
    if found is None:
        raise PageRefusedError("expected a date on the page, found none; say which with --date")
    return found


def _whole(pages: Sequence[Page], category: str, when: date) -> Listing:
    """Put saved pages together; where all of them are here and arXiv counts more than they list, name the way out."""
    listing = join_pages(pages, category)
    if listing.shortage is not None and listing.date is not None:
        raise PageRefusedError(f"{listing.shortage}; `digest accept {when}` keeps what is listed")
    return proven_listing(pages, category)


def _import_day(archive: Archive, category: str, when: date, saved: Sequence[_Saved], report: Report) -> None:
    listing = replace(_whole([item.page for item in saved], category, when), source=Source.IMPORT)
    state = State.COMPLETE if listing.date else State.IMPORTED
    ordered = sorted(saved, key=lambda item: item.page.entries[0].position)
    try:
        take(archive, as_day(listing, when, state, [item.raw for item in ordered]), report)
    except ListingDoubtfulError as error:
        log.warning("%s: %s", category, error)
