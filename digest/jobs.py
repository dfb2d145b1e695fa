"""The order of the steps of each job, and nothing else.

::

    lock → fetch → RawPage ─file─→ parse → Listing → decide → one transaction → Day → render → atomic files
                   (kept before           (complete           (or a reason
                    anything else)         or refused)         why not)

Every step can be repeated, so recovery from any crash is: run again.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from digest.archive import Archive, Report, as_day, as_import, proven_dates, require_date
from digest.calendar import CATCHUP_DAYS, is_overdue, today
from digest.decide import after_refusal, decide, in_short, lateness, needs_listing, not_stored
from digest.errors import (
    DamageError,
    DigestError,
    ListingIncompleteError,
    MissingError,
    PageRefusedError,
    UsageError,
)
from digest.fetch import SHOW_VALUES, catchup_url, listing_url
from digest.model import Day, DaySummary, RawPage, State
from digest.parse import Listing, Page, belongs, join_pages, parse_page
from digest.publish import read_saved_page

log = logging.getLogger(__name__)

Track = Callable[[Sequence[str]], Iterable[str]]
"""Goes through the names of the parts of a long job, showing progress to whoever waits."""

_PAGES = 50
"""No listing has more pages of the smallest size that arXiv serves."""


def _untracked(names: Sequence[str]) -> Iterable[str]:
    return names


def run(archive: Archive, categories: Sequence[str]) -> Report:
    """Do the nightly job: bring each category's newest listing in, and every file up to date."""
    report = _begin(archive)
    try:
        for category in categories:
            try:
                _run_category(archive, category, report)
                report.succeeded += 1
            except DigestError as error:
                report.fail(category, error)
    finally:
        _publish(archive, report)
    return report


def plan_run(archive: Archive, categories: Sequence[str]) -> list[str]:
    """Say what ``run`` would ask arXiv for, a line each."""
    expected = archive.calendar.newest_expected(archive.now)
    return [
        f"would ask for the newest listing of {category}, expecting {expected}"
        for category in categories
        if needs_listing(expected, _newest_proven(archive, category))
    ]


def _newest_proven(archive: Archive, category: str) -> date | None:
    return max(proven_dates(archive.store.summaries(category)), default=None)


def _run_category(archive: Archive, category: str, report: Report) -> None:
    expected = archive.calendar.newest_expected(archive.now)
    if not needs_listing(expected, _newest_proven(archive, category)):
        log.info("%s: every expected listing is proven; nothing to ask", category)
        return
    try:
        pages, listing = _fetch_newest(archive, category)
        shown = require_date(listing)
    except DigestError as error:
        raise after_refusal(error, expected, archive.now) from error
    if shown > expected:
        log.warning(
            "%s: arXiv shows %s, but %s is the newest expected at %s; is the clock right?",
            *(category, shown, expected, archive.now.isoformat()),
        )
    _take(archive, as_day(listing, shown, State.COMPLETE, pages), report)
    late = lateness(shown, expected, archive.now)
    if late is not None:
        raise late
    if shown < expected:
        log.info("%s: the listing of %s is not out yet", category, expected)


def _fetch_newest(archive: Archive, category: str) -> tuple[list[RawPage], Listing]:
    base = archive.config.arxiv.pages_url.rstrip("/")

    def address(pages: Sequence[Page]) -> str:
        sizes = [len(page.entries) for page in pages]
        return listing_url(base, category, skip=sum(sizes), show=sizes[0] if sizes else 0)

    return _fetch_pages(archive, category, address)


def _fetch_pages(
    archive: Archive, category: str, address: Callable[[Sequence[Page]], str]
) -> tuple[list[RawPage], Listing]:
    """Get all pages of one listing; ``address`` names the one that follows those that are here."""
    raws: list[RawPage] = []
    pages: list[Page] = []
    while not pages or (_goes_on(pages) and len(pages) < _PAGES):
        raw = archive.client.get(address(pages))
        archive.keep(raw)
        raws.append(raw)
        with _errors_about(raw.url):
            pages.append(parse_page(raw.body))
    with _errors_about(raws[0].url):
        return raws, _proven_listing(pages, category)


def _goes_on(pages: Sequence[Page]) -> bool:
    """Whether arXiv cut the listing after the last of ``pages``; a page that is short for another reason lags."""
    sizes = [len(page.entries) for page in pages]
    is_full = sizes[0] in SHOW_VALUES and sizes[-1] == sizes[0]
    return is_full and not pages[-1].partial and sum(sizes) < pages[0].total


