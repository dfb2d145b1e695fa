"""The kept pages, one at a time."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from digest.archive.archive import Archive
from digest.check.findings import Finding, Kind, Part, counts
from digest.disk import raw_path, read_raw
from digest.errors import StoreError
from digest.jobs.kept import removed_pages
from digest.jobs.steps import Track

_LONGEST = 100


@dataclass(frozen=True)
class ExaminedPages:
    """What was found of the pages, how many were looked at, and what to say besides."""

    findings: tuple[Finding, ...]
    pages: int
    remarks: tuple[str, ...]


def examine_pages(archive: Archive, named: Mapping[str, Iterable[str]], track: Track) -> ExaminedPages:
    """Check every page that was kept here, and those that the days name; ``named``: day → SHA-256 of its pages."""
    rows = {row.sha256: row.path for row in archive.store.raw_pages() if row.path}
    removed = removed_pages(archive)
    named = {day: [one for one in pages if one not in removed] for day, pages in named.items()}
    absent = {day: [one for one in pages if not _is_kept(archive, one, rows)] for day, pages in named.items()}
    here = {one for several in named.values() for one in several} - set().union(*absent.values())
    pages = {one: raw_path(one) for one in here} | rows
    found = [_examine(archive, sha256, pages[sha256]) for sha256 in track(sorted(pages))]
    return ExaminedPages(tuple(filter(None, found)), len(pages), (*_removal(removed), *_remark(absent)))


def _is_kept(archive: Archive, sha256: str, rows: Mapping[str, str]) -> bool:
    return sha256 in rows or archive.raw.has(raw_path(sha256))


def _removal(removed: Collection[str]) -> Iterable[str]:
    if removed:
        were = "was" if len(removed) == 1 else "were"
        yield f"{counts(len(removed), 'page')} {were} removed on purpose, once proven and recorded ([store] raw_days)"


def _remark(absent: Mapping[str, list[str]]) -> Iterable[str]:
    pages = {one for several in absent.values() for one in several}
    if pages:
        days = sum(bool(several) for several in absent.values())
        were = "was" if len(pages) == 1 else "were"
        yield f"{counts(len(pages), 'page')} of {counts(days, 'day')} {were} not kept here"


def _examine(archive: Archive, sha256: str, path: str) -> Finding | None:
    try:
        read_raw(archive.raw, sha256)
    except StoreError as error:
        way_out = "put a whole copy in its place if you have one, or `digest verify --repair` gives it up"
        return _about(archive, sha256, str(error), way_out)
    if path == raw_path(sha256):
        return None
    problem = f"expected it to be at this place in the database, found it said to be at {path[:_LONGEST]!r}"
    return _about(archive, sha256, problem, "`digest verify --repair` restores the row")


def _about(archive: Archive, sha256: str, problem: str, way_out: str) -> Finding:
    path = raw_path(sha256)
    where = str(archive.raw.root / path)
    return Finding(Kind.DAMAGED, Part.PAGE, where, problem, way_out, path=path, sha256=sha256)
