"""Whether a SQLite file has the tables that digest makes, and rows that can be read; what can be mended in it.

What is derived (indexes, the number of the schema) is made again from what it follows from; the rest is only told.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Date, Table, create_engine
from sqlalchemy.dialects import sqlite

from digest.model import CATEGORY, Source
from digest.store.copies import integrity_problems, open_file
from digest.store.engine import UNREADABLE, is_newer, migrate, schemas, storage_errors
from digest.store.tables import SCHEMA, SEARCH_INDEX, SEARCH_SHADOWS, metadata, politeness, version
from digest.terms import YEARS

_SHADOWS = tuple(f"{SEARCH_INDEX}_{part}" for part in SEARCH_SHADOWS)

_LONGEST = 40
_OF_AN_INDEX = re.compile(r"row [0-9]+ missing from index |wrong # of entries in index ")
_HASH = re.compile(r"[0-9a-f]{64}")
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "category": CATEGORY.fullmatch,
    "source": frozenset(Source).__contains__,
}
_KEYS = {"day": ("category", "date"), "entry": (), "revision": (), "link": ()}
"""What is looked at of rows that the days' own hashes prove."""


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


def examine_database(database: Path) -> Soundness:
    """Look at the file of a database, and change nothing.

    Raises:
        StoreError: it cannot be looked at.
    """
    # What is wrong inside of the full-text index is found where it is compared with the texts.
    problems = [problem for problem in integrity_problems(database) if "FTS5" not in problem]
    if problems and not all(map(_OF_AN_INDEX.match, problems)):
        return Soundness(broken=tuple(problems))
    with storage_errors(database), open_file(database) as connection:
        numbers = _numbers(connection)
        if len(numbers) == 1 and is_newer(numbers[0]):
            return Soundness()  # whoever opens it says so
        found = _shape(connection)
        # A number that cannot be told is found out by the tables.
        known = numbers if len(numbers) == 1 and numbers[0] in schemas() else schemas()
        lacks = {number: tuple(_lacks(found, _made(number))) for number in known}
        number = next((number for number in known if not lacks[number]), None)
        if number is None:
            return Soundness(broken=lacks[known[0]])
        derived = dict(_derived(connection, found, _made(number)))
        derived |= {f"expected whole indexes, found: {problem}": ("REINDEX",) for problem in problems}
        if numbers != [number]:
            words = f"expected the schema's number {number}, found {', '.join(map(repr, numbers)) or 'none'}"
            derived[words] = _number_steps(number)
        steps = tuple(step for several in derived.values() for step in several)
        rows = tuple(_unsound_rows(connection, found))
        return Soundness(derived=tuple(derived), steps=steps, rows=rows)


def _numbers(connection: sqlite3.Connection) -> list[str]:
    try:
        return [str(row[0]) for row in connection.execute(f"SELECT version_num FROM {version.name}")]  # noqa: S608
    except sqlite3.OperationalError:  # no such table, or column
        return []


def _number_steps(number: str) -> tuple[str, ...]:
    made = _made(number).made[version.name]
    return f"DROP TABLE IF EXISTS {version.name}", made, f"INSERT INTO {version.name} VALUES ('{number}')"  # noqa: S608


def _made(number: str) -> _Shape:
    """Return the shape of a database with the schema ``number``, as digest makes it."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        if number == SCHEMA:
            metadata.create_all(connection)
            version.create(connection)
        else:
            migrate(connection, number)
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - SQLAlchemy leaves the driver's type open
        shape = _shape(raw)
    engine.dispose()
    return shape


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
        elif table in tables:
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
    yield from (
        f"the table {name} of a newer schema"
        for name in metadata.tables
        if name in found.tables.keys() - expected.tables
    )


def _derived(connection: sqlite3.Connection, found: _Shape, expected: _Shape) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is wrong with the indexes, and how each is made again."""
    for name, index in expected.indexes.items():
        if found.indexes.get(name) != index:
            words = f"expected the index {name}, found {'another' if name in found.indexes else 'none'}"
            yield words, (f"DROP INDEX IF EXISTS {name}", expected.made[name])
    names = (SEARCH_INDEX, *_SHADOWS)
    if [found.made.get(name) for name in names] != [expected.made[name] for name in names] or not _opens(connection):
        yield f"expected the full-text index {SEARCH_INDEX}, found none that can be used", _search_steps(expected)


