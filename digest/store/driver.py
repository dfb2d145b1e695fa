"""Rows into SQLite and out of it by its driver: the hot path of most commands, without SQLAlchemy's share of it."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from digest.store.rows import DAY, LINK, PAPER, RevisionKey, Row, Values
from digest.store.search import add_to_search_index

_OF_DAY = f"SELECT {', '.join(DAY)} FROM day WHERE category = ? AND date = ?"  # noqa: S608 - here as below, our own names
_ENTRIES = f"""
SELECT section, position, {", ".join(f"revision.{name}" for name in PAPER)}
FROM entry JOIN revision ON revision.id = entry.revision_id WHERE day_id = ? ORDER BY position"""  # noqa: S608
_LINKS = f"""
SELECT {", ".join(f"link.{name}" for name in LINK)}
FROM link JOIN entry ON entry.revision_id = link.revision_id WHERE day_id = ? ORDER BY link.revision_id, ordinal"""  # noqa: S608

_BATCH = 500  # well under the number of variables that any SQLite allows in a statement


class Driver:
    """Stores and reads rows over a connection of the driver."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def day_row(self, category: str, when: date) -> Values | None:
        """Return the values of ``DAY`` of a stored day, or None."""
        row: Values | None = self._connection.execute(_OF_DAY, (category, when.isoformat())).fetchone()
        return row

    def entry_rows(self, day_id: int) -> Sequence[Values]:
        """Return the section and position of each entry of a day, by position, and the values of ``PAPER``."""
        return self._connection.execute(_ENTRIES, (day_id,)).fetchall()

    def link_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``LINK`` of the papers of a day, in the order of the links of each."""
        return self._connection.execute(_LINKS, (day_id,)).fetchall()

    def known_revisions(self, ids: Sequence[str]) -> dict[RevisionKey, int]:
        """Return the rows of all revisions of these papers, by their keys."""
        known: dict[RevisionKey, int] = {}
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            places = ", ".join("?" * len(some))
            query = f"SELECT arxiv_id, text_hash, fields_hash, id FROM revision WHERE arxiv_id IN ({places})"  # noqa: S608
            known.update({(row[0], row[1], row[2]): row[3] for row in self._connection.execute(query, some)})
        return known

    def last_revision(self) -> int:
        """Return the greatest number of a revision, 0 without any."""
        (number,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()
        return int(number)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; there may be none."""
        if rows:
            self._connection.executemany(_insertion(table, rows[0]), [_stored(row) for row in rows])

    def insert_day(self, row: Row) -> int:
        """Add the row of a day; return its number."""
        return self._connection.execute(_insertion("day", row), _stored(row)).lastrowid or 0

    def delete_day(self, category: str, when: date) -> None:
        """Remove a day with its entries, if it is there."""
        its = "SELECT id FROM day WHERE category = ? AND date = ?"
        for (number,) in self._connection.execute(its, (category, when.isoformat())).fetchall():
            self._connection.execute("DELETE FROM entry WHERE day_id = ?", (number,))
            self._connection.execute("DELETE FROM day WHERE id = ?", (number,))

    def index_after(self, last: int) -> None:
        """Add the revisions with greater numbers to the full-text index."""
        add_to_search_index(self._connection, last)


def _insertion(table: str, row: Row) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608 - our own names


def _stored(row: Row) -> list[Any]:
    return [as_stored(value) for value in row.values()]


def as_stored(value: object) -> object:
    """Return a value as SQLite's tables hold it: JSON, dates and times as texts."""
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value
