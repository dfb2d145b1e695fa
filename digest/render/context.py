"""What a template is given: a day or a view, in sections and parts (docs/TEMPLATES.md)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.calendar import heading_date
from digest.model import Day, Hit, Paper, Section
from digest.render.entry import NumberedEntry

_TITLES = {Section.NEW: "New submissions", Section.CROSS: "Cross-lists", Section.REPLACEMENT: "Replacements"}

_Row = tuple[str, tuple[str, ...], Paper]
"""The category of a paper's listing, why a view shows it, the paper."""


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of a digest, or what one part of the digest has of it; ``total`` counts the whole section's."""

    name: str
    title: str
    total: int
    entries: Sequence[NumberedEntry]
    continued: bool = False

    def between(self, first: int, end: int) -> "ShownSection":
        """Return the section with those entries alone whose numbers are ``first`` and more, but less than ``end``."""
        inside = [entry for entry in self.entries if first <= entry.number < end]
        return ShownSection(self.name, self.title, self.total, inside, continued=inside[:1] != self.entries[:1])


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A stored listing that a digest is made from; counts are by the sections' names."""

    category: str
    state: str
    source: str
    declared: Mapping[str, int]
    stored: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Contents:
    """All that one digest shows, before it is cut into parts."""

    name: str
    view: str
    date: date
    days: Sequence[Day]
    sections: Sequence[ShownSection]

    @property
    def entries(self) -> list[NumberedEntry]:
        """The entries of all sections."""
        return [entry for section in self.sections for entry in section.entries]


def contents_of_day(day: Day, sections: Sequence[Section]) -> Contents:
    """Return what the digest of a category's ``day`` shows."""
    rows = ((entry.section, (day.category, (), entry.paper)) for entry in day.entries)
    return Contents(day.category, "", day.date, [day], _numbered(rows, sections))


def contents_of_view(
    view: str, when: date, days: Sequence[Day], hits: Iterable[Hit], sections: Sequence[Section]
) -> Contents:
    """Return what the digest of a view shows: ``hits`` of one date, found in ``days``."""
    found = ((hit.announcement, hit.reasons) for hit in hits)
    rows = ((one.section, (one.category, reasons, one.paper)) for one, reasons in found)
    return Contents(view, view, when, days, _numbered(rows, sections))


def _numbered(rows: Iterable[tuple[Section, _Row]], sections: Sequence[Section]) -> list[ShownSection]:
    """Number the entries through all ``sections``, the ids descending inside each."""
    chosen: dict[Section, list[_Row]] = defaultdict(list)
    for section, row in rows:
        chosen[section].append(row)
    shown, number = [], 1
    for section in sections:
        ordered = sorted(chosen[section], key=lambda row: row[-1].arxiv_id.sort_key, reverse=True)
        entries = [NumberedEntry(place, section.value, *row) for place, row in enumerate(ordered, number)]
        shown.append(ShownSection(section.value, _TITLES[section], len(entries), entries))
        number += len(entries)
    return shown


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files of a digest: its number, from 1, and the links to all of them and their first entries."""

    number: int
    files: Sequence[str]
    first_numbers: Sequence[int]

    def place(self, entry: NumberedEntry) -> str:
        """Return the target of a link that leads from this part to an entry, ready for markdown."""
        there = bisect_right(self.first_numbers, entry.number)
        return f"{'' if there == self.number else self.files[there - 1]}#{entry.anchor}"


def context_of(contents: Contents, part: Part) -> dict[str, Any]:
    """Return the names that a template may use for one ``part`` of a digest."""
    sections = contents.sections
    if len(part.files) > 1:
        first, end = [*part.first_numbers, len(contents.entries) + 1][part.number - 1 : part.number + 1]
        sections = [section.between(first, end) for section in sections]
    return {
        "category": contents.name,
        "view": contents.view,
        "date": contents.date.isoformat(),  # a date object could tell today's
        "heading_date": heading_date(contents.date),
        "days": [_shown(day) for day in contents.days],
        "contents": contents.sections,
        "sections": sections,
        "entries": [entry for section in sections for entry in section.entries],
        "part": part.number,
        "parts": len(part.files),
        "files": part.files,
        "place": part.place,
    }


def _shown(day: Day) -> ShownDay:
    declared = {section.value: day.declared[section] for section in Section if section in day.declared}
    stored = {section.value: count for section, count in day.counts.items()}
    return ShownDay(day.category, day.state.value, day.source.value, declared, stored)
