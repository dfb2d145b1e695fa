"""What was damaged, told and mended: rows of an open database, its full-text index, the file of one that is closed."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, Connection, Table, Text, cast, delete, func, select, update

from digest.model import Day, Link, Paper, without_markup
from digest.store import tables
from digest.store.days import (
    Days,
    is_day,
    key_of,
    known_revisions,
    paper_of,
    read_links,
    read_paper,
    revision_row,
    write_day,
    write_links,
)
from digest.store.engine import UNREADABLE, storage_errors
from digest.store.soundness import Soundness, UnsoundRow, open_file
from digest.store.tables import SEARCH_INDEX, SEARCH_SHADOWS

_BATCH = 500

_JSON = [column.name for column in tables.revision.c if isinstance(column.type, JSON)]

_DANGLING = [
    (tables.entry, tables.entry.c.day_id.not_in(select(tables.day.c.id))),
    (tables.entry, tables.entry.c.revision_id.not_in(select(tables.revision.c.id))),
    (tables.link, tables.link.c.revision_id.not_in(select(tables.revision.c.id))),
]
"""Each table whose rows belong to another's, and what tells that the other is not there."""


@dataclass(frozen=True, slots=True)
class FalseRevision:
    """A revision whose hashes are not those of what is stored of it, and the days that refer to it."""

    number: int
    arxiv_id: str
    days: tuple[tuple[str, date], ...]


class Repairs(Days):
    """What proves the rows of an open database, and mends them."""

    def restore_day(self, day: Day, content_hash: str) -> None:
        """Store ``day`` in place of its damaged rows, those of its papers included."""
        with self._write(changes_known=True) as connection, _lenient_texts(connection):
            for number, paper in _stored_papers(connection, day).items():
                row = revision_row(number, paper)
                connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(row))
                connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
                write_links(connection, {number: paper})
            write_day(connection, day, content_hash)

    def dangling_rows(self) -> int:
        """Return how many rows belong to a day or a paper that is not there."""
        queries = [select(func.count()).select_from(table).where(condition) for table, condition in _DANGLING]
        with self._read() as connection:
            return sum(connection.scalar(query) or 0 for query in queries)

    def forget_dangling_rows(self) -> None:
        """Remove the rows that belong to a day or a paper that is not there."""
        with self._write(changes_known=True) as connection:
            for table, condition in _DANGLING:
                connection.execute(delete(table).where(condition))

    def misnamed_days(self) -> set[tuple[str, date]]:
        """Return the category and date of the days that have an entry with another id than its paper's."""
        joined = tables.entry.join(tables.day).join(tables.revision)
        query = select(tables.day.c.category, tables.day.c.date).select_from(joined).distinct()
        is_misnamed = tables.entry.c.arxiv_id != tables.revision.c.arxiv_id
        with self._read() as connection:
            return {(row[0], row[1]) for row in connection.execute(query.where(is_misnamed))}

    def false_revisions(self) -> list[FalseRevision]:
        """Return the revisions whose hashes are not those of what is stored of them."""
        with self._read() as connection, _lenient_texts(connection):
            wrong = [row for row, links in _revisions(connection) if not _is_true(row, links)]
            return [FalseRevision(row["id"], str(row["arxiv_id"]), _days_of(connection, row["id"])) for row in wrong]

    def settle_revision(self, number: int) -> bool:
        """Give a revision the hashes of what the days show of it, or forget one that none shows; return which.

        What the days show is proven by their own hashes.
        """
        with self._write() as connection:
            is_shown = bool(_days_of(connection, number))
            if is_shown:
                row = revision_row(number, read_paper(connection, number))
                same = [tables.revision.c[name] == row[name] for name in ("arxiv_id", "text_hash", "fields_hash")]
                other = connection.scalar(select(tables.revision.c.id).where(*same, tables.revision.c.id != number))
                if other is None:
                    connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(row))
                    return True
                # Two rows of one revision cannot be: the days show the other one from now on.
                its = tables.entry.c.revision_id == number
                connection.execute(update(tables.entry).where(its).values(revision_id=other))
            connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
            connection.execute(delete(tables.revision).where(tables.revision.c.id == number))
            return False

    def is_search_index_true(self) -> bool:
        """Whether the full-text index is that of the stored texts; PostgreSQL sees to its own."""
        with self._read() as connection:
            raw = connection.connection.driver_connection
            return not isinstance(raw, sqlite3.Connection) or _is_search_index_true(raw)

    def remake_search_index(self) -> None:
        """Make SQLite's full-text index again from the stored texts; PostgreSQL sees to its own."""
        with self._write() as connection:
            raw = connection.connection.driver_connection
            if isinstance(raw, sqlite3.Connection):
                _add_text_functions(raw)
                raw.execute(f"INSERT INTO {SEARCH_INDEX} ({SEARCH_INDEX}) VALUES ('delete-all')")  # noqa: S608 - our own names
                names = "rowid, title, authors, abstract, comments"
                raw.execute(f"INSERT INTO {SEARCH_INDEX} ({names}) {_SEARCHED} FROM revision")


