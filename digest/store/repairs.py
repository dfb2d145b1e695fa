"""Rows that were damaged, mended; each function is a step of one transaction."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from digest.model import Day, Link, without_markup
from digest.store import days, tables
from digest.store.engine import UNREADABLE

_BATCH = 500

_SEARCHED = """
SELECT id, title, names(CAST(authors AS BLOB)) AS authors, plain(CAST(abstract AS BLOB)) AS abstract,
plain(CAST(comments AS BLOB)) AS comments"""
_SEARCH_INDEX = tables.SEARCH_INDEX


@dataclass(frozen=True, slots=True)
class FalseRevision:
    """A revision whose hashes are not those of what is stored of it, and the days that refer to it."""

    number: int
    arxiv_id: str
    days: tuple[tuple[str, date], ...]


@contextmanager
def lenient(connection: Connection) -> Iterator[None]:
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


def mend_revisions(connection: Connection, day: Day) -> None:
    """Write again what is stored of the papers of ``day``; its hashes, or its entries, tell which rows they are."""
    for number, paper in days.known_papers(connection, day).items():
        row = days.revision_row(number, paper)
        connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(row))
        connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
        links = list(days.link_rows(number, paper.links))
        if links:
            connection.execute(insert(tables.link), links)


def _dangling() -> list[tuple[Table, ColumnElement[bool]]]:
    """Return each table whose rows belong to another's, and what tells that the other is not there."""
    return [
        (tables.entry, _lacks(tables.entry.c.day_id, tables.day)),
        (tables.entry, _lacks(tables.entry.c.revision_id, tables.revision)),
        (tables.link, _lacks(tables.link.c.revision_id, tables.revision)),
    ]


def _lacks(column: Column[int], owners: Table) -> ColumnElement[bool]:
    return column.not_in(select(owners.c.id))


def count_dangling(connection: Connection) -> int:
    """Return how many rows belong to one that is not there."""
    queries = [select(func.count()).select_from(table).where(condition) for table, condition in _dangling()]
    return sum(connection.scalar(query) or 0 for query in queries)


def forget_dangling(connection: Connection) -> None:
    """Remove the rows that belong to one that is not there."""
    for table, condition in _dangling():
        connection.execute(delete(table).where(condition))


def misnamed_days(connection: Connection) -> set[tuple[str, date]]:
    """Return the category and date of the days that have an entry with another id than its revision's."""
    joined = tables.entry.join(tables.day).join(tables.revision)
    query = select(tables.day.c.category, tables.day.c.date).select_from(joined).distinct()
    return {(row[0], row[1]) for row in connection.execute(query.where(_IS_MISNAMED))}


_IS_MISNAMED = tables.entry.c.arxiv_id != tables.revision.c.arxiv_id


def false_revisions(connection: Connection) -> list[FalseRevision]:
    """Return the revisions whose hashes are not those of what is stored of them."""
    with lenient(connection):
        wrong = [row for row, links in _revisions(connection) if not _is_true(row, links)]
    return [FalseRevision(row["id"], str(row["arxiv_id"]), _days_of(connection, row["id"])) for row in wrong]


def _is_true(row: dict[str, Any], links: list[Link]) -> bool:
    try:
        read = {name: json.loads(row[name]) for name in _JSON if row[name] is not None}
        found = days.key_of(days.paper_of(SimpleNamespace(**{**row, **read}), links))
    except UNREADABLE:
        return False
    return found == (row["arxiv_id"], row["text_hash"], row["fields_hash"])


_JSON = [column.name for column in tables.revision.c if isinstance(column.type, JSON)]


def _revisions(connection: Connection) -> Iterator[tuple[dict[str, Any], list[Link]]]:
    """Yield every stored revision, its JSON as text, with its links."""
    table, last = tables.revision, 0
    columns = [cast(column, Text).label(column.name) if column.name in _JSON else column for column in table.c]
    following = select(table.c.id).order_by(table.c.id).limit(_BATCH)
    while numbers := connection.scalars(following.where(table.c.id > last)).all():
        links: dict[int, list[Link]] = defaultdict(list)
        within = tables.link.c.revision_id.between(numbers[0], numbers[-1])
        for row in connection.execute(select(tables.link).where(within).order_by(*tables.link.primary_key)):
            links[row.revision_id].append(Link(row.url, row.kind, row.found_in))
        last = numbers[-1]
        query = select(*columns).where(table.c.id.between(numbers[0], numbers[-1])).order_by(table.c.id)
        yield from ((dict(row), links[row["id"]]) for row in connection.execute(query).mappings())


