"""A SQLite database as a file: whether it is whole, with digest's tables and rows that can be read; copies of it.

Everything here looks only. What is derived (indexes, the number of the schema) can be made again from what it follows
from, and how is told; the rest is only told.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Date, create_engine
from sqlalchemy.dialects import sqlite

from digest.errors import UNREADABLE, DamageError, StoreError
from digest.model import CATEGORY, YEARS, Source
from digest.store.engine import migrate, storage_errors
from digest.store.file import SCHEMA, is_newer, readable, schemas
from digest.store.plain import SEARCH_INDEX
from digest.store.search import SEARCH_SHADOWS
from digest.store.tables import PLACE_INDEX, metadata, politeness, version

# The file


@contextmanager
def open_file(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there, to be read if it cannot be written; nothing is made."""
    with (
        readable(database) as address,
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)) as connection,
    ):
        # Damage may have made a text no UTF-8: it is read as one that cannot be encoded then, and so found out.
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        yield connection


def is_there(database: Path) -> bool:
    """Whether anything is at ``database``.

    Raises:
        StoreError: we may not look.
    """
    with storage_errors(database):
        try:
            database.stat()  # exists() would take a folder that we may not enter for an empty one
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


_OWN = ("alembic_version", "day", "entry", "revision")
"""Tables by which a database is known for digest's."""


def _integrity_problems(database: Path, *, least: int = 1) -> list[str]:
    """Return what SQLite finds wrong with the file, a line each; nothing when it is whole.

    That it is digest's is told by at least so many of the tables that say so.

    Raises:
        StoreError: it cannot be looked at.
    """
    own = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN {_OWN}"  # noqa: S608 - our own names
    try:
        with storage_errors(database), open_file(database) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            if found == ["ok"]:
                found = [] if connection.execute(own).fetchone()[0] >= least else ["no tables of digest in it"]
    except StoreError as error:
        # What SQLite says of damage may quote bytes that are no text.
        cause = error.__cause__
        name = getattr(cause, "sqlite_errorname", "")
        if not (name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or isinstance(cause, UnicodeDecodeError)):
            raise
        return [str(cause)]
    return found


def is_archive(file: Path) -> bool:
    """Whether ``file`` is a whole database of digest: an archive's own, or an earlier copy of one."""
    try:
        return not _integrity_problems(file, least=len(_OWN))
    except StoreError:
        return False


def is_partial(database: Path) -> bool:
    """Whether the entries of some days of a database are not loaded yet.

    Raises:
        StoreError: it cannot be read.
    """
    with storage_errors(database), open_file(database) as connection:
        return connection.execute("SELECT 1 FROM day WHERE content_hash = '' LIMIT 1").fetchone() is not None


# Copies


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
    problems = _integrity_problems(target)
    if problems:
        raise DamageError(f"{database}: expected a copy that is whole, found {problems[0]}; `digest verify` says more")
    with storage_errors(target), open_file(target) as copy:
        after = _contents(copy)
    if after != before:
        raise DamageError(f"{target}: expected a copy of {database}, found other days in it")
    return before


def _contents(connection: sqlite3.Connection) -> Contents:
    counted = ("day", "entry", "revision", "link", "raw_page")
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in counted]  # noqa: S608 - our own names
    days = connection.execute("SELECT category, date, content_hash FROM day ORDER BY category, date").fetchall()
    return Contents(tuple(counts), tuple(days))


# Tables, indexes and rows


@dataclass(frozen=True, slots=True)
class UnsoundRow:
    """A row that nothing can read."""

    table: str
    rowid: int
    problem: str


@dataclass(frozen=True, slots=True)
class Soundness:
    """What is wrong with a database.

    ``broken``: what only another database mends; ``derived``: what can be made again from the rest; ``steps``: the
    statements that do so; ``rows``: those that nothing can read.
    """

    broken: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    rows: tuple[UnsoundRow, ...] = ()


@dataclass(frozen=True)
class _Shape:
    """The tables of a database; ``made`` holds the statements that made its indexes, by name."""

    tables: dict[str, frozenset[tuple[Any, ...]]]
    indexes: dict[str, tuple[Any, ...]]
    made: dict[str, str]


# An index that lacks a row, or has one too many, is made again; every other problem is of the tables themselves.
_OF_AN_INDEX = re.compile(r"row [0-9]+ missing from index |wrong # of entries in index ")


