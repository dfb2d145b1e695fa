"""A SQLite database as a file: whether it is whole, and copies of it. No knowledge of days."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from digest.errors import DamageError, StoreError
from digest.store.engine import readable, storage_errors

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is in use."""

_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_COUNTED = ("day", "entry", "revision", "link", "raw_page")


_OWN = ("alembic_version", "day", "entry", "revision")
_OWN_TABLES = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN {_OWN}"  # noqa: S608 - our own names


def integrity_problems(database: Path, *, least: int = 1) -> list[str]:
    """Return what SQLite finds wrong with the file, a line each; nothing when it is whole.

    That it is digest's is told by at least so many of the tables that say so.

    Raises:
        StoreError: it cannot be looked at.
    """
    try:
        with storage_errors(database), open_file(database) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            has_tables = connection.execute(_OWN_TABLES).fetchone()[0] >= least
    except StoreError as error:
        # What SQLite says of damage may quote bytes that are no text.
        if not (_is_broken(error.__cause__) or isinstance(error.__cause__, UnicodeDecodeError)):
            raise
        return [str(error.__cause__)]
    if found != ["ok"]:
        return found
    return [] if has_tables else ["no tables of digest in it"]


def _is_broken(cause: BaseException | None) -> bool:
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "").startswith(_BROKEN)


@contextmanager
def open_file(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there, to be read if it cannot be written; nothing is made."""
    with (
        readable(database) as address,
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)) as connection,
    ):
        connection.text_factory = _as_text
        yield connection


def _as_text(data: bytes) -> str:
    """Return a text, also if damage made it no UTF-8: one that cannot be encoded then."""
    return data.decode(errors="surrogateescape")


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
        return not integrity_problems(file, least=len(_OWN))
    except StoreError:
        return False


def keep_copy(database: Path, word: str) -> Path:
    """Keep a copy of a database that can be read beside it, as ``NAME.word``, ``NAME.word-2`` …; return where.

    Raises:
        StoreError: there is no room, or the disk fails.
    """
    places = (database.with_name(f"{database.name}.{word}{'' if n == 1 else f'-{n}'}") for n in count(1))
    target = next(place for place in places if not os.path.lexists(place))
    with storage_errors(database), open_file(database) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


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
