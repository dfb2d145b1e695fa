"""A SQLite database as a file: whether it is whole, and copies of it. No knowledge of days."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from digest.errors import DamageError, StoreError
from digest.store.engine import readable, storage_errors

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is in use."""

_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_COUNTED = ("day", "entry", "revision", "link", "raw_page")


def integrity_problems(database: Path) -> list[str]:
    """Return what SQLite finds wrong with the file, a line each; nothing when it is whole.

    Raises:
        StoreError: it cannot be looked at.
    """
    try:
        with storage_errors(database), open_file(database) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            has_tables = _has_tables(connection)
    except StoreError as error:
        if not _is_broken(error.__cause__):
            raise
        return [str(error.__cause__)]
    if found != ["ok"]:
        return found
    return [] if has_tables else ["no tables of digest in it"]


def _is_broken(cause: BaseException | None) -> bool:
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "").startswith(_BROKEN)


def _has_tables(connection: sqlite3.Connection) -> bool:
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('alembic_version', 'day', 'revision')"
    return bool(connection.execute(query).fetchone()[0] == 3)


@contextmanager
def open_file(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there, to be read if it cannot be written; nothing is made."""
    with (
        readable(database) as address,
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)) as connection,
    ):
        yield connection


def is_there(database: Path) -> bool:
    """Whether anything is at ``database``.

    Raises:
        StoreError: we may not look.
    """
    with storage_errors(database):
        try:
            database.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def is_archive(file: Path) -> bool:
    """Whether ``file`` is a whole database of digest: an archive's own, or an earlier copy of one."""
    try:
        return not integrity_problems(file)
    except StoreError:
        return False


def last_requests(database: Path) -> tuple[float | None, float | None]:
    """Return when arXiv was last asked and until when it wants no request, as far as that can still be read."""
    try:
        with open_file(database) as connection:
            row = connection.execute("SELECT last_request, not_before FROM politeness").fetchone()
    except sqlite3.Error:
        return None, None
    return row or (None, None)


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows each table has, and the content hash of every day."""

    counted: tuple[int, ...]
    days: tuple[tuple[str, str, str], ...]


def copy_database(database: Path, target: Path) -> Contents:
    """Copy ``database`` into the empty file ``target`` by SQLite's own backup, and prove the copy.

    Others may write meanwhile: what is copied is one moment of it.

    Raises:
        DamageError: the copy is not whole, or not the same; the database is damaged then.
        StoreError: one of the two cannot be read or written.
    """
    with storage_errors(database), open_file(database) as source:
        source.execute("BEGIN")  # what is counted and what is copied are of one moment
        before = _contents(source)
        with storage_errors(target), open_file(target) as copy:
            source.backup(copy)
            # One file that is whole by itself: no other belongs to it, whatever it is copied with.
            copy.execute("PRAGMA journal_mode=DELETE")
        source.execute("ROLLBACK")
    problems = integrity_problems(target)
    if problems:
        raise DamageError(f"{database}: expected a copy that is whole, found {problems[0]}; `digest verify` tells more")
    with storage_errors(target), open_file(target) as copy:
        after = _contents(copy)
    if after != before:
        raise DamageError(f"{target}: expected a copy of {database}, found other days in it")
    return before


def _contents(connection: sqlite3.Connection) -> Contents:
    counted = tuple(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED)  # noqa: S608 - our own names
    days = connection.execute("SELECT category, date, content_hash FROM day ORDER BY category, date").fetchall()
    return Contents(counted, tuple(days))