def examine_database(database: Path) -> Soundness:
    """Look at the file of a database, and change nothing.

    Raises:
        StoreError: it cannot be looked at.
    """
    # What is wrong inside of the full-text index is found where it is compared with the texts.
    problems = [problem for problem in _integrity_problems(database) if "FTS5" not in problem]
    if problems and not all(map(_OF_AN_INDEX.match, problems)):
        return Soundness(broken=tuple(problems))
    with storage_errors(database), open_file(database) as connection:
        numbers = []
        with suppress(sqlite3.OperationalError):  # no such table, or column
            numbers = [str(row[0]) for row in connection.execute(f"SELECT version_num FROM {version.name}")]  # noqa: S608
        if len(numbers) == 1 and is_newer(numbers[0]):
            return Soundness()  # whoever opens it says so
        found = _shape(connection)
        # A number that cannot be told is found out by the tables.
        known = numbers if len(numbers) == 1 and numbers[0] in schemas() else schemas()
        made = {number: _made(number) for number in known}
        lacks = {number: tuple(_lacks(found, shape)) for number, shape in made.items()}
        number = next((number for number in known if not lacks[number]), None)
        if number is None:
            return Soundness(broken=lacks[known[0]])
        derived = dict(_derived(connection, found, made[number]))
        derived |= {f"expected whole indexes, found: {problem}": ("REINDEX",) for problem in problems}
        if numbers != [number]:
            words = f"expected the schema's number {number}, found {', '.join(map(repr, numbers)) or 'none'}"
            noted = f"INSERT INTO {version.name} VALUES ('{number}')"  # noqa: S608 - our own names
            derived[words] = (f"DROP TABLE IF EXISTS {version.name}", made[number].made[version.name], noted)
        steps = tuple(step for several in derived.values() for step in several)
        return Soundness(derived=tuple(derived), steps=steps, rows=tuple(_unsound_rows(connection, found)))


def _made(number: str) -> _Shape:
    """Return the shape of a database with the schema ``number``, as digest makes it."""
    with closing(sqlite3.connect(":memory:")) as raw:
        with create_engine("sqlite://", creator=lambda: raw).connect() as connection:
            if number == SCHEMA:
                metadata.create_all(connection)
                version.create(connection)
            else:
                migrate(connection, number)
        return _shape(raw)


_COLUMNS = """
SELECT m.name, 'column', p.name, p.type, p."notnull", p.pk FROM sqlite_master m JOIN pragma_table_info(m.name) p
WHERE m.sql LIKE 'CREATE TABLE %'
UNION ALL
SELECT m.name, 'reference', p."from", p."table", p."to", 0 FROM sqlite_master m
JOIN pragma_foreign_key_list(m.name) p WHERE m.sql LIKE 'CREATE TABLE %'
"""
_INDEXES = """
SELECT m.name, l.name, l."unique", l.origin, l.partial, group_concat(i.name)
FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
WHERE m.sql LIKE 'CREATE TABLE %' GROUP BY m.name, l.name
"""


def _shape(connection: sqlite3.Connection) -> _Shape:
    tables: dict[str, set[tuple[Any, ...]]] = {}
    for name, *rest in connection.execute(_COLUMNS):
        tables.setdefault(name, set()).add(tuple(rest))
    indexes = {}
    for table, name, is_unique, origin, is_partial, columns in connection.execute(_INDEXES):
        if origin == "c":
            indexes[name] = (table, is_unique, is_partial, columns)
        elif table in tables:  # SQLite numbers the names of those that constraints make: they tell nothing
            tables[table].add(("unique", columns))
    made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return _Shape({name: frozenset(rows) for name, rows in tables.items()}, indexes, made)


def _lacks(found: _Shape, expected: _Shape) -> Iterator[str]:
    """Yield which tables are not there, or are others than digest makes."""
    for name, columns in expected.tables.items():
        if name.startswith((SEARCH_INDEX, version.name)):
            continue
        if name not in found.tables:
            yield f"no table {name}"
        elif found.tables[name] != columns:
            different = sorted(str(one[1]) for one in found.tables[name] ^ columns)
            yield f"another table {name} ({', '.join(dict.fromkeys(different))})"
    for name in metadata.tables:
        if name in found.tables.keys() - expected.tables:
            yield f"the table {name} of a newer schema"