def _opens(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute(f"SELECT rowid FROM {SEARCH_INDEX} WHERE {SEARCH_INDEX} MATCH 'a' LIMIT 1").fetchall()  # noqa: S608
    except sqlite3.DatabaseError:
        return False
    return True


def _search_steps(expected: _Shape) -> tuple[str, ...]:
    """Return how the full-text index is made again, empty, whatever is left of it: DROP needs one that opens."""
    forget = f"DELETE FROM sqlite_master WHERE name = '{SEARCH_INDEX}' AND type = 'table'"  # noqa: S608 - our own name
    shadows = [f"DROP TABLE IF EXISTS {name}" for name in _SHADOWS]
    return ("PRAGMA writable_schema=ON", forget, "PRAGMA writable_schema=RESET", *shadows, expected.made[SEARCH_INDEX])


def _unsound_rows(connection: sqlite3.Connection, found: _Shape) -> Iterator[UnsoundRow]:
    for table in metadata.sorted_tables:
        there = {one[1] for one in found.tables.get(table.name, ()) if one[0] == "column"}  # an older schema has less
        looked_at = there & set(_KEYS.get(table.name, there))
        columns = [column for column in table.columns if column.name in looked_at]
        if columns:
            yield from _unsound_rows_of(connection, table, columns)


def _unsound_rows_of(
    connection: sqlite3.Connection, table: Table, columns: Sequence[Column[Any]]
) -> Iterator[UnsoundRow]:
    readers = [_reader(column) for column in columns]
    names = ", ".join(f'"{column.name}"' for column in columns)
    for rowid, *values in connection.execute(f"SELECT rowid, {names} FROM {table.name}"):  # noqa: S608 - our own names
        for column, read, value in zip(columns, readers, values, strict=True):
            if not _is_sound(column, read, value):
                yield UnsoundRow(table.name, rowid, f"{column.name} {_shown(value)}")
                break


def _shown(value: object) -> str:
    return ascii(value)[:_LONGEST]


def _reader(column: Column[Any]) -> Callable[[object], Any]:
    """Return what makes a column's value of what SQLite has stored, as every query does."""
    dialect = sqlite.dialect()
    return column.type.dialect_impl(dialect).result_processor(dialect, None) or (lambda value: value)


def _is_sound(column: Column[Any], read: Callable[[object], Any], value: object) -> bool:
    """Whether a value can be read as what its column holds."""
    if value is None:
        return bool(column.nullable)
    try:
        str(value).encode()
        found = read(value)
    except UNREADABLE:
        return False
    return _is_right(column, value, found)


def _is_right(column: Column[Any], value: object, found: Any) -> bool:
    """Whether the value that was ``found`` in ``value`` can stand in its column."""
    if isinstance(column.type, JSON):
        return found is not None
    kinds: tuple[Any, ...] = (column.type.python_type, *((int,) if column.type.python_type is float else ()))
    if not isinstance(found, kinds):
        return False
    if isinstance(column.type, Date):  # in another form it would be found by no query
        return str(found) == value and found.year in YEARS
    check = _HASH.fullmatch if column.name.endswith(("sha256", "_hash")) else _CHECKS.get(column.name)
    is_own_row = column is not politeness.c.id or value == 1
    return is_own_row and (check is None or bool(check(found)))


def mend_derived(database: Path, soundness: Soundness) -> None:
    """Make again what is derived; the full-text index is empty then, which a check of the rows finds.

    Raises:
        StoreError: that fails; nothing is changed then.
    """
    with storage_errors(database), open_file(database) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for step in soundness.steps:
                connection.execute(step)


def remove_rows(database: Path, rows: Sequence[UnsoundRow]) -> None:
    """Remove rows that nothing can read.

    Raises:
        StoreError: that fails; nothing is changed then.
    """
    with storage_errors(database), open_file(database) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            connection.execute(f"DELETE FROM {row.table} WHERE rowid = ?", (row.rowid,))  # noqa: S608 - our own names


def salvage(broken: Path, database: Path) -> None:
    """Copy whatever rows can still be read of a ``broken`` database, and fit, into the new one at ``database``.

    Raises:
        StoreError: the new one cannot be written.
    """
    with storage_errors(database), open_file(database) as target, target:
        target.execute("BEGIN IMMEDIATE")
        for table in metadata.sorted_tables:
            for row in _readable_rows(broken, table):
                columns = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" * len(row))
                with suppress(sqlite3.IntegrityError):  # what does not fit stays in the broken one
                    target.execute(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", list(row.values()))  # noqa: S608


def _readable_rows(broken: Path, table: Table) -> Iterator[dict[str, object]]:
    """Yield the rows of a table up to the first that cannot be read."""
    with suppress(sqlite3.DatabaseError), open_file(broken) as source:
        source.text_factory = lambda data: data.decode(errors="replace")
        there = [row[1] for row in source.execute(f"PRAGMA table_info({table.name})")]
        names = [column.name for column in table.columns if column.name in there]
        columns = ", ".join(f'"{name}"' for name in names)
        for row in source.execute(f"SELECT {columns} FROM {table.name}" if names else "SELECT 1 WHERE 0"):  # noqa: S608
            yield dict(zip(names, row, strict=True))
