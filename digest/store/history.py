"""A paper's announcements over the stored days."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, or_, select

from digest.model import Announcement, ArxivId, Link, Section, Source, State
from digest.store import tables
from digest.store.days import PAPER_COLUMNS, paper_of

_DAY_COLUMNS = (tables.day.c.category, tables.day.c.date, tables.day.c.state, tables.day.c.source)


def read_announcements(connection: Connection, arxiv_id: ArxivId) -> list[Announcement]:
    """Return every announcement of a paper, by date, then category.

    An old id may bear its subject class or not: ``math.GT/0309136`` and ``math/0309136`` are one paper.
    """
    columns = (*_DAY_COLUMNS, tables.entry.c.section, tables.entry.c.position, *PAPER_COLUMNS)
    joined = tables.entry.join(tables.day).join(tables.revision)
    query = select(*columns).select_from(joined).where(_is(tables.entry.c.arxiv_id, arxiv_id))
    links = _read_links(connection, arxiv_id)
    rows = connection.execute(query.order_by(tables.day.c.date, tables.day.c.category))
    return [_announcement(row, links) for row in rows]


def _is(column: Column[str], arxiv_id: ArxivId) -> ColumnElement[bool]:
    if not arxiv_id.archive:
        return column == str(arxiv_id)
    name, number = arxiv_id.archive.partition(".")[0], str(arxiv_id).partition("/")[2]
    return or_(column == f"{name}/{number}", column.like(f"{name}.__/{number}"))


def _read_links(connection: Connection, arxiv_id: ArxivId) -> dict[int, list[Link]]:
    """Return the links of all revisions of a paper, by the number of the revision's row."""
    query = select(tables.link).join(tables.revision).where(_is(tables.revision.c.arxiv_id, arxiv_id))
    links: dict[int, list[Link]] = defaultdict(list)
    for row in connection.execute(query.order_by(tables.link.c.revision_id, tables.link.c.ordinal)):
        links[row.revision_id].append(Link(row.url, row.kind, row.found_in))
    return links


def _announcement(row: Row[Any], links: dict[int, list[Link]]) -> Announcement:
    return Announcement(
        category=row.category,
        date=row.date,
        state=State(row.state),
        source=Source(row.source),
        section=Section(row.section),
        position=row.position,
        paper=paper_of(row, links.get(row.id, ())),
    )
