"""The database: made, opened, upgraded, and its transactions."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, insert, inspect, make_url, select, text

from digest import package_file
from digest.errors import UNREADABLE, DamageError, SchemaTooNewError, StoreError, quoted
from digest.store.file import PRAGMAS, SCHEMA, SIDE_FILES, is_newer, readable, schemas
from digest.store.plain import SEARCH_INDEX, SEARCHED
from digest.store.tables import metadata, version

_VERIFY = "`digest verify` says more, `digest verify --repair` repairs what it can"
_ONLY_READ = "in a read-only transaction"
_NO_TEXT = "Could not decode to UTF-8"
_SCHEMA_LOCK = 0x64696765  # of our own among those of a server
# SQLite has one code, SQLITE_ERROR, for a lost table and for a mistake in a statement: only the words tell them apart.
_SIGNS_OF_DAMAGE = (
    *("malformed", "not a database", "corrupt", "unsupported file format"),
    *("no such table", "no such column", "has no column", "vtable constructor failed", "duplicate column"),
    "already exists",
)


@contextmanager
def storage_errors(database: Path | None, way_out: str = "", what: str = "") -> Iterator[None]:
    """Turn the failures of the database and its disk into ``StoreError``, naming the file, and damage's ``way_out``.

    ``what`` is read tells damaged rows better than the name of the file does.
    """
    name = database or "database"
    try:
        yield
    except (exc.DBAPIError, sqlite3.Error) as error:  # SQLAlchemy's, or the driver's own
        original = error.orig or error if isinstance(error, exc.DBAPIError) else error
        reason = str(original).partition("\n")[0]
        if _NO_TEXT in reason:
            raise _unreadable(str(name), original) from error
        if isinstance(error, (exc.IntegrityError, sqlite3.IntegrityError)):
            raise StoreError(f"{name}: {reason}; {_VERIFY}") from error
        if _ONLY_READ in reason:
            raise StoreError(f"{name}: {reason}: it may be a standby; name the primary in [store] url") from error
        is_broken = any(words in reason for words in _SIGNS_OF_DAMAGE)
        raise StoreError(f"{name}: {reason}{_after(way_out) if is_broken else ''}") from error
    except (exc.SQLAlchemyError, ImportError) as error:
        raise StoreError(f"{name}: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or name}: {error.strerror}") from error
    except UNREADABLE as error:
        raise _unreadable(what or str(name), error) from error


def _unreadable(what: str, error: BaseException) -> DamageError:
    found = f"{type(error).__name__}: {error}"[:100]
    return DamageError(f"{what}: expected rows that can be read, found damage ({found}); {_VERIFY}")


def _after(way_out: str) -> str:
    return f"; {way_out}" if way_out else ""


def driver_of(connection: Connection) -> sqlite3.Connection | None:
    """Return the driver's own connection to a SQLite database; None to another."""
    raw = connection.connection.driver_connection
    return raw if isinstance(raw, sqlite3.Connection) else None


# Opening


