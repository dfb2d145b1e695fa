"""Days in and out: a day with its entries, the revisions of their papers, a paper's announcements over the days."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, cast, delete, func, insert, or_, select

from digest.errors import DamageError
from digest.model import (
    CATEGORY,
    Announcement,
    ArxivId,
    Day,
    DayHeader,
    DaySummary,
    Entry,
    Link,
    PageRef,
    Paper,
    RawText,
    Section,
    Source,
    State,
)
from digest.store import tables
from digest.store.engine import Database
from digest.store.search import add_to_search_index

RevisionKey = tuple[str, str, str]
"""What makes a revision the same: the paper, the hash of its text, the hash of its other fields."""

_as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call
_BATCH = 500  # well under the number of variables that any SQLite allows in a statement

# The hashes are left out: they are asked for only to find a revision.
_PAPER = [column for column in tables.revision.c if column.name not in ("text_hash", "fields_hash")]


_SUMMARY = ("category", "date", "state", "source", "declared", "stored", "content_hash")
_AS_TEXT = frozenset({"date", "declared", "stored"})
_STATES = {state.value: state for state in State}
_SOURCES = {source.value: source for source in Source}
_USUAL = re.compile("{" + ", ".join(rf'"{section}": (?:0|[1-9][0-9]{{0,8}})' for section in Section) + "}")
"""How the numbers of entries of all sections are written."""


class Days(Database):
    """The stored days, and what is asked about them."""

    def save_day(self, day: Day, content_hash: str, *, outdated_file: str) -> None:
        """Store ``day`` whole, in place of what is stored of its date; all revisions stay.

        ``outdated_file``, the path of its digest, counts as not written from then on.
        """
        with self._write() as connection:
            write_day(connection, day, content_hash)
            # In the same transaction: a kill between the two would leave an old digest that passes for current.
            connection.execute(delete(tables.file).where(tables.file.c.path == outdated_file))

    def save_headers(self, headers: Iterable[DayHeader]) -> None:
        """Store days that are not stored, and of whose records only the headers were read.

        Their content hash is "" until their entries are stored, too.
        """
        rows = [_day_row(header.day, header.counts, content_hash="") for header in headers]
        if rows:
            with self._write() as connection:
                connection.execute(insert(tables.day), rows)

    def forget_day(self, category: str, when: date) -> None:
        """Remove a day and its entries; its revisions stay."""
        with self._write() as connection:
            _delete_day(connection, category, when)

    def day(self, category: str, when: date) -> Day | None:
        """Return the stored day with its entries, or None.

        Raises:
            DamageError: its rows cannot be read, or its entries were not stored yet.
        """
        with self._read(f"{category} {when}") as connection:
            row = connection.execute(select(tables.day).where(is_day(category, when))).one_or_none()
            if row is None:
                return None
            _require(int, row.parser_version, row.link_rules)
            _require(str, *(text for page in row.pages for text in page))
            entries = _read_entries(connection, row.id)
            if not entries and not row.content_hash and any(row.stored.values()):  # never to be taken for an empty day
                raise DamageError(f"{category} {when}: expected its entries, found the header of its record alone")
            return Day(
                category=row.category,
                date=row.date,
                state=State(row.state),
                source=Source(row.source),
                declared=_counts(row.declared),
                entries=entries,
                pages=tuple(PageRef(url, sha256) for url, sha256 in row.pages),
                parser_version=row.parser_version,
                link_rules=row.link_rules,
            )

    def summaries(self) -> list[DaySummary]:
        """Return the stored days without their entries, by category and date."""
        with self._read() as connection:
            return read_summaries(connection)

    def summary(self, category: str, when: date) -> DaySummary | None:
        """Return the stored day without its entries, or None."""
        with self._read() as connection:
            return next(iter(read_summaries(connection, is_day(category, when))), None)

    def day_keys(self) -> list[tuple[str, date]]:
        """Return the category and date of every stored day, and read nothing else of it."""
        query = select(tables.day.c.category, tables.day.c.date).order_by(tables.day.c.category, tables.day.c.date)
        with self._read() as connection:
            return [(row.category, row.date) for row in connection.execute(query)]

    def ids(self, category: str, when: date) -> frozenset[str]:
        """Return the identifiers that a stored day lists; none if it is not stored."""
        query = select(tables.entry.c.arxiv_id).join(tables.day).where(is_day(category, when))
        with self._read() as connection:
            return frozenset(connection.scalars(query))

    def page_hashes(self) -> dict[tuple[str, date], tuple[str, ...]]:
        """Return the SHA-256 of the pages by which each day (category, date) was proven."""
        query = select(tables.day.c.category, tables.day.c.date, tables.day.c.pages)
        with self._read() as connection:
            rows = connection.execute(query)
            return {(row.category, row.date): tuple(sha256 for _, sha256 in row.pages) for row in rows}

    def count_read_before(self, parser: int, link_rules: int) -> int:
        """Return how many days were read by an older parser or older link rules than these."""
        is_older = or_(tables.day.c.parser_version < parser, tables.day.c.link_rules < link_rules)
        with self._read() as connection:
            return connection.scalar(select(func.count()).select_from(tables.day).where(is_older)) or 0

    def announcements(self, arxiv_id: ArxivId) -> list[Announcement]:
        """Return every stored announcement of a paper, by date, then category.

        Raises:
            DamageError: its rows cannot be read.
        """
        ids = tables.entry.c.arxiv_id
        is_it: ColumnElement[bool] = ids == str(arxiv_id)
        if arxiv_id.archive:
            # An old id may bear its subject class or not: math.GT/0309136 and math/0309136 are one paper
            # (https://info.arxiv.org/help/arxiv_identifier.html).
            plain = arxiv_id.without_class
            is_it = or_(ids == plain, ids.like(plain.replace("/", ".__/")))
        days = (tables.day.c.category, tables.day.c.date, tables.day.c.state, tables.day.c.source)
        joined = tables.entry.join(tables.day).join(tables.revision)
        query = select(*days, tables.entry.c.section, tables.entry.c.position, *_PAPER).select_from(joined).where(is_it)
        shown = select(tables.entry.c.revision_id).where(is_it)
        with self._read(str(arxiv_id)) as connection:
            links = read_links(connection, select(tables.link).where(tables.link.c.revision_id.in_(shown)))
            return [
                Announcement(
                    category=row.category,
                    date=row.date,
                    state=State(row.state),
                    source=Source(row.source),
                    section=Section(row.section),
                    position=row.position,
                    paper=paper_of(row, links[row.id]),
                )
                for row in connection.execute(query.order_by(tables.day.c.date, tables.day.c.category))
            ]


def is_day(category: str, when: date) -> ColumnElement[bool]:
    """Return the condition that a row is of this day."""
    return (tables.day.c.category == category) & (tables.day.c.date == when)


# In


def write_day(connection: Connection, day: Day, content_hash: str) -> None:
    """Store ``day`` in place of what is stored of its date; revisions are only ever added."""
    _delete_day(connection, day.category, day.date)
    row = _day_row(day, day.counts, content_hash)
    numbers = _number_revisions(connection, [entry.paper for entry in day.entries])
    day_id = connection.scalar(insert(tables.day).returning(tables.day.c.id), row)
    rows = [
        {
            "day_id": day_id,
            "position": entry.position,
            "arxiv_id": str(entry.paper.arxiv_id),
            "section": entry.section.value,
            "revision_id": number,
        }
        for number, entry in zip(numbers, day.entries, strict=True)
    ]
    if rows:
        connection.execute(insert(tables.entry), rows)


def _day_row(day: Day, counts: Mapping[Section, int], content_hash: str) -> dict[str, Any]:
    return {
        "category": day.category,
        "date": day.date,
        "state": day.state.value,
        "source": day.source.value,
        "declared": {section.value: count for section, count in day.declared.items()},
        "stored": {section.value: count for section, count in counts.items()},
        "pages": [[page.url, page.sha256] for page in day.pages],
        "parser_version": day.parser_version,
        "link_rules": day.link_rules,
        "content_hash": content_hash,
    }


def _delete_day(connection: Connection, category: str, when: date) -> None:
    found = connection.scalar(select(tables.day.c.id).where(is_day(category, when)))
    if found is not None:
        connection.execute(delete(tables.entry).where(tables.entry.c.day_id == found))
        connection.execute(delete(tables.day).where(tables.day.c.id == found))


def _number_revisions(connection: Connection, papers: Sequence[Paper]) -> list[int]:
    """Return the row of each paper's revision; those not known yet are added in the order given."""
    keys = [key_of(paper) for paper in papers]
    known = known_revisions(connection, [key[0] for key in keys])
    # The writer's lock is held, so the numbers can be given out here: they follow the announcements, and the full-text
    # index, whose rows bear them, finds papers in that order without sorting.
    last = number = connection.scalar(select(func.coalesce(func.max(tables.revision.c.id), 0))) or 0
    added: dict[int, Paper] = {}
    for key, paper in zip(keys, papers, strict=True):
        if key not in known:
            number += 1
            known[key] = number
            added[number] = paper
    if added:
        connection.execute(insert(tables.revision), [revision_row(*item) for item in added.items()])
        write_links(connection, added)
        add_to_search_index(connection, last)
    return [known[key] for key in keys]


