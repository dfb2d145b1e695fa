"""The file of a SQLite database: its schema, how it is opened, and how it is read where nothing can be written."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

SCHEMA = "0010"
"""The newest migration; a database of any other, unknown one was made by a newer digest."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is in use."""


def schemas() -> Sequence[str]:
    """Return the numbers of all schemas, the newest first."""
    return [f"{number:0{len(SCHEMA)}}" for number in range(int(SCHEMA), 0, -1)]


def is_newer(number: str) -> bool:
    """Whether this can be the number of a schema that only a newer digest knows."""
    return len(number) == len(SCHEMA) and number.isascii() and number.isdigit() and number > SCHEMA


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
        from tempfile import TemporaryDirectory  # noqa: PLC0415 - such a place is rare

        with TemporaryDirectory(prefix="digest-") as place:
            for file in (database, wal):
                shutil.copyfile(file, Path(place, file.name))
            yield _address(Path(place, database.name), "mode=rw")
    else:
        yield _address(database, "mode=ro&immutable=1")


def _address(database: Path, options: str) -> str:
    return f"file:{quote(str(database.absolute()))}?{options}"
