"""What a run with nothing to do and a status ask of a SQLite database: by the driver alone, without SQLAlchemy.

It answers only where all is as it should be. Nothing is made, upgraded, waited for or explained here: whatever else is
found, the whole store is to be asked, and tells what it is. What both need to know of rows stands here, too.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from digest.model import (
    CATEGORY,
    Correction,
    DaySummary,
    Decision,
    FileRow,
    Known,
    Ledger,
    Reading,
    RunSummary,
    Section,
    Source,
    Start,
    State,
)

SCHEMA = "0005"
"""The newest migration; a database of any other, unknown one was made by a newer digest."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading rows raises when their dates, names or JSON are damaged."""

SHAPE = "8da87af39c9468a7c363008c86c237b2bc83cc3ced845014fefdfac071f66f6d"
"""The SHA-256 of the names of all tables and columns of ``SCHEMA``, those of ``tables`` and of the full-text index."""

_NAMES = r"""
SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND t.name NOT LIKE 'revision\_text\_%' ESCAPE '\'"""


class UnansweredError(Exception):
    """The whole store has to be asked."""


def can_be_written(database: Path) -> bool:
    """Whether a SQLite database can be written, and the files that it needs beside it."""
    place = next((parent for parent in database.absolute().parents if parent.exists()), Path("/"))
    return os.access(place, os.W_OK) and (not database.exists() or os.access(database, os.W_OK))


def open_light(database: Path) -> "LightStore | None":
    """Open a database that can be written, is of our schema and has all its tables; None if it is any other."""
    if not database.is_file() or not can_be_written(database):
        return None
    connection = sqlite3.connect(database, timeout=0, isolation_level=None)
    with suppress(sqlite3.Error):
        numbers = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        if numbers == [(SCHEMA,)] and shape_of(connection) == SHAPE:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            return LightStore(connection)
    connection.close()
    return None


def shape_of(connection: sqlite3.Connection) -> str:
    """Return the SHA-256 of the names of all tables and columns."""
    names = sorted(name for (name,) in connection.execute(_NAMES))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


class LightStore:
    """An open database. Each method is one of the whole store, and raises ``UnansweredError`` where it has to do it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def known(self) -> Known:
        """Return the summaries, the ledger and what is known of the files: of one moment, in one transaction."""
        days = f"{', '.join(SUMMARY)} FROM day ORDER BY category, date"
        with self._transaction():
            summaries = tuple(
                summary_of(
                    (category, _date(when), state, source, json.loads(declared), json.loads(stored), content_hash)
                )
                for category, when, state, source, declared, stored, content_hash in self._rows(days)
            )
            files = self._rows("path, inputs_hash, sha256, template_version FROM file")
            return Known(summaries, self._ledger(), {row[0]: FileRow(*row) for row in files})

    def _ledger(self) -> Ledger:
        corrections = self._rows("date, has_listing, evidence, seen_at FROM correction ORDER BY date")
        decisions = self._rows("category, date, state, note, decided_at FROM decision ORDER BY category, date")
        readings = "category, date, source, seen_at, fingerprint FROM reading ORDER BY category, date, source, seen_at"
        starts = self._rows("category, date FROM start ORDER BY category")
        return Ledger(
            tuple(Correction(_date(when), bool(has), place, _moment(at)) for when, has, place, at in corrections),
            tuple(Decision(name, _date(when), state, note, _moment(at)) for name, when, state, note, at in decisions),
            tuple(
                Reading(name, _date(when), Source(source), _moment(at), found)
                for name, when, source, at, found in self._rows(readings)
            ),
            tuple(Start(name, _date(when)) for name, when in starts),
        )

    def attempts(self, category: str) -> dict[date, datetime]:
        """Return when each date was last asked for in vain."""
        with self._transaction():
            rows = self._rows("date, at FROM attempt WHERE category = ?", category)
            return {_date(when): _moment(at) for when, at in rows}

    def runs(self, limit: int) -> list[RunSummary]:
        """Return the last jobs, the newest first."""
        columns = "run_id, command, started_at, finished_at, exit_code, requests"
        with self._transaction():
            rows = self._rows(f"{columns} FROM run ORDER BY id DESC LIMIT ?", limit)
            return [
                RunSummary(run_id, command, _moment(began), ended and _moment(ended), *rest)
                for run_id, command, began, ended, *rest in rows
            ]

    def begin_run(self, command: str, at: datetime, run_id: str) -> int:
        """Note that a job starts; return its number."""
        statement = "INSERT INTO run (run_id, command, started_at, requests) VALUES (?, ?, ?, 0)"
        with self._transaction("IMMEDIATE"):
            return self._connection.execute(statement, (run_id, command, _as_stored(at))).lastrowid or 0

    def finish_run(self, number: int, at: datetime, *, exit_code: int, requests: int) -> None:
        """Note how the job ended."""
        statement = "UPDATE run SET finished_at = ?, exit_code = ?, requests = ? WHERE id = ?"
        with self._transaction("IMMEDIATE"):
            self._connection.execute(statement, (_as_stored(at), exit_code, requests, number))

    def _rows(self, query: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(f"SELECT {query}", values)

    @contextmanager
    def _transaction(self, kind: str = "") -> Iterator[None]:
        try:
            self._connection.execute(f"BEGIN {kind}")
            yield
            self._connection.execute("COMMIT")
        except (sqlite3.Error, *UNREADABLE) as error:
            raise UnansweredError from error
        finally:
            with suppress(sqlite3.Error):
                self._connection.rollback()


_date = date.fromisoformat


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _as_stored(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


# SQLite lets anything stand in any column, so that the kind of each value is looked at

SUMMARY = ("category", "date", "state", "source", "declared", "stored", "content_hash")
"""The columns that a summary is made of."""


def summary_of(row: Sequence[Any]) -> DaySummary:
    """Return what a row of ``SUMMARY`` says."""
    category, when, state, source, declared, stored, content_hash = row
    if not CATEGORY.fullmatch(category):  # paths are made of it
        raise ValueError(f"{category!r} is no category")
    found = counts(stored)
    return DaySummary(
        category=category,
        date=when,
        state=State(state),
        source=Source(source),
        declared=counts(declared),
        counts={section: found[section] for section in Section},  # all of them, or it is damage
        content_hash=content_hash,
    )


def counts(stored: Mapping[str, int]) -> dict[Section, int]:
    """Return how many entries each section has, as they are stored."""
    require(int, *stored.values())
    return {Section(name): count for name, count in stored.items()}


def require(kind: type, *values: object) -> None:
    """Refuse values that are not of ``kind``."""
    for value in values:
        if type(value) is not kind:  # True and False are integers to isinstance
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
