"""What a status and an ordinary night ask of a SQLite database, and note in it: by the driver alone.

It answers only where all is as it should be. Nothing is made, upgraded, waited for or explained here: whatever else is
found, the whole store is to be asked, and tells what it is.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from digest.errors import UNREADABLE
from digest.model import (
    Correction,
    Day,
    DaySummary,
    Decision,
    Extent,
    FileRow,
    Found,
    Known,
    Ledger,
    Paper,
    Query,
    RawPage,
    Reading,
    RunSummary,
    Source,
    Start,
    Unfiled,
)
from digest.model.annotations import Annotation
from digest.store import queries
from digest.store.driver import Driver, as_stored
from digest.store.file import PRAGMAS, SCHEMA, can_be_written
from digest.store.rows import SUMMARY, file_rows, page_row, read_day, read_papers, summaries_of, write_day

SHAPE = "04e6a9e4bd131c4b661d7978b21bc14b2eb9af288b62f5da43d138ead175906b"
"""The SHA-256 of the names of all tables and columns of ``SCHEMA``, and of the view that full text is indexed from."""

_NAMES = r"""
SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
WHERE (t.type = 'table' OR t.name = 'revision_plain')
AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND t.name NOT LIKE 'revision\_text\_%' ESCAPE '\'"""


# Each night asks this. Of a million days, a GROUP BY would take half a second, and this a tenth of that.
_ITS = "FROM day WHERE has_files = 0 AND category = name"
_UNFILED = f"""
WITH RECURSIVE names(name) AS (
  SELECT min(category) FROM day WHERE has_files = 0
  UNION ALL
  SELECT (SELECT min(category) FROM day WHERE has_files = 0 AND category > name) FROM names WHERE name IS NOT NULL
)
SELECT name, (SELECT count(*) {_ITS}), (SELECT min(date) {_ITS}), (SELECT max(date) {_ITS})
FROM names WHERE name IS NOT NULL"""  # noqa: S608 - our own names


