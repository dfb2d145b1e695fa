"""A verified copy of the database."""

import os
from dataclasses import dataclass
from pathlib import Path

from digest.config.settings import Config
from digest.disk.files import new_file
from digest.errors import MissingError, StoreError, UsageError, how_many
from digest.store.file import SIDE_FILES
from digest.store.soundness import copy_database, is_archive, is_partial, is_there


@dataclass(frozen=True)
class Backup:
    """A copy that was made: where, its size in bytes, and how many days it holds."""

    path: Path
    size: int
    days: int

    @property
    def line(self) -> str:
        """The backup on one line."""
        return f"{self.path}: {how_many(self.size, 'byte')}, {how_many(self.days, 'day')}, verified"


def lacks_entries(config: Config) -> bool:
    """Whether there is a database that lacks the entries of some days, which are in the day records alone.

    One that cannot be read is none: to copy it tells what is wrong.
    """
    try:
        return config.database is not None and is_there(config.database) and is_partial(config.database)
    except StoreError:
        return False


def back_up(config: Config, target: Path) -> Backup:
    """Copy the database to ``target``, proven before it takes that place; others may write meanwhile.

    Raises:
        UsageError: the database is no file, or something else stands at ``target``.
        MissingError: there is no database yet.
        StoreError: the database is damaged, or the disk fails; nothing is left behind then.
    """
    database = config.database
    if database is None:
        raise UsageError("[store] url is not a SQLite file; a database server has its own tool, such as pg_dump")
    if not is_there(database):
        raise MissingError(f"{database}: expected the database, found none; nothing is stored yet")
    try:
        if not target.parent.is_dir():
            raise StoreError(f"{target.parent}: expected a folder, found none")
        found = _obstacle(database, target)
    except OSError as error:
        raise StoreError(f"{error.filename or target}: {error.strerror}") from error
    if found:
        raise UsageError(f"{target}: expected a place for a new file or an earlier backup, found {found}")
    with new_file(target) as made:
        contents = copy_database(database, made)
    return Backup(target, target.stat().st_size, len(contents.days))


def _obstacle(database: Path, target: Path) -> str:
    """Say what stands in the way at ``target``; "" if nothing does but an earlier backup."""
    own, real = os.path.realpath(database), os.path.realpath(target)
    if real == own or (target.exists() and target.samefile(database)):
        return "the database itself"
    if real in {f"{own}{ending}" for ending in (*SIDE_FILES, ".lock")}:
        return "a name that belongs to the database"
    if os.path.lexists(target) and not (target.is_file() and not target.is_symlink() and is_archive(target)):
        return "something else"
    # SQLite would take what lies beside the copy for the rest of it (https://www.sqlite.org/howtocorrupt.html, 1.4).
    beside = [target.with_name(f"{target.name}{ending}") for ending in SIDE_FILES]
    return next((f"{file.name} beside it, as if it were in use" for file in beside if os.path.lexists(file)), "")