def known_revisions(connection: Connection, ids: Sequence[str]) -> dict[RevisionKey, int]:
    """Return the rows of all revisions of these papers, by their keys."""
    table, known = tables.revision, {}
    query = select(table.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
    for start in range(0, len(ids), _BATCH):
        rows = connection.execute(query.where(table.c.arxiv_id.in_(ids[start : start + _BATCH])))
        known.update({(row[0], row[1], row[2]): row[3] for row in rows})
    return known


def key_of(paper: Paper) -> RevisionKey:
    """Return the key of a paper's revision."""
    links = [(link.url, link.kind, link.found_in) for link in paper.links]
    fields = (paper.authors, paper.comments, paper.journal_ref, paper.primary_category, paper.categories, links)
    # Only where there is one: revisions that were stored before there was a raw text keep their hashes.
    raw = [] if paper.raw is None else [asdict(paper.raw)]
    return str(paper.arxiv_id), _hash(paper.title, paper.abstract), _hash(*fields, *raw)


def _hash(*values: Any) -> str:
    return hashlib.sha256(_as_json(values).encode()).hexdigest()


def revision_row(number: int, paper: Paper) -> dict[str, Any]:
    """Return the row of a paper as one listing showed it."""
    arxiv_id, text_hash, fields_hash = key_of(paper)
    return {
        "id": number,
        "arxiv_id": arxiv_id,
        "text_hash": text_hash,
        "fields_hash": fields_hash,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "comments": paper.comments,
        "journal_ref": paper.journal_ref,
        "primary_category": paper.primary_category,
        "categories": list(paper.categories),
        "raw": None if paper.raw is None else asdict(paper.raw),
    }


def write_links(connection: Connection, papers: Mapping[int, Paper]) -> None:
    """Store the links of papers, by the number of their revision's row."""
    rows = [
        {"revision_id": number, "ordinal": i, "url": link.url, "kind": link.kind, "found_in": link.found_in}
        for number, paper in papers.items()
        for i, link in enumerate(paper.links)
    ]
    if rows:
        connection.execute(insert(tables.link), rows)


# Out; SQLite lets anything stand in any column, so that the kind of each value is looked at


def read_summaries(connection: Connection, *chosen: ColumnElement[bool]) -> list[DaySummary]:
    """Return the chosen days (all, if nothing is chosen) without their entries, by category and date."""
    # As texts: there are thousands of days, and few of whose numbers anybody asks for.
    columns = [cast(tables.day.c[name], Text) if name in _AS_TEXT else tables.day.c[name] for name in _SUMMARY]
    query = select(*columns).where(*chosen).order_by(tables.day.c.category, tables.day.c.date)
    rows = connection.execute(query).all()
    numbers = {text: _numbers(text) for text in {*map(itemgetter(4), rows), *map(itemgetter(5), rows)}}
    for text in {row[5] for row in rows}:
        found = numbers[text]
        if not isinstance(found, _Numbers) and len(found) < len(Section):  # all of them, or it is damage
            raise ValueError(f"{text} is not the number of entries of each section")
    for category in {row[0] for row in rows}:
        if not CATEGORY.fullmatch(category):  # paths are made of it
            raise ValueError(f"{category!r} is no category")
    when = date.fromisoformat
    return [
        DaySummary._make((name, when(day), _STATES[state], _SOURCES[source], numbers[one], numbers[other], content))
        for name, day, state, source, one, other, content in rows
    ]


def _numbers(text: str) -> Mapping[Section, int]:
    """Return the numbers of entries by section that a text holds; of the usual one they are read when asked for."""
    return _Numbers(text) if _USUAL.fullmatch(text) else _counts(json.loads(text))


class _Numbers(Mapping[Section, int]):
    """The numbers of entries of all sections, read when they are asked for."""

    __slots__ = ("_found", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: Mapping[Section, int] | None = None

    def _read(self) -> Mapping[Section, int]:
        if self._found is None:
            self._found = _counts(json.loads(self._text))
        return self._found

    def __getitem__(self, section: Section) -> int:
        return self._read()[section]

    def __iter__(self) -> Iterator[Section]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(Section)


def _counts(stored: Mapping[str, int]) -> dict[Section, int]:
    _require(int, *stored.values())
    return {Section(name): count for name, count in stored.items()}


def _require(kind: type, *values: object) -> None:
    for value in values:
        if type(value) is not kind:  # True and False are integers to isinstance
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")


def _read_entries(connection: Connection, day_id: int) -> tuple[Entry, ...]:
    is_its = tables.entry.c.day_id == day_id
    query = select(tables.entry.c.section, tables.entry.c.position, *_PAPER).join_from(tables.entry, tables.revision)
    rows = connection.execute(query.where(is_its).order_by(tables.entry.c.position)).all()
    _require(int, *(row.position for row in rows))
    joined = select(tables.link).join(tables.entry, tables.entry.c.revision_id == tables.link.c.revision_id)
    links = read_links(connection, joined.where(is_its))
    return tuple(Entry(Section(row.section), row.position, paper_of(row, links[row.id])) for row in rows)


def read_paper(connection: Connection, number: int) -> Paper:
    """Return the stored paper in the row ``number``."""
    row = connection.execute(select(*_PAPER).where(tables.revision.c.id == number)).one()
    return paper_of(row, read_links(connection, select(tables.link).where(tables.link.c.revision_id == number))[number])


def read_links(connection: Connection, query: Select[Any]) -> defaultdict[int, list[Link]]:
    """Return the links that a query of their table finds, by the number of the revision's row, in their order."""
    links: defaultdict[int, list[Link]] = defaultdict(list)
    for row in connection.execute(query.order_by(tables.link.c.revision_id, tables.link.c.ordinal)):
        links[row.revision_id].append(Link(row.url, row.kind, row.found_in))
    return links


def paper_of(row: Row[Any] | SimpleNamespace, links: Sequence[Link]) -> Paper:
    """Return the paper that a row holds.

    Raises:
        TypeError: a text is none, which only SQLite stores.
    """
    _require(str, row.title, row.abstract or "", row.comments or "", row.journal_ref or "", row.primary_category)
    _require(list, row.authors, row.categories)
    _require(str, *row.authors, *row.categories)
    _require(str, *(part for link in links for part in (link.url, link.kind, link.found_in)))
    return Paper(
        arxiv_id=ArxivId.parse(row.arxiv_id),
        title=row.title,
        authors=tuple(row.authors),
        primary_category=row.primary_category,
        categories=tuple(row.categories),
        abstract=row.abstract,
        comments=row.comments,
        journal_ref=row.journal_ref,
        links=tuple(links),
        raw=None if row.raw is None else RawText(**{**row.raw, "authors": tuple(row.raw["authors"])}),
    )