@contextmanager
def _lenient_texts(connection: Connection) -> Iterator[None]:
    """Let texts be read that damage made none; they are equal to nothing that was ever stored."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    raw.text_factory = _lenient
    try:
        yield
    finally:
        raw.text_factory = str


def _lenient(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def _stored_papers(connection: Connection, day: Day) -> dict[int, Paper]:
    """Return the papers of ``day`` whose revision is stored, by the number of its row.

    Its hashes, or the entries that refer to it, tell which row that is: damage leaves one of the two.
    """
    papers = {key_of(entry.paper): entry.paper for entry in day.entries}
    table = tables.revision
    referred = select(tables.entry.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
    joined = tables.entry.join(tables.day).join(table)
    rows = connection.execute(referred.select_from(joined).where(is_day(day.category, day.date)))
    known = {(row[0], row[1], row[2]): row[3] for row in rows}
    known |= known_revisions(connection, [key[0] for key in papers])
    return {number: papers[key] for key, number in known.items() if key in papers}


def _revisions(connection: Connection) -> Iterator[tuple[dict[str, Any], list[Link]]]:
    """Yield every stored revision, its JSON as text, with its links."""
    table, last = tables.revision, 0
    columns = [cast(column, Text).label(column.name) if column.name in _JSON else column for column in table.c]
    following = select(table.c.id).order_by(table.c.id).limit(_BATCH)
    while numbers := connection.scalars(following.where(table.c.id > last)).all():
        last = numbers[-1]
        within = tables.link.c.revision_id.between(numbers[0], last)
        links = read_links(connection, select(tables.link).where(within))
        query = select(*columns).where(table.c.id.between(numbers[0], last)).order_by(table.c.id)
        yield from ((dict(row), links[row["id"]]) for row in connection.execute(query).mappings())


def _is_true(row: dict[str, Any], links: list[Link]) -> bool:
    """Whether a revision has the hashes of its texts."""
    try:
        read = {name: json.loads(row[name]) for name in _JSON if row[name] is not None}
        found = key_of(paper_of(SimpleNamespace(**{**row, **read}), links))
    except UNREADABLE:
        return False
    return found == (row["arxiv_id"], row["text_hash"], row["fields_hash"])


def _days_of(connection: Connection, number: int) -> tuple[tuple[str, date], ...]:
    query = select(tables.day.c.category, tables.day.c.date).join(tables.entry)
    return tuple((row[0], row[1]) for row in connection.execute(query.where(tables.entry.c.revision_id == number)))


# SQLite's full-text index

# As BLOBs: damage may have made something of a text that the driver cannot decode.
_SEARCHED = """
SELECT id, title, names(CAST(authors AS BLOB)) AS authors, plain(CAST(abstract AS BLOB)) AS abstract,
plain(CAST(comments AS BLOB)) AS comments"""
_SIGNS_OF_FALSEHOOD = (
    *("SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH"),
    "SQLITE_ERROR",  # a shadow table that is not there, or has other columns
)


def _is_search_index_true(raw: sqlite3.Connection) -> bool:
    """Whether SQLite's full-text index is that of the stored texts, row by row.

    A contentless index cannot be compared with anything by itself, so that a copy of it is, one whose content is a
    view of the stored texts (https://www.sqlite.org/fts5.html, 6.4 and 4.4.3).
    """
    _add_text_functions(raw)
    (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (SEARCH_INDEX,)).fetchone() or ("",)
    proof = made.replace(SEARCH_INDEX, "temp.proof").replace("content=''", "content='proof_texts', content_rowid='id'")
    try:
        raw.execute(f"CREATE TEMP VIEW proof_texts AS {_SEARCHED} FROM main.revision")
        raw.execute(proof)
        for part in SEARCH_SHADOWS:
            raw.execute(f"DELETE FROM temp.proof_{part}")  # noqa: S608 - our own names
            raw.execute(f"INSERT INTO temp.proof_{part} SELECT * FROM main.{SEARCH_INDEX}_{part}")  # noqa: S608 - as above
        raw.execute("INSERT INTO temp.proof (proof, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname not in _SIGNS_OF_FALSEHOOD:
            raise
        return False
    finally:
        raw.execute("DROP TABLE IF EXISTS temp.proof")
        raw.execute("DROP VIEW IF EXISTS temp.proof_texts")
    return True


def _add_text_functions(raw: sqlite3.Connection) -> None:
    """Teach SQLite how texts are searched: without their markup, and names without their JSON."""

    def names(value: bytes | None) -> str:
        try:
            return ", ".join(json.loads(_lenient(value)))
        except UNREADABLE:  # none, if the row is damaged: the day that it belongs to is restored first
            return ""

    raw.create_function("names", 1, names)
    raw.create_function("plain", 1, lambda value: without_markup(_lenient(value)))


# The file of a closed database


def mend_derived(database: Path, soundness: Soundness) -> None:
    """Make again what is derived; the full-text index is empty then, which a check of the rows finds.

    Raises:
        StoreError: that fails; nothing is changed then.
    """
    with _changed(database) as connection:
        for step in soundness.steps:
            connection.execute(step)


def remove_rows(database: Path, rows: Sequence[UnsoundRow]) -> None:
    """Remove rows that nothing can read.

    Raises:
        StoreError: that fails; nothing is changed then.
    """
    with _changed(database) as connection:
        for row in rows:
            connection.execute(f"DELETE FROM {row.table} WHERE rowid = ?", (row.rowid,))  # noqa: S608 - our own names


def salvage(broken: Path, database: Path) -> None:
    """Copy whatever rows can still be read of a ``broken`` database, and fit, into the new one at ``database``.

    Raises:
        StoreError: the new one cannot be written.
    """
    with _changed(database) as target:
        for table in tables.metadata.sorted_tables:  # in this order, each row's owner is there before it
            for row in _readable_rows(broken, table):
                columns = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" * len(row))
                with suppress(sqlite3.IntegrityError):  # what does not fit stays in the broken one
                    target.execute(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", list(row.values()))  # noqa: S608


@contextmanager
def _changed(database: Path) -> Iterator[sqlite3.Connection]:
    with storage_errors(database), open_file(database) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection


def _readable_rows(broken: Path, table: Table) -> Iterator[dict[str, object]]:
    """Yield the rows of a table up to the first that cannot be read."""
    with suppress(sqlite3.DatabaseError), open_file(broken) as source:
        source.text_factory = lambda data: data.decode(errors="replace")
        there = [row[1] for row in source.execute(f"PRAGMA table_info({table.name})")]
        names = [column.name for column in table.columns if column.name in there]  # an older schema has less
        columns = ", ".join(f'"{name}"' for name in names)
        for row in source.execute(f"SELECT {columns} FROM {table.name}" if names else "SELECT 1 WHERE 0"):  # noqa: S608
            yield dict(zip(names, row, strict=True))
