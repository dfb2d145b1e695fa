"""Days in and out: a day with its entries, the revisions of their papers, a paper's announcements over the days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, cast, delete, func, insert, or_, select, text, update

from digest.model import (
    Announcement,
    ArxivId,
    Day,
    DayHeader,
    DaySummary,
    Link,
    Paper,
    Section,
    Source,
    State,
    Unfiled,
)
from digest.store import server_index, tables
from digest.store.driver import Driver
from digest.store.engine import Database, driver_of
from digest.store.rows import (
    AS_TEXT,
    DAY,
    ENTRY,
    LINK,
    PAPER,
    SUMMARY,
    Access,
    RevisionKey,
    Values,
    dating_of,
    day_row,
    forget_day,
    links_of,
    paper_of,
    read_day,
    read_papers,
    summaries_of,
    write_day,
)
from digest.store.rows import Row as StoredRow

_BATCH = 500  # well under the number of variables that any SQLite allows in a statement


def _as_text(table: Table, names: Sequence[str]) -> list[ColumnElement[Any]]:
    """Return columns of a table, those of JSON and dates as texts: few of them are ever read as what they are."""
    return [cast(table.c[name], Text) if name in AS_TEXT else table.c[name] for name in names]


_PAPER = _as_text(tables.revision, PAPER)
_OF_PAPER = len(ENTRY) + 4  # after the columns of its day and of its entry
_LINKS = select(*_as_text(tables.link, LINK)).order_by(tables.link.c.revision_id, tables.link.c.ordinal)


class Days(Database):
    """The stored days, and what is asked about them."""

    def save_day(self, day: Day, content_hash: str, *, outdated_file: str, has_files: bool = True) -> None:
        """Store ``day`` whole, in place of what is stored of its date; all revisions stay.

        ``outdated_file``, the path of its digest, counts as not written from then on. ``has_files``: whether it is
        written at all.
        """
        with self._write() as connection:
            write_day(access_to(connection), day, content_hash, has_files=has_files)
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
            forget_day(access_to(connection), category, when)

    def day(self, category: str, when: date) -> Day | None:
        """Return the stored day with its entries, or None.

        Raises:
            DamageError: its rows cannot be read, or its entries were not stored yet.
        """
        with self._read(f"{category} {when}") as connection:
            return read_day(access_to(connection), category, when)

    def papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """Return the papers with these ids as they were first announced with an abstract, by ids, without links.

        Raises:
            DamageError: their rows cannot be read.
        """
        with self._read(f"{len(ids)} papers") as connection:
            return read_papers(access_to(connection), ids)

    def summaries(self) -> list[DaySummary]:
        """Return the stored days that have files, without their entries, by category and date."""
        with self._read() as connection:
            return read_summaries(connection, tables.day.c.has_files)

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
        """Return how many days that have files were read by an older parser or older link rules than these."""
        is_older = or_(tables.day.c.parser_version < parser, tables.day.c.link_rules < link_rules)
        is_older = tables.day.c.has_files & is_older
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
        entry = _as_text(tables.entry, ENTRY)
        query = select(*days, *entry, *_PAPER).select_from(joined).where(is_it)
        shown = select(tables.entry.c.revision_id).where(is_it)
        with self._read(str(arxiv_id)) as connection:
            links = read_links(connection, tables.link.c.revision_id.in_(shown))
            rows = connection.execute(query.order_by(tables.day.c.date, tables.day.c.category)).all()
            return [_announcement(row, links) for row in rows]

    def returning(self) -> dict[str, list[tuple[str, date]]]:
        """Return the ids of the papers that several dates announce, each with the days that do (category, date).

        The days of each stand in the order of their dates. No text of any paper is read.
        """
        entry, day = tables.entry, tables.day
        several = select(entry.c.arxiv_id).group_by(entry.c.arxiv_id).having(func.count() > 1)
        query = select(entry.c.arxiv_id, entry.c.day_id).where(entry.c.arxiv_id.in_(several))
        found: dict[str, list[tuple[str, date]]] = defaultdict(list)
        with self._read() as connection:
            rows = connection.execute(select(day.c.id, day.c.category, day.c.date))
            days = {row.id: (row.category, row.date) for row in rows}
            for arxiv_id, day_id in connection.execute(query):
                found[arxiv_id].append(days[day_id])
        return {
            arxiv_id: sorted(its, key=lambda one: (one[1], one[0]))
            for arxiv_id, its in found.items()
            if len({when for _, when in its}) > 1
        }

    # Days without files

    def unfiled(self) -> dict[str, Unfiled]:
        """Return how many days of each category the database alone has, and from when to when."""
        with self._read() as connection:
            return read_unfiled(connection)

    def unfiled_days(self, category: str, first: date | None, last: date | None) -> list[DaySummary]:
        """Return the days of a category that the database alone has, from one date to another, without entries."""
        chosen = [tables.day.c.category == category, *between(first, last), ~tables.day.c.has_files]
        with self._read() as connection:
            return read_summaries(connection, *chosen)

    def has_files(self, category: str, when: date) -> bool:
        """Whether the files of a day are written, or would be, if it is not stored."""
        query = select(tables.day.c.has_files).where(is_day(category, when))
        with self._read() as connection:
            return connection.scalar(query) is not False

    def captured(self, category: str) -> list[tuple[str, date, Section, State]]:
        """Return the id, date and section of each announcement in a category that was not reconstructed; by date."""
        day, entry = tables.day, tables.entry
        query = select(entry.c.arxiv_id, day.c.date, entry.c.section, day.c.state).select_from(entry.join(day))
        is_seen = (day.c.category == category) & (day.c.state != State.RECONSTRUCTED.value)
        with self._read() as connection:
            rows = connection.execute(query.where(is_seen).order_by(day.c.date)).all()
            return [(arxiv_id, when, Section(section), State(state)) for arxiv_id, when, section, state in rows]


def _announcement(row: Values, links: Mapping[int, Sequence[Link]]) -> Announcement:
    category, when, state, source, section, position, *dating = row[:_OF_PAPER]
    paper = row[_OF_PAPER:]
    return Announcement(
        *(category, when, State(state), Source(source), Section(section), position),
        paper=paper_of(paper, links.get(paper[0], ())),
        dating=dating_of(dating),
    )


def between(first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a day is not before one date and not after another; None is without bound."""
    bounds = [] if first is None else [tables.day.c.date >= first]
    return bounds if last is None else [*bounds, tables.day.c.date <= last]