def _days_of(connection: Connection, number: int) -> tuple[tuple[str, date], ...]:
    query = select(tables.day.c.category, tables.day.c.date).join(tables.entry)
    return tuple((row[0], row[1]) for row in connection.execute(query.where(tables.entry.c.revision_id == number)))


def settle_revision(connection: Connection, number: int) -> bool:
    """Give a revision that a day shows the hashes of its texts, or forget one that none does; return which.

    What the days show is proven by their own hashes.
    """
    if not _days_of(connection, number):
        connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
        connection.execute(delete(tables.revision).where(tables.revision.c.id == number))
        return False
    row = days.revision_row(number, days.read_paper(connection, number))
    same = [tables.revision.c[name] == row[name] for name in ("arxiv_id", "text_hash", "fields_hash")]
    other = connection.scalar(select(tables.revision.c.id).where(*same, tables.revision.c.id != number))
    if other is None:
        connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(row))
        return True
    connection.execute(update(tables.entry).where(tables.entry.c.revision_id == number).values(revision_id=other))
    return settle_revision(connection, number)


def is_search_index_true(connection: Connection) -> bool:
    """Whether SQLite's full-text index is that of the stored texts, row by row.

    A contentless index cannot be compared with anything by itself, so that a copy of it is, one whose content is a
    view of the stored texts (https://www.sqlite.org/fts5.html, 6.4 and 4.4.3).
    """
    raw = _with_functions(connection)
    made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": _SEARCH_INDEX}) or ""
    proof = made.replace(_SEARCH_INDEX, "temp.proof").replace("content=''", "content='proof_texts', content_rowid='id'")
    try:
        raw.execute(f"CREATE TEMP VIEW proof_texts AS {_SEARCHED} FROM main.revision")
        raw.execute(proof)
        for part in tables.SEARCH_SHADOWS:
            raw.execute(f"DELETE FROM temp.proof_{part}")  # noqa: S608 - our own names
            raw.execute(f"INSERT INTO temp.proof_{part} SELECT * FROM main.{_SEARCH_INDEX}_{part}")  # noqa: S608 - as above
        raw.execute("INSERT INTO temp.proof (proof, rank) VALUES ('integrity-check', 1)")
    except (sqlite3.DatabaseError, sqlite3.OperationalError) as error:
        if error.sqlite_errorname not in _FALSE:
            raise
        return False
    finally:
        raw.execute("DROP TABLE IF EXISTS temp.proof")
        raw.execute("DROP VIEW IF EXISTS temp.proof_texts")
    return True


_FALSE = ("SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_ERROR")


def remake_search_index(connection: Connection) -> None:
    """Make SQLite's full-text index again from the stored texts."""
    raw = _with_functions(connection)
    raw.execute(f"INSERT INTO {_SEARCH_INDEX} ({_SEARCH_INDEX}) VALUES ('delete-all')")  # noqa: S608 - our own names
    raw.execute(f"INSERT INTO {_SEARCH_INDEX} (rowid, title, authors, abstract, comments) {_SEARCHED} FROM revision")


def _with_functions(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection, which knows how texts are searched."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError(f"expected a connection to SQLite, found {type(raw).__name__}")
    raw.create_function("names", 1, _names)
    raw.create_function("plain", 1, lambda value: without_markup(_lenient(value)))
    return raw


def _lenient(value: bytes | None) -> str:
    """Return a text of which damage may have made something that is none: whoever reads it as it is finds out."""
    return (value or b"").decode(errors="replace")


def _names(value: bytes | None) -> str:
    """Return the names in a row's JSON; none, if it is damaged: the day that it belongs to is restored first."""
    try:
        return ", ".join(json.loads(_lenient(value)))
    except UNREADABLE:
        return ""
