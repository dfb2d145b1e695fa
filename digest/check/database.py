"""The database itself, before anything is read from it."""

from collections.abc import Iterator
from contextlib import closing

from digest.archive import Archive
from digest.check.files import examine_ledger
from digest.check.findings import Finding, Kind, Part, Verified, counts
from digest.check.rows import UNREADABLE
from digest.config import Config
from digest.errors import DamageError
from digest.publish import Folder, hold_lock
from digest.store import Store, integrity_problems, is_there, last_requests

_NAMED = 3

_REBUILD = "`digest verify --repair` puts it aside and makes another from the day records"
_RESTORE = "this archive keeps no day records: restore a backup of the database"


def broken_database(config: Config) -> Verified | None:
    """Return what SQLite finds wrong with the database's file; None if it can be used, or there is none yet."""
    problems = _problems(config)
    if not problems:
        return None
    way_out = _REBUILD if config.records else _RESTORE
    findings = [_broken(config, problem, way_out) for problem in problems[:_NAMED]]
    return Verified(findings)


def _problems(config: Config) -> list[str]:
    file = config.database
    return integrity_problems(file) if file is not None and is_there(file) else []


def _broken(config: Config, problem: str, way_out: str) -> Finding:
    return Finding(
        Kind.DAMAGED, Part.DATABASE, str(config.database), f"expected a whole database, found {problem}", way_out
    )


def lost_database(config: Config) -> Verified | None:
    """Return the finding that pages were kept here whose database is gone; None if there is nothing of the kind."""
    if has_database(config) or (config.records and config.records.exists()):
        return None
    pages = Folder(config.raw).paths(".html.gz")
    if not pages:
        return None
    problem = f"expected the database of {counts(len(pages), 'kept page')}, found none"
    way_out = f"restore a backup of it, or `digest import` takes the pages in {config.raw} in again"
    return Verified([Finding(Kind.DAMAGED, Part.DATABASE, str(config.database), problem, way_out)])


def set_aside(config: Config) -> str | None:
    """Put a database aside that SQLite finds broken; return where it is then, or None if it is sound.

    How long arXiv is to be left alone is taken over, if that can still be read.

    Raises:
        DamageError: it is broken, and there are no records to make another from.
    """
    file, problems = config.database, _problems(config)
    if file is None or not problems:
        return None
    if config.records is None or not config.records.is_dir():
        raise DamageError(f"{file}: expected a whole database, found {problems[0]}; {_RESTORE}")
    with hold_lock(config.lock):
        last_request, not_before = last_requests(file)
        name = Folder(file.parent).move_aside(file.name, Kind.DAMAGED, ("-wal", "-shm"))
        with closing(Store(config.store_url, file)) as store:
            if last_request is not None:
                store.remember_request(last_request)
            if not_before is not None:
                store.remember_not_before(not_before)
    return str(file.with_name(name))


def has_database(config: Config) -> bool:
    """Whether there is a database yet; a server's is taken to be."""
    return config.database is None or is_there(config.database)


def may_be_read(archive: Archive) -> bool:
    """Whether it is safe to bring the database up to date from the records, as every reading command does."""
    try:
        archive.store.summaries()
    except UNREADABLE:
        return False
    return not archive.store.dangling_rows() and not list(examine_ledger(archive))


def examine_tables(archive: Archive) -> Iterator[Finding]:
    """Check that no row belongs to one that is not there.

    Raises:
        DamageError: rows cannot be read that everything else depends on.
    """
    database = archive.config.database or "database"
    try:
        archive.store.day_keys()
        archive.store.ledger()
    except UNREADABLE as error:
        way_out = "restore a backup, or move it away: `digest rebuild` makes another from the day records"
        raise DamageError(f"{database}: expected rows that can be read, found {error}; {way_out}") from error
    dangling = archive.store.dangling_rows()
    if dangling:
        problem = f"expected rows that belong together, found {dangling} that do not"
        yield Finding(Kind.DAMAGED, Part.DATABASE, str(database), problem, "`digest verify --repair` restores them")
