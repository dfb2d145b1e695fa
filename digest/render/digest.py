"""A stored day, or a view of several → its digest, by a template."""

import hashlib
import json
import posixpath
from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import quote

from digest.config.paths import part_path
from digest.model import Day, Hit, Section
from digest.render.context import Contents, Part, contents_of_day, contents_of_view, context_of
from digest.render.entry import NumberedEntry
from digest.render.environment import compile_template, names_in, render

MOST_BYTES = 1_500_000
"""A digest that is larger is split, if its template can be: GitHub shows markdown up to about 2 MB."""

UNKNOWN = ""
"""The version of a template that nobody knows: that of a text which came with the records into a fresh clone."""

_RENDERER = 1
"""Raised when the same day and template give another text than before."""


class DigestTemplate:
    """A compiled template with the settings that it is rendered by."""

    def __init__(self, source: str, name: str, sections: Sequence[Section]) -> None:
        """Compile ``source``; ``name`` is named in errors.

        Raises:
            TemplateError: its syntax is wrong.
        """
        self.version = hashlib.sha256(source.encode()).hexdigest()
        self._name = name
        self._sections = tuple(sections)
        self._template = compile_template(source, name)
        self._can_be_split = not names_in(source).isdisjoint({"part", "parts"})

    def inputs_hash(self, content_hash: str, *more: str) -> str:
        """Return the SHA-256 of all that the digest of a day is made from, and of whatever ``more``."""
        return self._hash(_RENDERER, self.version, content_hash, *more)

    def hashes_by(self, version: str, content_hash: str, *more: str) -> list[str]:
        """Return what ``inputs_hash`` would be by another version of the template, and each renderer until now.

        UNKNOWN stands for the version of one that nobody knows.
        """
        return [self._hash(renderer, version, content_hash, *more) for renderer in range(1, _RENDERER + 1)]

    def _hash(self, renderer: int, version: str, content_hash: str, *more: str) -> str:
        inputs = [renderer, content_hash, version, [section.value for section in self._sections], *more]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()

    def render(self, day: Day) -> bytes:
        """Return the whole digest of ``day`` in UTF-8; the same day gives the same bytes.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._render(contents_of_day(day, self._sections), Part(1, [""], [1]))

    def parts(self, day: Day, file_name: str) -> dict[str, bytes]:
        """Return the digest of ``day`` by file name: one file, or several if it is larger than ``MOST_BYTES``.

        The first has ``file_name``, ``part_path`` names the others. An entry is never cut.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._split(contents_of_day(day, self._sections), file_name)

    def view_parts(
        self, view: str, when: date, days: Sequence[Day], hits: Sequence[Hit], file_name: str
    ) -> dict[str, bytes]:
        """Return, as ``parts`` does, the digest of a view: ``hits`` of the date ``when``, found in ``days``.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._split(contents_of_view(view, when, days, hits, self._sections), file_name)

    def _split(self, contents: Contents, file_name: str) -> dict[str, bytes]:
        runs: list[list[NumberedEntry]] = [contents.entries]
        while True:
            files = self._files(contents, runs, file_name)
            smaller = [piece for run, data in zip(runs, files.values(), strict=True) for piece in _fitting(run, data)]
            if not self._can_be_split or len(smaller) == len(runs):
                return files
            runs = smaller

    def _files(self, contents: Contents, runs: Sequence[Sequence[NumberedEntry]], file_name: str) -> dict[str, bytes]:
        names = [part_path(file_name, number) for number in range(1, len(runs) + 1)]
        first_numbers = [run[0].number if run else 1 for run in runs]
        beside = [quote(posixpath.basename(name), safe="") for name in names]
        return {
            name: self._render(contents, Part(number, beside, first_numbers)) for number, name in enumerate(names, 1)
        }

    def _render(self, contents: Contents, part: Part) -> bytes:
        return render(self._template, self._name, context_of(contents, part)).encode()


def _fitting(run: list[NumberedEntry], data: bytes) -> Iterator[list[NumberedEntry]]:
    """Yield a part's entries as they are, or in halves if its text is too large and can be smaller."""
    middle = len(run) // 2 if len(data) > MOST_BYTES else 0
    if middle:
        yield run[:middle]
    yield run[middle:]
