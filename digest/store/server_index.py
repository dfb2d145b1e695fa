"""The full-text index on PostgreSQL, whose words are SQLite's (see ``lexemes.py``).

It has the revisions that days show, by their places.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Row, text

from digest.store.lexemes import REVISION, Tokens
from digest.store.places import ROOM
from digest.store.plain import SEARCH_INDEX
from digest.store.search import due_places, false_texts

_BATCH = 500

_AS_TEXT = {"authors": "CAST(revision.authors AS text)"}
COLUMNS = ", ".join(_AS_TEXT.get(name, f"revision.{name}") for name in REVISION)
"""Those of a revision that ``Tokens`` takes."""

_ROWS = f"SELECT {COLUMNS} FROM revision WHERE place"  # noqa: S608 - here as below, our own names
_ADD = text(f"INSERT INTO {SEARCH_INDEX} (place, words) VALUES (:place, CAST(:words AS tsvector))")  # noqa: S608
_TAKE_OUT = text(f"DELETE FROM {SEARCH_INDEX} WHERE place = (SELECT place FROM revision WHERE id = :number)")  # noqa: S608

_TEXTS = ("authors", "abstract", "comments")
_STORED = text(
    f"SELECT id, {', '.join(f'CAST({name} AS text), {name}_text' for name in _TEXTS)} FROM revision ORDER BY id"  # noqa: S608
)
_CORRECT = text(f"UPDATE revision SET {', '.join(f'{name}_text = :{name}_text' for name in _TEXTS)} WHERE id = :id")  # noqa: S608
_SHOWN = text(
    "SELECT revision_id, CAST(date AS text) FROM entry JOIN day ON day.id = day_id ORDER BY date, day.id, position"
)
_MISPLACED = text(f"""
SELECT 1 FROM revision LEFT JOIN
(SELECT revision_id, min(date) AS first FROM entry JOIN day ON day.id = day_id GROUP BY revision_id) AS shown
ON revision_id = id
WHERE first IS DISTINCT FROM DATE '0001-01-01' + CAST(place / {ROOM} - 1 AS integer) LIMIT 1""")  # noqa: S608
_FALSE = text(f"""
SELECT 1 FROM unnest(CAST(:places AS bigint[]), CAST(CAST(:words AS text[]) AS tsvector[])) AS due (place, words)
LEFT JOIN {SEARCH_INDEX} AS its ON its.place = due.place WHERE its.words IS DISTINCT FROM due.words LIMIT 1""")  # noqa: S608
_SIZES = text(f"SELECT (SELECT count(*) FROM {SEARCH_INDEX}), (SELECT count(place) FROM revision)")  # noqa: S608


def add(connection: Connection, places: range) -> None:
    """Add the revisions in these places to the index; none of them is in it."""
    within = text(f"{_ROWS} BETWEEN :first AND :last ORDER BY place")
    rows = connection.execute(within, {"first": places.start, "last": places.stop - 1})
    for vectors in _vectors(rows.all()):
        connection.execute(_ADD, [{"place": place, "words": words} for place, words in vectors])


def take_out(connection: Connection, number: int) -> None:
    """Take a revision out of the index, if it has a place; it is about to get another."""
    connection.execute(_TAKE_OUT, {"number": number})


def remake(connection: Connection) -> None:
    """Make the index again from the stored texts, and all that it is made from: places and plain texts."""
    if wrong := list(false_texts(connection.execute(_STORED))):
        connection.execute(_CORRECT, wrong)
    connection.execute(text("UPDATE revision SET place = NULL"))
    if due := [{"place": place, "id": number} for place, number in due_places(connection.execute(_SHOWN))]:
        connection.execute(text("UPDATE revision SET place = :place WHERE id = :id"), due)
    connection.execute(text(f"DELETE FROM {SEARCH_INDEX}"))  # noqa: S608
    for rows in _all_rows(connection):
        for vectors in _vectors(rows):
            connection.execute(_ADD, [{"place": place, "words": words} for place, words in vectors])


def is_true(connection: Connection) -> bool:
    """Whether the index is that of the stored texts, row by row, and what it is made from is right."""
    if next(false_texts(connection.execute(_STORED)), None) or connection.scalar(_MISPLACED):
        return False
    indexed, placed = connection.execute(_SIZES).one()
    return indexed == placed and not any(
        connection.scalar(_FALSE, {"places": [one[0] for one in vectors], "words": [one[1] for one in vectors]})
        for rows in _all_rows(connection)
        for vectors in _vectors(rows)
    )


def _all_rows(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    following, last = text(f"{_ROWS} > :last ORDER BY place LIMIT {_BATCH}"), 0
    while rows := connection.execute(following, {"last": last}).all():
        last = rows[-1][-1]
        yield rows


def _vectors(rows: Sequence[Row[Any]]) -> Iterator[list[tuple[int, str]]]:
    for start in range(0, len(rows), _BATCH):
        with closing(Tokens()) as tokens:
            tokens.add(map(tuple, rows[start : start + _BATCH]))
            yield [*tokens.vectors()]
