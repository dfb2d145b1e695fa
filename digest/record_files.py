"""The folder of day records beside the database: each may know something that the other does not yet."""

from __future__ import annotations

import hashlib
import logging
import posixpath
from contextlib import contextmanager
from typing import TYPE_CHECKING

from digest.decide import decide, is_better, is_read_better
from digest.disk import Folder
from digest.errors import DamageError
from digest.model import Ledger, State
from digest.parse.ledger import parse_ledger
from digest.parse.record import parse_record
from digest.render import LEDGER_PATH, is_record_path, record_path, render_ledger, render_record
from digest.unopened import require_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.archive.archive import Archive
    from digest.config import Config
    from digest.model import Day, DaySummary

log = logging.getLogger(__name__)


def has_records(config: Config) -> bool:
    """Whether there are day records to make a database from."""
    return config.records is not None and any(map(is_record_path, Folder(config.records).paths(".jsonl")))


def way_back(config: Config) -> str:
    """Return how a database that cannot be used comes back, in words for a person."""
    if config.database is None:
        return ""
    if config.records is not None and config.records.is_dir():
        return "`digest rebuild` (or `digest verify --repair`) puts it aside and makes another from the day records"
    try:
        require_records(config)
    except DamageError as error:
        return f"restore a backup of it, or the day records first: {error}"
    return "restore a backup of it: there are no day records to make another from"


def load_ledger(archive: Archive) -> None:
    """Bring together what the database and the folder of records know besides the days.

    Raises:
        DamageError: the file is damaged.
    """
    archive.refresh_calendar()
    here = archive.store.ledger()
    data = archive.records.read(LEDGER_PATH) if archive.records else None
    if archive.records is None or data is None or data == render_ledger(here):
        return
    try:
        there = parse_ledger(data)
    except DamageError as error:
        raise DamageError(f"{archive.records.root / LEDGER_PATH}: {error}") from error
    archive.store.note(there.merged(here))  # of two of the same time, the database's
    archive.refresh_calendar()


def has_unloaded_ledger(archive: Archive) -> bool:
    """Whether the folder of records may know something that the database does not."""
    data = archive.records.read(LEDGER_PATH) if archive.records else None
    return data is not None and data != render_ledger(archive.store.ledger())


def write_ledger(archive: Archive) -> list[str]:
    """Write what the archive knows besides its days; return the path if it changed.

    Raises:
        DamageError: the file that is there is damaged; it may know what the database does not.
    """
    load_ledger(archive)
    known = _forget_settled(archive)
    if archive.records is None:
        return []
    is_worth = known != Ledger() or archive.records.has(LEDGER_PATH)
    is_new = is_worth and archive.records.write(LEDGER_PATH, render_ledger(known))
    return [str(archive.records.root / LEDGER_PATH)] if is_new else []


def _forget_settled(archive: Archive) -> Ledger:
    """Forget the looks at days that need no more; return what is known without them."""
    known = archive.store.ledger()
    settled = {(day.category, day.date) for day in archive.store.summaries() if day.is_proven}
    for category, when in {(one.category, one.date) for one in known.readings} & settled:
        archive.store.forget_readings(category, when)
    return known.without_readings_of(settled)


def unloaded_records(archive: Archive) -> list[str]:
    """Return the paths of the records whose days the database does not have."""
    if archive.records is None:
        return []
    known = {record_path(summary.category, summary.date) for summary in archive.store.summaries()}
    return [path for path in record_paths(archive) if path not in known]


def record_paths(archive: Archive) -> list[str]:
    """Return the paths of all records, by date: in the order in which arXiv announced the days."""
    paths = filter(is_record_path, archive.records.paths(".jsonl") if archive.records else [])
    return sorted(paths, key=lambda path: (posixpath.basename(path), path))


def load_record(archive: Archive, path: str) -> DaySummary | None:
    """Store the day that the record at ``path`` holds; return None if it is stored just so, or better known.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
        DamageError: the record is damaged, or the day is stored otherwise and as well known.
    """
    day, content_hash = read_record(archive, path)
    with _errors_about(archive, path):
        return _store_record(archive, day, content_hash)


def read_record(archive: Archive, path: str) -> tuple[Day, str]:
    """Return the day that the record at ``path`` holds, and the SHA-256 of its bytes; nothing is stored.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
        DamageError: the record is damaged.
    """
    data = archive.records.read(path) if archive.records else None
    if archive.records is None or data is None:
        raise DamageError(f"{path}: expected a day record, found none")
    with _errors_about(archive, path):
        return _checked_record(data, path, archive.records), hashlib.sha256(data).hexdigest()


@contextmanager
def _errors_about(archive: Archive, path: str) -> Iterator[None]:
    """Say in errors which record they are about."""
    try:
        yield
    except DamageError as error:
        where = archive.records.root / path if archive.records else path
        raise type(error)(f"{where}: {error}") from error


def _store_record(archive: Archive, day: Day, content_hash: str) -> DaySummary | None:
    stored = archive.store.summary(day.category, day.date)
    if stored is not None and stored.content_hash == content_hash:
        return None
    if stored is not None and is_better(stored, day):
        return None  # a run was killed between the database and the record
    here = archive.store.day(day.category, day.date) if stored is not None and stored.state is day.state else None
    if here is None or not is_read_better(day, here):
        if here is not None and (is_read_better(here, day) or day.state is State.PROVISIONAL):
            return None  # an older digest read it, or neither is known better: the one here goes on
        decision = decide(stored, day)
        if not decision.stores:
            raise DamageError(f"expected the day as the database has it ({decision.reason}), found another")
    archive.store_day(day)
    return archive.store.summary(day.category, day.date)


def _checked_record(data: bytes, path: str, records: Folder) -> Day:
    breaches: list[str] = []
    day = parse_record(data, breaches.append)
    if render_record(day) == data.replace(b"\r\n", b"\n") != data:
        words = "expected lines that end with LF, found CR LF"
        raise DamageError(f"{words}: git changed them; say `* -text` in .gitattributes and check the file out again")
    if record_path(day.category, day.date) != path or render_record(day) != data:
        raise DamageError("expected the record of the date in its name, as digest writes it")
    if breaches:
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        words = "an older version wrote it, and it is taken as it is"
        log.warning("%s: %s%s; %s", records.root / path, breaches[0], more, words)
    return day