class UnansweredError(Exception):
    """The whole store has to be asked."""


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
        days = f"{', '.join(SUMMARY)} FROM day WHERE has_files = 1 ORDER BY category, date"
        with self._transaction():
            summaries = tuple(summaries_of(self._rows(days).fetchall()))
            files = self._rows("path, inputs_hash, sha256, template_version FROM file")
            return Known(summaries, self._ledger(), {row[0]: FileRow._make(row) for row in files}, self._unfiled())

    def _unfiled(self) -> dict[str, Unfiled]:
        rows = self._connection.execute(_UNFILED)
        return {name: Unfiled(number, _date(first), _date(last)) for name, number, first, last in rows}

    def unfiled(self) -> dict[str, Unfiled]:
        """Return how many days of each category the database alone has, and from when to when."""
        with self._transaction():
            return self._unfiled()

    def unfiled_days(self, category: str, first: date | None, last: date | None) -> list[DaySummary]:
        """Return the days of a category that the database alone has, from one date to another, without entries."""
        where = "category = ? AND date BETWEEN ? AND ? AND has_files = 0 ORDER BY date"
        bounds = (first or date.min).isoformat(), (last or date.max).isoformat()
        with self._transaction():
            return summaries_of(
                self._rows(f"{', '.join(SUMMARY)} FROM day WHERE {where}", category, *bounds).fetchall()
            )

    def gathered(self) -> dict[str, Extent]:
        """Return of which categories metadata was asked for or loaded, and how much of it came."""
        with self._transaction():
            rows = self._rows("category, finished_at, has_unread FROM gathered")
            return {
                name: Extent.of(has_ended=bool(finished_at), has_unread=bool(has_unread))
                for name, finished_at, has_unread in rows
            }

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
            return self._connection.execute(statement, (run_id, command, as_stored(at))).lastrowid or 0

    def finish_run(self, number: int, at: datetime, *, exit_code: int, requests: int) -> None:
        """Note how the job ended."""
        statement = "UPDATE run SET finished_at = ?, exit_code = ?, requests = ? WHERE id = ?"
        with self._transaction("IMMEDIATE"):
            self._connection.execute(statement, (as_stored(at), exit_code, requests, number))

    def find(self, query: Query, *, ranked: bool, limit: int) -> list[Found]:
        """Return the papers that a query finds, each once: the newest first, or (``ranked``) the most suitable."""
        with self._transaction():
            return queries.find(self._connection, query, ranked=ranked, limit=limit)

    def find_announcements(self, query: Query) -> set[tuple[str, date, str]]:
        """Return the category, date and id of all announcements whose texts a query finds."""
        with self._transaction():
            return queries.find_announcements(self._connection, query)

    def papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """Return the papers with these ids as they were first announced with an abstract, by ids, without links."""
        with self._transaction():
            return read_papers(Driver(self._connection), ids)

    def annotated(self) -> dict[tuple[date, str], str]:
        """Return the hash of what each program said of the papers of a date, by date and name."""
        with self._transaction():
            return {(_date(when), name): its_hash for when, name, its_hash in self._rows("* FROM annotated")}

    def annotations(self, when: date) -> list[Annotation]:
        """Return what programs said of the papers of a date, by name and id."""
        query = f"{', '.join(Annotation.__slots__)} FROM annotation WHERE date = ? ORDER BY name, arxiv_id"
        with self._transaction():
            rows = self._rows(query, when.isoformat()).fetchall()
            return [
                Annotation(_date(when), name, arxiv_id, about, version, _moment(at), said)
                for when, name, arxiv_id, about, version, at, said in rows
            ]

    # What a night notes

    def save_day(self, day: Day, content_hash: str, *, outdated_file: str, has_files: bool = True) -> None:
        """Store ``day`` whole, in place of what is stored of its date; ``outdated_file`` counts as not written then."""
        with self._transaction("IMMEDIATE"):
            write_day(Driver(self._connection), day, content_hash, has_files=has_files)
            self._connection.execute("DELETE FROM file WHERE path = ?", (outdated_file,))

    def day(self, category: str, when: date) -> Day | None:
        """Return the stored day with its entries, or None."""
        with self._transaction():
            return read_day(Driver(self._connection), category, when)

    def ids(self, category: str, when: date) -> frozenset[str]:
        """Return the identifiers that a stored day lists; none if it is not stored."""
        query = "arxiv_id FROM entry JOIN day ON day.id = entry.day_id WHERE category = ? AND date = ?"
        with self._transaction():
            return frozenset(row[0] for row in self._rows(query, category, when.isoformat()))

    def keep_raw_page(self, page: RawPage, path: str) -> None:
        """Note that ``page`` was fetched and its bytes lie at ``path`` in the folder of raw pages."""
        with self._transaction("IMMEDIATE"):
            Driver(self._connection).insert("raw_page", [page_row(page, path)])

    def remember_files(self, rows: Iterable[FileRow]) -> None:
        """Note how files were made, in place of what is known of the same paths."""
        noted = file_rows(rows)
        with self._transaction("IMMEDIATE"):
            self._connection.executemany("DELETE FROM file WHERE path = ?", [(row["path"],) for row in noted])
            Driver(self._connection).insert("file", noted)

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note that arXiv is asked ``now``, if that needs no ``pause_after`` the last request; return the pause."""
        with self._transaction("IMMEDIATE"):
            pause = pause_after(self._clock("last_request"))
            if not pause:
                self._set_clock("last_request", now)
            return pause

    def not_before(self) -> float | None:
        """Return until when a throttling arXiv wants no request, in seconds since 1970."""
        with self._transaction():
            return self._clock("not_before")

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling arXiv wants no request until then."""
        with self._transaction("IMMEDIATE"):
            self._set_clock("not_before", at)

    def _clock(self, column: str) -> float | None:
        row = self._rows(f"{column} FROM politeness").fetchone()
        return None if row is None or row[0] is None else float(row[0])

    def _set_clock(self, column: str, at: float) -> None:
        self._connection.execute("INSERT OR IGNORE INTO politeness (id) VALUES (1)")
        self._connection.execute(f"UPDATE politeness SET {column} = ?", (at,))  # noqa: S608 - our own names

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
