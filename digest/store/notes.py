"""What is noted besides the days: about dates (the ledger), runs, kept pages, written files."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Table, bindparam, case, delete, insert, select, update

from digest.model import (
    Correction,
    Decision,
    Extent,
    FileRow,
    Ledger,
    RawPage,
    RawPageRow,
    Reading,
    RunSummary,
    Source,
    Start,
)
from digest.store import tables
from digest.store.engine import Database
from digest.store.rows import file_rows, page_row

_RUN = [tables.run.c[name] for name in ("run_id", "command", "started_at", "finished_at", "exit_code", "requests")]
_PAGE = [tables.raw_page.c[name] for name in ("url", "status", "fetched_at", "sha256", "path")]


class Notes(Database):
    """All that is noted besides the days."""

    # About dates, also about those that no day is stored of

    def ledger(self) -> Ledger:
        """Return the corrections, decisions, readings and starts, in the order of their keys.

        Raises:
            DamageError: what is noted cannot be read.
        """
        with self._read(f"{self._database or 'database'}: corrections, decisions and readings") as connection:
            return read_ledger(connection)

    def note(self, ledger: Ledger) -> None:
        """Note what is in ``ledger``, in place of what is noted under the same keys; the rest stays."""
        noted: list[tuple[Table, Correction | Decision | Reading | Start]] = [
            *((tables.correction, one) for one in ledger.corrections),
            *((tables.decision, one) for one in ledger.decisions),
            *((tables.reading, one) for one in ledger.readings),
            *((tables.start, one) for one in ledger.starts),
        ]
        with self._write() as connection:
            for table, one in noted:
                put(connection, table, asdict(one))

    def forget_readings(self, category: str, when: date) -> None:
        """Forget the readings of a date that is settled."""
        table = tables.reading
        with self._write() as connection:
            connection.execute(delete(table).where(table.c.category == category, table.c.date == when))

    def attempts(self, category: str) -> dict[date, datetime]:
        """Return when each date was last asked for in vain."""
        query = select(tables.attempt).where(tables.attempt.c.category == category)
        with self._read() as connection:
            return {row.date: row.at for row in connection.execute(query)}

    def remember_attempt(self, category: str, when: date, at: datetime) -> None:
        """Note that a date was asked for in vain."""
        with self._write() as connection:
            put(connection, tables.attempt, {"category": category, "date": when, "at": at})

    # Metadata of papers

    def gathered(self) -> dict[str, Extent]:
        """Return of which categories metadata was asked for or loaded, and whether all of it came once."""
        table = tables.gathered
        with self._read() as connection:
            return {
                row.category: Extent.of(has_ended=row.finished_at is not None, has_unread=row.has_unread)
                for row in connection.execute(select(table))
            }

    def note_gathered(self, categories: Iterable[str], at: datetime, extent: Extent) -> None:
        """Note how much of the metadata of categories came; a part is no news where all of it came once."""
        known, is_part = self.gathered(), extent is Extent.PART
        row = {"begun_at": at, "finished_at": None if is_part else at, "has_unread": extent is Extent.BUT_UNREAD}
        with self._write() as connection:
            for category in categories:
                if not (is_part and category in known):
                    put(connection, tables.gathered, {"category": category, **row})

    # Runs

    def begin_run(self, command: str, at: datetime, run_id: str) -> int:
        """Note that a job starts; return its number."""
        row = {"run_id": run_id, "command": command, "started_at": at, "requests": 0}
        with self._write() as connection:
            return connection.scalar(insert(tables.run).returning(tables.run.c.id), row) or 0

    def finish_run(self, number: int, at: datetime, *, exit_code: int, requests: int) -> None:
        """Note how the job ended."""
        values = {"finished_at": at, "exit_code": exit_code, "requests": requests}
        with self._write() as connection:
            connection.execute(update(tables.run).where(tables.run.c.id == number).values(values))

    def runs(self, limit: int) -> list[RunSummary]:
        """Return the last jobs, the newest first."""
        query = select(*_RUN).order_by(tables.run.c.id.desc()).limit(limit)
        with self._read() as connection:
            return [RunSummary(*row) for row in connection.execute(query)]

    # Kept pages

    def keep_raw_page(self, page: RawPage, path: str) -> None:
        """Note that ``page`` was fetched and its bytes lie at ``path`` in the folder of raw pages."""
        with self._write() as connection:
            connection.execute(insert(tables.raw_page), page_row(page, path) | {"host": self._host.name})

    def raw_pages(self) -> list[RawPageRow]:
        """Return the kept pages in the order in which they were fetched; those of another host have no path here."""
        here = case((tables.raw_page.c.host.in_(("", self._host.name)), tables.raw_page.c.path), else_="")
        columns = [*_PAGE[:-1], here.label("path")]
        query = select(*columns).order_by(tables.raw_page.c.id)
        with self._read() as connection:
            return [RawPageRow(*row) for row in connection.execute(query)]

    def last_page(self, url: str) -> RawPageRow | None:
        """Return the page that was kept last of this address, or None."""
        table = tables.raw_page
        query = select(*_PAGE).where(table.c.url == url).order_by(table.c.id.desc()).limit(1)
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else RawPageRow(*row)

    def headers(self, sha256: str) -> list[tuple[str, str]]:
        """Return the headers that came with a kept page the last time."""
        table = tables.raw_page
        query = select(table.c.headers).where(table.c.sha256 == sha256).order_by(table.c.id.desc()).limit(1)
        with self._read() as connection:
            return [(str(name), str(value)) for name, value in connection.scalar(query) or []]

    def restore_raw_page(self, sha256: str, path: str) -> None:
        """Note that the bytes of a kept page lie at ``path``."""
        with self._write() as connection:
            connection.execute(update(tables.raw_page).where(_has(sha256)).values(path=path))

    def note_removal(self, sha256: str) -> None:
        """Note that a kept page is removed on purpose; when it was fetched, and from where, stays known."""
        self.restore_raw_page(sha256, "")

    def forget_raw_page(self, sha256: str) -> None:
        """Forget a kept page whose bytes are lost."""
        with self._write() as connection:
            connection.execute(delete(tables.raw_page).where(_has(sha256)))

    # Written files

    def files(self) -> dict[str, FileRow]:
        """Return what is known of every written file, by its path."""
        with self._read() as connection:
            return read_files(connection)

    def remember_files(self, rows: Iterable[FileRow]) -> None:
        """Note how files were made, in place of what is known of the same paths."""
        noted = file_rows(rows)
        if not noted:
            return
        is_its = tables.file.c.path == bindparam("noted")
        with self._write() as connection:
            connection.execute(delete(tables.file).where(is_its), [{"noted": row["path"]} for row in noted])
            connection.execute(insert(tables.file), noted)

    def forget_file(self, path: str) -> None:
        """Forget a file that is no longer written."""
        with self._write() as connection:
            connection.execute(delete(tables.file).where(tables.file.c.path == path))


def put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Add a row, in place of the one that has its key."""
    # No upsert: each kind of database has its own, and SQLAlchemy none that fits both.
    connection.execute(delete(table).where(*(column == row[column.name] for column in table.primary_key)))
    connection.execute(insert(table), row)


def read_ledger(connection: Connection) -> Ledger:
    """Return the corrections, decisions, readings and starts, in the order of their keys."""

    def rows(table: Table) -> CursorResult[*tuple[Any, ...]]:
        return connection.execute(select(table).order_by(*table.primary_key))

    readings = (
        Reading(row.category, row.date, Source(row.source), row.seen_at, row.fingerprint)
        for row in rows(tables.reading)
    )
    return Ledger(
        corrections=tuple(Correction(*row) for row in rows(tables.correction)),
        decisions=tuple(Decision(*row) for row in rows(tables.decision)),
        readings=tuple(readings),
        starts=tuple(Start(*row) for row in rows(tables.start)),
    )


def read_files(connection: Connection) -> dict[str, FileRow]:
    """Return what is known of every written file, by its path."""
    return {row[0]: FileRow._make(row) for row in connection.execute(select(tables.file)).all()}


def _has(sha256: str) -> ColumnElement[bool]:
    return tables.raw_page.c.sha256 == sha256
