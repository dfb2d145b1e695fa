"""A stored day → its digest, by a template."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.model import Day, Entry, Section
from digest.render.environment import compile_template, heading_date, render

_RENDERER = 1
"""Raised when the same day and template give another text than before."""


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """An entry as a template sees it; ``abstract`` is "" where the listing shows none."""

    number: int
    section: str
    id: str
    title: str
    abstract: str
    pdf_url: str
    abstract_url: str
    authors: tuple[str, ...]
    comments: str
    journal_ref: str
    primary_category: str
    categories: tuple[str, ...]
    code_urls: tuple[str, ...]


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

    def inputs_hash(self, content_hash: str) -> str:
        """Return the SHA-256 of all that a digest of the day with ``content_hash`` is made from."""
        inputs = [_RENDERER, content_hash, self.version, [section.value for section in self._sections]]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()

    def render(self, day: Day) -> bytes:
        """Return the digest of ``day`` in UTF-8; the same day gives the same bytes.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        context = {
            "category": day.category,
            "date": day.date.isoformat(),  # a date object could tell today's
            "heading_date": heading_date(day.date),
            "entries": list(_numbered(day, self._sections)),
        }
        return render(self._template, self._name, context).encode()


def _numbered(day: Day, sections: Sequence[Section]) -> Iterator[NumberedEntry]:
    """Number the entries through all ``sections``, the ids descending inside each."""
    number = 0
    for section in sections:
        chosen = [entry for entry in day.entries if entry.section is section]
        for entry in sorted(chosen, key=lambda entry: entry.paper.arxiv_id, reverse=True):
            number += 1
            yield _numbered_entry(number, entry)


def _numbered_entry(number: int, entry: Entry) -> NumberedEntry:
    paper = entry.paper
    return NumberedEntry(
        number=number,
        section=entry.section.value,
        id=str(paper.arxiv_id),
        title=paper.title,
        abstract=paper.abstract or "",
        pdf_url=paper.pdf_url,
        abstract_url=paper.abstract_url,
        authors=paper.authors,
        comments=paper.comments or "",
        journal_ref=paper.journal_ref or "",
        primary_category=paper.primary_category,
        categories=paper.categories,
        code_urls=tuple(link.url for link in paper.links if link.kind == "code"),
    )
