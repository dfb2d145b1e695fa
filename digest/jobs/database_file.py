"""The file of the database, before anything is read from it: whether it is whole, and put aside or mended if not."""

from contextlib import closing

from digest.archive.clone import has_records, require_records
from digest.config.settings import Config
from digest.disk.files import Folder, hold_lock
from digest.errors import DamageError, how_many
from digest.jobs.findings import REPAIR, Fault, Finding, Part, Verified
from digest.store.repairs import mend_derived, remove_rows, salvage
from digest.store.soundness import Soundness, UnsoundRow, examine_database, is_there, keep_copy
from digest.store.whole import Store

_NAMED = 3

_REBUILD = f"{REPAIR} (or `digest rebuild`) puts it aside and makes a new one from the day records"
_RESTORE = "there are no day records to make it from: restore a backup of the database"

_OF_DAYS = ("day", "correction", "decision", "start")
"""Tables of which a row that nothing can read is removed only if there are records to have it again from."""


def broken_database(config: Config) -> Verified | None:
    """Return what is wrong with the database's file; None if it can be used, or there is none yet."""
    soundness, is_recorded = _soundness(config), has_records(config)
    rebuild = _REBUILD if is_recorded else _RESTORE
    found = [(f"expected a whole database, found {problem}", rebuild) for problem in soundness.broken[:_NAMED]]
    found += [(problem, f"{REPAIR} makes it again") for problem in soundness.derived]
    for row in soundness.rows:
        remove = f"{REPAIR} removes them, and keeps the database as it was beside it"
        found.append((_in_words(row), remove if _is_removable(row, is_recorded=is_recorded) else _RESTORE))
    return Verified([_finding(config, *words) for words in found]) if found else None


def _soundness(config: Config) -> Soundness:
    return examine_database(config.database) if config.database and is_there(config.database) else Soundness()


def _in_words(row: UnsoundRow) -> str:
    return f"expected rows that can be read, found {row.problem} in row {row.rowid} of {row.table}"


def _is_removable(row: UnsoundRow, *, is_recorded: bool) -> bool:
    return is_recorded or row.table not in _OF_DAYS


def _finding(config: Config, problem: str, way_out: str) -> Finding:
    return Finding(Fault.DAMAGED, Part.DATABASE, str(config.database), problem, way_out)


def lost_database(config: Config) -> Verified | None:
    """Return the finding that pages were kept here whose database is gone; None if there is nothing of the kind."""
    # Of a database server nothing is known before it is asked.
    if config.database is None or is_there(config.database) or (config.records and config.records.exists()):
        return None
    pages = Folder(config.raw).paths(".html.gz")
    if not pages:
        return None
    way_out = f"restore a backup of it, or `digest import` the pages in {config.raw} again"
    try:
        require_records(config)
    except DamageError as error:
        way_out = str(error)
    problem = f"expected the database of {how_many(len(pages), 'kept page')}, found none"
    return Verified([_finding(config, problem, way_out)])


def mend_database(config: Config) -> list[str]:
    """Make the database's file one that can be opened and read; return what was done, a line each.

    A broken one is put aside: another takes its place, with all rows that can still be read; the day records give
    what is missing. What cannot be made again is kept beside it. Whether the rows are right is not looked at.

    Raises:
        DamageError: it takes day records, and there are none; nothing that only the database has was touched.
    """
    file, soundness, is_recorded = config.database, _soundness(config), has_records(config)
    if file is None or soundness == Soundness():
        return []
    if soundness.broken and not is_recorded:
        raise DamageError(f"{file}: expected a whole database, found {soundness.broken[0]}; {_RESTORE}")
    with hold_lock(config.lock):
        done = []
        if soundness.broken:
            # With all that belongs to it: SQLite would read another's journal as the new one's.
            companions = ("-wal", "-shm", "-journal")
            aside = file.with_name(Folder(file.parent).move_aside(file.name, Fault.DAMAGED, companions))
            with closing(Store(config.store_url, file)):
                salvage(aside, file)
            done.append(f"put aside {aside}: the broken database; a new one is made from the day records")
            soundness = _soundness(config)
        elif soundness.derived:
            mend_derived(file, soundness)
            done += [f"restored {file}: {problem}" for problem in soundness.derived]
            soundness = _soundness(config)
        # Looked at last: of another schema, or without its indexes, the rows cannot be told right from wrong.
        rows = [row for row in soundness.rows if _is_removable(row, is_recorded=is_recorded)]
        if rows:
            kept = keep_copy(file, Fault.DAMAGED)
            remove_rows(file, rows)
            done += [f"removed from {file}: {_in_words(row)}" for row in rows]
            done.append(f"kept     {kept}: the database as it was before")
    left = [row for row in soundness.rows if row not in rows]
    if left:
        raise DamageError(f"{file}: {_in_words(left[0])}; {_RESTORE}")
    return done


def keep_database(config: Config) -> str:
    """Keep a copy of the database before rows are removed from it; return the words that tell where."""
    return f"; as it was it is kept as {keep_copy(config.database, Fault.DAMAGED)}" if config.database else ""
