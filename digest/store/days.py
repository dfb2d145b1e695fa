"""Days in and out: a day with its entries, the revisions of their papers, a paper's announcements over the days."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, cast, delete, func, insert, or_, select

from digest.errors import DamageError
from digest.model import (
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
from digest.store.driver import Driver
from digest.store.engine import Database, driver_of
from digest.store.rows import SUMMARY, RevisionKey, Writer, counts, day_row, require, summaries_of, write_day
from digest.store.rows import Row as StoredRow

_BATCH = 500  # well under the number of variables that any SQLite allows in a statement

# The hashes are left out: they are asked for only to find a revision.
_PAPER = [column for column in tables.revision.c if column.name not in ("text_hash", "fields_hash")]


_AS_TEXT = frozenset({"date", "declared", "stored"})


class Days(Database):
    """The stored days, and what is asked about them."""

    def save_day(self, day: Day, content_hash: str, *, outdated_file: str) -> None:
        """Store ``day`` whole, in place of what is stored of its date; all revisions stay.

        ``outdated_file``, the path of its digest, counts as not written from then on.
        """
        with self._write() as connection:
            write_day(writer_of(connection), day, content_hash)
            # In the same transaction: a kill between the two would leave an old digest that passes for current.
            connection.execute(delete(tables.file).where(tables.file.c.path == outdated_file))

    def save_headers(self, headers: Iterable[DayHeader]) -> None:
        """Store days that are not stored, and of whose records only the headers were read.

        Their content hash is "" until their entries are stored, too.
        """
        rows = [day_row(header.day, header.counts, content_hash="") for header in headers]
        if rows:
            with self._write() as connection:
                connection.execute(insert(tables.day), rows)

    def forget_day(self, category: str, when: date) -> None:
        """Remove a day and its entries; its revisions stay."""
        with self._write() as connection:
            writer_of(connection).delete_day(category, when)

    def day(self, category: str, when: date) -> Day | None:
        """Return the stored day with its entries, or None.

        Raises:
            DamageError: its rows cannot be read, or its entries were not stored yet.
        """
        with self._read(f"{category} {when}") as connection:
            row = connection.execute(select(tables.day).where(is_day(category, when))).one_or_none()
            if row is None:
                return None
            require(int, row.parser_version, row.link_rules)
            require(str, *(text for page in row.pages for text in page))
            entries = _read_entries(connection, row.id)
            if not entries and not row.content_hash and any(row.stored.values()):  # never to be taken for an empty day
                raise DamageError(f"{category} {when}: expected its entries, found the header of its record alone")
            return Day(
                category=row.category,
                date=row.date,
                state=State(row.state),
                source=Source(row.source),
                declared=counts(row.declared),
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


class Core:
    """Stores rows through SQLAlchemy: PostgreSQL's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_revisions(self, ids: Sequence[str]) -> dict[RevisionKey, int]:
        """Return the rows of all revisions of these papers, by their keys."""
        table, known = tables.revision, {}
        query = select(table.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id)
        for start in range(0, len(ids), _BATCH):
            rows = self._connection.execute(query.where(table.c.arxiv_id.in_(ids[start : start + _BATCH])))
            known.update({(row[0], row[1], row[2]): row[3] for row in rows})
        return known

    def last_revision(self) -> int:
        """Return the greatest number of a revision, 0 without any."""
        return self._connection.scalar(select(func.coalesce(func.max(tables.revision.c.id), 0))) or 0

    def insert(self, table: str, rows: Sequence[StoredRow]) -> None:
        """Add rows to a table; there may be none."""
        if rows:
            self._connection.execute(insert(tables.metadata.tables[table]), list(rows))

    def insert_day(self, row: StoredRow) -> int:
        """Add the row of a day; return its number."""
        return self._connection.scalar(insert(tables.day).returning(tables.day.c.id), row) or 0

    def delete_day(self, category: str, when: date) -> None:
        """Remove a day with its entries, if it is there."""
        found = self._connection.scalar(select(tables.day.c.id).where(is_day(category, when)))
        if found is not None:
            self._connection.execute(delete(tables.entry).where(tables.entry.c.day_id == found))
            self._connection.execute(delete(tables.day).where(tables.day.c.id == found))

    def index_after(self, _last: int) -> None:
        """Do nothing: PostgreSQL's index sees to itself."""


def writer_of(connection: Connection) -> Writer:
    """Return what stores rows over a connection: SQLite's driver, where that is the database."""
    raw = driver_of(connection)
    return Core(connection) if raw is None else Driver(raw)


# Out


def read_summaries(connection: Connection, *chosen: ColumnElement[bool]) -> list[DaySummary]:
    """Return the chosen days (all, if nothing is chosen) without their entries, by category and date."""
    # As texts: there are thousands of days, and few of whose numbers anybody asks for.
    columns = [cast(tables.day.c[name], Text) if name in _AS_TEXT else tables.day.c[name] for name in SUMMARY]
    query = select(*columns).where(*chosen).order_by(tables.day.c.category, tables.day.c.date)
    return summaries_of(connection.execute(query).all())


def _read_entries(connection: Connection, day_id: int) -> tuple[Entry, ...]:
    is_its = tables.entry.c.day_id == day_id
    query = select(tables.entry.c.section, tables.entry.c.position, *_PAPER).join_from(tables.entry, tables.revision)
    rows = connection.execute(query.where(is_its).order_by(tables.entry.c.position)).all()
    require(int, *(row.position for row in rows))
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
    require(str, row.title, row.abstract or "", row.comments or "", row.journal_ref or "", row.primary_category)
    require(list, row.authors, row.categories)
    require(str, *row.authors, *row.categories)
    require(str, *(part for link in links for part in (link.url, link.kind, link.found_in)))
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
