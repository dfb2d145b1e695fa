"""The whole archive, part by part."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from digest.archive import Archive
from digest.check.database import examine_tables
from digest.check.days import examine_day
from digest.check.files import examine_indexes, examine_ledger
from digest.check.findings import Finding, Kind, Part, Verified
from digest.check.pages import examine_pages
from digest.check.rows import read_record
from digest.check.views import ExaminedViews, examine_views
from digest.decide import is_in_reach
from digest.jobs.state import gaps_between
from digest.jobs.steps import Track, untracked
from digest.ledger import losses_of
from digest.model import Day
from digest.records import record_paths
from digest.render import LEDGER_PATH, record_path

_Key = tuple[str, date]


def verify(archive: Archive, track: Track = untracked) -> Verified:
    """Prove the archive: the database, the kept pages, the records and all files against one another. Offline.

    Raises:
        StoreError: the database cannot be read.
    """
    findings = list(examine_tables(archive))
    keys = {f"{category} {when}": (category, when) for category, when in archive.store.day_keys()}
    days = {name: examine_day(archive, *keys[name]) for name in track(list(keys))}
    findings += [finding for day in days.values() for finding in day.findings]
    unloaded = _unloaded(archive, keys.values())
    findings += [_unloadable(archive, path) for path, key in unloaded.items() if key is None]
    findings += examine_ledger(archive)
    indexes, views, remarks = _made_of_days(archive, findings)
    findings += [*views.findings, *filter(None, indexes)]
    pages = examine_pages(archive, {name: day.pages for name, day in days.items()}, track)
    findings += pages.findings
    findings += _missing(archive, [*keys.values(), *filter(None, unloaded.values())])
    files = sum(day.files for day in days.values()) + views.files + len(indexes) + _has_ledger(archive)
    return Verified(findings, len(days), pages.pages, files, (*remarks, *views.remarks, *pages.remarks))


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


def _made_of_days(
    archive: Archive, findings: Sequence[Finding]
) -> tuple[list[Finding | None], ExaminedViews, list[str]]:
    """Return what is wrong with each index and view, and what to say if they cannot be told right from wrong."""
    if any(finding.part in (Part.DATABASE, Part.DAY) for finding in findings):
        words = "the indexes and views were not checked: they are made from the days, which come first"
        return [], ExaminedViews((), 0, ()), [words]
    has_days = bool(archive.store.day_keys())
    return list(examine_indexes(archive)) if has_days else [], examine_views(archive), []


def _has_ledger(archive: Archive) -> bool:
    return archive.records is not None and archive.records.has(LEDGER_PATH)


def _missing(archive: Archive, stored: Iterable[_Key]) -> Iterator[Finding]:
    """Yield the listing dates that are neither stored nor settled by a person, up to the newest overdue one."""
    dates: dict[str, set[date]] = defaultdict(set)
    for category, when in stored:
        dates[category].add(when)
    ledger, last = archive.store.ledger(), archive.calendar.newest_overdue(archive.now)
    for category in archive.config.arxiv.categories:
        given_up = losses_of(ledger, category)
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