def _engine(url: str, database: Path | None, wait: float, *, address: str = "", pragmas: Sequence[str] = ()) -> Engine:
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions by itself, late and never around DDL.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        # IMMEDIATE: who reads first and asks for the writer's lock later is refused it at once if another was quicker.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    if address:
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=wait))
    elif database is not None:
        # Not by an address as text: there a "?" in a folder's name would begin something else.
        place = URL.create("sqlite", database=str(database.absolute()))
        engine = create_engine(place, connect_args={"timeout": wait})
    else:
        server = make_url(url)
        if server.drivername == "postgresql":
            server = server.set(drivername="postgresql+psycopg")
        # A statement that is prepared on one connection of a pooler is unknown on the next one.
        options = {"prepare_threshold": None} if server.drivername.endswith("+psycopg") else {}
        engine = create_engine(server, connect_args=options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", connect)
        event.listen(engine, "begin", begin)
    return engine


def _require_file(database: Path) -> None:
    """Make a new database under another name first: a file in this place is either whole, or was damaged."""
    database.parent.mkdir(parents=True, exist_ok=True)
    beside = [database.with_name(f"{database.name}{ending}") for ending in SIDE_FILES]
    left = {place: place.stat().st_ino for place in beside if place.exists()}
    if os.path.lexists(database):
        return
    made = database.with_name(f".{database.name}.{uuid4().hex}.digest-tmp")
    try:
        _make_file(made)
        # What belonged to a database that was removed would be taken for the new one's; that of another process,
        # which was quicker, is another file.
        for place, number in left.items():
            if place.exists() and place.stat().st_ino == number:
                place.unlink()
        os.link(made, database)
    except FileExistsError:  # another process was quicker
        return
    except PermissionError:  # a file system without links
        _make_file(database)
    finally:
        made.unlink(missing_ok=True)


def _make_file(database: Path) -> None:
    # Without WAL, which keeps further files: one that is linked has to be whole by itself.
    engine = _engine("", database, wait=0)
    try:
        _make_tables(engine)
    finally:
        engine.dispose()


def _make_tables(engine: Engine) -> str:
    """Make the tables of a new database, without Alembic: importing it and going through its steps costs .3 s.

    Returns:
        The schema that the database has now.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        # Another process may have been quicker since we looked: it held the lock that we hold now.
        _lock_schema(connection)
        found = _schema_of(connection)
        if found is None:
            metadata.create_all(connection, checkfirst=False)
            version.create(connection)
            connection.execute(insert(version), {"version_num": SCHEMA})
    return found or SCHEMA


def _require_schema(engine: Engine, database: Path | None, *, is_fixed: bool) -> None:
    """Bring a database to our schema."""
    found = _look(engine)
    if found is None and database is not None:  # its file was there, or was made just now, with its tables
        raise DamageError("expected a database of digest, found one without its tables")
    found = found or _make_tables(engine)
    if found == SCHEMA:
        return
    if is_newer(found):
        words = f"its schema {quoted(found)} is newer than this digest knows; upgrade digest"
        raise SchemaTooNewError(f"{database or 'database'}: {words}")
    if found not in schemas():
        raise DamageError(f"expected the number of a schema in {version.name}, found {quoted(found)}")
    if is_fixed:
        words = f"its schema {found!r} is older than this digest reads, and it cannot be written here to be upgraded"
        raise StoreError(f"{database}: {words}; run any command where it can be, or on a copy of the archive")
    if database is not None:
        _keep_copy(database, found)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        _lock_schema(connection)
        if _schema_of(connection) == found:
            migrate(connection, SCHEMA)
    _look(engine)


def _lock_schema(connection: Connection) -> None:
    """Let hosts that share a server make or change its tables one after another; SQLite has locked the file."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:ours)"), {"ours": _SCHEMA_LOCK})


def _look(engine: Engine) -> str | None:
    """Return the schema of a database, None for one without tables.

    Raises:
        DamageError: a file of our schema lost a table or a column: what a job does before it finds out cannot be
            undone.
    """
    with engine.connect() as connection:
        number = _schema_of(connection)
        if number != SCHEMA or engine.dialect.name != "sqlite":
            return number
        query = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p"
        rows = connection.execute(text(f"{query} WHERE m.sql LIKE 'CREATE TABLE %'"))
        found = {(row[0], row[1]) for row in rows}
        names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")))
    for table in metadata.sorted_tables:
        if table.name not in names:
            raise DamageError(f"expected the table {table.name}, found none")
        lost = [column.name for column in table.columns if (table.name, column.name) not in found]
        if lost:
            raise DamageError(f"expected the column {lost[0]} of the table {table.name}, found none")
    for name, what in ((SEARCH_INDEX, "full-text index"), (SEARCHED, "view")):
        if name not in names:
            raise DamageError(f"expected the {what} {name}, found none")
    return number


def _schema_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(version.name):
        return None
    numbers = [str(number) for number in connection.scalars(select(version.c.version_num))]
    if len(numbers) != 1:
        raise DamageError(f"expected one number of the schema in {version.name}, found {len(numbers)}")
    return numbers[0]


# Upgrading


