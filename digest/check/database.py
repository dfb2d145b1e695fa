"""The database itself, before anything is read from it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date

from digest.archive.archive import Archive
from digest.check.files import examine_ledger
from digest.check.findings import Finding, Kind, Part, Verified, counts
from digest.config import Config
from digest.disk import Folder, hold_lock
from digest.errors import DamageError
from digest.record_files import has_records
from digest.store import (
    Soundness,
    Store,
    UnsoundRow,
    examine_database,
    is_there,
    keep_copy,
    mend_derived,
    remove_rows,
    salvage,
)
from digest.unopened import require_records

_NAMED = 3


def in_few(names: Sequence[str]) -> str:
    """Name the first of ``names``, and how many more there are."""
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


_REBUILD = "`digest verify --repair` (or `digest rebuild`) puts it aside and makes another from the day records"
_RESTORE = "nothing here has it whole, for there are no day records: restore a backup of the database"
_MEND = "`digest verify --repair` makes it again"
_REMOVE = "`digest verify --repair` removes them, and keeps the database as it was beside it"

_OF_DAYS = ("day", "correction", "decision", "start")
"""Tables of which a row that nothing can read is removed only if there are records to have it again from."""


def broken_database(config: Config) -> Verified | None:
    """Return what is wrong with the database's file; None if it can be used, or there is none yet."""
    soundness, is_recorded = _soundness(config), has_records(config)
    broken = [
        _broken(config, f"expected a whole database, found {problem}", _REBUILD if is_recorded else _RESTORE)
        for problem in soundness.broken[:_NAMED]
    ]
    derived = [_broken(config, problem, _MEND) for problem in soundness.derived]
    rows = [
        _broken(config, _in_words(row), _REMOVE if _is_removable(row, is_recorded=is_recorded) else _RESTORE)
        for row in soundness.rows
    ]
    return Verified([*broken, *derived, *rows]) if broken or derived or rows else None


def _soundness(config: Config) -> Soundness:
    file = config.database
    return examine_database(file) if file is not None and is_there(file) else Soundness()


def _in_words(row: UnsoundRow) -> str:
    return f"expected rows that can be read, found {row.problem} in row {row.rowid} of {row.table}"


def _is_removable(row: UnsoundRow, *, is_recorded: bool) -> bool:
    return is_recorded or row.table not in _OF_DAYS


def _broken(config: Config, problem: str, way_out: str) -> Finding:
    return Finding(Kind.DAMAGED, Part.DATABASE, str(config.database), problem, way_out)


def lost_database(config: Config) -> Verified | None:
    """Return the finding that pages were kept here whose database is gone; None if there is nothing of the kind."""
    if has_database(config) or (config.records and config.records.exists()):
        return None
    pages = Folder(config.raw).paths(".html.gz")
    if not pages:
        return None
    problem = f"expected the database of {counts(len(pages), 'kept page')}, found none"
    try:
        require_records(config)
    except DamageError as error:
        return Verified([Finding(Kind.DAMAGED, Part.DATABASE, str(config.database), problem, str(error))])
    way_out = f"restore a backup of it, or `digest import` takes the pages in {config.raw} in again"
    return Verified([Finding(Kind.DAMAGED, Part.DATABASE, str(config.database), problem, way_out)])


def mend_database(config: Config) -> list[str]:
    """Make the database's file one that can be opened and read; return what was done, a line each.

    A broken one is put aside: another takes its place, with all rows that can still be read; the day records give
    what is missing. What cannot be made again is kept beside it. Whether the rows are right is not looked at.

    Raises:
        DamageError: it takes day records, and there are none; nothing that only the database has was touched.
    """
    file, soundness, is_recorded = config.database, _soundness(config), has_records(config)
    if file is None or soundness == Soundness():
        return []
    if soundness.broken and not is_recorded:
        raise DamageError(f"{file}: expected a whole database, found {soundness.broken[0]}; {_RESTORE}")
    with hold_lock(config.lock):
        done = []
        if soundness.broken:
            done.append(f"put aside {_replace(config)}: the broken database; another is made from the day records")
            soundness = _soundness(config)
        elif soundness.derived:
            mend_derived(file, soundness)
            done += [f"restored {file}: {problem}" for problem in soundness.derived]
            soundness = _soundness(config)
        rows = [row for row in soundness.rows if _is_removable(row, is_recorded=is_recorded)]
        if rows:
            kept = keep_copy(file, Kind.DAMAGED)
            remove_rows(file, rows)
            done += [f"removed from {file}: {_in_words(row)}" for row in rows]
            done.append(f"kept     {kept}: the database as it was before")
    left = [row for row in soundness.rows if row not in rows]
    if left:
        raise DamageError(f"{file}: {_in_words(left[0])}; {_RESTORE}")
    return done


def _replace(config: Config) -> str:
    """Put the database aside, and make another of what can be read of it; return where it is now."""
    file = config.database
    if file is None:
        raise DamageError(f"{config.store.url}: expected a file")
    aside = file.with_name(Folder(file.parent).move_aside(file.name, Kind.DAMAGED, ("-wal", "-shm", "-journal")))
    with closing(Store(config.store_url, file)):
        salvage(aside, file)
    return str(aside)


def has_database(config: Config) -> bool:
    """Whether there is a database yet; a server's is taken to be."""
    return config.database is None or is_there(config.database)


def may_be_read(archive: Archive) -> bool:
    """Whether it is safe to bring the database up to date from the records, as every reading command does."""
    try:
        archive.store.summaries()
    except DamageError:
        return False
    return not archive.store.dangling_rows() and not list(examine_ledger(archive))


def examine_tables(archive: Archive) -> Iterator[Finding]:
    """Check that no row belongs to one that is not there.

    Raises:
        DamageError: rows cannot be read that everything else depends on.
    """
    archive.store.day_keys()
    archive.store.ledger()
    dangling = archive.store.dangling_rows()
    if dangling:
        problem = f"expected rows that belong together, found {dangling} that do not"
        yield _about_database(archive, Part.DATABASE, problem, "`digest verify --repair` restores them")


def examine_revisions(archive: Archive, broken: frozenset[tuple[str, date]]) -> Iterator[Finding]:
    """Check the revisions by their own hashes, and the full-text index by the revisions.

    Those that ``broken`` days show come back with these.
    """
    false = [revision for revision in archive.store.false_revisions() if broken.isdisjoint(revision.days)]
    for revision in filter(lambda one: one.days, false):
        problem = f"expected a text with the hashes of its row, found another in row {revision.number} of revision"
        way_out = "`digest verify --repair` restores the hashes: the days that show the text prove it"
        where = f"{revision.arxiv_id} in the database"
        yield Finding(Kind.DAMAGED, Part.REVISION, where, problem, way_out, path=str(revision.number))
    unshown = [f"{revision.arxiv_id} in row {revision.number}" for revision in false if not revision.days]
    if unshown:
        problem = f"expected texts with the hashes of their rows, found others that no day shows ({in_few(unshown)})"
        yield _about_database(archive, Part.REVISION, problem, _REMOVE)
    if not archive.store.is_search_index_true():
        problem = "expected the full-text index of the stored texts, found another"
        yield _about_database(archive, Part.SEARCH, problem, _MEND)


def _about_database(archive: Archive, part: Part, problem: str, way_out: str) -> Finding:
    return Finding(Kind.DAMAGED, part, str(archive.config.database or "database"), problem, way_out)
