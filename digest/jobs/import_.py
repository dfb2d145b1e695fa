"""Pages that a person saved: files, and folders of them."""

import hashlib
import logging
import os
import pickle
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.days import begin, update_files
from digest.archive.report import Report, Track, untracked
from digest.calendar import WEEKDAY_NAMES, is_weekend
from digest.disk.raw import read_saved_page
from digest.errors import DigestError, ListingIncompleteError, PageRefusedError, StoreError, TryLaterError, UsageError
from digest.jobs.doubt import take_in
from digest.model import RawPage, Source, State
from digest.parse.entries import belongs
from digest.parse.foreign import other_kind
from digest.parse.listing import Page, as_day, join_pages, parse_page

log = logging.getLogger(__name__)

_PAGES = (".html", ".htm", ".xhtml")
_BROWSERS_OWN = ("_files", ".files", "-Dateien", "_fichiers", "_archivos", "_file", "_bestanden")
"""How browsers call the folder of what a page needs, beside the page that they save."""


@dataclass(frozen=True)
class _Saved:
    """A saved page: where it was found, and of what it is."""

    path: Path
    raw: RawPage
    category: str
    date: date


class _PutAside:
    """Pages that were read, in a temporary file: those of ten years need not be in memory until their day comes."""

    def __init__(self) -> None:
        with _temporary_file():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is gone when it is closed

    def close(self) -> None:
        """Remove the pages."""
        self._file.close()

    def put(self, page: Page) -> int:
        """Put a page aside; return its place.

        Raises:
            StoreError: the temporary file cannot be written.
        """
        with _temporary_file():
            place = self._file.seek(0, os.SEEK_END)
            pickle.dump(page, self._file)
            return place

    def get(self, place: int) -> Page:
        """Return the page at ``place``.

        Raises:
            StoreError: the temporary file cannot be read.
        """
        with _temporary_file():
            self._file.seek(place)
            page: Page = pickle.load(self._file)  # noqa: S301 - our own, of a moment ago
            return page


@contextmanager
def _temporary_file() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"temporary file (TMPDIR says where): {error.strerror}") from error


def require_there(paths: Sequence[Path]) -> None:
    """See to it that something is at each of ``paths``; what it is, and whether it can be read, is another question.

    Raises:
        UsageError: nothing is there, so that it may be misspelt.
    """
    missing = []
    for path in paths:
        try:
            with suppress(PermissionError):
                path.stat()
        except OSError as error:
            missing.append(f"{shown(path)} ({error.strerror})")
    if missing:
        raise UsageError(f"expected files or folders, found nothing at {', '.join(missing)}")


def shown(path: Path) -> str:
    """Return a path as it can be shown: one with line ends, other controls or foreign bytes as Python writes it."""
    return str(path) if str(path).isprintable() else repr(str(path))


def import_pages(
    archive: Archive, paths: Sequence[Path], category: str | None, when: date | None, track: Track = untracked
) -> Report:
    """Take in saved listing and catchup pages; the partial pages of one day are put together.

    Args:
        archive: where to.
        paths: files, and folders in which every page is taken, those of the folders in them too.
        category: what the pages list, if they do not say so themselves.
        when: the date of pages that bear none; such days are only as sure as the person who dates them.
        track: shows progress.
    """
    _require_possible(archive, category, when)
    report = begin(archive)
    files = {shown(file): file for path in paths for file in _files_at(path, report)}
    by_day: dict[tuple[str, date, bool], list[tuple[_Saved, int]]] = defaultdict(list)
    with closing(_PutAside()) as aside:
        for name in track(list(files)):
            try:
                saved, page = _read_saved(archive, files[name], category, when)
                # A day's listing comes before its catchup pages, which may show later texts.
                by_day[saved.category, saved.date, page.source is Source.CATCHUP].append((saved, aside.put(page)))
            except ListingIncompleteError as error:  # a saved page will not become whole later, as arXiv's own may
                report.fail(name, PageRefusedError(str(error)))
            except DigestError as error:
                report.fail(name, error)
        days = {", ".join(shown(saved.path) for saved, _ in by_day[key]): by_day[key] for key in sorted(by_day)}

        def take(name: str) -> DigestError | None:
            return _import_day(archive, [(saved, aside.get(place)) for saved, place in days[name]], report)

        report.each(days, take)
    update_files(archive, report)
    return report


def _require_possible(archive: Archive, category: str | None, when: date | None) -> None:
    """Refuse a category whose digests would take the places of another's, and a date that no listing can have.

    The table of deferrals may be wrong, and is not asked.
    """
    is_kept = category is None or category in archive.config.arxiv.categories
    if not is_kept and "{category}" not in archive.config.digest.path:
        words = f"category {category} is not kept here, and [digest] path has no {{category}} to tell it apart"
        raise UsageError(words)
    if when is not None and (is_weekend(when) or when > archive.calendar.newest_expected(archive.now)):
        found = f"{WEEKDAY_NAMES[when.weekday()]}, {when}"
        raise UsageError(f"expected --date to be the date of a listing that is out, found {found}")


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


def _read_saved(archive: Archive, path: Path, category: str | None, when: date | None) -> tuple[_Saved, Page]:
    """Keep a page and parse it; what is no listing at all is named by its kind, and not kept."""
    body = read_saved_page(path)
    # The name alone: where the file lay on somebody's machine has no place in an archive.
    name = os.fsencode(path.name).decode("utf-8", "replace")
    raw = RawPage(f"import:{name}", 200, archive.now, (), body, hashlib.sha256(body).hexdigest())
    try:
        page = parse_page(body)
    except (PageRefusedError, TryLaterError) as error:
        kind = other_kind(body)
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
    category = category or _category_of(page, archive.config.arxiv.categories)
    # Its bytes are kept by now; those of a whole folder need not be held.
    return _Saved(path, replace(raw, body=b""), category, _date_of(page, when)), page


def _category_of(page: Page, configured: Sequence[str]) -> str:
    if page.category is not None and page.category not in configured:
        words = f"expected a listing of {', '.join(configured)}, found one of {page.category}"
        raise PageRefusedError(f"{words}; --category {page.category} takes it in all the same")
    if page.category is not None:
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


def _import_day(archive: Archive, saved: Sequence[tuple[_Saved, Page]], report: Report) -> DigestError | None:
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
