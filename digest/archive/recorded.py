"""The folder of day records, read: whole records, and their first lines, which tell all but the entries."""

import hashlib
import logging
import posixpath
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from digest.disk.files import Folder
from digest.errors import DamageError
from digest.model import Day, DayHeader
from digest.records.day import CR_LF, is_record_path, parse_header, parse_record, record_path, render_record

log = logging.getLogger(__name__)


def record_paths(records: Folder | None) -> list[str]:
    """Return the paths of all records, by date."""
    return by_date(filter(is_record_path, records.paths(".jsonl") if records else []))


def record_place(records: Path, category: str, day: date) -> Path:
    """Return where the record of a day lies, or will, in the folder of records."""
    return records / record_path(category, day)


def by_date(paths: Iterable[str]) -> list[str]:
    """Return paths of records in the order in which arXiv announced the days."""
    return sorted(paths, key=lambda path: (posixpath.basename(path), path))


def read_record(records: Folder | None, path: str) -> tuple[Day, str]:
    """Return the day that the record at ``path`` holds, and the SHA-256 of its bytes.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
        DamageError: the record is damaged, or not there.
    """
    data = records.read(path) if records else None
    if records is None or data is None:
        raise DamageError(f"{path}: expected a day record, found none")
    place = str(records.root / path)
    try:
        return _checked_record(data, path, place), hashlib.sha256(data).hexdigest()
    except DamageError as error:
        raise type(error)(f"{place}: {error}") from error


def _checked_record(data: bytes, path: str, place: str) -> Day:
    breaches: list[str] = []
    day = parse_record(data, breaches.append)
    as_written = render_record(day)
    if as_written != data and as_written == data.replace(b"\r\n", b"\n"):
        raise DamageError(CR_LF)
    if record_path(day.category, day.date) != path or as_written != data:
        raise DamageError("expected the record of the date in its name, as digest writes it")
    if breaches:
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        log.warning("%s: %s%s; %s", place, breaches[0], more, "an older version wrote it; it is accepted as it is")
    return day


def read_header(records: Folder, path: str) -> DayHeader:
    """Return what the first line of the record at ``path`` tells; whether the rest is whole is not known by that.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
        DamageError: that line is damaged, or of another day.
        StoreError: it cannot be read.
    """
    try:
        header = parse_header(records.first_line(path))
    except DamageError as error:
        raise type(error)(f"{records.root / path}: {error}") from error
    if record_path(header.day.category, header.day.date) != path:
        raise DamageError(f"{records.root / path}: expected the record of the date in its name")
    return header