def _proven_listing(pages: Sequence[Page], category: str) -> Listing:
    listing = join_pages(pages, category)
    if not listing.entries:
        raise ListingIncompleteError("found 'No updates' with a total of 0, which one page alone does not prove")
    return listing


@contextmanager
def _errors_about(where: str) -> Iterator[None]:
    """Say in every error which page it is about."""
    try:
        yield
    except DigestError as error:
        raise type(error)(f"{where}: {error}") from error


def _take(archive: Archive, day: Day, report: Report) -> None:
    """Store a day if it is known better than what is stored of its date, and write its files."""
    decision = decide(archive.store.summary(day.category, day.date), day.state)
    log.info("%s %s: %s", day.category, day.date, decision.reason)
    if not decision.stores:
        return
    archive.store_day(day)
    report.written += archive.write_day(day.category, day.date)
    report.changed += filter(None, [archive.store.summary(day.category, day.date)])


def _begin(archive: Archive) -> Report:
    """Clear up after a killed run, and load the records that the database lacks."""
    for folder in filter(None, (archive.output, archive.raw, archive.records)):
        folder.sweep()
    return load_records(archive)


def load_records(archive: Archive) -> Report:
    """Load the records that the database lacks, and nothing else."""
    report = Report()
    _load(archive, archive.unloaded_records(), report)
    return report


def _load(archive: Archive, paths: Iterable[str], report: Report) -> None:
    for path in paths:
        try:
            summary = archive.load_record(path)
        except DamageError as error:
            report.failures.append(error)
            continue
        if summary is not None:
            report.changed.append(summary)


def _publish(archive: Archive, report: Report) -> None:
    """Bring all files up to date, also after a part of the job failed."""
    for write in (archive.write_pending, archive.write_indexes):
        try:
            report.written += write()
        except DigestError as error:
            report.fail("files", error)


def fetch(archive: Archive, categories: Sequence[str], dates: Sequence[date], track: Track = _untracked) -> Report:
    """Get past listings from arXiv's catchup pages; a day that is proven already is not asked for."""
    report = _begin(archive)
    parts = {f"{category} {when}": (category, when) for when in dates for category in categories}
    try:
        for name in track(list(parts)):
            try:
                _fetch_day(archive, *parts[name], report)
                report.succeeded += 1
            except DigestError as error:
                report.fail(name, error)
    finally:
        _publish(archive, report)
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
        pages, listing = _fetch_pages(archive, category, address)
        shown = require_date(listing)
    except DigestError as error:
        raise after_refusal(error, when, archive.now) from error
    if shown != when:
        raise PageRefusedError(f"expected the listing of {when}, found that of {shown}")
    _take(archive, as_day(listing, when, State.COMPLETE, pages), report)


def _require_servable(archive: Archive, when: date) -> None:
    """Refuse a date that arXiv cannot have, or has no longer, without asking it."""
    current = today(archive.now)
    if when > max(current, archive.calendar.newest_expected(archive.now)):
        raise UsageError(f"is in the future; in New York it is {current}")
    if (current - when).days > CATCHUP_DAYS:
        raise MissingError(
            f"arXiv serves past listings for {CATCHUP_DAYS} days only; `digest import` takes in saved pages"
        )
    if not archive.calendar.is_listing_date(when):
        raise not_stored(when, archive.calendar, archive.now)


@dataclass(frozen=True)
class Selection:
    """Which stored days: of these categories, from one date to another; None is without bound."""

    categories: Sequence[str]
    first: date | None = None
    last: date | None = None
    only_outdated: bool = False

    def has(self, day: DaySummary) -> bool:
        """Whether ``day`` is chosen."""
        is_after = self.first is None or day.date >= self.first
        is_before = self.last is None or day.date <= self.last
        return day.category in self.categories and is_after and is_before


def regenerate(archive: Archive, selection: Selection, track: Track = _untracked) -> Report:
    """Render stored days again, offline; a file that is as it would be made again is not touched."""
    report = _begin(archive)
    parts = {f"{day.category} {day.date}": day for day in archive.store.summaries() if selection.has(day)}
    _require_stored(archive, selection, parts.values(), report)
    for name in track(list(parts)):
        day = parts[name]
        if not _is_good(archive, selection, day):
            report.written += archive.write_day(day.category, day.date)
            report.changed.append(day)
        report.succeeded += 1
    _publish(archive, report)
    return report


def plan_regenerate(archive: Archive, selection: Selection) -> list[str]:
    """Return the paths of the digests that ``regenerate`` would write."""
    return [
        str(archive.output.root / archive.config.digest_path(day.category, day.date))
        for day in archive.store.summaries()
        if selection.has(day) and not _is_good(archive, selection, day)
    ]


