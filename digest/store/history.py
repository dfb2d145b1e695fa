"""A paper's announcements over the stored days."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select

from digest.model import Announcement, ArxivId, Link, Section, Source, State
from digest.store import tables
from digest.store.days import _PAPER_COLUMNS, _paper

_DAY_COLUMNS = (tables.day.c.category, tables.day.c.date, tables.day.c.state, tables.day.c.source)


def read_announcements(connection: Connection, arxiv_id: ArxivId) -> list[Announcement]:
    """Return every announcement of a paper, by date, then category."""
    columns = (*_DAY_COLUMNS, tables.entry.c.section, tables.entry.c.position, *_PAPER_COLUMNS)
    joined = tables.entry.join(tables.day).join(tables.revision)
    query = select(*columns).select_from(joined).where(tables.entry.c.arxiv_id == str(arxiv_id))
    links = _read_links(connection, arxiv_id)
    rows = connection.execute(query.order_by(tables.day.c.date, tables.day.c.category))
    return [_announcement(row, links) for row in rows]


def _read_links(connection: Connection, arxiv_id: ArxivId) -> dict[int, list[Link]]:
    """Return the links of all revisions of a paper, by the number of the revision's row."""
    query = select(tables.link).join(tables.revision).where(tables.revision.c.arxiv_id == str(arxiv_id))
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
        paper=_paper(row, links.get(row.id, ())),
    )
