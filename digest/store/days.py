"""Days in and out: one day, one transaction."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text

from digest.model import (
    CATEGORY,
    ArxivId,
    Day,
    DaySummary,
    Entry,
    Link,
    PageRef,
    Paper,
    RawText,
    Section,
    Source,
    State,
    without_markup,
)
from digest.store import tables

_as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call
_BATCH = 500  # well under the number of variables that any SQLite allows in a statement

PAPER_COLUMNS = [column for column in tables.revision.c if column.name not in ("text_hash", "fields_hash")]


def write_day(connection: Connection, day: Day, content_hash: str) -> None:
    """Store ``day`` in place of what is stored of its date; revisions are only ever added."""
    delete_day(connection, day.category, day.date)
    keys = [key_of(entry.paper) for entry in day.entries]
    papers = (entry.paper for entry in day.entries)
    revisions = _revision_ids(connection, dict(zip(keys, papers, strict=True)))
    day_id = connection.scalar(insert(tables.day).returning(tables.day.c.id), _day_row(day, content_hash))
    rows = [
        {
            "day_id": day_id,
            "position": entry.position,
            "arxiv_id": str(entry.paper.arxiv_id),
            "section": entry.section.value,
            "revision_id": revisions[key],
        }
        for key, entry in zip(keys, day.entries, strict=True)
    ]
    if rows:
        connection.execute(insert(tables.entry), rows)


def delete_day(connection: Connection, category: str, when: date) -> None:
    """Forget a day and its entries, if it is there; its revisions stay."""
    found = connection.scalar(select(tables.day.c.id).where(*_is(category, when)))
    if found is not None:
        connection.execute(delete(tables.entry).where(tables.entry.c.day_id == found))
        connection.execute(delete(tables.day).where(tables.day.c.id == found))


def read_day(connection: Connection, category: str, when: date) -> Day | None:
    """Return the stored day, its entries in the order of their positions."""
    row = connection.execute(select(tables.day).where(*_is(category, when))).one_or_none()
    if row is None:
        return None
    _require(int, row.parser_version, row.link_rules)
    _require(str, *(text for page in row.pages for text in page))
    return Day(
        category=row.category,
        date=row.date,
        state=State(row.state),
        source=Source(row.source),
        declared=_counts(row.declared),
        entries=_read_entries(connection, row.id),
        pages=tuple(PageRef(url, sha256) for url, sha256 in row.pages),
        parser_version=row.parser_version,
        link_rules=row.link_rules,
    )


def read_ids(connection: Connection, category: str, when: date) -> frozenset[str]:
    """Return the identifiers that a stored day lists."""
    query = select(tables.entry.c.arxiv_id).join(tables.day).where(*_is(category, when))
    return frozenset(connection.scalars(query))


def read_page_hashes(connection: Connection) -> dict[tuple[str, date], tuple[str, ...]]:
    """Return the hashes of the pages that each day names."""
    query = select(tables.day.c.category, tables.day.c.date, tables.day.c.pages)
    rows = connection.execute(query)
    return {(row.category, row.date): tuple(sha256 for _, sha256 in row.pages) for row in rows}


def read_summaries(connection: Connection, category: str | None, when: date | None) -> list[DaySummary]:
    """Return the stored days without their entries, by category and date."""
    query = select(tables.day).order_by(tables.day.c.category, tables.day.c.date)
    if category is not None:
        query = query.where(tables.day.c.category == category)
    if when is not None:
        query = query.where(tables.day.c.date == when)
    return [
        DaySummary(
            category=_category(row.category),
            date=row.date,
            state=State(row.state),
            source=Source(row.source),
            declared=_counts(row.declared),
            counts=_counts(row.stored),
            content_hash=row.content_hash,
        )
        for row in connection.execute(query)
    ]


def _is(category: str, when: date) -> tuple[Any, Any]:
    return tables.day.c.category == category, tables.day.c.date == when


def _category(name: str) -> str:
    if not CATEGORY.fullmatch(name):
        raise ValueError(f"{name!r} is no category")
    return name


def _counts(stored: Mapping[str, int]) -> dict[Section, int]:
    _require(int, *stored.values())
    return {Section(name): count for name, count in stored.items()}


def _day_row(day: Day, content_hash: str) -> dict[str, Any]:
    return {
        "category": day.category,
        "date": day.date,
        "state": day.state.value,
        "source": day.source.value,
        "declared": {section.value: count for section, count in day.declared.items()},
        "stored": {section.value: count for section, count in day.counts.items()},
        "pages": [[page.url, page.sha256] for page in day.pages],
        "parser_version": day.parser_version,
        "link_rules": day.link_rules,
        "content_hash": content_hash,
    }


def _hash(*values: Any) -> str:
    return hashlib.sha256(_as_json(values).encode()).hexdigest()


def key_of(paper: Paper) -> tuple[str, str, str]:
    """Return what makes a revision the same: the paper, its text, its other fields."""
    links = [(link.url, link.kind, link.found_in) for link in paper.links]
    fields = (
        paper.authors,
        paper.comments,
        paper.journal_ref,
        paper.primary_category,
        paper.categories,
        links,
    )
    raw = [] if paper.raw is None else [_raw_json(paper.raw)]
    return str(paper.arxiv_id), _hash(paper.title, paper.abstract), _hash(*fields, *raw)


def _raw_json(raw: RawText) -> dict[str, Any]:
    return {"title": raw.title, "authors": list(raw.authors), "abstract": raw.abstract, "comments": raw.comments}


def _raw(stored: Mapping[str, Any] | None) -> RawText | None:
    return None if stored is None else RawText(**{**stored, "authors": tuple(stored["authors"])})


def _revision_ids(
    connection: Connection, papers: Mapping[tuple[str, str, str], Paper]
) -> dict[tuple[str, str, str], int]:
    """Return the row of each paper's revision, by its key; those not known yet are added in the order given."""
    known = _known_revisions(connection, [key[0] for key in papers])
    # The writer's lock is held, so the numbers can be given out here: they follow the announcements.
    number = connection.scalar(select(func.coalesce(func.max(tables.revision.c.id), 0))) or 0
    added: dict[int, Paper] = {}
    for key, paper in papers.items():
        if key not in known:
            number += 1
            known[key] = number
            added[number] = paper
    _add_revisions(connection, added)
    return known


