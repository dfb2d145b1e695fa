"""Rows that were damaged, mended; each function is a step of one transaction."""

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, insert, select, text, update

from digest.model import Day
from digest.store import days, tables

_BATCH = 500

_UNEVEN = """
SELECT (SELECT count(*) FROM revision WHERE id NOT IN (SELECT id FROM revision_text_docsize))
     + (SELECT count(*) FROM revision_text_docsize WHERE id NOT IN (SELECT id FROM revision))
"""
"""The table is FTS5's own: a row for each text in the index (https://www.sqlite.org/fts5.html, 9.4)."""


def mend_revisions(connection: Connection, day: Day) -> None:
    """Write again what is stored of the papers of ``day``; its hashes, or its entries, tell which rows they are."""
    for number, paper in days.known_papers(connection, day).items():
        row = days.revision_row(number, paper)
        connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(row))
        connection.execute(delete(tables.link).where(tables.link.c.revision_id == number))
        links = list(days.link_rows(number, paper.links))
        if links:
            connection.execute(insert(tables.link), links)


def _dangling() -> list[tuple[Table, ColumnElement[bool]]]:
    """Return each table whose rows belong to another's, and what tells that the other is not there."""
    return [
        (tables.entry, _lacks(tables.entry.c.day_id, tables.day)),
        (tables.entry, _lacks(tables.entry.c.revision_id, tables.revision)),
        (tables.link, _lacks(tables.link.c.revision_id, tables.revision)),
    ]


def _lacks(column: Column[int], owners: Table) -> ColumnElement[bool]:
    return column.not_in(select(owners.c.id))


def count_dangling(connection: Connection) -> int:
    """Return how many rows belong to one that is not there, the full-text index included."""
    queries = [select(func.count()).select_from(table).where(condition) for table, condition in _dangling()]
    found = sum(connection.scalar(query) or 0 for query in queries)
    return found + (connection.scalar(text(_UNEVEN)) or 0 if connection.dialect.name == "sqlite" else 0)


def forget_dangling(connection: Connection) -> None:
    """Remove the rows that belong to one that is not there, and make the full-text index again."""
    for table, condition in _dangling():
        connection.execute(delete(table).where(condition))
    if connection.dialect.name == "sqlite":  # PostgreSQL keeps its index by itself
        _remake_search_index(connection)


def _remake_search_index(connection: Connection) -> None:
    connection.execute(text("INSERT INTO revision_text (revision_text) VALUES ('delete-all')"))
    last = 0
    while papers := days.read_papers(connection, after=last, limit=_BATCH):
        days.add_searched_texts(connection, papers)
        last = max(papers)