def is_day(category: str, when: date) -> ColumnElement[bool]:
    """Return the condition that a row is of this day."""
    return (tables.day.c.category == category) & (tables.day.c.date == when)


# In


class Core:
    """Stores and reads rows through SQLAlchemy: PostgreSQL's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def day_row(self, category: str, when: date) -> Values | None:
        """Return the values of ``DAY`` of a stored day, or None."""
        return self._connection.execute(select(*_as_text(tables.day, DAY)).where(is_day(category, when))).one_or_none()

    def entry_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``ENTRY`` of each entry of a day, by position, and after them those of ``PAPER``."""
        query = select(*_as_text(tables.entry, ENTRY), *_PAPER).join_from(tables.entry, tables.revision)
        its = query.where(tables.entry.c.day_id == day_id).order_by(tables.entry.c.position)
        return self._connection.execute(its).all()

    def link_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``LINK`` of the papers of a day, in the order of the links of each."""
        is_its = tables.entry.c.day_id == day_id
        joined = _LINKS.join(tables.entry, tables.entry.c.revision_id == tables.link.c.revision_id).where(is_its)
        return self._connection.execute(joined).all()

    def paper_rows(self, ids: Sequence[str]) -> Iterator[Values]:
        """Yield the values of ``PAPER`` of all announced revisions of these papers, those of each by date."""
        own, day = tables.entry.c.arxiv_id, tables.day.c
        joined = tables.entry.join(tables.day).join(tables.revision)
        query = select(*_PAPER).select_from(joined).where(tables.revision.c.abstract.is_not(None))
        ordered = query.order_by(day.date, day.category, tables.entry.c.position)
        for start in range(0, len(ids), _BATCH):
            yield from self._connection.execute(ordered.where(own.in_(ids[start : start + _BATCH]))).all()
        for one in ids:
            if "/" in one:  # it may be stored with its subject class: math.GT/0309136
                yield from self._connection.execute(ordered.where(own.like(one.replace("/", ".__/")))).all()

    def known_revisions(self, ids: Sequence[str]) -> dict[RevisionKey, tuple[int, int | None]]:
        """Return the number and the place of all revisions of these papers, by their keys."""
        table, known = tables.revision, {}
        query = select(table.c.arxiv_id, table.c.text_hash, table.c.fields_hash, table.c.id, table.c.place)
        for start in range(0, len(ids), _BATCH):
            rows = self._connection.execute(query.where(table.c.arxiv_id.in_(ids[start : start + _BATCH])))
            known.update({(row[0], row[1], row[2]): (row[3], row[4]) for row in rows})
        return known

    def exclude_writers(self) -> None:
        """Let no other host store days until the transaction ends; reading goes on."""
        self._connection.execute(text("LOCK TABLE revision IN SHARE ROW EXCLUSIVE MODE"))

    def new_numbers(self, count: int) -> Sequence[int]:
        """Return numbers for so many new revisions, which the database gives out."""
        numbers = text("SELECT nextval('revision_number') FROM generate_series(1, :count)")
        return self._connection.scalars(numbers, {"count": count}).all()

    def insert(self, table: str, rows: Sequence[StoredRow]) -> None:
        """Add rows to a table; there may be none."""
        if rows:
            self._connection.execute(insert(tables.metadata.tables[table]), list(rows))

    def insert_day(self, row: StoredRow) -> int:
        """Add the row of a day; return its number."""
        return self._connection.scalar(insert(tables.day).returning(tables.day.c.id), row) or 0

    def delete_day(self, category: str, when: date) -> set[int]:
        """Remove a day with its entries, if it is there; return the numbers of the revisions that it showed."""
        number = self._connection.scalar(select(tables.day.c.id).where(is_day(category, when)))
        if number is None:
            return set()
        its = tables.entry.c.day_id == number
        shown = set(self._connection.scalars(select(tables.entry.c.revision_id).where(its)))
        self._connection.execute(delete(tables.entry).where(its))
        self._connection.execute(delete(tables.day).where(tables.day.c.id == number))
        return shown

    def least_place(self, places: range) -> int | None:
        """Return the least of these places that is taken, or None."""
        place = tables.revision.c.place
        query = select(func.min(place)).where(place.between(places.start, places.stop - 1))
        least: int | None = self._connection.scalar(query)
        return least

    def announced(self, numbers: Sequence[int]) -> Sequence[tuple[int, int | None, date | None]]:
        """Return the number of each of these revisions, its place, and the first date on which a day shows it."""
        table, entry = tables.revision, tables.entry
        first = select(func.min(tables.day.c.date)).select_from(entry.join(tables.day))
        first = first.where(entry.c.arxiv_id == table.c.arxiv_id, entry.c.revision_id == table.c.id)
        query = select(table.c.id, table.c.place, first.scalar_subquery())
        found = (self._connection.execute(query.where(table.c.id == number)).one_or_none() for number in numbers)
        return [(row[0], row[1], row[2]) for row in found if row is not None]

    def move(self, number: int, place: int | None) -> None:
        """Give a revision another place, or none, and take it out of the full-text index."""
        server_index.take_out(self._connection, number)
        self._connection.execute(update(tables.revision).where(tables.revision.c.id == number).values(place=place))

    def index(self, places: range) -> None:
        """Add the revisions in these places to the full-text index; none of them is in it."""
        server_index.add(self._connection, places)


def access_to(connection: Connection) -> Access:
    """Return how rows are stored and read over a connection: by SQLite's driver, where that is the database."""
    raw = driver_of(connection)
    return Core(connection) if raw is None else Driver(raw)


