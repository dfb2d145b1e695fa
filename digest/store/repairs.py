"""What was damaged, told and mended: rows of an open database, its full-text index, the file of one that is closed."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, delete, func, select, update

from digest.errors import UNREADABLE
from digest.model import Day, Link
from digest.store import days, rows, search, server_index, tables
from digest.store.engine import driver_of, storage_errors
from digest.store.soundness import Soundness, UnsoundRow, open_file

_BATCH = 500


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


class Repairs(days.Days):
    """What proves the rows of an open database, and mends them."""

    def restore_day(self, day: Day, content_hash: str, *, has_files: bool = True) -> None:
        """Store ``day`` in place of its damaged rows, those of its papers included."""
        papers = {rows.key_of(entry.paper): entry.paper for entry in day.entries}
        table = tables.revision
        query = select(tables.entry.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
        joined = tables.entry.join(tables.day).join(table)
        with self._write() as connection, _lenient_texts(connection):
            access = days.access_to(connection)
            access.exclude_writers()
            # A row is known by its hashes, or by an entry that refers to it: damage leaves one of the two.
            referred = connection.execute(query.select_from(joined).where(days.is_day(day.category, day.date)))
            known = {(row[0], row[1], row[2]): row[3] for row in referred}
            known |= {key: row for key, (row, _) in access.known_revisions([key[0] for key in papers]).items()}
            damaged = {number: papers[key] for key, number in known.items() if key in papers}
            for number, paper in damaged.items():
                row = rows.revision_row(number, paper)
                connection.execute(update(table).where(table.c.id == number).values(row))
                connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
            access.insert("link", rows.link_rows(damaged))
            rows.write_day(access, day, content_hash, has_files=has_files)

    def dangling_rows(self) -> int:
        """Return how many rows belong to a day or a paper that is not there."""
        queries = [select(func.count()).select_from(table).where(condition) for table, condition in _DANGLING]
        with self._read() as connection:
            return sum(connection.scalar(query) or 0 for query in queries)

    def forget_dangling_rows(self) -> None:
        """Remove the rows that belong to a day or a paper that is not there."""
        with self._write() as connection:
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
                row = rows.revision_row(number, days.read_paper(connection, number))
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
        """Whether the full-text index is that of the stored texts."""
        with self._read() as connection:
            raw = driver_of(connection)
            return server_index.is_true(connection) if raw is None else search.is_search_index_true(raw)

    def remake_search_index(self) -> None:
        """Make the full-text index again from the stored texts."""
        with self._write() as connection:
            if raw := driver_of(connection):
                search.remake_search_index(raw)
            else:
                days.access_to(connection).exclude_writers()
                server_index.remake(connection)


@contextmanager
def _lenient_texts(connection: Connection) -> Iterator[None]:
    """Let texts be read that damage made none; they are equal to nothing that was ever stored."""
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        raw.text_factory = search.lenient
    try:
        yield
    finally:
        if isinstance(raw, sqlite3.Connection):
            raw.text_factory = str


def _revisions(connection: Connection) -> Iterator[tuple[dict[str, Any], list[Link]]]:
    """Yield every stored revision, its JSON as text, with its links."""
    table, last = tables.revision, 0
    columns = [cast(column, Text).label(column.name) if column.name in rows.AS_TEXT else column for column in table.c]
    following = select(table.c.id).order_by(table.c.id).limit(_BATCH)
    while numbers := connection.scalars(following.where(table.c.id > last)).all():
        last = numbers[-1]
        within = tables.link.c.revision_id.between(numbers[0], last)
        links = days.read_links(connection, within)
        query = select(*columns).where(table.c.id.between(numbers[0], last)).order_by(table.c.id)
        yield from ((dict(row), links[row["id"]]) for row in connection.execute(query).mappings())


def _is_true(row: dict[str, Any], links: list[Link]) -> bool:
    """Whether a revision has the hashes of its texts."""
    try:
        found = rows.key_of(rows.paper_of([row[name] for name in rows.PAPER], links))
    except UNREADABLE:
        return False
    return found == (row["arxiv_id"], row["text_hash"], row["fields_hash"])


def _days_of(connection: Connection, number: int) -> tuple[tuple[str, date], ...]:
    query = select(tables.day.c.category, tables.day.c.date).join(tables.entry)
    return tuple((row[0], row[1]) for row in connection.execute(query.where(tables.entry.c.revision_id == number)))


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