def _derived(connection: sqlite3.Connection, found: _Shape, expected: _Shape) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is wrong with the indexes and views, and how each is made again."""
    for name, index in expected.indexes.items():
        if found.indexes.get(name) != index:
            words = f"expected the index {name}, found {'another' if name in found.indexes else 'none'}"
            # Without it, two revisions may have come to one place: a check of the rows finds that they have none.
            before = ("UPDATE revision SET place = NULL",) if name == PLACE_INDEX else ()
            yield words, (*before, f"DROP INDEX IF EXISTS {name}", expected.made[name])
    for name, made in expected.made.items():
        if made.startswith("CREATE VIEW ") and found.made.get(name) != made:
            words = f"expected the view {name}, found {'another' if name in found.made else 'none'}"
            yield words, (f"DROP VIEW IF EXISTS {name}", made)
    shadows = [f"{SEARCH_INDEX}_{part}" for part in SEARCH_SHADOWS]
    is_right = all(found.made.get(name) == expected.made[name] for name in (SEARCH_INDEX, *shadows))
    try:
        connection.execute(f"SELECT rowid FROM {SEARCH_INDEX} WHERE {SEARCH_INDEX} MATCH 'a' LIMIT 1").fetchall()  # noqa: S608
    except sqlite3.DatabaseError:
        is_right = False
    if not is_right:
        # It is made again empty. DROP needs one that opens, so that it is taken out of the schema by hand.
        forget = f"DELETE FROM sqlite_master WHERE name = '{SEARCH_INDEX}' AND type = 'table'"  # noqa: S608 - our own name
        drops = [f"DROP TABLE IF EXISTS {name}" for name in shadows]
        steps = ("PRAGMA writable_schema=ON", forget, "PRAGMA writable_schema=RESET", *drops)
        words = f"expected the full-text index {SEARCH_INDEX}, found none that can be used"
        yield words, (*steps, expected.made[SEARCH_INDEX])


_KEYS = {"day": ("category", "date"), "entry": (), "revision": (), "link": ()}
"""What is looked at of rows that the days' own hashes prove."""


def _unsound_rows(connection: sqlite3.Connection, found: _Shape) -> Iterator[UnsoundRow]:
    dialect = sqlite.dialect()
    for table in metadata.sorted_tables:
        there = {one[1] for one in found.tables.get(table.name, ()) if one[0] == "column"}  # an older schema has less
        looked_at = there & set(_KEYS.get(table.name, there))
        columns = [column for column in table.columns if column.name in looked_at]
        if not columns:
            continue
        # A value is read as every query reads it; what nothing is done to has no processor.
        processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        readers = [processor or (lambda value: value) for processor in processors]
        names = ", ".join(f'"{column.name}"' for column in columns)
        for rowid, *values in connection.execute(f"SELECT rowid, {names} FROM {table.name}"):  # noqa: S608 - our own names
            for column, read, value in zip(columns, readers, values, strict=True):
                if not _is_sound(column, read, value):
                    yield UnsoundRow(table.name, rowid, f"{column.name} {ascii(value)[:40]}")
                    break


_HASH = re.compile(r"[0-9a-f]{64}")
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "category": CATEGORY.fullmatch,
    "reading.source": frozenset(Source).__contains__,
}


def _is_sound(column: Column[Any], read: Callable[[object], Any], value: object) -> bool:
    """Whether a value can be read as what its column holds, and can stand in it."""
    if value is None:
        return bool(column.nullable)
    try:
        str(value).encode()
        found = read(value)
    except UNREADABLE:
        return False
    if isinstance(column.type, JSON):
        return found is not None
    kinds: tuple[Any, ...] = (column.type.python_type, *((int,) if column.type.python_type is float else ()))
    if not isinstance(found, kinds):
        return False
    if isinstance(column.type, Date):  # in another form it would be found by no query
        return str(found) == value and found.year in YEARS
    check = _CHECKS.get(column.name) or _CHECKS.get(str(column))
    if column.name.endswith(("sha256", "_hash")):
        check = _HASH.fullmatch
    is_own_row = column is not politeness.c.id or value == 1
    return is_own_row and (check is None or bool(check(found)))