def migrate(connection: Connection, number: str) -> None:
    """Bring a database of an older schema, or an empty one, to the schema ``number``."""
    # Imported here: Alembic costs a third of a second, and an upgrade is rare.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # Its settings are read by configparser, to which "%" begins a reference.
    config.set_main_option("script_location", str(package_file("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, number)


def _keep_copy(database: Path, found: str) -> None:
    """Keep one copy beside the database before its schema is changed."""
    copy = database.with_name(f"{database.name}.before-upgrade-from-{found}")
    # Twice: the copy, and the log of an upgrade that writes every row anew.
    needed, free = 2 * database.stat().st_size, shutil.disk_usage(database.parent).free
    if free < needed:
        raise StoreError(f"{database}: an upgrade needs {needed} bytes free beside it, found {free}")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA synchronous=FULL")
        source.backup(target)


# Transactions


@dataclass(frozen=True)
class Host:
    """One of the hosts that share a database server.

    ``lease``: the seconds of silence after which another goes on with what it began; ``request``: those that a request
    to arXiv may take.
    """

    name: str
    lease: float
    request: float


ALONE = Host("", 600.0, 60.0)


class _Current(threading.local):
    """What a thread has open: the connection on which its transaction writes."""

    writer: Connection | None = None


class Database:
    """An open database: what the parts of the store read and write by."""

    def __init__(
        self, url: str, database: Path | None, *, wait: float = 5.0, is_fixed: bool = False, way_out: str = ""
    ) -> None:
        """Open the database at ``url``; ``database`` is its file, for SQLite.

        For another's lock on that file, ``wait`` seconds are waited. With ``is_fixed``, it is only read, and neither
        made nor upgraded. ``way_out`` is what messages of damage end with.

        Raises:
            SchemaTooNewError: a newer digest made it.
            DamageError: it is no database of digest, or has not all its tables.
            StoreError: it cannot be read or written; or an older digest made it, and it is only to be read.
        """
        self._database = database
        self._way_out = way_out
        self._current = _Current()
        self._host = ALONE
        self._held: dict[str, int] = {}
        with self._errors(), ExitStack() as opened:
            address = opened.enter_context(readable(database)) if is_fixed and database else ""
            if database and not is_fixed:
                _require_file(Path(os.path.realpath(database)))
            self._engine = _engine(url, database, wait, address=address, pragmas=() if is_fixed else PRAGMAS)
            opened.callback(self._engine.dispose)
            try:
                _require_schema(self._engine, database, is_fixed=is_fixed)
            except DamageError as error:
                raise DamageError(f"{database or 'database'}: {error}{_after(way_out)}") from error
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the database."""
        self._opened.close()

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
                    if self._held:
                        self._require_leases(writer)
                self._current.writer = writer
            yield
            if outer is None:
                with self._errors():
                    self._require_whole(writer)
                    writer.commit()
        except BaseException:
            with suppress(exc.SQLAlchemyError):  # what failed before counts, and closing rolls back, too
                writer.rollback()
            raise
        finally:
            if outer is None:
                self._current.writer = None
                writer.close()

    @contextmanager
    def _read(self, what: str = "") -> Iterator[Connection]:
        with storage_errors(self._database, self._way_out, what):
            if writer := self._current.writer:
                self._require_whole(writer)
                try:
                    yield writer
                except exc.DBAPIError:  # PostgreSQL would take the commit that follows for a rollback, without a word
                    writer.rollback()
                    raise
                return
            with self._engine.connect() as connection:
                if connection.dialect.name != "sqlite":
                    # Else each statement would see what others have stored by then: an old day, with entries
                    # of after.
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.transaction(), self._read() as writer:
            yield writer

    def _require_whole(self, writer: Connection) -> None:
        """Refuse to go on after a failure: a new transaction would begin by itself, and store the second half.

        SQLite itself may have undone it, above all on a full disk (https://www.sqlite.org/lang_transaction.html, 3).
        """
        raw = driver_of(writer)
        if not writer.in_transaction() or (raw is not None and not raw.in_transaction):
            name = self._database or "database"
            raise StoreError(f"{name}: nothing of this transaction is stored, because a part of it failed")

    def _require_leases(self, writer: Connection) -> None:
        """Refuse to store anything once another host went on with what this one is at work on."""

    def _errors(self) -> AbstractContextManager[None]:
        return storage_errors(self._database, self._way_out)