def _is_good(archive: Archive, selection: Selection, day: DaySummary) -> bool:
    return archive.is_written(day) if selection.only_outdated else archive.is_intact(day)


def _require_stored(archive: Archive, selection: Selection, found: Iterable[DaySummary], report: Report) -> None:
    """Note each listing date that was asked for by name and is not stored; the rest is done."""
    if selection.first is None or selection.last is None:
        return
    stored = {(day.category, day.date) for day in found}
    if selection.first == selection.last:
        for category in selection.categories:
            if (category, selection.first) not in stored:
                report.fail(f"{category} {selection.first}", not_stored(selection.first, archive.calendar, archive.now))
        return
    dates = list(archive.calendar.listing_dates(selection.first, selection.last))
    for category in selection.categories:
        missing = [when for when in dates if (category, when) not in stored]
        if missing:
            report.fail(category, MissingError(f"not stored: {in_short(missing)}"))


def rebuild(archive: Archive, track: Track = _untracked) -> Report:
    """Fill the database from the day records, and bring every file up to date.

    Raises:
        UsageError: the archive keeps no records.
    """
    if archive.records is None:
        raise UsageError("this archive keeps no day records ([store] records is empty)")
    report = Report()
    archive.records.sweep()
    _load(archive, track(archive.records.paths(".jsonl")), report)
    report.succeeded = len(report.changed)
    for summary in archive.store.summaries():
        if not archive.is_intact(summary):
            report.written += archive.write_day(summary.category, summary.date)
    _publish(archive, report)
    return report


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
    track: Track = _untracked,
) -> Report:
    """Take in saved listing and catchup pages; the partial pages of one day are put together.

    Args:
        archive: where to.
        paths: the files.
        category: what the pages list, if they do not say so themselves.
        when: the date of pages that bear none; such days are only as sure as the person who dates them.
        track: shows progress.
    """
    report = _begin(archive)
    by_day: dict[tuple[str, date], list[_Saved]] = defaultdict(list)
    files = {str(path): path for path in paths}
    for name in track(list(files)):
        try:
            saved = _read_saved(archive, files[name], category)
            by_day[saved.category, _date_of(saved, when)].append(saved)
        except DigestError as error:
            report.fail(name, _as_refusal(error))
    for (name, day), pages in sorted(by_day.items()):
        try:
            _import_day(archive, name, day, pages, report)
            report.succeeded += 1
        except DigestError as error:
            report.fail(", ".join(str(saved.path) for saved in pages), _as_refusal(error))
    _publish(archive, report)
    return report


def _as_refusal(error: DigestError) -> DigestError:
    """A saved page will not become whole later, as arXiv's own pages may."""
    return PageRefusedError(str(error)) if isinstance(error, ListingIncompleteError) else error


def _read_saved(archive: Archive, path: Path, category: str | None) -> _Saved:
    body = read_saved_page(path)
    # The name alone: where the file lay on somebody's machine does not belong into an archive.
    raw = RawPage(f"import:{path.name}", archive.now, (), body, hashlib.sha256(body).hexdigest())
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
    if shown is None and when is None:
        raise PageRefusedError("expected a date on the page, found none; say which with --date")
    return shown or when or date.min


def _import_day(archive: Archive, category: str, when: date, saved: Sequence[_Saved], report: Report) -> None:
    listing = as_import(_proven_listing([item.page for item in saved], category))
    state = State.COMPLETE if listing.date else State.IMPORTED
    ordered = sorted(saved, key=lambda item: item.page.entries[0].position)
    _take(archive, as_day(listing, when, state, [item.raw for item in ordered]), report)


@dataclass(frozen=True)
class CategoryStatus:
    """What is stored of a category, and which listing dates are missing up to the newest expected one."""

    category: str
    days: tuple[DaySummary, ...]
    missing: tuple[date, ...]
    overdue: tuple[date, ...]


def status(archive: Archive, categories: Sequence[str]) -> list[CategoryStatus]:
    """Say which listing dates are stored and which are missing since the archive's start."""
    return list(_status(archive, categories))


def _status(archive: Archive, categories: Sequence[str]) -> Iterator[CategoryStatus]:
    for category in categories:
        days = archive.store.summaries(category)
        start = archive.config.store.start
        first = date.fromisoformat(start) if start else min((day.date for day in days), default=None)
        newest = archive.calendar.newest_expected(archive.now)
        known = {day.date for day in days}
        due = archive.calendar.listing_dates(first or newest, newest)
        missing = tuple(day for day in due if day not in known)
        overdue = tuple(day for day in missing if is_overdue(day, archive.now))
        yield CategoryStatus(category, tuple(days), missing, overdue)
