"""What runs leave behind: themselves, the pages that they kept, the files that they wrote, when arXiv was asked."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from digest.model import FileRow, RawPage, RawPageRow, RunSummary
from digest.store import tables
from digest.store.days import batched
from digest.store.engine import Database

_RUN = [tables.run.c[name] for name in ("run_id", "command", "started_at", "finished_at", "exit_code", "requests")]
_PAGE = [tables.raw_page.c[name] for name in ("url", "status", "fetched_at", "sha256", "path")]


class Runs(Database):
    """Runs, kept pages, written files, and the clock of politeness."""

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

    # The clock of politeness

    def last_request(self) -> float | None:
        """Return when arXiv was last asked for anything, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(tables.politeness.c.last_request))

    def remember_request(self, at: float) -> None:
        """Note that arXiv is being asked, before it is."""
        self._set_clock(last_request=at)

    def not_before(self) -> float | None:
        """Return until when a throttling arXiv wants no request, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(tables.politeness.c.not_before))

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling arXiv wants no request until then."""
        self._set_clock(not_before=at)

    def _set_clock(self, **values: float) -> None:
        with self._write() as connection:
            if not connection.execute(update(tables.politeness).values(values)).rowcount:
                connection.execute(insert(tables.politeness), {"id": 1, **values})

    # Kept pages

    def keep_raw_page(self, page: RawPage, path: str) -> None:
        """Note that ``page`` was fetched and its bytes lie at ``path`` in the folder of raw pages."""
        row = {
            "url": page.url,
            "status": page.status,
            "fetched_at": page.fetched_at,
            "headers": page.headers,
            "sha256": page.sha256,
            "path": path,
        }
        with self._write() as connection:
            connection.execute(insert(tables.raw_page), row)

    def raw_pages(self) -> list[RawPageRow]:
        """Return the kept pages in the order in which they were fetched."""
        with self._read() as connection:
            return [RawPageRow(*row) for row in connection.execute(select(*_PAGE).order_by(tables.raw_page.c.id))]

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

    def file(self, path: str) -> FileRow | None:
        """Return what is known of the file at ``path``, relative to the output folder."""
        with self._read() as connection:
            row = connection.execute(select(tables.file).where(tables.file.c.path == path)).one_or_none()
        return None if row is None else FileRow(*row)

    def files(self) -> dict[str, FileRow]:
        """Return what is known of every written file, by its path."""
        with self._read() as connection:
            return read_files(connection)

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


def read_files(connection: Connection) -> dict[str, FileRow]:
    """Return what is known of every written file, by its path."""
    return {row.path: FileRow(*row) for row in connection.execute(select(tables.file))}


def _has(sha256: str) -> ColumnElement[bool]:
    return tables.raw_page.c.sha256 == sha256
