"""The database made, opened, upgraded. No knowledge of days."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, insert, inspect, select, text

from digest.errors import DamageError, SchemaTooNewError, StoreError, quoted
from digest.resources import folder
from digest.store.tables import SCHEMA, SEARCH_INDEX, metadata, version

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

_SIGNS_OF_DAMAGE = (
    *("malformed", "not a database", "corrupt", "unsupported file format"),
    *("no such table", "no such column", "has no column", "vtable constructor failed", "duplicate column"),
    "already exists",
)
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading rows raises when their dates, names or JSON are damaged."""


def can_be_written(database: Path) -> bool:
    """Whether a SQLite database can be written, and the files that it needs beside it."""
    place = next((parent for parent in database.absolute().parents if parent.exists()), Path("/"))
    return os.access(place, os.W_OK) and (not database.exists() or os.access(database, os.W_OK))


@contextmanager
def readable(database: Path) -> Iterator[str]:
    """Give the address by which the SQLite database in this file can be read, wherever it lies.

    Where nothing can be written beside it, SQLite can read it only if it is told that nobody changes it, or if the
    files of whoever has it open are there (https://www.sqlite.org/wal.html#read_only_databases). What a killed run
    left beside it is read in a copy.
    """
    wal, shm = (database.with_name(f"{database.name}{ending}") for ending in ("-wal", "-shm"))
    if can_be_written(database):
        yield _address(database, "mode=rw")
    elif wal.exists() and shm.exists():
        yield _address(database, "mode=ro")
    elif wal.exists() and wal.stat().st_size:
        with TemporaryDirectory(prefix="digest-") as folder:
            for file in (database, wal):
                shutil.copyfile(file, Path(folder, file.name))
            yield _address(Path(folder, database.name), "mode=rw")
    else:
        yield _address(database, "mode=ro&immutable=1")


def _address(database: Path, options: str) -> str:
    return f"file:{quote(str(database.absolute()))}?{options}"


_VERIFY = "`digest verify` tells more, `digest verify --repair` mends what can be mended"


def open_engine(url: str, database: Path | None, wait: float, way_out: str = "") -> Engine:
    """Open the database at ``url`` (``database``: its file, for SQLite), made or upgraded to our schema.

    For another's lock on the file, ``wait`` seconds are waited. ``way_out`` tells a person what to do about damage.

    Raises:
        SchemaTooNewError: a newer digest made it.
        DamageError: it is no database of digest, or has not all its tables.
        StoreError: it cannot be read or written.
    """
    with storage_errors(database, way_out), _damage(database, way_out):
        if database is not None:
            _require_file(Path(os.path.realpath(database)))
        engine = _sqlite_engine(database, wait) if database is not None else create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        try:
            found = _look(engine) or _make_schema(engine, database)
            if found != SCHEMA:
                _upgrade(engine, found, database)
                _look(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


@contextmanager
def _damage(database: Path | None, way_out: str) -> Iterator[None]:
    """Name the file of a damaged database, and the way out."""
    try:
        yield
    except DamageError as error:
        raise DamageError(f"{database or 'database'}: {error}{_named(way_out)}") from error


def open_fixed(address: str, database: Path, wait: float, way_out: str = "") -> Engine:
    """Open a SQLite database that cannot be written, by an address that ``readable`` gave.

    Raises:
        SchemaTooNewError: a newer digest made it.
        DamageError: it is no database of digest, or has not all its tables.
        StoreError: it cannot be read, or an older digest made it.
    """
    with storage_errors(database, way_out), _damage(database, way_out):
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=wait))
        event.listen(engine, "connect", _leave_transactions)
        event.listen(engine, "begin", _begin_sqlite)
        try:
            found = _look(engine)
            if found != SCHEMA:
                _refuse_other_schema(found, database)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _refuse_other_schema(found: str | None, database: Path) -> None:
    if found is None:
        raise DamageError("expected a database of digest, found one without its tables")
    _require_known(found, database)
    words = f"its schema {found!r} is older than this digest reads, and it cannot be written here to be upgraded"
    raise StoreError(f"{database}: {words}; run any command where it can be, or on a copy of the archive")


def _require_file(database: Path) -> None:
    """Make a new database under another name first: a file in this place is either whole, or was damaged."""
    database.parent.mkdir(parents=True, exist_ok=True)
    left = {place: place.stat().st_ino for place in _beside(database) if place.exists()}
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


def _beside(database: Path) -> Iterator[Path]:
    return (database.with_name(f"{database.name}{ending}") for ending in ("-wal", "-shm", "-journal"))


def _make_file(database: Path) -> None:
    engine = _sqlite_engine(database, wait=0)
    event.listen(engine, "connect", _leave_transactions)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        _make_schema(engine, None)
    finally:
        engine.dispose()


@contextmanager
def storage_errors(database: Path | None, way_out: str = "") -> Iterator[None]:
    """Turn the failures of the database and its disk into ``StoreError``, naming the file, and damage's ``way_out``."""
    name = database or "database"
    try:
        yield
    except exc.DBAPIError as error:
        reason = str(error.orig)
        if _NO_TEXT in reason:
            raise unreadable(str(name), error.orig or error) from error
        if isinstance(error, exc.IntegrityError):
            raise StoreError(f"{name}: {reason}; {_VERIFY}") from error
        is_broken = any(words in reason for words in _SIGNS_OF_DAMAGE)
        raise StoreError(f"{name}: {reason}{_named(way_out) if is_broken else ''}") from error
    except (exc.SQLAlchemyError, ImportError) as error:
        raise StoreError(f"{name}: {str(error).splitlines()[0]}") from error
    except sqlite3.Error as error:  # of a copy, which is made below SQLAlchemy
        raise StoreError(f"{name}: {error}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or name}: {error.strerror}") from error
    except UNREADABLE as error:
        raise unreadable(str(name), error) from error


