"""The whole archive, part by part."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from digest.archive.archive import Archive
from digest.archive.status import gaps_between
from digest.check.database import examine_revisions, examine_tables
from digest.check.days import examine_day
from digest.check.files import ExaminedIndexes, examine_indexes, examine_ledger, examine_rows
from digest.check.findings import Finding, Kind, Part, Verified
from digest.check.pages import examine_pages
from digest.check.rows import read_record
from digest.check.views import ExaminedViews, examine_views
from digest.decide import is_in_reach
from digest.jobs.steps import Track, untracked
from digest.model import Day
from digest.record_files import record_paths
from digest.render import LEDGER_PATH, record_path
from digest.store import FileRow

_Key = tuple[str, date]


def verify(archive: Archive, track: Track = untracked) -> Verified:
    """Prove the archive: the database, the kept pages, the records and all files against one another. Offline.

    Raises:
        StoreError: the database cannot be read.
    """
    findings = list(examine_tables(archive))
    keys = {f"{category} {when}": (category, when) for category, when in archive.store.day_keys()}
    misnamed = archive.store.misnamed_days()
    days = {name: examine_day(archive, *keys[name], is_misnamed=keys[name] in misnamed) for name in track(list(keys))}
    findings += [finding for day in days.values() for finding in day.findings]
    broken = ((finding.category, finding.when) for finding in findings if finding.part is Part.DAY and finding.when)
    findings += examine_revisions(archive, frozenset(broken))
    unloaded = _unloaded(archive, keys.values())
    findings += [_unloadable(archive, path) for path, key in unloaded.items() if key is None]
    findings += examine_ledger(archive)
    texts = _examine_texts(archive, [row for day in days.values() for row in day.made], findings)
    findings += texts.findings
    pages = examine_pages(archive, {name: day.pages for name, day in days.items()}, track)
    findings += pages.findings
    findings += _missing(archive, [*keys.values(), *filter(None, unloaded.values())])
    files = sum(day.files for day in days.values()) + texts.files + _has_ledger(archive)
    short = [f"{name}: arXiv counts {day.shortage} more than it lists" for name, day in days.items() if day.shortage]
    return Verified(findings, len(days), pages.pages, files, (*short, *texts.remarks, *pages.remarks))


def _unloaded(archive: Archive, stored: Iterable[_Key]) -> Mapping[str, _Key | None]:
    """Return which days the records have that the database does not have yet; None where a record is damaged."""
    known = {record_path(*key) for key in stored}
    return {path: _key(read_record(archive, path)) for path in record_paths(archive) if path not in known}


def _key(day: Day | None) -> _Key | None:
    return None if day is None else (day.category, day.date)


def _unloadable(archive: Archive, path: str) -> Finding:
    where = path if archive.records is None else str(archive.records.root / path)
    problem = "expected the record of a day that the database has not, found it damaged"
    return Finding(Kind.DAMAGED, Part.CALENDAR, where, problem, "only a backup, or the history of its folder, has it")


def _examine_texts(archive: Archive, made: Sequence[FileRow], findings: Sequence[Finding]) -> ExaminedViews:
    """Check the indexes, the views and the rows of all files, if they can be told right from wrong."""
    if any(finding.part in (Part.DATABASE, Part.DAY) for finding in findings):
        words = "the indexes and views were not checked: they are made from the days, which come first"
        return ExaminedViews(remarks=(words,))
    indexes = examine_indexes(archive) if archive.store.day_keys() else ExaminedIndexes()
    views = examine_views(archive)
    found = [*views.findings, *indexes.findings]
    if not views.remarks:  # a view that cannot be made has files all the same
        found += examine_rows(archive, [*made, *views.made], {one.path for one in (*findings, *found)})
    return ExaminedViews(tuple(found), views.files + indexes.files, (*views.remarks, *indexes.remarks))


def _has_ledger(archive: Archive) -> bool:
    return archive.records is not None and archive.records.has(LEDGER_PATH)


def _missing(archive: Archive, stored: Iterable[_Key]) -> Iterator[Finding]:
    """Yield the listing dates that are neither stored nor settled by a person, up to the newest overdue one."""
    dates: dict[str, set[date]] = defaultdict(set)
    for category, when in stored:
        dates[category].add(when)
    ledger, last = archive.store.ledger(), archive.calendar.newest_overdue(archive.now)
    for category in archive.config.arxiv.categories:
        given_up = ledger.losses_of(category)
        gaps = gaps_between(archive, category, dates[category]) if archive.start(category) else []
        yield from (_as_missing(archive, category, when) for when in gaps if when <= last and when not in given_up)


def _as_missing(archive: Archive, category: str, when: date) -> Finding:
    is_served = is_in_reach(when, archive.now)
    fetched = f"`digest fetch {when}` gets it" if is_served else "`digest import` takes in a saved page of it"
    return Finding(
        kind=Kind.MISSING,
        part=Part.CALENDAR,
        where=f"{category} {when}",
        problem="expected a listing, found nothing stored",
        way_out=f"{fetched}, `digest accept {when}` settles it",
        category=category,
        when=when,
    )