# Out


def read_summaries(connection: Connection, *chosen: ColumnElement[bool]) -> list[DaySummary]:
    """Return the chosen days (all, if nothing is chosen) without their entries, by category and date."""
    query = select(*_as_text(tables.day, SUMMARY)).where(*chosen).order_by(tables.day.c.category, tables.day.c.date)
    return summaries_of(connection.execute(query).all())


def read_unfiled(connection: Connection) -> dict[str, Unfiled]:
    """Return how many days of each category the database alone has, and from when to when."""
    day = tables.day.c
    query = select(day.category, func.count(), func.min(day.date), func.max(day.date)).where(~day.has_files)
    return {row[0]: Unfiled(*row[1:]) for row in connection.execute(query.group_by(day.category))}


def read_paper(connection: Connection, number: int) -> Paper:
    """Return the stored paper in the row ``number``."""
    row = connection.execute(select(*_PAPER).where(tables.revision.c.id == number)).one()
    return paper_of(row, read_links(connection, tables.link.c.revision_id == number)[number])


def read_links(connection: Connection, condition: ColumnElement[bool]) -> defaultdict[int, list[Link]]:
    """Return the links for which a condition holds, by the number of the revision's row, in their order."""
    return links_of(connection.execute(_LINKS.where(condition)).all())