_NO_TEXT = "Could not decode to UTF-8"
_SHOWN = 100


def unreadable(what: str, error: BaseException) -> DamageError:
    """Return what to raise when rows of ``what`` have no dates, names or JSON where these should be."""
    found = f"{type(error).__name__}: {error}"[:_SHOWN]
    return DamageError(f"{what}: expected rows that can be read, found damage ({found}); {_VERIFY}")


def _named(way_out: str) -> str:
    return f"; {way_out}" if way_out else ""


def _sqlite_engine(database: Path, wait: float) -> Engine:
    # Not by an address as text: there a "?" in a folder's name would begin something else.
    address = URL.create("sqlite", database=str(database.absolute()))
    return create_engine(address, connect_args={"timeout": wait})


def _leave_transactions(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, late and never around DDL; the event below does it.
    connection.isolation_level = None


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    _leave_transactions(connection, record)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _look(engine: Engine) -> str | None:
    """Return the schema of a database, None for one without tables; a file of our schema has all of them."""
    with engine.connect() as connection:
        found = _schema_of(connection)
        if found == SCHEMA and engine.dialect.name == "sqlite":
            _require_tables(connection)
    return found


def _schema_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(version.name):
        return None
    numbers = [str(number) for number in connection.scalars(select(version.c.version_num))]
    if len(numbers) != 1:
        raise DamageError(f"expected one number of the schema in {version.name}, found {len(numbers)}")
    return numbers[0]


def _require_tables(connection: Connection) -> None:
    """Refuse a database that lost a table or a column: what a job does before it finds out cannot be undone."""
    query = (
        "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.sql LIKE 'CREATE TABLE %'"
    )
    found = {(row[0], row[1]) for row in connection.execute(text(query))}
    names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    for table in metadata.sorted_tables:
        if table.name not in names:
            raise DamageError(f"expected the table {table.name}, found none")
        lost = [column.name for column in table.columns if (table.name, column.name) not in found]
        if lost:
            raise DamageError(f"expected the column {lost[0]} of the table {table.name}, found none")
    if SEARCH_INDEX not in names:
        raise DamageError(f"expected the full-text index {SEARCH_INDEX}, found none")


def _make_schema(engine: Engine, database: Path | None) -> str:
    """Make the tables of a new database, without Alembic: importing it and going through its steps costs .3 s.

    Returns:
        The schema that the database has now.

    Raises:
        DamageError: it is in a ``database`` of before, which has lost its tables.
    """
    if database is not None:
        raise DamageError("expected a database of digest, found one without its tables")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        # Another process may have been quicker since we looked: it held the lock that we hold now.
        found = _schema_of(connection)
        if found is None:
            metadata.create_all(connection, checkfirst=False)
            version.create(connection)
            connection.execute(insert(version), {"version_num": SCHEMA})
    return found or SCHEMA


def _upgrade(engine: Engine, found: str, database: Path | None) -> None:
    _require_known(found, database)
    if database is not None:
        _keep_copy(engine, database, found)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        migrate(connection, SCHEMA)


def _require_known(found: str, database: Path | None) -> None:
    """Refuse a schema that no migration here leads from."""
    if is_newer(found):
        raise SchemaTooNewError(
            f"{database or 'database'}: its schema {quoted(found)} is newer than this digest knows; upgrade digest"
        )
    if found not in schemas():
        raise DamageError(f"expected the number of a schema in {version.name}, found {quoted(found)}")


def schemas() -> Sequence[str]:
    """Return the numbers of all schemas, the newest first."""
    return [f"{number:0{len(SCHEMA)}}" for number in range(int(SCHEMA), 0, -1)]


def migrate(connection: Connection, number: str) -> None:
    """Bring a database of an older schema, or an empty one, to the schema ``number``."""
    # Imported here: Alembic costs a third of a second, and an upgrade is rare.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, number)


def is_newer(number: str) -> bool:
    """Whether this can be the number of a schema that only a newer digest knows."""
    return len(number) == len(SCHEMA) and number.isascii() and number.isdigit() and number > SCHEMA


def _keep_copy(engine: Engine, database: Path, found: str) -> None:
    """Keep one copy beside the database before its schema is changed."""
    copy = database.with_name(f"{database.name}.before-upgrade-from-{found}")
    needed, free = database.stat().st_size, shutil.disk_usage(database.parent).free
    if free < 2 * needed:
        raise StoreError(f"{database}: an upgrade needs {2 * needed} bytes free beside it, found {free}")
    copy.unlink(missing_ok=True)
    with engine.connect() as connection:
        connection.commit()
        source = connection.connection.driver_connection
        if isinstance(source, sqlite3.Connection):
            with closing(sqlite3.connect(copy)) as target:
                target.execute("PRAGMA synchronous=FULL")
                source.backup(target)
