"""Pages that a person saved: files, and folders of them."""

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.days import begin, update_files
from digest.archive.report import Report, Track, untracked
from digest.calendar import WEEKDAY_NAMES, is_weekend
from digest.disk.raw import read_saved_page
from digest.errors import (
    DigestError,
    ListingIncompleteError,
    PageRefusedError,
    TryLaterError,
    UsageError,
)
from digest.jobs.doubt import take
from digest.model import RawPage, Source, State
from digest.parse.entries import belongs
from digest.parse.foreign import other_kind
from digest.parse.listing import Listing, Page, as_day, join_pages, parse_page, proven_listing

log = logging.getLogger(__name__)

_PAGES = (".html", ".htm", ".xhtml")
_BROWSERS_OWN = ("_files", ".files", "-Dateien", "_fichiers", "_archivos", "_file", "_bestanden")
"""How browsers call the folder of what a page needs, beside the page that they save."""


@dataclass(frozen=True)
class _Saved:
    """A saved page and where it was found."""

    path: Path
    raw: RawPage
    page: Page
    category: str


def require_there(paths: Sequence[Path]) -> None:
    """See to it that something is at each of ``paths``; what it is, and whether it can be read, is another question.

    Raises:
        UsageError: nothing is there, so that it may be misspelt.
    """
    missing = [f"{shown(path)} ({reason})" for path in paths if (reason := _why_not_there(path))]
    if missing:
        raise UsageError(f"expected files or folders, found nothing at {', '.join(missing)}")


def _why_not_there(path: Path) -> str | None:
    try:
        path.stat()
    except PermissionError:
        return None
    except OSError as error:
        return error.strerror
    return None


def shown(path: Path) -> str:
    """Return a path as it can be shown: one with line ends, other controls or foreign bytes as Python writes it."""
    return str(path) if str(path).isprintable() else repr(str(path))


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
        paths: files, and folders in which every page is taken, those of the folders in them too.
        category: what the pages list, if they do not say so themselves.
        when: the date of pages that bear none; such days are only as sure as the person who dates them.
        track: shows progress.
    """
    _require_room(archive, category)
    _require_possible(archive, when)
    report = begin(archive)
    by_day: dict[tuple[str, date, Source], list[_Saved]] = defaultdict(list)
    files = {shown(file): file for path in paths for file in _files_at(path, report)}
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
            whole = _as_refusal(error)
            if whole is not error and not any(saved.page.partial for saved in pages):
                whole = PageRefusedError(f"{error}; the listing has further pages: import them together")
            report.fail(", ".join(shown(saved.path) for saved in pages), whole)
    update_files(archive, report)
    return report


def _files_at(path: Path, report: Report) -> Iterator[Path]:
    """Yield the file at ``path``, or the pages in the folder there; note what is left out, and what cannot be read."""
    try:
        is_folder = path.is_dir()
    except OSError:  # Python before 3.14 hides some; reading it tells why
        is_folder = False
    if not is_folder:
        yield path
        return
    pages, others, failed = 0, 0, len(report.failures)

    def unreadable(error: OSError) -> None:
        refusal = PageRefusedError(f"expected a folder of pages, found it unreadable ({error.strerror})")
        report.fail(shown(Path(error.filename)), refusal)

    for parent, folders, names in os.walk(path, onerror=unreadable):
        needed = {Path(name).stem + ending for name in names if name.endswith(_PAGES) for ending in _BROWSERS_OWN}
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in needed)
        for name in sorted(names):
            if not name.startswith(".") and name.lower().removesuffix(".gz").endswith(_PAGES):
                pages += 1
                yield Path(parent, name)
            else:
                others += 1
    if others:
        words = "files left out, whose names do not end with .html"
        report.remarks.append(f"{shown(path)}: {others} of {pages + others} {words}")
    if not pages and len(report.failures) == failed:
        words = "expected saved pages (.html, .html.gz) in the folder, found none"
        report.fail(shown(path), PageRefusedError(f"{words}; name other files one by one"))


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


def _way_out(archive: Archive, when: date | None) -> str:
    if when is not None and not archive.calendar.is_listing_date(when):
        return f"arXiv has no listing of {when}"
    return f"one page alone does not prove an empty day, `digest accept {when or 'DATE'}` settles it"


def _parsed(archive: Archive, raw: RawPage) -> Page:
    """Keep a page and parse it; what is no listing at all is named by its kind, and not kept."""
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
        raise PageRefusedError(f"expected entries, found 'No updates'; {_way_out(archive, page.date)}")
    return page


def _read_saved(archive: Archive, path: Path, category: str | None) -> _Saved:
    body = read_saved_page(path)
    # The name alone: where the file lay on somebody's machine has no place in an archive.
    name = os.fsencode(path.name).decode("utf-8", "replace")
    raw = RawPage(f"import:{name}", 200, archive.now, (), body, hashlib.sha256(body).hexdigest())
    page = _parsed(archive, raw)
    # Its bytes are kept by now; those of a whole folder need not be held.
    return _Saved(path, replace(raw, body=b""), page, category or _category_of(page, archive.config.arxiv.categories))


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
        raise PageRefusedError(f"expected the page's category, found {possible or 'no match'}; use --category")
    return page.category or possible[0]


def _date_of(saved: _Saved, when: date | None) -> date:
    shown = saved.page.date
    if shown is not None and when is not None and shown != when:
        raise PageRefusedError(f"expected the date {when} that --date says, found {shown} on the page")
    found = shown or when
    if found is None:
        raise PageRefusedError("expected a date on the page, found none; give it with --date")
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
    shown = [item for item in saved if item.page.entries]
    ordered = sorted(shown, key=lambda item: item.page.entries[0].position)
    doubt = take(archive, as_day(listing, when, state, [item.raw for item in ordered]), report)
    if doubt is not None:
        log.warning("%s: %s", category, doubt)
