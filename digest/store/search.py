"""The full-text index of the revisions on SQLite; that on PostgreSQL (``server_index.py``) is made of it.

It has the revisions that days show, in the order of ``places``, with the plain texts of the view ``SEARCHED``.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from digest.errors import UNREADABLE
from digest.store.places import ROOM, places_of
from digest.store.plain import SEARCH_INDEX, SEARCHED, plain_texts

SEARCH_SHADOWS = ("data", "idx", "docsize", "config")
"""What FTS5 keeps its index in: tables of its own, by the ends of their names (https://www.sqlite.org/fts5.html, 9)."""

_COLUMNS = "title, authors, abstract, comments"
_ADD = f"""
INSERT INTO {SEARCH_INDEX} (rowid, {_COLUMNS})
SELECT place, {_COLUMNS} FROM {SEARCHED} WHERE place BETWEEN ? AND ? ORDER BY place"""  # noqa: S608 - our own names
_TAKE_OUT = f"DELETE FROM {SEARCH_INDEX} WHERE rowid = (SELECT place FROM revision WHERE id = ?)"  # noqa: S608 - as above

# As BLOBs: damage may have made something of a text that the driver cannot decode.
_TEXTS = ("authors", "abstract", "comments")
_STORED = f"""
SELECT id, {", ".join(f"CAST({name} AS BLOB), CAST({name}_text AS BLOB)" for name in _TEXTS)} FROM revision"""  # noqa: S608
_CORRECT = f"UPDATE revision SET {', '.join(f'{name}_text = :{name}_text' for name in _TEXTS)} WHERE id = :id"  # noqa: S608

_SHOWN = "SELECT revision_id, date FROM entry JOIN day ON day.id = day_id ORDER BY date, day.id, position"
_MISPLACED = f"""
SELECT 1 FROM revision LEFT JOIN
(SELECT revision_id, min(date) AS first FROM entry JOIN day ON day.id = day_id GROUP BY revision_id)
ON revision_id = id WHERE first IS NOT
CASE typeof(place) WHEN 'null' THEN NULL WHEN 'integer' THEN date(place / {ROOM} + 1721424.5) ELSE '' END LIMIT 1"""  # noqa: S608

_SIGNS_OF_FALSEHOOD = (
    *("SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH"),
    "SQLITE_ERROR",  # a shadow table that is not there, or has other columns
)


def add_to_search_index(raw: sqlite3.Connection, places: range) -> None:
    """Add the revisions in these places, none of which is in it."""
    raw.execute(_ADD, (places.start, places.stop - 1))


def take_out_of_search_index(raw: sqlite3.Connection, number: int) -> None:
    """Take a revision out, if it has a place; it is about to get another."""
    raw.execute(_TAKE_OUT, (number,))


def remake_search_index(raw: sqlite3.Connection) -> None:
    """Make the index again from the stored texts, and all that it is made from: places and plain texts."""
    raw.executemany(_CORRECT, list(false_texts(raw.execute(_STORED))))
    raw.execute("UPDATE revision SET place = NULL")
    raw.executemany("UPDATE revision SET place = ? WHERE id = ?", list(due_places(raw.execute(_SHOWN))))
    raw.execute(f"INSERT INTO {SEARCH_INDEX} ({SEARCH_INDEX}) VALUES ('rebuild')")  # noqa: S608 - our own names


def is_search_index_true(raw: sqlite3.Connection) -> bool:
    """Whether the index is that of the stored texts, row by row, and what it is made from is right."""
    is_well_made = next(false_texts(raw.execute(_STORED)), None) is None and raw.execute(_MISPLACED).fetchone() is None
    return is_well_made and _proves(raw)


def _proves(raw: sqlite3.Connection) -> bool:
    """Whether FTS5 finds the texts of the view in its index.

    To ask it is to write, which cannot be everywhere, and shall not be: a copy is asked, whose content is the view.
    """
    (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (SEARCH_INDEX,)).fetchone() or ("",)
    proof = made.replace(SEARCH_INDEX, "temp.proof").replace(SEARCHED, "proof_texts")
    try:
        raw.execute(f"CREATE TEMP VIEW proof_texts AS SELECT * FROM main.{SEARCHED}")  # noqa: S608 - our own names
        raw.execute(proof)
        for part in SEARCH_SHADOWS:
            raw.execute(f"DELETE FROM temp.proof_{part}")  # noqa: S608 - as above
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


def false_texts(rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, object]]:
    """Yield the plain texts of each revision that has others, or lacks them; of its number, texts and plain texts."""
    for number, *columns in rows:
        stored = [lenient(value) if isinstance(value, bytes) else value for value in columns]
        texts = plain_texts(_names(stored[0]), stored[2], stored[4])
        if [*texts.values()] != stored[1::2]:
            yield {"id": number, **texts}


def _names(as_json: str | None) -> list[str]:
    try:
        names = json.loads(as_json or "")
        return names if all(isinstance(name, str) for name in names) else []
    except UNREADABLE:  # none, if the row is damaged: the day that it belongs to is restored first
        return []


def due_places(shown: Iterable[Sequence[Any]]) -> Iterator[tuple[int, int]]:
    """Yield the place that each revision should have which a day shows, and its number; of numbers and dates."""
    current, free = "", iter(range(0))
    placed: set[int] = set()
    for number, when in shown:
        if when != current:
            current, free = when, iter(range(0))
            with suppress(ValueError, TypeError):  # a damaged day is restored first
                free = reversed(places_of(date.fromisoformat(when)))
        if number not in placed and (place := next(free, None)):
            placed.add(number)
            yield place, number


def lenient(value: bytes | None) -> str:
    """Return a text of which damage may have made something that is none: it is equal to nothing that was stored."""
    return (value or b"").decode(errors="replace")
