"""Generated texts as files, whole or in parts: written, remembered, known again; of categories and of views."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, takewhile

from digest.config import part_path
from digest.disk import Folder
from digest.errors import StoreError
from digest.store import FileRow, Store

log = logging.getLogger(__name__)

_PAPER = re.compile(rb"arxiv\.org/(?:abs|pdf)/((?:[A-Za-z.-]+/)?[0-9]+(?:\.[0-9]+)?)")
_BEGINNING = 40  # bytes; in them a generated text names itself and its date


@dataclass(frozen=True)
class Texts:
    """The generated texts in the folder ``output``; how each was made is remembered in ``store``."""

    output: Folder
    store: Store

    def write(self, files: Mapping[str, bytes], inputs_hash: str, version: str) -> list[str]:
        """Write one text, whole or in parts, and remember how; return the paths that changed.

        Args:
            files: its bytes by path, the first part first.
            inputs_hash: the SHA-256 of all that it was made from.
            version: of the template.
        """
        first, *further = files
        changed = self._remove_parts(first, after=len(files))
        for path in files:
            self.keep_foreign(path, files[path])
        # The first part comes last: that it was written tells that all were.
        for path in (*further, first):
            if self.output.write(path, files[path]):
                changed.append(str(self.output.root / path))
            self.store.remember_file(FileRow(path, inputs_hash, _sha256(files[path]), version))
        return changed

    def adopt(self, files: Mapping[str, bytes], inputs_hash: str, *, is_alike: bool = True) -> bool:
        """Remember the text that lies where ``files`` would be as one that another template made of the same.

        Args:
            files: what would be written now, by path, the first part first.
            inputs_hash: the SHA-256 of what both are made from, by a template that nobody knows.
            is_alike: whether what lies there counts only if it begins as ``files`` do.

        Returns:
            Whether there is such a text: not one that is cut, that lacks papers, or that is as it would be written.
        """
        path, data = next(iter(files.items()))
        parts = list(takewhile(self.output.has, (part_path(path, number) for number in count(1))))
        found = {part: self.output.read(part) or b"" for part in parts}
        first, whole, wanted = found.get(path, b""), b"".join(found.values()), b"".join(files.values())
        if data.startswith(first) or (is_alike and first[:_BEGINNING] != data[:_BEGINNING]):
            return False
        here, now = ({*_PAPER.findall(text)} for text in (whole, wanted))
        if not now <= here or (here and not now):
            return False
        for part in reversed(parts):
            self.store.remember_file(FileRow(part, inputs_hash, _sha256(found[part]), ""))
        return True

    def _remove_parts(self, path: str, after: int) -> list[str]:
        """Remove the parts that the text at ``path`` had ``after`` those of now, unless a person edited them."""
        removed = []
        # From the last one on: what an interruption leaves can still be counted from the first.
        for row in reversed(list(self._further_parts(path, after))):
            if self._is_as_written(row):
                self.output.remove(row.path)
                removed.append(str(self.output.root / row.path))
            elif self.output.has(row.path):
                log.warning("%s: left alone, because it was edited; the digest no longer has it", row.path)
            self.store.forget_file(row.path)
        return removed

    def keep_foreign(self, path: str, data: bytes) -> None:
        """Keep beside it what stands where ``data`` shall be written, if it is not as digest wrote it.

        Without a database that knows its files (a fresh clone), what begins as ``data`` does is taken for its own.
        """
        row, found = self.store.file(path), self.output.read(path)
        if found is None or data.startswith(found):
            return
        is_own = found[:_BEGINNING] == data[:_BEGINNING] if row is None else _sha256(found) == row.sha256
        if not is_own:
            log.warning("%s: what was there is kept as %s", path, self.output.keep_beside(path, "edited"))

    def is_intact(self, row: FileRow) -> bool:
        """Whether the text whose first part ``row`` is stands there as it was made, all its parts."""
        made = [row, *self._further_parts(row.path, 1)]
        return all(one.inputs_hash == row.inputs_hash and self._is_as_written(one) for one in made)

    def has_all_parts(self, path: str, made: Mapping[str, FileRow], *, are_read: bool = False) -> bool:
        """Whether the text at ``path`` was ``made`` and all its parts are there; if they ``are_read``, as they were."""
        parts = list(takewhile(made.__contains__, (part_path(path, number) for number in count(1))))
        try:
            found = [self._is_as_written(made[part]) if are_read else self.output.has(part) for part in parts]
        except StoreError:  # what stands in its place is told by the try to write it
            return False
        return bool(found) and all(found)

    def _further_parts(self, path: str, after: int) -> Iterator[FileRow]:
        number = after + 1
        while row := self.store.file(part_path(path, number)):
            yield row
            number += 1

    def _is_as_written(self, row: FileRow) -> bool:
        data = self.output.read(row.path)
        return data is not None and _sha256(data) == row.sha256


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