def batched(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield the values in lists that a statement can hold."""
    rest = iter(values)
    while some := list(islice(rest, _BATCH)):
        yield some


def _known_revisions(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str, str], int]:
    table = tables.revision
    columns = (table.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
    known = {}
    for some in batched(ids):
        query = select(*columns).where(table.c.arxiv_id.in_(some))
        known.update({(row[0], row[1], row[2]): row[3] for row in connection.execute(query)})
    return known


def _add_revisions(connection: Connection, papers: Mapping[int, Paper]) -> None:
    if not papers:
        return
    connection.execute(insert(tables.revision), [revision_row(*item) for item in papers.items()])
    links = [row for number, paper in papers.items() for row in link_rows(number, paper.links)]
    if links:
        connection.execute(insert(tables.link), links)
    if connection.dialect.name == "sqlite":
        _add_searched_texts(connection, papers)


def _add_searched_texts(connection: Connection, papers: Mapping[int, Paper]) -> None:
    """Add papers, by the number of their row, to SQLite's full-text index."""
    connection.execute(
        text(
            "INSERT INTO revision_text (rowid, title, authors, abstract, comments) "
            "VALUES (:number, :title, :authors, :abstract, :comments)"
        ),
        [_searched_texts(*item) for item in papers.items()],
    )


def read_paper(connection: Connection, number: int) -> Paper:
    """Return the stored paper in the row ``number``."""
    row = connection.execute(select(*PAPER_COLUMNS).where(tables.revision.c.id == number)).one()
    query = select(tables.link).where(tables.link.c.revision_id == number).order_by(tables.link.c.ordinal)
    return paper_of(row, [Link(link.url, link.kind, link.found_in) for link in connection.execute(query)])


def known_papers(connection: Connection, day: Day) -> dict[int, Paper]:
    """Return the papers of ``day`` whose revision is stored, by the number of its row."""
    papers = {key_of(entry.paper): entry.paper for entry in day.entries}
    known = _referred_revisions(connection, day) | _known_revisions(connection, [key[0] for key in papers])
    return {number: papers[key] for key, number in known.items() if key in papers}


def _referred_revisions(connection: Connection, day: Day) -> dict[tuple[str, str, str], int]:
    """Return the revisions that a stored day refers to, by what its entries say that they are."""
    table = tables.revision
    columns = (tables.entry.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
    joined = tables.entry.join(tables.day).join(table)
    query = select(*columns).select_from(joined).where(*_is(day.category, day.date))
    return {(row[0], row[1], row[2]): row[3] for row in connection.execute(query)}


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
        "raw": None if paper.raw is None else _raw_json(paper.raw),
    }


def link_rows(number: int, links: Iterable[Link]) -> Iterable[dict[str, Any]]:
    """Return the rows of a paper's links."""
    return (
        {"revision_id": number, "ordinal": i, "url": link.url, "kind": link.kind, "found_in": link.found_in}
        for i, link in enumerate(links)
    )


def _searched_texts(number: int, paper: Paper) -> dict[str, Any]:
    return {
        "number": number,
        "title": paper.title,
        "authors": ", ".join(paper.authors),
        "abstract": paper.plain_abstract,
        "comments": without_markup(paper.comments or ""),
    }


def _read_entries(connection: Connection, day_id: int) -> tuple[Entry, ...]:
    chosen = tables.entry.c.day_id == day_id
    joined = tables.entry.join(tables.revision)
    columns = (tables.entry.c.section, tables.entry.c.position, *PAPER_COLUMNS)
    rows = connection.execute(
        select(*columns).select_from(joined).where(chosen).order_by(tables.entry.c.position)
    ).all()
    query = (
        select(tables.link)
        .join(tables.entry, tables.entry.c.revision_id == tables.link.c.revision_id)
        .where(chosen)
        .order_by(tables.link.c.revision_id, tables.link.c.ordinal)
    )
    links: dict[int, list[Link]] = defaultdict(list)
    for row in connection.execute(query):
        _require(str, row.url, row.kind, row.found_in)
        links[row.revision_id].append(Link(row.url, row.kind, row.found_in))
    _require(int, *(row.position for row in rows))
    return tuple(Entry(Section(row.section), row.position, paper_of(row, links[row.id])) for row in rows)


def _require(kind: type, *values: object) -> None:
    for value in values:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")


def paper_of(row: Row[Any] | SimpleNamespace, links: Iterable[Link]) -> Paper:
    """Return the paper that a row of ``PAPER_COLUMNS`` holds.

    Raises:
        TypeError: a text is none, which only SQLite stores.
    """
    _require(str, row.title, row.abstract or "", row.comments or "", row.journal_ref or "", row.primary_category)
    _require(list, row.authors, row.categories)
    _require(str, *row.authors, *row.categories)
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
        raw=_raw(row.raw),
    )
