"""The files that digest generates, as a repository names them: which it knows, which are as it wrote them."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from digest.archive.archive import Archive
from digest.config import part_path
from digest.disk import Folder
from digest.errors import StoreError
from digest.git import Repository
from digest.messages import NOTICES_PATH
from digest.model import DaySummary
from digest.render import LEDGER_PATH, record_path, render_ledger
from digest.render.index import BEGIN, END
from digest.store import FileRow

_PART = re.compile(r"(?P<stem>.+)\.(?P<number>[0-9]+)(?P<suffix>\.[^./]*)")
_INDEX = "index"

DayKey = tuple[str, date]
"""Category and date."""


@dataclass(frozen=True)
class Generated:
    """What the state of an archive says of files in the work tree of ``repository``."""

    archive: Archive
    repository: Repository

    @cached_property
    def _files(self) -> Mapping[str, FileRow]:
        return self.archive.store.files()

    @cached_property
    def days(self) -> Mapping[DayKey, DaySummary]:
        """The stored days."""
        return {(day.category, day.date): day for day in self.archive.store.summaries()}

    @cached_property
    def _records(self) -> Mapping[str, DayKey]:
        return {record_path(*key): key for key in self.days}

    @cached_property
    def _digests(self) -> Mapping[str, DayKey]:
        return {self.archive.config.digest_path(*key): key for key in self.days}

    @cached_property
    def _output(self) -> str | None:
        return self._within(self.archive.output)

    @cached_property
    def _record_folder(self) -> str | None:
        return self._within(self.archive.records) if self.archive.records else None

    def _within(self, folder: Folder) -> str | None:
        """Return what the paths in a folder begin with; None if it is outside of the repository."""
        place = Path(os.path.realpath(folder.root))
        if not place.is_relative_to(self.repository.root):
            return None
        inner = place.relative_to(self.repository.root).as_posix()
        return "" if inner == "." else f"{inner}/"

    def knows(self, path: str) -> bool:
        """Whether digest generates the file at ``path``, or did."""
        text, record = _below(self._output, path), _below(self._record_folder, path)
        is_text = text is not None and (text in self._files or _first_part(text) in self._files)
        return is_text or (record is not None and (record in self._records or record in (LEDGER_PATH, NOTICES_PATH)))

    def is_as_written(self, path: str) -> bool:
        """Whether the file that digest generates at ``path`` is as it left it; a further part may be removed."""
        text, record = _below(self._output, path), _below(self._record_folder, path)
        if text is not None and text in self._files:
            return self._is_text_as_written(self._files[text], path)
        if text is not None and _first_part(text) in self._files:
            return not self.archive.output.has(text)
        return record is not None and self._is_record_as_written(record)

    def _is_text_as_written(self, row: FileRow, path: str) -> bool:
        data = _read(self.archive.output, row.path)
        if data is None or hashlib.sha256(data).hexdigest() != row.sha256:
            return False
        return not self.has_own_words(path)

    def has_own_words(self, path: str) -> bool:
        """Whether ``path`` is an index around which stand other words than in the last commit: a person's own.

        An index that is in no commit yet has none.
        """
        text = _below(self._output, path)
        if text is None or text not in self._files or self._files[text].template_version != _INDEX:
            return False
        data, committed = _read(self.archive.output, text), self.repository.committed(path)
        return data is not None and committed is not None and _around(data) != _around(committed)

    def _is_record_as_written(self, path: str) -> bool:
        data = _read(self.archive.records, path) if self.archive.records else None
        if data is None or path == NOTICES_PATH:
            return data is not None
        if path == LEDGER_PATH:
            return data == render_ledger(self.archive.store.ledger())
        return hashlib.sha256(data).hexdigest() == self.days[self._records[path]].content_hash

    def day_of(self, path: str) -> DayKey | None:
        """Return the day whose digest, or record, is at ``path``; None for other files."""
        text, record = _below(self._output, path) or "", _below(self._record_folder, path) or ""
        return self._digests.get(text) or self._digests.get(_first_part(text) or "") or self._records.get(record)

    def record_paths(self, paths: Sequence[str]) -> list[str]:
        """Return which of ``paths`` are in the folder of records, relative to it."""
        return [inner for path in paths if (inner := _below(self._record_folder, path)) is not None]

    def record_places(self) -> list[str]:
        """Return where the records of all stored days lie, and what is known besides them."""
        records = self.archive.records
        return [str(records.root / path) for path in (*self._records, LEDGER_PATH)] if records else []

    def relative(self, place: str) -> str | None:
        """Return the path of the file at ``place`` as the repository names it; None if it is outside."""
        folder, name = os.path.split(place)
        found = Path(os.path.realpath(folder), name)
        root = self.repository.root
        return found.relative_to(root).as_posix() if found.is_relative_to(root) else None


def _below(prefix: str | None, path: str) -> str | None:
    return path.removeprefix(prefix) if prefix is not None and path.startswith(prefix) else None


def _first_part(path: str) -> str | None:
    """Return the path of the text of which ``path`` would be a further part."""
    match = _PART.fullmatch(path)
    first = f"{match['stem']}{match['suffix']}" if match else ""
    return first if match and part_path(first, int(match["number"])) == path else None


def _read(folder: Folder, path: str) -> bytes | None:
    """Return the file's bytes; None if there is none, or something else stands in its place."""
    try:
        return folder.read(path)
    except StoreError:
        return None


def _around(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the generated part of an index; git may have changed the ends of lines."""
    before, _, rest = data.replace(b"\r\n", b"\n").partition(BEGIN.encode())
    return before, rest.partition(END.encode())[2]
