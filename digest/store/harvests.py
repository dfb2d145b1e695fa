"""What was harvested: the metadata of papers, their versions, and how far each harvest came."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, text

from digest.model import Harvest, Metadata, Submission
from digest.store import tables
from digest.store.driver import as_stored
from digest.store.engine import Database, driver_of

KAGGLE = "kaggle"
OAI = "oai"

_BATCH = 500  # well under the number of variables that any SQLite allows in a statement
_PAGE = 5000

_TEXTS = Metadata._fields[:-1]
_METADATA = ("source", "run", *_TEXTS)
_VERSION = ("arxiv_id", "v", "submitted", "source", "is_day")
# Both databases know this form; SQLAlchemy has another for each.
_ADD_VERSION = f"""
INSERT INTO version ({", ".join(_VERSION)}) VALUES ({", ".join(f":{name}" for name in _VERSION)})
ON CONFLICT (arxiv_id, v) DO"""  # noqa: S608 - our own names
_KEEP = f"{_ADD_VERSION} NOTHING"
_RENEW = f"{_ADD_VERSION} UPDATE SET submitted = excluded.submitted, source = excluded.source, is_day = excluded.is_day"


class Taken(NamedTuple):
    """How many papers were new, told something new, and told nothing new."""

    new: int
    changed: int
    same: int


class Harvests(Database):
    """The harvested papers."""

    def save_metadata(self, papers: Sequence[Metadata], source: str, run: int) -> Taken:
        """Store what a source tells of papers, where that is newer than what is stored; no paper may stand in it twice.

        ``run`` is the number of the job. Of two records of the same day the later one counts; but Kaggle's, which is
        made of OAI-PMH's, is never taken for newer than that.
        """
        table = tables.harvested
        with self._write() as connection:
            known = _known(connection, [one.arxiv_id for one in papers])
            new = [one for one in papers if one.arxiv_id not in known]
            changed = [one for one in papers if one.arxiv_id in known and _is_news(one, source, *known[one.arxiv_id])]
            if changed:
                its = table.c.arxiv_id == bindparam("its")
                connection.execute(delete(table).where(its), [{"its": one.arxiv_id} for one in changed])
            told = [*new, *changed]
            _insert(connection, table, [{"source": source, "run": run, **_texts_of(one)} for one in told])
            _add(connection, _RENEW, told, source)
            return Taken(len(new), len(changed), len(papers) - len(told))

    def save_versions(self, papers: Sequence[Metadata], source: str) -> None:
        """Store the versions of papers, and nothing else of them; what is known of a version stays."""
        with self._write() as connection:
            _add(connection, _KEEP, papers, source)

    def forget_metadata(self, ids: Collection[str]) -> None:
        """Forget the texts of papers that arXiv deleted; when they came stays known."""
        its = tables.harvested.c.arxiv_id == bindparam("its")
        if ids:
            with self._write() as connection:
                connection.execute(delete(tables.harvested).where(its), [{"its": one} for one in ids])

    def harvested_ids(self, ids: Sequence[str]) -> set[str]:
        """Return which of these papers are stored whole."""
        column = tables.harvested.c.arxiv_id
        with self._read() as connection:
            return {one for some in _batches(ids) for one in connection.scalars(select(column).where(column.in_(some)))}

    def metadata(self, ids: Sequence[str]) -> dict[str, Metadata]:
        """Return what is stored of those of these papers that were harvested, by their ids, without the versions."""
        table = tables.harvested
        query = select(*(table.c[name] for name in _TEXTS))
        with self._read() as connection:
            rows = (
                row for some in _batches(ids) for row in connection.execute(query.where(table.c.arxiv_id.in_(some)))
            )
            return {row[0]: Metadata(*row) for row in rows}

    def submissions(self, categories: Collection[str] = ()) -> Iterator[Submission]:
        """Yield when papers came, in the order of their ids: those harvested whole that are in one of these categories.

        Without categories, all papers of which it is known, whatever they are in. The order is that of bytes: papers
        with today's ids come first, by month and number, and then the others, archive by archive, where those of 2000
        stand before those of 1991. An archive's papers with one form of id so stand in the order in which it got them.
        """
        harvested, version = tables.harvested, tables.paper_version
        key = harvested.c.arxiv_id if categories else version.c.arxiv_id
        # What is asked for is read a page at a time, so that neither a connection nor a lock is held meanwhile.
        joined = version.join(harvested, harvested.c.arxiv_id == version.c.arxiv_id, isouter=not categories)
        query = select(key, version.c.submitted, version.c.is_day, harvested.c.categories).select_from(joined)
        query = query.where(version.c.v == 1).order_by(key).limit(_PAGE)
        wanted, last, is_end = set(categories), "", False
        while not is_end:
            with self._read() as connection:
                rows = connection.execute(query.where(key > last)).all()
            is_end = len(rows) < _PAGE
            last = "" if is_end else rows[-1][0]
            yield from (Submission(*row) for row in rows if not wanted or not wanted.isdisjoint(row[3].split()))

    # How far harvests came

    def harvests(self) -> dict[str, Harvest]:
        """Return how far the harvest of each set came, by its name."""
        with self._read() as connection:
            return {row.subset: Harvest(*row) for row in connection.execute(select(tables.harvest))}

    def note_harvest(self, harvest: Harvest) -> None:
        """Note how far a harvest came, in place of what is noted of the same set."""
        table = tables.harvest
        with self._write() as connection:
            connection.execute(delete(table).where(table.c.subset == harvest.subset))
            connection.execute(insert(table), asdict(harvest))


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, Metadata]]:
    """Return what is stored of these papers, and of which source."""
    table = tables.harvested
    query = select(table.c.source, *(table.c[name] for name in _TEXTS))
    rows = (row for some in _batches(ids) for row in connection.execute(query.where(table.c.arxiv_id.in_(some))))
    return {row[1]: (row[0], Metadata(*row[1:])) for row in rows}


def _is_news(one: Metadata, source: str, known_source: str, known: Metadata) -> bool:
    is_late = (one.datestamp, source == OAI) < (known.datestamp, known_source == OAI)
    return not is_late and (source != known_source or one._replace(versions=()) != known)


def _texts_of(one: Metadata) -> dict[str, Any]:
    return dict(zip(_TEXTS, one, strict=False))


def _add(connection: Connection, statement: str, papers: Iterable[Metadata], source: str) -> None:
    rows = [
        {"arxiv_id": one.arxiv_id, "v": v, "submitted": submitted, "source": source, "is_day": is_day}
        for one in papers
        for v, submitted, is_day in one.versions
    ]
    if not rows:
        return
    if raw := driver_of(connection):
        raw.executemany(statement, [{**row, "submitted": as_stored(row["submitted"])} for row in rows])
    else:
        connection.execute(text(statement), rows)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    if raw := driver_of(connection):
        names = ", ".join(f":{name}" for name in _METADATA)
        statement = f"INSERT INTO {table.name} ({', '.join(_METADATA)}) VALUES ({names})"  # noqa: S608 - our own names
        raw.executemany(statement, [{**row, "datestamp": as_stored(row["datestamp"])} for row in rows])
    else:
        connection.execute(insert(table), list(rows))
