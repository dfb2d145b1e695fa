"""What was harvested: the metadata of papers, their versions, and how far each harvest came."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text

from digest.model import is_among
from digest.model.harvest import Harvest, Metadata, Submission
from digest.store import tables
from digest.store.engine import Database, driver_of

KAGGLE = "kaggle"
OAI = "oai"

_BATCH = 500  # well under the number of variables that any SQLite allows in a statement
_PAGE = 5000

_TEXTS = Metadata._fields[:-1]
_METADATA = ("source", "run", *_TEXTS)
_VERSION = ("arxiv_id", "v", "submitted", "source", "is_day")
_ADD = f"INSERT INTO harvested ({', '.join(_METADATA)}) VALUES ({', '.join(f':{name}' for name in _METADATA)})"  # noqa: S608
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
            rows = map(tuple, _rows_of(connection, [one.arxiv_id for one in papers], "source", *_TEXTS))
            known = {row[1]: (row[0], Metadata._make((*row[1:], ()))) for row in rows}
            new = [one for one in papers if one.arxiv_id not in known]
            changed = [one for one in papers if one.arxiv_id in known and _is_news(one, source, *known[one.arxiv_id])]
            if changed:
                its = table.c.arxiv_id == bindparam("its")
                connection.execute(delete(table).where(its), [{"its": one.arxiv_id} for one in changed])
            told = [*new, *changed]
            _insert(connection, told, source, run)
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
        with self._read() as connection:
            return {row[0] for row in _rows_of(connection, ids, "arxiv_id")}

    def metadata(self, ids: Sequence[str]) -> dict[str, Metadata]:
        """Return what is stored of those of these papers that were harvested, by their ids, without the versions."""
        with self._read() as connection:
            return {row[0]: Metadata._make((*row, ())) for row in _rows_of(connection, ids, *_TEXTS)}

    def submissions(self, categories: Collection[str] = ()) -> Iterator[Submission]:
        """Yield when papers came, by their ids: those harvested whole that are in one of these categories or archives.

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
        wanted, last, is_end = frozenset(categories), "", False
        while not is_end:
            with self._read() as connection:
                rows = connection.execute(query.where(key > last)).all()
            is_end = len(rows) < _PAGE
            last = "" if is_end else rows[-1][0]
            yield from (Submission(*row) for row in rows if not wanted or is_among(row[3], wanted))

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


def _rows_of(connection: Connection, ids: Sequence[str], *columns: str) -> Iterator[Row[Any]]:
    """Yield the given columns of those of these papers that are stored whole."""
    table = tables.harvested
    if not ids:
        return
    key, query = table.c.arxiv_id, select(*(table.c[name] for name in columns))
    # A file has the papers in the order of their ids: the first time, none of a whole range is stored.
    if connection.scalar(select(1).where(key >= min(ids), key <= max(ids)).limit(1)) is None:
        return
    for start in range(0, len(ids), _BATCH):
        yield from connection.execute(query.where(key.in_(ids[start : start + _BATCH])))


def _is_news(one: Metadata, source: str, known_source: str, known: Metadata) -> bool:
    is_late = (one.datestamp, source == OAI) < (known.datestamp, known_source == OAI)
    return not is_late and (source != known_source or one._replace(versions=()) != known)


def _add(connection: Connection, statement: str, papers: Iterable[Metadata], source: str) -> None:
    if raw := driver_of(connection):
        # Here and below without a function of ours in between: of all of arXiv there are five million.
        rows = [
            (one.arxiv_id, v, when.astimezone(UTC).isoformat(" ", "microseconds")[:-6], source, is_day)
            for one in papers
            for v, when, is_day in one.versions
        ]
        raw.executemany(statement, rows)
    elif values := [(one.arxiv_id, v, when, source, is_day) for one in papers for v, when, is_day in one.versions]:
        connection.execute(text(statement), [dict(zip(_VERSION, row, strict=True)) for row in values])


def _insert(connection: Connection, papers: Sequence[Metadata], source: str, run: int) -> None:
    if raw := driver_of(connection):
        raw.executemany(_ADD, [(source, run, one[0], one[1].isoformat(), *one[2:-1]) for one in papers])
    elif rows := [(source, run, *one[:-1]) for one in papers]:
        connection.execute(insert(tables.harvested), [dict(zip(_METADATA, row, strict=True)) for row in rows])
