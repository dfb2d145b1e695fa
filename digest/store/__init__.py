"""The store: raw pages, days, revisions, files, runs. The only importer of sqlalchemy."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from digest.errors import StoreError
from digest.model import (
    Announcement,
    ArxivId,
    Day,
    DaySummary,
    FileRow,
    Known,
    Ledger,
    RawPage,
    RawPageRow,
    RunSummary,
)
from digest.store import days, history, ledgers, repairs, tables
from digest.store.copies import SIDE_FILES, copy_database, is_archive, is_there, keep_copy, open_file
from digest.store.days import batched
from digest.store.engine import (
    UNREADABLE,
    can_be_written,
    open_engine,
    open_fixed,
    readable,
    storage_errors,
    unreadable,
)
from digest.store.ledgers import utc
from digest.store.repairs import FalseRevision
from digest.store.soundness import Soundness, UnsoundRow, examine_database, mend_derived, remove_rows, salvage


class Store:
    """One archive's database. Each writing method is one transaction; within ``transaction``, several are.

    Every method raises ``StoreError`` when the database or its disk fails.
    """

    def __init__(
        self, url: str, database: Path | None, *, wait: float = 5.0, is_fixed: bool = False, way_out: str = ""
    ) -> None:
        """Open the database at ``url``; ``database`` is its file, for SQLite.

        For another's lock on that file, ``wait`` seconds are waited. With ``is_fixed``, it is only read, and neither
        made nor upgraded. ``way_out`` is what messages of damage end with.

        Raises:
            SchemaTooNewError: a newer digest made it.
            DamageError: it is no database of digest, or has not all its tables.
        """
        self._database = database
        self._way_out = way_out
        self._needed = ExitStack()
        if is_fixed and database is not None:
            with self._needed, storage_errors(database, way_out):
                address = self._needed.enter_context(readable(database))
                self._engine: Engine = open_fixed(address, database, wait, way_out)
                self._needed = self._needed.pop_all()
        else:
            self._engine = open_engine(url, database, wait, way_out)
        self._current = _Current()
        self._ledger: Ledger | None = None
        self._summaries: Sequence[DaySummary] | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        self._needed.close()

    def keep_raw_page(self, page: RawPage, path: str) -> None:
        """Note that ``page`` was fetched and its bytes lie at ``path`` in the folder of raw pages."""
        row = {
            "url": page.url,
            "status": page.status,
            "fetched_at": page.fetched_at.astimezone(UTC),
            "headers": [list(header) for header in page.headers],
            "sha256": page.sha256,
            "path": path,
        }
        with self._write() as connection:
            connection.execute(insert(tables.raw_page), row)

    def raw_pages(self) -> list[RawPageRow]:
        """Return the kept pages in the order in which they were fetched."""
        return self._pages()

    def headers(self, sha256: str) -> list[tuple[str, str]]:
        """Return the headers that came with a kept page the last time."""
        table = tables.raw_page
        query = select(table.c.headers).where(table.c.sha256 == sha256).order_by(table.c.id.desc()).limit(1)
        with self._read() as connection:
            return [(str(name), str(value)) for name, value in connection.scalar(query) or []]

    def _pages(self, *chosen: ColumnElement[bool], newest: bool = False) -> list[RawPageRow]:
        table = tables.raw_page
        query = select(table.c.url, table.c.status, table.c.fetched_at, table.c.sha256, table.c.path).where(*chosen)
        query = query.order_by(table.c.id.desc()).limit(1) if newest else query.order_by(table.c.id)
        with self._read() as connection:
            return [
                RawPageRow(row.url, row.status, utc(row.fetched_at), row.sha256, row.path)
                for row in connection.execute(query)
            ]

    def save_day(self, day: Day, content_hash: str, *, outdated_file: str) -> None:
        """Store ``day`` whole, in place of what is stored of its date; all revisions stay.

        ``outdated_file``, the path of its digest, counts as not written from then on.
        """
        with self._write_known() as connection:
            days.write_day(connection, day, content_hash)
            connection.execute(delete(tables.file).where(tables.file.c.path == outdated_file))

    def ledger(self) -> Ledger:
        """Return the corrections, decisions, readings and starts, in the order of their keys.

        It is read once, and again after this store has changed it: nobody else does while a run holds the lock.

        Raises:
            DamageError: what is noted cannot be read.
        """
        if self._ledger is None:
            with self._read() as connection:
                self._ledger = self._read_ledger(connection)
        return self._ledger

    def _read_ledger(self, connection: Connection) -> Ledger:
        with _readable(f"{self._database or 'database'}: corrections, decisions and readings"):
            return ledgers.read_ledger(connection)

    def known(self) -> Known:
        """Return the summaries, the ledger and what is known of the files, all read anew, and of one moment.

        Raises:
            DamageError: some of it cannot be read.
        """
        with self._read() as connection:
            self._summaries = days.read_summaries(connection, None, None)
            self._ledger = self._read_ledger(connection)
            return Known(tuple(self._summaries), self._ledger, _read_files(connection))

    def note(self, ledger: Ledger) -> None:
        """Note what is in ``ledger``, in place of what is noted under the same keys; the rest stays."""
        with self._write_known() as connection:
            ledgers.write_ledger(connection, ledger)

    def forget_readings(self, category: str, when: date) -> None:
        """Forget the readings of a date that is settled."""
        with self._write_known() as connection:
            ledgers.forget_readings(connection, category, when)

    def attempts(self, category: str) -> dict[date, datetime]:
        """Return when each date was last asked for in vain."""
        with self._read() as connection:
            return ledgers.read_attempts(connection, category)

    def remember_attempt(self, category: str, when: date, at: datetime) -> None:
        """Note that a date was asked for in vain."""
        with self._write() as connection:
            ledgers.write_attempt(connection, category, when, at)

    def day(self, category: str, when: date) -> Day | None:
        """Return the stored day with its entries, or None.

        Raises:
            DamageError: its rows cannot be read.
        """
        with self._read() as connection, _readable(f"{category} {when}"):
            return days.read_day(connection, category, when)

    def announcements(self, arxiv_id: ArxivId) -> list[Announcement]:
        """Return every stored announcement of a paper, by date, then category.

        Raises:
            DamageError: its rows cannot be read.
        """
        with self._read() as connection, _readable(str(arxiv_id)):
            return history.read_announcements(connection, arxiv_id)

    def ids(self, category: str, when: date) -> frozenset[str]:
        """Return the identifiers that a stored day lists; none if it is not stored."""
        with self._read() as connection:
            return days.read_ids(connection, category, when)

    def last_page(self, url: str) -> RawPageRow | None:
        """Return the page that was kept last of this address, or None."""
        return next(iter(self._pages(tables.raw_page.c.url == url, newest=True)), None)

    def page_hashes(self) -> dict[tuple[str, date], tuple[str, ...]]:
        """Return the SHA-256 of the pages by which each day (category, date) was proven."""
        with self._read() as connection:
            return days.read_page_hashes(connection)

    def summaries(self, category: str | None = None) -> list[DaySummary]:
        """Return the stored days of a category (of all, without one), by category and date.

        They are read once, as the ledger is.
        """
        if self._summaries is None:
            with self._read() as connection:
                self._summaries = days.read_summaries(connection, None, None)
        return [day for day in self._summaries if category in (None, day.category)]

    def count_read_before(self, parser: int, link_rules: int) -> int:
        """Return how many days were read by an older parser or older link rules than these."""
        is_older = or_(tables.day.c.parser_version < parser, tables.day.c.link_rules < link_rules)
        with self._read() as connection:
            return connection.scalar(select(func.count()).select_from(tables.day).where(is_older)) or 0

    def summary(self, category: str, when: date) -> DaySummary | None:
        """Return the stored day without its entries, or None."""
        with self._read() as connection:
            return next(iter(days.read_summaries(connection, category, when)), None)

    def day_keys(self) -> list[tuple[str, date]]:
        """Return the category and date of every stored day, and read nothing else of it."""
        query = select(tables.day.c.category, tables.day.c.date).order_by(tables.day.c.category, tables.day.c.date)
        with self._read() as connection:
            return [(row.category, row.date) for row in connection.execute(query)]

    def restore_day(self, day: Day, content_hash: str) -> None:
        """Store ``day`` in place of its damaged rows, those of its papers included."""
        with self._write_known() as connection, repairs.lenient(connection):
            repairs.mend_revisions(connection, day)
            days.write_day(connection, day, content_hash)

    def dangling_rows(self) -> int:
        """Return how many rows belong to a day or a paper that is not there."""
        with self._read() as connection:
            return repairs.count_dangling(connection)

    def forget_dangling_rows(self) -> None:
        """Remove the rows that belong to a day or a paper that is not there."""
        with self._write_known() as connection:
            repairs.forget_dangling(connection)

    def note_removal(self, sha256: str) -> None:
        """Note that a kept page is removed on purpose; when it was fetched, and from where, stays known."""
        with self._write() as connection:
            connection.execute(update(tables.raw_page).where(tables.raw_page.c.sha256 == sha256).values(path=""))

    def misnamed_days(self) -> set[tuple[str, date]]:
        """Return the category and date of the days that have an entry with another id than its paper's."""
        with self._read() as connection:
            return repairs.misnamed_days(connection)

    def forget_day(self, category: str, when: date) -> None:
        """Remove a day and its entries; its revisions stay."""
        with self._write_known() as connection:
            days.delete_day(connection, category, when)

    def false_revisions(self) -> list[FalseRevision]:
        """Return the revisions whose hashes are not those of what is stored of them."""
        with self._read() as connection:
            return repairs.false_revisions(connection)

    def settle_revision(self, number: int) -> bool:
        """Give a revision the hashes of what the days show of it, or forget one that none shows; return which."""
        with self._write() as connection:
            return repairs.settle_revision(connection, number)

    def is_search_index_true(self) -> bool:
        """Whether the full-text index is that of the stored texts; PostgreSQL sees to its own."""
        with self._read() as connection:
            return connection.dialect.name != "sqlite" or repairs.is_search_index_true(connection)

    def remake_search_index(self) -> None:
        """Make SQLite's full-text index again from the stored texts; PostgreSQL sees to its own."""
        with self._write() as connection:
            if connection.dialect.name == "sqlite":
                repairs.remake_search_index(connection)

    def restore_raw_page(self, sha256: str, path: str) -> None:
        """Note that the bytes of a kept page lie at ``path``."""
        table = tables.raw_page
        with self._write() as connection:
            connection.execute(update(table).where(table.c.sha256 == sha256).values(path=path))

    def forget_raw_page(self, sha256: str) -> None:
        """Forget a kept page whose bytes are lost."""
        with self._write() as connection:
            connection.execute(delete(tables.raw_page).where(tables.raw_page.c.sha256 == sha256))

    def file(self, path: str) -> FileRow | None:
        """Return what is known of the file at ``path``, relative to the output folder."""
        with self._read() as connection:
            row = connection.execute(select(tables.file).where(tables.file.c.path == path)).one_or_none()
        return None if row is None else FileRow(*row)

    def files(self) -> dict[str, FileRow]:
        """Return what is known of every written file, by its path."""
        with self._read() as connection:
            return _read_files(connection)

    def remember_file(self, row: FileRow) -> None:
        """Note how a file was made."""
        self.remember_files([row])

    def remember_files(self, rows: Iterable[FileRow]) -> None:
        """Note how several files were made."""
        noted = {row.path: asdict(row) for row in rows}
        with self._write() as connection:
            for some in batched(noted):
                connection.execute(delete(tables.file).where(tables.file.c.path.in_(some)))
            if noted:
                connection.execute(insert(tables.file), list(noted.values()))

    def forget_file(self, path: str) -> None:
        """Forget a file that is no longer written."""
        with self._write() as connection:
            connection.execute(delete(tables.file).where(tables.file.c.path == path))

    def begin_run(self, command: str, at: datetime, run_id: str) -> int:
        """Note that a job starts; return its number."""
        row = {"run_id": run_id, "command": command, "started_at": at.astimezone(UTC), "requests": 0}
        with self._write() as connection:
            number = connection.scalar(insert(tables.run).returning(tables.run.c.id), row)
        return int(number or 0)

    def finish_run(self, number: int, at: datetime, *, exit_code: int, requests: int) -> None:
        """Note how the job ended."""
        values = {"finished_at": at.astimezone(UTC), "exit_code": exit_code, "requests": requests}
        with self._write() as connection:
            connection.execute(update(tables.run).where(tables.run.c.id == number).values(values))

    def runs(self, limit: int) -> list[RunSummary]:
        """Return the last jobs, the newest first."""
        query = select(tables.run).order_by(tables.run.c.id.desc()).limit(limit)
        with self._read() as connection:
            return [
                RunSummary(
                    run_id=row.run_id,
                    command=row.command,
                    started_at=utc(row.started_at),
                    finished_at=row.finished_at and utc(row.finished_at),
                    exit_code=row.exit_code,
                    requests=row.requests,
                )
                for row in connection.execute(query)
            ]

    def last_request(self) -> float | None:
        """Return when arXiv was last asked for anything, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(tables.politeness.c.last_request))

    def remember_request(self, at: float) -> None:
        """Note that arXiv is being asked, before it is."""
        self._remember(last_request=at)

    def not_before(self) -> float | None:
        """Return until when a throttling arXiv wants no request, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(tables.politeness.c.not_before))

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling arXiv wants no request until then."""
        self._remember(not_before=at)

    def _remember(self, **values: float) -> None:
        with self._write() as connection:
            if not connection.execute(update(tables.politeness).values(values)).rowcount:
                connection.execute(insert(tables.politeness), {"id": 1, **values})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Store together what this thread stores in the block: all of it, or after an exception nothing.

        What is read in the block is what was stored in it. One that stands in another belongs to that: where the inner
        one fails, nothing of the outer one is stored either, also if somebody catches the exception in between.
        Nobody else can store anything meanwhile, so that nothing slow belongs in the block.
        """
        outer = self._current.writer
        with self._errors():
            writer = outer or self._engine.connect().execution_options(writes=True)
        try:
            if outer is None:
                with self._errors():
                    writer.begin()
                self._current.writer = writer
            yield
            if outer is None:
                with self._errors():
                    self._require_open(writer)
                    writer.commit()
        except BaseException:
            with suppress(SQLAlchemyError):  # what failed before counts, and closing rolls back, too
                writer.rollback()
            self._ledger = self._summaries = None  # they may have been read inside
            raise
        finally:
            if outer is None:
                self._current.writer = None
                writer.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._errors():
            if writer := self._current.writer:
                self._require_open(writer)
                try:
                    yield writer
                except DBAPIError:  # PostgreSQL would take the commit that follows for a rollback, without a word
                    writer.rollback()
                    raise
                return
            with self._engine.connect() as connection:
                if connection.dialect.name != "sqlite":
                    # Else each statement would see what others have stored by then: a day of before, with entries
                    # of after.
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.transaction(), self._read() as writer:
            yield writer

    @contextmanager
    def _write_known(self) -> Iterator[Connection]:
        """Write what the ledger or the summaries are read from: corrections, decisions, readings, starts, days."""
        self._ledger = self._summaries = None
        with self._write() as connection:
            yield connection

    def _require_open(self, writer: Connection) -> None:
        """Refuse to go on after a failure: a new transaction would begin by itself, and store the second half."""
        raw = writer.connection.driver_connection
        if not writer.in_transaction() or (isinstance(raw, sqlite3.Connection) and not raw.in_transaction):
            name = self._database or "database"
            raise StoreError(f"{name}: nothing of this transaction is stored, because a part of it failed")

    def _errors(self) -> AbstractContextManager[None]:
        return storage_errors(self._database, self._way_out)


class _Current(threading.local):
    """What a thread has open: the connection on which its transaction writes."""

    writer: Connection | None = None


def _read_files(connection: Connection) -> dict[str, FileRow]:
    return {row.path: FileRow(*row) for row in connection.execute(select(tables.file))}


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Tell rows whose dates, names or JSON are damaged from bugs."""
    try:
        yield
    except UNREADABLE as error:
        raise unreadable(what, error) from error


__all__ = [
    "SIDE_FILES",
    "UNREADABLE",
    "FalseRevision",
    "FileRow",
    "Soundness",
    "Store",
    "UnsoundRow",
    "can_be_written",
    "copy_database",
    "examine_database",
    "is_archive",
    "is_there",
    "keep_copy",
    "mend_derived",
    "open_file",
    "remove_rows",
    "salvage",
]
