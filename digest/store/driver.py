"""Rows into SQLite and out of it by its driver: the hot path of most commands, without SQLAlchemy's share of it."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from digest.store.rows import DAY, ENTRY, LINK, PAPER, RevisionKey, Row, Values
from digest.store.search import add_to_search_index, take_out_of_search_index

_OF_DAY = f"SELECT {', '.join(DAY)} FROM day WHERE category = ? AND date = ?"  # noqa: S608 - here as below, our own names
_ENTRIES = f"""
SELECT {", ".join(ENTRY)}, {", ".join(f"revision.{name}" for name in PAPER)}
FROM entry JOIN revision ON revision.id = entry.revision_id WHERE day_id = ? ORDER BY position"""  # noqa: S608
_PAPERS = f"""
SELECT {", ".join(f"revision.{name}" for name in PAPER)}
FROM entry JOIN revision ON revision.id = entry.revision_id JOIN day ON day.id = entry.day_id
WHERE abstract IS NOT NULL AND entry.arxiv_id"""  # noqa: S608
_BY_DATE = "ORDER BY date, category, position"
_LINKS = f"""
SELECT {", ".join(f"link.{name}" for name in LINK)}
FROM link JOIN entry ON entry.revision_id = link.revision_id WHERE day_id = ? ORDER BY link.revision_id, ordinal"""  # noqa: S608
_ANNOUNCED = """
SELECT id, place, (SELECT min(date) FROM entry JOIN day ON day.id = entry.day_id
WHERE entry.arxiv_id = revision.arxiv_id AND entry.revision_id = revision.id) FROM revision WHERE id = ?"""
"""The papers' ids are compared for their index."""

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
        """Return the values of ``ENTRY`` of each entry of a day, by position, and after them those of ``PAPER``."""
        return self._connection.execute(_ENTRIES, (day_id,)).fetchall()

    def link_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``LINK`` of the papers of a day, in the order of the links of each."""
        return self._connection.execute(_LINKS, (day_id,)).fetchall()

    def paper_rows(self, ids: Sequence[str]) -> Iterator[Values]:
        """Yield the values of ``PAPER`` of all announced revisions of these papers, by date."""
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            yield from self._connection.execute(f"{_PAPERS} IN ({', '.join('?' * len(some))}) {_BY_DATE}", some)
        for one in ids:
            if "/" in one:  # it may be stored with its subject class: math.GT/0309136
                yield from self._connection.execute(f"{_PAPERS} LIKE ? {_BY_DATE}", [one.replace("/", ".__/")])

    def known_revisions(self, ids: Sequence[str]) -> dict[RevisionKey, tuple[int, int | None]]:
        """Return the number and the place of all revisions of these papers, by their keys."""
        known: dict[RevisionKey, tuple[int, int | None]] = {}
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            places = ", ".join("?" * len(some))
            query = f"SELECT arxiv_id, text_hash, fields_hash, id, place FROM revision WHERE arxiv_id IN ({places})"  # noqa: S608
            known.update({(row[0], row[1], row[2]): row[3:] for row in self._connection.execute(query, some)})
        return known

    def exclude_writers(self) -> None:
        """Do nothing: a transaction that writes has excluded all others as it began."""

    def new_numbers(self, count: int) -> range:
        """Return numbers for so many new revisions: nobody else gives out any meanwhile."""
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()
        return range(last + 1, last + 1 + count)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; there may be none."""
        if rows:
            self._connection.executemany(_insertion(table, rows[0]), [_stored(row) for row in rows])

    def insert_day(self, row: Row) -> int:
        """Add the row of a day; return its number."""
        return self._connection.execute(_insertion("day", row), _stored(row)).lastrowid or 0

    def delete_day(self, category: str, when: date) -> set[int]:
        """Remove a day with its entries, if it is there; return the numbers of the revisions that it showed."""
        its = "SELECT id FROM day WHERE category = ? AND date = ?"
        shown: set[int] = set()
        for (number,) in self._connection.execute(its, (category, when.isoformat())).fetchall():
            rows = self._connection.execute("SELECT revision_id FROM entry WHERE day_id = ?", (number,))
            shown.update(row[0] for row in rows)
            self._connection.execute("DELETE FROM entry WHERE day_id = ?", (number,))
            self._connection.execute("DELETE FROM day WHERE id = ?", (number,))
        return shown

    def least_place(self, places: range) -> int | None:
        """Return the least of these places that is taken, or None."""
        query = "SELECT min(place) FROM revision WHERE place BETWEEN ? AND ?"
        (place,) = self._connection.execute(query, (places.start, places.stop - 1)).fetchone()
        return None if place is None else int(place)

    def announced(self, numbers: Sequence[int]) -> Sequence[tuple[int, int | None, date | None]]:
        """Return the number of each of these revisions, its place, and the first date on which a day shows it."""
        found = (self._connection.execute(_ANNOUNCED, (number,)).fetchone() for number in numbers)
        return [(number, place, first and date.fromisoformat(first)) for number, place, first in filter(None, found)]

    def move(self, number: int, place: int | None) -> None:
        """Give a revision another place, or none, and take it out of the full-text index."""
        take_out_of_search_index(self._connection, number)
        self._connection.execute("UPDATE revision SET place = ? WHERE id = ?", (place, number))

    def index(self, places: range) -> None:
        """Add the revisions in these places to the full-text index; none of them is in it."""
        add_to_search_index(self._connection, places)


def _insertion(table: str, row: Row) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608 - our own names


def _stored(row: Row) -> list[Any]:
    return [as_stored(value) for value in row.values()]


def as_stored(value: object) -> object:
    """Return a value as SQLite's tables hold it: JSON, dates and times as texts."""
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ", "microseconds")[:-6]  # without +00:00
    return value.isoformat() if isinstance(value, date) else value
