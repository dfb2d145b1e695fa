"""The database made, opened, upgraded. No knowledge of days."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, insert, inspect, select

from digest.errors import SchemaTooNewError, StoreError, quoted
from digest.resources import folder
from digest.store.tables import SCHEMA, metadata, version

if TYPE_CHECKING:
    from alembic.config import Config

_WAY_OUT = "; move it away, and `digest rebuild` makes it again from the day records"
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


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


def open_engine(url: str, database: Path | None, wait: float) -> Engine:
    """Open the database at ``url`` (``database``: its file, for SQLite), made or upgraded to our schema.

    For another's lock on the file, ``wait`` seconds are waited.

    Raises:
        SchemaTooNewError: a newer digest made it.
        StoreError: it cannot be read or written.
    """
    with storage_errors(database):
        if database is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
        engine = _sqlite_engine(database, wait) if database is not None else create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        try:
            found = _schema(engine) or _make_schema(engine)
            if found != SCHEMA:
                _upgrade(engine, found, database)
        except BaseException:
            engine.dispose()
            raise
    return engine


def open_fixed(address: str, database: Path, wait: float) -> Engine:
    """Open a SQLite database that cannot be written, by an address that ``readable`` gave.

    Raises:
        SchemaTooNewError: a newer digest made it.
        StoreError: it cannot be read, or an older digest made it.
    """
    with storage_errors(database):
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=wait))
        event.listen(engine, "connect", _leave_alone)
        event.listen(engine, "begin", _begin_sqlite)
        try:
            found = _schema(engine)
            if found != SCHEMA:
                _refuse_other_schema(found, database)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _refuse_other_schema(found: str | None, database: Path) -> None:
    if found is None:
        raise StoreError(f"{database}: expected the tables of digest, found none")
    _require_known(found, database)
    words = f"its schema {found!r} is older than this digest reads, and it cannot be written here to be upgraded"
    raise StoreError(f"{database}: {words}; run any command where it can be, or on a copy of the archive")


@contextmanager
def storage_errors(database: Path | None) -> Iterator[None]:
    """Turn the failures of the database and its disk into ``StoreError``, naming the file."""
    name = database or "database"
    try:
        yield
    except exc.DBAPIError as error:
        reason = str(error.orig)
        is_broken = any(words in reason for words in ("malformed", "not a database"))
        raise StoreError(f"{name}: {reason}{_WAY_OUT if is_broken else ''}") from error
    except (exc.SQLAlchemyError, ImportError) as error:
        raise StoreError(f"{name}: {str(error).splitlines()[0]}") from error
    except sqlite3.Error as error:  # of a copy, which is made below SQLAlchemy
        raise StoreError(f"{name}: {error}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or name}: {error.strerror}") from error


def _sqlite_engine(database: Path, wait: float) -> Engine:
    # Not by an address as text: there a "?" in a folder's name would begin something else.
    address = URL.create("sqlite", database=str(database.absolute()))
    return create_engine(address, connect_args={"timeout": wait})


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, late and never around DDL; the event below does it.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _leave_alone(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _schema(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return _schema_of(connection)


def _schema_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(version.name):
        return None
    return connection.scalar(select(version.c.version_num))


def _make_schema(engine: Engine) -> str:
    """Make the tables of a new database, without Alembic: importing it and going through its steps costs .3 s.

    Returns:
        The schema that the database has now.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        # Another process may have been quicker since we looked: it held the lock that we hold now.
        found = _schema_of(connection)
        if found is None:
            metadata.create_all(connection, checkfirst=False)
            version.create(connection)
            connection.execute(insert(version), {"version_num": SCHEMA})
    return found or SCHEMA


def _upgrade(engine: Engine, found: str, database: Path | None) -> None:
    # Imported here: Alembic costs a third of a second, and an upgrade is rare.
    from alembic import command  # noqa: PLC0415

    config = _require_known(found, database)
    if database is not None:
        _keep_copy(engine, database, found)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _require_known(found: str, database: Path | None) -> "Config":
    """Refuse a schema that no migration here leads from; return the configuration of the migrations."""
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in known:
        raise SchemaTooNewError(
            f"{database or 'database'}: its schema {quoted(found)} is newer than this digest knows; upgrade digest"
        )
    return config


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
