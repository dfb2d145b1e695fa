"""The store: days in and out, one transaction each, on SQLite and on PostgreSQL."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, exc, inspect, text

from digest import package_file
from digest.errors import DamageError, LockHeldError, SchemaTooNewError, StoreError
from digest.model import (
    ArxivId,
    Clause,
    Correction,
    Day,
    DayHeader,
    Decision,
    Extent,
    FileRow,
    Known,
    Ledger,
    Link,
    Phrase,
    Query,
    RawPage,
    Reading,
    Section,
    Source,
    Start,
    State,
    Term,
    Unfiled,
)
from digest.model.annotations import Annotation, Failure, hash_of
from digest.model.harvest import Harvest, Metadata, Submission, Version
from digest.store import tables
from digest.store.engine import Host, migrate
from digest.store.file import SCHEMA
from digest.store.light import SHAPE, LightStore, UnansweredError, open_light, shape_of
from digest.store.rows import day_row, entry_rows, revision_row
from digest.store.whole import Store
from tests.days import WHEN, any_day, day_of, paper, reconstructed_day, simple_day
from tests.postgresql import schemas

NOON = datetime(2025, 3, 5, 12, tzinfo=UTC)
HASH = "a" * 64
LEDGER = Ledger(
    (Correction(date(2025, 3, 7), False, "https://arxiv.org/catchup/cs.CV/2025-03-06", NOON),),
    (Decision("cs.CV", WHEN, "lost", "Nobody was awake.", NOON),),
    (Reading("cs.CV", WHEN, Source.CATCHUP, NOON, ""),),
)
FILE = "cs.CV/2025/03/2025-03-05.md"
PAGE = RawPage("https://arxiv.org/list/cs.CV/new", 200, NOON, (("Content-Type", "text/html"),), b"<html>", "b" * 64)

OPEN = """
import sys
from pathlib import Path
from digest.store.rows import day_row, entry_rows, revision_row, write_day
from digest.store.whole import Store

Store(sys.argv[1], Path(sys.argv[2]) if sys.argv[2] else None)
"""
"""A program that does nothing but open a store."""

_OWN_TABLES = re.compile(r"alembic_version|revision_text.*")


@dataclass(frozen=True)
class Place:
    """A database, empty at first; ``database`` is its file, for SQLite."""

    url: str
    database: Path | None
    wait: float = 5.0

    def open(self) -> Store:
        """Open the store on it."""
        return Store(self.url, self.database, wait=self.wait)

    def engine(self) -> Engine:
        """Look at it from outside the store."""
        return create_engine(URL.create("sqlite", database=str(self.database)) if self.database else self.url)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what ``query`` finds, asked over a connection of its own."""
        engine = self.engine()
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found


def execute(place: Place, statement: str) -> None:
    """Change a database from outside the store."""
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


MakePlace = Callable[[], Place]


def _postgres_places(server: str) -> Iterator[Place]:
    with closing(schemas(server)) as urls:  # type: ignore[type-var]  # a generator has close()
        yield from (Place(url, None) for url in urls)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakePlace]:
    """Makes empty databases, of each kind in turn."""
    if request.param == "sqlite":
        files = (tmp_path / f"archive-{number}.db" for number in count())
        yield lambda: sqlite_place(next(files))
        return
    places = _postgres_places(request.getfixturevalue("postgres"))
    with closing(places):  # type: ignore[type-var]  # a generator has close()
        yield lambda: next(places)


@pytest.fixture
def postgresql(postgres: str) -> Iterator[Place]:
    """An empty PostgreSQL database."""
    with closing(_postgres_places(postgres)) as places:  # type: ignore[type-var]  # a generator has close()
        yield next(places)


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """An empty database, of each kind in turn."""
    return make_place()


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """A store on an empty database, of each kind in turn."""
    with closing(place.open()) as opened:
        yield opened


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    """An empty SQLite database."""
    return sqlite_place(tmp_path / "archive.db")


def sqlite_place(file: Path, *, wait: float = 5.0) -> Place:
    """Return the database in ``file``; ``wait``: seconds for which another's lock is waited for."""
    return Place(f"sqlite:///{file}", file, wait)


def save(store: Store, day: Day, content_hash: str = HASH) -> None:
    """Store ``day``."""
    store.save_day(day, content_hash, outdated_file="none")


@contextmanager
def begun() -> Iterator[list[bool]]:
    """List the transactions that begin meanwhile, and for each whether it is to write."""
    found: list[bool] = []

    def note(connection: Connection) -> None:
        found.append(bool(connection.get_execution_options().get("writes")))

    event.listen(Engine, "begin", note)
    try:
        yield found
    finally:
        event.remove(Engine, "begin", note)


# Days in and out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=any_day(nul=False))
def test_a_day_comes_back_as_it_went_in(store: Store, day: Day) -> None:
    """Nothing of a day is lost or changed on its way through the database."""
    save(store, day)
    assert store.day(day.category, day.date) == day


@given(day=any_day())
def test_sqlite_keeps_even_nul_characters(tmp_path_factory: pytest.TempPathFactory, day: Day) -> None:
    """A NUL in a text, which PostgreSQL refuses, is kept by SQLite."""
    place = sqlite_place(tmp_path_factory.getbasetemp() / "nul.db")
    with closing(place.open()) as store:
        save(store, day)
        assert store.day(day.category, day.date) == day


def test_entries_come_back_in_the_order_of_their_positions(store: Store) -> None:
    """A day longer than any batch keeps its order and all its links."""
    papers = [
        (Section.NEW, paper(f"2503.{number:05d}", links=(Link(f"https://x.example/{number}", "code", "abstract"),)))
        for number in range(1200, 0, -1)
    ]
    day = day_of(papers)
    save(store, day)
    assert store.day("cs.CV", WHEN) == day


def test_papers_are_found_as_they_were_first_announced(store: Store) -> None:
    """With the first abstract that is known, by ids in the form that every paper has once; links are left out."""
    code = (Link("https://x.example/1", "code", "abstract"),)
    old = paper("math.GT/0309136", links=code)
    save(store, day_of([(Section.REPLACEMENT, paper("2503.00001", abstract=None))], date=WHEN - timedelta(days=2)))
    save(store, day_of([(Section.NEW, paper("2503.00001", title="First", links=code))], date=WHEN - timedelta(days=1)))
    save(store, day_of([(Section.CROSS, paper("2503.00001", title="Second")), (Section.NEW, old)]))
    found = store.papers(
        ["2503.00001", "math/0309136", "2503.99999", "%", *(f"2503.{n:05d}" for n in range(20000, 22000))]
    )
    assert found == {
        "2503.00001": paper("2503.00001", title="First"),
        "math/0309136": paper("math.GT/0309136"),
    }


def test_a_day_that_is_not_stored_is_none(store: Store) -> None:
    """What is not there is told from what is empty."""
    save(store, simple_day(state=State.EMPTY))
    assert store.day("cs.CV", WHEN) == simple_day(state=State.EMPTY)
    assert store.day("cs.CV", date(2025, 3, 6)) is None
    assert store.day("cs.LG", WHEN) is None
    assert store.summary("cs.LG", WHEN) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda store: save(store, simple_day(["2503.00002"]), "b" * 64),
        lambda store: store.restore_day(simple_day(["2503.00002"]), "b" * 64),
        lambda store: store.note(LEDGER),
        lambda store: store.forget_readings("cs.RO", WHEN),
    ],
    ids=["a day saved", "a day restored", "a note", "readings forgotten"],
)
def test_what_is_known_is_what_was_written_last(place: Place, change: Callable[[Store], None]) -> None:
    """A store that has changed days or the ledger tells what another would read."""
    with closing(place.open()) as store:
        save(store, simple_day(["2503.00001"]))
        store.note(Ledger(readings=(Reading("cs.RO", WHEN, Source.FEED, NOON, "x"),)))
        before = store.ledger(), store.summaries()
        change(store)
        after = store.ledger(), store.summaries()
    with closing(place.open()) as other:
        assert after == (other.ledger(), other.summaries()) != before


def test_summaries_tell_the_counts_without_the_entries(store: Store) -> None:
    """Summaries come by category and date, with what arXiv declared and what is stored."""
    for category, when in (("cs.LG", WHEN), ("cs.CV", date(2025, 3, 6)), ("cs.CV", WHEN)):
        declared = {Section.NEW: 3}
        save(store, simple_day(["2503.00001"], ["2503.00002"], category=category, date=when, declared=declared))
    found = store.summaries()
    assert [(one.category, one.date) for one in found] == [
        ("cs.CV", WHEN),
        ("cs.CV", date(2025, 3, 6)),
        ("cs.LG", WHEN),
    ]
    assert store.summary("cs.CV", WHEN) == found[0]
    assert (found[0].declared, found[0].content_hash) == ({Section.NEW: 3}, HASH)
    assert found[0].counts == {Section.NEW: 1, Section.CROSS: 1, Section.REPLACEMENT: 0}


@pytest.mark.parametrize("declared", [{"cross": 4, "new": 3}, {}, {"new": 1234567890123}])
def test_numbers_are_told_however_they_are_written(tmp_path: Path, declared: dict[str, int]) -> None:
    """The usual form is read only when somebody asks; any other that means the same is read as well."""
    place = sqlite_place(tmp_path / "archive.db")
    with closing(place.open()) as store:
        save(store, simple_day(["2503.00001"], ["2503.00002"]))
        with closing(sqlite3.connect(tmp_path / "archive.db")) as database, database:
            database.execute("UPDATE day SET declared = ?", (json.dumps(declared),))
            database.execute("""UPDATE day SET stored = '{"replacement":0,"cross":1,"new":1}'""")
        (found,) = store.summaries()
    assert found.declared == {Section(name): count for name, count in declared.items()}
    assert (found.counts, found.size) == ({Section.NEW: 1, Section.CROSS: 1, Section.REPLACEMENT: 0}, 2)
    assert dict(found.counts.items()) == dict(zip(Section, (1, 1, 0), strict=True))


def test_a_day_of_which_only_the_header_was_read(store: Store) -> None:
    """It is told like any, with an empty hash; it is never taken for an empty day, and gives way to the whole one."""
    store.save_headers([HEADER])
    store.save_headers([])
    (found,) = store.summaries()
    assert found == HEADER.summary
    assert (found.is_loaded, found.size, store.page_hashes()) == (False, 3, {("cs.LG", WHEN): ("0" * 64,)})
    with pytest.raises(DamageError, match="found the header of its record alone"):
        store.day("cs.LG", WHEN)
    with pytest.raises(StoreError, match=r"(?i)unique"):
        store.save_headers([HEADER])
    day = simple_day(["2503.00001"], category="cs.LG")
    save(store, day)
    assert (store.day("cs.LG", WHEN), store.summaries()[0].is_loaded) == (day, True)
    store.save_headers([DayHeader(simple_day(state=State.EMPTY), dict.fromkeys(Section, 0))])
    assert store.day("cs.CV", WHEN) == simple_day(state=State.EMPTY)


def test_what_is_known_comes_in_one_piece(store: Store) -> None:
    """It is what the single questions answer, asked in one transaction."""
    save(store, simple_day(["2503.00001"]))
    save(store, replace(simple_day([]), category="cs.LG"))
    store.note(LEDGER)
    store.remember_files([FileRow(FILE, HASH, HASH, HASH)])
    with begun() as transactions:
        known = store.known()
    assert len(transactions) == 1
    assert known == Known(tuple(store.summaries()), store.ledger(), store.files())
    assert [day.category for day in known.days] == ["cs.CV", "cs.LG"]
    assert (known.ledger, set(known.files)) == (LEDGER, {FILE})


def test_what_is_known_is_read_anew(place: Place) -> None:
    """What another process has stored meanwhile stands in it."""
    with closing(place.open()) as store, closing(place.open()) as other:
        assert store.known() == Known((), Ledger(), {})
        save(other, simple_day(["2503.00001"]))
        assert store.known() == other.known()
        assert len(store.known().days) == 1


def test_what_is_known_is_of_one_moment(place: Place) -> None:
    """What another stores between two of its questions is in none of the answers."""
    with closing(place.open()) as store, closing(place.open()) as other:
        answered: list[str] = []

        def interrupt(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            answered.extend([statement] if statement.startswith("SELECT") else [])
            if len(answered) == 1:
                answered.append("interrupted")
                save(other, simple_day(["2503.00001"]))
                other.note(LEDGER)

        event.listen(Engine, "after_cursor_execute", interrupt)
        try:
            known = store.known()
        finally:
            event.remove(Engine, "after_cursor_execute", interrupt)
        assert known == Known((), Ledger(), {})
        assert store.known().ledger == LEDGER


def test_papers_that_came_again_are_known_with_their_days(store: Store) -> None:
    """Of several dates, not of several categories on one; by date, then category."""
    later = date(2025, 3, 6)
    save(store, simple_day(["2503.00001", "2503.00002"]))
    save(store, simple_day(cross=["2503.00001", "2503.00002"], category="cs.LG"))
    save(store, simple_day(["2503.00003"], replacement=["2503.00001"], date=later))
    assert store.returning() == {"2503.00001": [("cs.CV", WHEN), ("cs.LG", WHEN), ("cs.CV", later)]}


def test_announcements_of_a_paper_come_by_date_then_category(store: Store) -> None:
    """Those of other papers do not, and nothing of a paper is lost on the way, its links included."""
    links = (Link("https://x.example/1", "code", "abstract"), Link("https://x.example/2", "data", "comments"))
    first, second = paper("2503.00001", links=links), paper("2503.00001", comments="8 pages", links=links[:1])
    other = (Section.NEW, paper("2503.00002"))
    days = [
        day_of([(Section.NEW, first), other]),
        day_of([other, (Section.CROSS, first)], category="cs.LG", source=Source.FEED, state=State.PROVISIONAL),
        day_of([(Section.REPLACEMENT, second)], date=date(2025, 3, 6)),
    ]
    for day in reversed(days):
        save(store, day)
    shown = [one for day in days for one in day.announcements if one.paper.arxiv_id == first.arxiv_id]
    assert store.announcements(first.arxiv_id) == shown
    assert store.announcements(ArxivId.parse("2503.00003")) == []


def test_a_day_stored_twice_is_there_once(store: Store, place: Place) -> None:
    """Storing the same day again adds no day, entry, revision or link."""
    day = day_of([(Section.NEW, paper(links=(Link("https://x.example", "code", "abstract"),)))])
    save(store, day)
    save(store, day)
    counts = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), (SELECT count(*) FROM {})"
    assert place.rows(counts.format("day", "entry", "revision")) == [(1, 1, 1)]
    assert place.rows("SELECT count(*) FROM link") == [(1,)]


@pytest.mark.parametrize(
    "clash",
    [
        lambda day: replace(day, entries=(*day.entries, replace(day.entries[0], position=9))),
        lambda day: replace(day, entries=(*day.entries, replace(day.entries[0], paper=paper("2503.00009")))),
        lambda day: replace(day, entries=(replace(day.entries[0], paper=paper("2503.00009", title=None)),)),
    ],
    ids=["an id twice", "a position twice", "a paper without a title"],
)
def test_a_write_that_fails_leaves_the_former_day(store: Store, place: Place, clash: Callable[[Day], Day]) -> None:
    """The unique constraints are the last guard, and what they refuse leaves everything as it was."""
    former = simple_day(["2503.00001"], ["2503.00002"])
    save(store, former)
    store.remember_files([FileRow(FILE, HASH, HASH, HASH)])
    changed = clash(simple_day(["2503.00003"], state=State.PROVISIONAL))
    with pytest.raises(StoreError):
        store.save_day(changed, "c" * 64, outdated_file=FILE)
    assert store.day("cs.CV", WHEN) == former
    assert store.files().get(FILE) is not None
    assert place.rows("SELECT count(*) FROM revision") == [(2,)]


def test_the_database_itself_refuses_a_second_day_of_a_date(store: Store, place: Place) -> None:
    """Even a writer that does not go through the store cannot make a day twice."""
    save(store, simple_day(["2503.00001"]))
    columns = "category, date, state, source, declared, stored, pages, parser_version, content_hash"
    engine = place.engine()
    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(text(f"INSERT INTO day (id, {columns}) SELECT 99, {columns} FROM day"))  # noqa: S608
    engine.dispose()


def test_a_damaged_day_is_restored(store: Store, place: Place) -> None:
    """Rows that are not what their hashes promise are written again; nothing is there twice."""
    day = day_of([(Section.NEW, paper(links=(Link("https://x.example", "code", "abstract"),)))])
    save(store, day)
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(text("UPDATE revision SET title = 'Another', arxiv_id = '2503.99999'"))
        connection.execute(text("DELETE FROM link"))
    engine.dispose()
    assert store.day("cs.CV", WHEN) != day
    store.restore_day(day, HASH)
    assert store.day("cs.CV", WHEN) == day
    assert place.rows("SELECT count(*), max(arxiv_id) FROM revision") == [(1, "2503.00001")]


def test_rows_that_belong_to_nothing_are_forgotten(store: Store) -> None:
    """What belongs together is not touched."""
    save(store, simple_day(["2503.00001"], ["2503.00002"]))
    assert store.dangling_rows() == 0
    store.forget_dangling_rows()
    assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"], ["2503.00002"])
    assert store.day_keys() == [("cs.CV", WHEN)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(day=any_day(nul=False))
def test_what_was_stored_is_true(store: Store, day: Day) -> None:
    """Whatever its texts are: hashes, ids and the full-text index agree with what the database gives back."""
    save(store, day)
    assert (store.false_revisions(), store.misnamed_days(), store.is_search_index_true()) == ([], set(), True)
    store.remake_search_index()
    assert store.is_search_index_true()


@pytest.mark.parametrize("column", ["text_hash", "title"])
def test_a_false_revision_is_settled(store: Store, place: Place, column: str) -> None:
    """One that a day shows gets the hashes of its text; one that none shows is forgotten."""
    save(store, simple_day(["2503.00001", "2503.00002"]))
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE revision SET {column} = 'x' WHERE arxiv_id = '2503.00001'"))  # noqa: S608
    engine.dispose()
    (false,) = store.false_revisions()
    assert (false.arxiv_id, false.days) == ("2503.00001", (("cs.CV", WHEN),))
    assert store.settle_revision(false.number)
    assert store.false_revisions() == []
    store.forget_day("cs.CV", WHEN)
    assert not store.settle_revision(false.number)
    assert place.rows("SELECT arxiv_id FROM revision") == [("2503.00002",)]


def test_a_forgotten_page_is_gone(store: Store) -> None:
    """The pages with other bytes stay."""
    store.keep_raw_page(PAGE, "one")
    store.keep_raw_page(replace(PAGE, sha256="c" * 64), "two")
    store.forget_raw_page(PAGE.sha256)
    assert [page.path for page in store.raw_pages()] == ["two"]


# Revisions


def test_a_replaced_day_keeps_all_revisions(store: Store, place: Place) -> None:
    """What was announced once stays, after another listing took the day's place."""
    save(store, simple_day(["2503.00001", "2503.00002"], state=State.PROVISIONAL))
    proven = day_of([(Section.NEW, paper("2503.00001", abstract="Another text.")), (Section.NEW, paper("2503.00003"))])
    save(store, proven)
    assert store.day("cs.CV", WHEN) == proven
    assert place.rows("SELECT arxiv_id, abstract FROM revision ORDER BY id") == [
        ("2503.00001", "An abstract of 2503.00001."),
        ("2503.00002", "An abstract of 2503.00002."),
        ("2503.00001", "Another text."),
        ("2503.00003", "An abstract of 2503.00003."),
    ]


def test_a_paper_in_two_categories_is_one_revision(store: Store, place: Place) -> None:
    """The same text is kept once, however many days and categories show it."""
    save(store, simple_day(["2503.00001"]))
    save(store, simple_day(cross=["2503.00001"], category="cs.LG"))
    save(store, simple_day(replacement=["2503.00001"], date=date(2025, 3, 6)))
    assert place.rows("SELECT count(*), count(DISTINCT revision_id) FROM entry") == [(3, 1)]
    assert place.rows("SELECT count(*) FROM revision") == [(1,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another title"),
        ("abstract", "Another abstract"),
        ("abstract", None),
        ("authors", ("Zoë van der Plaat",)),
        ("comments", "8 pages"),
        ("journal_ref", "A journal"),
        ("primary_category", "cs.LG"),
        ("categories", ("cs.CV",)),
        ("links", (Link("https://x.example", "code", "comments"),)),
    ],
)
def test_a_changed_field_is_another_revision(store: Store, field: str, value: object) -> None:
    """An earlier day keeps pointing to what it showed when a later one shows something else."""
    before, after = paper(), replace(paper(), **{field: value})  # type: ignore[arg-type]
    days = [day_of([(Section.NEW, before)]), day_of([(Section.REPLACEMENT, after)], date=date(2025, 3, 6))]
    for day in days:
        save(store, day)
    assert [store.day(day.category, day.date) for day in days] == days


# Full text


def found_by(store: Store, *phrases: str, field: str = "") -> list[str]:
    """Return the ids of the papers in which the full-text index finds one of these phrases, the newest first."""
    query = Query(Clause((Term(tuple(map(Phrase, phrases)), field=field),)))
    return [one.arxiv_id for one in store.find(query, ranked=False, limit=1000)]


IN_ORDER = [
    simple_day(["2503.00007", "2503.00002"], ["2502.00009"]),
    simple_day(["2503.00001"], date=date(2025, 3, 6)),
    simple_day(["2503.00007", "2503.00003"], category="cs.LG", date=date(2025, 3, 7)),
]


@pytest.mark.parametrize(
    "days", [*permutations(IN_ORDER)], ids=lambda days: " ".join(str(one.date.day) for one in days)
)
def test_full_text_has_the_newest_announcements_first(store: Store, days: Sequence[Day]) -> None:
    """In whatever order days came in: by the first date of a text, and those of a date as its digest has them."""
    for day in days:
        save(store, day)
    assert store.is_search_index_true()
    found = found_by(store, "abstract")
    assert found[:2] == ["2503.00003", "2503.00001"]
    # What another day showed before comes after the others of its date.
    assert found[2:] in (["2503.00007", "2503.00002", "2502.00009"], ["2503.00002", "2502.00009", "2503.00007"])


def test_full_text_has_what_days_show(store: Store) -> None:
    """A text that a day shows no more is found where another day shows it, and else not at all, until one does."""
    for day in IN_ORDER:
        save(store, day)
    save(store, simple_day(["2503.00002"]))
    assert found_by(store, "abstract")[-2:] == ["2503.00001", "2503.00002"]
    store.forget_day("cs.LG", date(2025, 3, 7))
    assert found_by(store, "abstract") == ["2503.00001", "2503.00002"]
    save(store, simple_day(["2502.00009"], date=date(2025, 3, 4)))
    assert found_by(store, "abstract") == ["2503.00001", "2503.00002", "2502.00009"]
    assert store.is_search_index_true()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_places_follow_the_days(store: Store, data: st.DataObject) -> None:
    """However days are stored, replaced and forgotten: the index is true, and remaking it changes no order of dates."""
    ids = [f"2503.{number:05d}" for number in range(1, 6)]
    some = st.lists(st.sampled_from(ids), unique=True, max_size=4)
    for category, when in store.day_keys():
        store.forget_day(category, when)
    shown: dict[tuple[str, date], set[str]] = {}
    for _ in range(data.draw(st.integers(1, 6))):
        category, when = data.draw(st.sampled_from(["cs.CV", "cs.LG"])), date(2025, 3, data.draw(st.integers(3, 5)))
        if data.draw(st.booleans()) and (category, when) in shown:
            store.forget_day(category, when)
            del shown[category, when]
        else:
            listed = data.draw(some)
            save(store, simple_day(listed, category=category, date=when))
            shown[category, when] = {*listed}
        assert store.is_search_index_true()
    first = {one: min(when for (_, when), its in shown.items() if one in its) for one in set().union(*shown.values())}
    dates = [first[one] for one in found_by(store, "abstract")]
    assert dates == sorted(first.values(), reverse=True)
    store.remake_search_index()
    assert store.is_search_index_true()
    assert [first[one] for one in found_by(store, "abstract")] == dates


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("title: Lumiere", True),
        ("authors: OZGUNES", True),
        ("abstract: a NEAR b", False),
        ('abstract: "github com x y"', True),
        ("abstract: URL", False),
        ("abstract: external", False),
        ("abstract: amp", False),
        ("comments: nofollow", False),
        ("comments: oral", True),
    ],
)
def test_full_text_covers_the_texts_and_not_the_markup(store: Store, query: str, *, is_found: bool) -> None:
    """Title, authors, abstract and comments are searched without accents, tags and entities; addresses, as typed."""
    link = '<a class="link-external link-https" href="https://github.com/x/y" rel="nofollow">this https URL</a>'
    one = paper(title="Lumière", authors=("İpek Özgüneş",), abstract=f"R&amp;D at {link}", comments=f"Oral, {link}")
    save(store, day_of([(Section.NEW, one)]))
    field, words = query.split(": ")
    assert found_by(store, words, field=field) == (["2503.00001"] if is_found else [])


# Pages, files, runs, politeness


def test_raw_pages_are_noted_with_their_headers(store: Store, place: Place) -> None:
    """A page's address, headers, hash and file are kept; the same page fetched twice is noted twice."""
    for path in ("bb/1.html.gz", "bb/2.html.gz"):
        store.keep_raw_page(PAGE, path)
    assert place.rows("SELECT url, sha256, path FROM raw_page ORDER BY id") == [
        (PAGE.url, PAGE.sha256, "bb/1.html.gz"),
        (PAGE.url, PAGE.sha256, "bb/2.html.gz"),
    ]
    [(headers,), _] = place.rows("SELECT CAST(headers AS TEXT) FROM raw_page ORDER BY id")
    assert headers == '[["Content-Type", "text/html"]]'


def test_times_are_kept_in_utc(store: Store, place: Place) -> None:
    """A time in any zone comes back as the same instant, and stands in the database as UTC."""
    moment = datetime(2025, 3, 5, 14, tzinfo=timezone(timedelta(hours=2)))
    store.finish_run(store.begin_run("run", moment, "1b9d"), moment, exit_code=0, requests=1)
    store.keep_raw_page(replace(PAGE, fetched_at=moment), "path")
    run = store.runs(limit=1)[0]
    assert (run.started_at, run.finished_at) == (NOON, NOON)
    if place.database is None:
        assert place.rows("SELECT fetched_at FROM raw_page") == [(NOON,)]
    else:
        assert place.rows("SELECT substr(fetched_at, 1, 19) FROM raw_page") == [("2025-03-05 12:00:00",)]


def test_a_file_is_remembered_once(store: Store) -> None:
    """The last thing known of a file is what counts; storing its day again forgets it."""
    store.remember_files([FileRow(FILE, HASH, HASH, "1" * 64)])
    store.remember_files([FileRow(FILE, HASH, HASH, "2" * 64)])
    store.remember_files([FileRow("other.md", "b" * 64, HASH, HASH), FileRow("other.md", HASH, HASH, HASH)])
    store.remember_files([])
    assert store.files().get("other.md") == FileRow("other.md", HASH, HASH, HASH)
    assert store.files().get(FILE) == FileRow(FILE, HASH, HASH, "2" * 64)
    assert set(store.files()) == {FILE, "other.md"}
    store.save_day(simple_day(["2503.00001"]), HASH, outdated_file=FILE)
    assert store.files().get(FILE) is None
    assert set(store.files()) == {"other.md"}


def test_runs_come_newest_first(store: Store) -> None:
    """A run has a number and a name from its start; one that never ended shows neither end nor exit code."""
    first = store.begin_run("run", NOON, "1b9d")
    second = store.begin_run("fetch 2025-03-05", NOON + timedelta(hours=1), "2c4e")
    assert first != second
    store.finish_run(first, NOON + timedelta(seconds=7), exit_code=75, requests=3)
    newest, oldest = store.runs(limit=5)
    assert (newest.command, newest.finished_at, newest.exit_code) == ("fetch 2025-03-05", None, None)
    assert (oldest.finished_at, oldest.exit_code, oldest.requests) == (NOON + timedelta(seconds=7), 75, 3)
    assert (newest.run_id, oldest.run_id) == ("2c4e", "1b9d")
    assert store.runs(limit=1) == [newest]


def test_the_last_request_is_remembered_across_openings(place: Place) -> None:
    """Politeness outlives the process, to the fraction of a second; by a server's own clock, where there is one."""
    begun = time.time()
    with closing(place.open()) as store:
        assert store.last_request() is None
        store.take_turn(1741176000.25, lambda _last: 0.0)
        store.take_turn(1741176123.75, lambda _last: 0.0)
    with closing(place.open()) as store:
        last = store.last_request() or 0.0
    assert last == 1741176123.75 if place.database else begun <= last <= time.time()
    assert place.rows("SELECT count(*) FROM politeness") == [(1,)]


# Several hosts


@pytest.fixture
def hosts(postgres: str) -> Iterator[tuple[Store, Store]]:
    """Two hosts that share an empty database of a server, and lose a lease after a second of silence."""
    with closing(_postgres_places(postgres)) as places:  # type: ignore[type-var]  # a generator has close()
        place = next(places)
        with closing(place.open()) as alpha, closing(place.open()) as beta:
            for name, store in (("alpha", alpha), ("beta", beta)):
                store.act_as(Host(name, lease=1, request=0.5))
            yield alpha, beta


def test_a_lease_is_of_one_host(hosts: tuple[Store, Store]) -> None:
    """Another host gets it when it is released, and not before; a host may take its own again."""
    alpha, beta = hosts
    assert alpha.take_lease("cs.CV")
    assert (beta.take_lease("cs.CV"), beta.take_lease("cs.LG"), alpha.take_lease("cs.CV")) == (False, True, True)
    assert alpha.leases() == {"cs.CV": "alpha", "cs.LG": "beta"}
    alpha.release_leases(["cs.CV", "cs.LG"])
    assert alpha.leases() == {"cs.LG": "beta"}
    assert beta.take_lease("cs.CV")


def test_a_silent_host_loses_its_lease_and_can_store_nothing(hosts: tuple[Store, Store]) -> None:
    """Not even a note; what it had not finished is not there. Whoever stores something is not silent."""
    alpha, beta = hosts
    alpha.take_lease("cs.CV")
    for _ in range(4):
        time.sleep(0.4)
        alpha.note(LEDGER)
    assert not beta.take_lease("cs.CV")
    time.sleep(1.1)
    assert beta.take_lease("cs.CV")
    words = "cs.CV: another host went on with it, for this one was silent for 1 s; nothing more is stored here"
    for write in (lambda: save(alpha, simple_day(["2503.00001"])), lambda: alpha.begin_run("run", NOON, "1b9d")):
        with pytest.raises(LockHeldError, match=words):
            write()
    assert (beta.summaries(), beta.runs(9)) == ([], [])
    alpha.release_leases(["cs.CV"])
    assert beta.leases() == {"cs.CV": "beta"}
    save(beta, simple_day(["2503.00001"]))


def test_a_host_that_nobody_waited_for_goes_on(hosts: tuple[Store, Store]) -> None:
    """A lease whose time is over is still its own as long as nobody else took it."""
    alpha, beta = hosts
    alpha.take_lease("cs.CV")
    time.sleep(1.1)
    assert beta.leases() == {}
    alpha.note(LEDGER)
    assert beta.leases() == {"cs.CV": "alpha"}


def test_a_lease_that_is_lost_in_a_transaction_undoes_it(hosts: tuple[Store, Store]) -> None:
    """While a day is being stored, nobody can take the lease away: what is stored was ours to store."""
    alpha, beta = hosts
    alpha.take_lease("cs.CV")
    with ThreadPoolExecutor() as pool:
        with alpha.transaction():
            save(alpha, simple_day(["2503.00001"]))
            time.sleep(1.2)
            taken = pool.submit(beta.take_lease, "cs.CV")
            time.sleep(0.2)
            assert not taken.done()
        assert taken.result() is True
    assert len(beta.summaries()) == 1
    with pytest.raises(LockHeldError):
        alpha.note(LEDGER)


def test_all_hosts_together_have_one_turn(hosts: tuple[Store, Store]) -> None:
    """Nobody asks while another waits for its answer, nor sooner after it than the delay."""
    alpha, beta = hosts

    def pause_after(last: float | None) -> float:
        return 0.0 if last is None else max(0.0, last + 0.3 - time.time())

    assert alpha.take_turn(time.time(), pause_after) == 0
    assert beta.take_turn(time.time(), pause_after) > 0
    time.sleep(0.4)
    assert beta.take_turn(time.time(), pause_after) > 0  # alpha still waits
    alpha.end_turn(0)
    pause = beta.take_turn(time.time(), pause_after)
    assert 0.2 < pause <= 0.3
    time.sleep(pause + 0.02)
    assert beta.take_turn(time.time(), pause_after) == 0


def test_a_host_that_died_while_it_asked_does_not_stop_the_others(hosts: tuple[Store, Store]) -> None:
    """Once a request must be over, it counts as over."""
    alpha, beta = hosts
    alpha.act_as(Host("alpha", lease=1, request=-4.6))  # five seconds more are waited
    assert alpha.take_turn(0.0, lambda _last: 0.0) == 0
    assert beta.take_turn(0.0, lambda _last: 0.0) > 0
    time.sleep(0.5)
    assert beta.take_turn(0.0, lambda _last: 0.0) == 0


def test_the_clocks_of_hosts_may_differ(hosts: tuple[Store, Store]) -> None:
    """A delay is a delay, whatever the hour on either host."""
    alpha, beta = hosts
    assert alpha.take_turn(1_000_000.0, lambda _last: 0.0) == 0
    alpha.end_turn(0)
    seen: list[float | None] = []
    beta.take_turn(9_000_000.0, lambda last: seen.append(last) or 1.0)  # type: ignore[func-returns-value]
    assert seen[0] is not None
    assert 8_999_990 < seen[0] <= 9_000_000.5


def test_a_page_is_kept_where_it_was_fetched(hosts: tuple[Store, Store]) -> None:
    """To other hosts it is one whose bytes are not here."""
    alpha, beta = hosts
    alpha.keep_raw_page(PAGE, "path")
    assert [row.path for row in alpha.raw_pages()] == ["path"]
    assert [row.path for row in beta.raw_pages()] == [""]


def test_a_file_has_one_host(sqlite: Place) -> None:
    """A SQLite database knows of no leases, and waits for nobody."""
    with closing(sqlite.open()) as store:
        assert store.leases() == {}
        assert store.take_turn(5.0, lambda last: 0.0 if last is None else 9.0) == 0
        store.end_turn(0)
        assert store.take_turn(6.0, lambda last: 0.0 if last is None else 9.0) == 9


# SQLite's settings, locks and damage


def test_sqlite_is_set_up_to_lose_nothing(sqlite: Place) -> None:
    """WAL, synchronous=FULL and foreign keys hold on every connection."""
    with closing(sqlite.open()) as store, store._read() as one, store._read() as other:  # noqa: SLF001  # they show nowhere else
        for connection in (one, other):
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert values == ["wal", 2, 1]


def test_a_lock_that_is_soon_let_go_disturbs_nobody(sqlite: Place) -> None:
    """Another's short transaction is waited for."""
    with closing(sqlite.open()) as store, ThreadPoolExecutor(1) as pool:
        assert sqlite.database is not None
        with closing(sqlite3.connect(sqlite.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = pool.submit(store.begin_run, "run", NOON, "1b9d")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
        assert waiting.result(timeout=5) == 1


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """What means something in an address means nothing in a path."""
    place = sqlite_place(tmp_path / "odd ?a=b&c #%20 ü" / "archive.db")
    _filled(place)
    assert [path.name for path in (tmp_path / "odd ?a=b&c #%20 ü").iterdir()] == ["archive.db"]
    with closing(place.open()) as store:
        assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"])


def test_what_is_noted_is_there_again(store: Store) -> None:
    """Corrections, decisions and readings come back as they were; the later of one key takes the other's place."""
    store.note(LEDGER)
    assert store.ledger() == LEDGER
    later = replace(LEDGER.decisions[0], note="It was a holiday.", decided_at=NOON + timedelta(days=1))
    other = replace(LEDGER.readings[0], source=Source.LISTING)
    store.note(Ledger(decisions=(later,), readings=(other,)))
    assert store.ledger() == Ledger(LEDGER.corrections, (later,), (LEDGER.readings[0], other))


def test_the_readings_of_a_settled_day_are_forgotten(store: Store) -> None:
    """Those of its date and category go, all others stay."""
    others = (replace(LEDGER.readings[0], category="cs.LG"), replace(LEDGER.readings[0], date=date(2025, 3, 6)))
    store.note(Ledger(readings=(*LEDGER.readings, *others)))
    store.forget_readings("cs.CV", WHEN)
    assert set(store.ledger().readings) == set(others)


def test_the_last_attempt_counts(store: Store) -> None:
    """A date that was asked for in vain is remembered by category, with the last time."""
    store.remember_attempt("cs.CV", WHEN, NOON)
    store.remember_attempt("cs.CV", WHEN, NOON + timedelta(hours=6))
    store.remember_attempt("cs.LG", WHEN, NOON)
    assert store.attempts("cs.CV") == {WHEN: NOON + timedelta(hours=6)}


# Several writes in one transaction


def write_much(store: Store) -> None:
    """Store a bit of everything that a night stores."""
    store.begin_run("run", NOON, "1b9d")
    store.keep_raw_page(PAGE, "path")
    save(store, simple_day(["2503.00001"]))
    store.note(LEDGER)
    store.remember_files([FileRow(name, HASH, HASH, HASH) for name in (FILE, "other.md")])
    store.forget_file("other.md")
    store.take_turn(1.0, lambda _last: 0.0)


def all_of(store: Store) -> tuple[object, ...]:
    """Return what is stored of everything that a night stores."""
    return store.known(), store.raw_pages(), store.runs(limit=9), store.last_request()


def test_writes_in_a_block_are_one_transaction(place: Place) -> None:
    """Who writes sees what is written, others see nothing of it before the end, and then all of it."""
    with closing(place.open()) as store, closing(place.open()) as other, begun() as transactions:
        before = all_of(other)
        transactions.clear()
        with store.transaction():
            write_much(store)
            with store.transaction():  # joins
                inside = all_of(store)
            assert transactions == [True]
            assert all_of(other) == before
        assert all_of(other) == all_of(store) == inside != before
        assert list(store.files()) == [FILE]


def write_and_raise(store: Store, error: BaseException) -> None:
    """Store much in a block that ends with ``error``."""
    with store.transaction():
        write_much(store)
        assert store.ledger() == LEDGER
        raise error


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError(28, "No space left"), KeyboardInterrupt()])
def test_an_exception_in_a_block_undoes_all_of_it(place: Place, error: BaseException) -> None:
    """Nothing of it is stored or remembered, and the exception comes out as it is."""
    with closing(place.open()) as store, closing(place.open()) as other:
        save(store, simple_day(["2503.00009"]), "b" * 64)
        before = all_of(store)
        with pytest.raises(type(error)) as caught:
            write_and_raise(store, error)
        assert caught.value is error
        assert (store.ledger(), store.summaries()) == (Ledger(), other.summaries())
        assert all_of(store) == all_of(other) == before
        write_much(store)  # and works again
        assert all_of(store) == all_of(other) != before


def fail_to_write(store: Store) -> None:
    """Store a day that no database takes."""
    one = simple_day(["2503.00001"])
    save(store, replace(one, entries=one.entries * 2))


def fail_inside(store: Store) -> None:
    """Store something in a block that fails."""
    with store.transaction():
        save(store, simple_day(["2503.00001"]))
        raise StoreError("the block inside")


def go_on_after(store: Store, fail: Callable[[Store], None]) -> None:
    """Catch the failure of a part of a block, and try to go on."""
    with store.transaction():
        store.note(LEDGER)
        with pytest.raises(StoreError):
            fail(store)
        with pytest.raises(StoreError, match=NOT_STORED):
            store.take_turn(1.0, lambda _last: 0.0)
        with pytest.raises(StoreError, match=NOT_STORED):
            store.ledger()


NOT_STORED = "nothing of this transaction is stored"


@pytest.mark.parametrize("fail", [fail_to_write, fail_inside, lambda store: store.attempts("cs.CV")])
def test_a_block_goes_not_on_after_a_failure(place: Place, fail: Callable[[Store], None]) -> None:
    """Somebody who catches the failure of a part learns at the latest at the end that nothing is stored."""
    with closing(place.open()) as store:
        execute(place, "ALTER TABLE attempt RENAME TO gone")
        before = all_of(store)
        with pytest.raises(StoreError, match=NOT_STORED):
            go_on_after(store, fail)
        assert all_of(store) == before
        write_much(store)  # and works again


def test_a_block_is_of_its_thread(place: Place) -> None:
    """What another thread reads meanwhile is what was stored before."""
    with closing(place.open()) as store, ThreadPoolExecutor(1) as pool:
        with store.transaction():
            store.keep_raw_page(PAGE, "path")
            assert pool.submit(store.raw_pages).result(timeout=5) == []
        assert len(pool.submit(store.raw_pages).result(timeout=5)) == 1


def in_a_block(store: Store) -> None:
    """Store nothing, in one transaction."""
    with store.transaction():
        pass


HEADER = DayHeader(simple_day(category="cs.LG"), {Section.NEW: 2, Section.CROSS: 0, Section.REPLACEMENT: 1})
QUERY = Query(Clause((Term((Phrase("abstract"),)),)))

HARVEST = Harvest("cs:cs:CV", "arXivRaw", None, "verb%3DListRecords", NOON, WHEN, 2500, NOON)

ANNOTATION = Annotation(WHEN, "tale", "2503.00001", HASH, "1", NOON, '"A tale."')
FAILURE = Failure(WHEN, "tale", "2503.00002", HASH, "1", 2, NOON, "exit code 1")

CALLS: Mapping[str, Callable[[Store], object]] = {
    "keep_raw_page": lambda store: store.keep_raw_page(PAGE, "path"),
    "raw_pages": lambda store: store.raw_pages(),
    "headers": lambda store: store.headers(HASH),
    "last_page": lambda store: store.last_page("https://arxiv.org/list/cs.CV/new"),
    "ids": lambda store: store.ids("cs.CV", WHEN),
    "papers": lambda store: store.papers(["2503.00001"]),
    "page_hashes": lambda store: store.page_hashes(),
    "ledger": lambda store: store.ledger(),
    "note": lambda store: store.note(LEDGER),
    "forget_readings": lambda store: store.forget_readings("cs.CV", WHEN),
    "attempts": lambda store: store.attempts("cs.CV"),
    "remember_attempt": lambda store: store.remember_attempt("cs.CV", WHEN, NOON),
    "save_headers": lambda store: store.save_headers([HEADER]),
    "save_day": lambda store: store.save_day(simple_day(["2503.00001"]), HASH, outdated_file=FILE),
    "day": lambda store: store.day("cs.CV", WHEN),
    "announcements": lambda store: store.announcements(ArxivId.parse("2503.00001")),
    "returning": lambda store: store.returning(),
    "known": lambda store: store.known(),
    "summaries": lambda store: store.summaries(),
    "find": lambda store: store.find(QUERY, ranked=True, limit=9),
    "find_announcements": lambda store: store.find_announcements(QUERY),
    "count_read_before": lambda store: store.count_read_before(3, 2),
    "summary": lambda store: store.summary("cs.CV", WHEN),
    "day_keys": lambda store: store.day_keys(),
    "restore_day": lambda store: store.restore_day(simple_day(["2503.00001"]), HASH),
    "dangling_rows": lambda store: store.dangling_rows(),
    "forget_dangling_rows": lambda store: store.forget_dangling_rows(),
    "misnamed_days": lambda store: store.misnamed_days(),
    "forget_day": lambda store: store.forget_day("cs.CV", WHEN),
    "false_revisions": lambda store: store.false_revisions(),
    "settle_revision": lambda store: store.settle_revision(1),
    "is_search_index_true": lambda store: store.is_search_index_true(),
    "remake_search_index": lambda store: store.remake_search_index(),
    "restore_raw_page": lambda store: store.restore_raw_page(HASH, "path"),
    "files": lambda store: store.files(),
    "forget_file": lambda store: store.forget_file("2025/a.md"),
    "note_removal": lambda store: store.note_removal(HASH),
    "forget_raw_page": lambda store: store.forget_raw_page(HASH),
    "transaction": in_a_block,
    "remember_files": lambda store: store.remember_files([FileRow(FILE, HASH, HASH, HASH)]),
    "begin_run": lambda store: store.begin_run("run", NOON, "1b9d"),
    "finish_run": lambda store: store.finish_run(1, NOON, exit_code=0, requests=0),
    "runs": lambda store: store.runs(limit=1),
    "last_request": lambda store: store.last_request(),
    "take_turn": lambda store: store.take_turn(1.0, lambda _last: 0.0),
    "end_turn": lambda store: store.end_turn(0),
    "leases": lambda store: store.leases(),
    "known_of": lambda store: store.known_of("cs.CV"),
    "not_before": lambda store: store.not_before(),
    "remember_not_before": lambda store: store.remember_not_before(1.0),
    "save_metadata": lambda store: store.save_metadata([metadata("2503.00001")], "oai", run=1),
    "save_versions": lambda store: store.save_versions([metadata("2503.00001")], "oai"),
    "forget_metadata": lambda store: store.forget_metadata(["2503.00001"]),
    "harvested_ids": lambda store: store.harvested_ids(["2503.00001"]),
    "metadata": lambda store: store.metadata(["2503.00001"]),
    "unfiled": lambda store: store.unfiled(),
    "unfiled_days": lambda store: store.unfiled_days("cs.CV", None, WHEN),
    "has_files": lambda store: store.has_files("cs.CV", WHEN),
    "captured": lambda store: store.captured("cs.CV"),
    "submissions": lambda store: list(store.submissions()),
    "harvests": lambda store: store.harvests(),
    "gathered": lambda store: store.gathered(),
    "note_gathered": lambda store: store.note_gathered(["cs.CV"], NOON, Extent.WHOLE),
    "note_harvest": lambda store: store.note_harvest(HARVEST),
    "annotated": lambda store: store.annotated(),
    "annotations": lambda store: store.annotations(WHEN),
    "earlier_annotations": lambda store: store.earlier_annotations("tale", "1", ["2503.00001"]),
    "save_annotations": lambda store: store.save_annotations([ANNOTATION]),
    "unanswered": lambda store: store.unanswered(),
    "note_unanswered": lambda store: store.note_unanswered(FAILURE),
}
"""How to call each public method of the store."""


class TestLocked:
    """Every public method against a database that another holds for itself.

    A new method of ``Store`` needs a row in ``CALLS``; the first test fails until it has one.
    """

    def test_every_method_is_tried(self) -> None:
        """No public method is left out of these tests, but for those that only a server is asked by."""
        public = {name for name in dir(Store) if not name.startswith("_")}
        assert public - {"close", "act_as", "take_lease", "release_leases"} == set(CALLS)

    @pytest.mark.parametrize("name", CALLS)
    def test_a_locked_database_is_a_store_error(self, name: str, tmp_path: Path) -> None:
        """Nothing that the driver raises gets out of the store; the error names the file."""
        place = sqlite_place(tmp_path / "archive.db", wait=0.02)
        store = place.open()
        store.close()  # a connection that is open already would keep the other from its lock
        with closing(_hold(tmp_path / "archive.db")), pytest.raises(StoreError, match=r"archive\.db.*locked"):
            CALLS[name](store)
        CALLS[name](store)  # and works again
        store.close()

    @pytest.mark.parametrize("name", ["save_day", "begin_run", "keep_raw_page", "take_turn", "transaction"])
    def test_a_second_writer_is_a_store_error(self, name: str, tmp_path: Path) -> None:
        """A method that writes does not wait for ever for another's transaction."""
        place = sqlite_place(tmp_path / "archive.db", wait=0.02)
        with closing(place.open()) as store:
            with closing(sqlite3.connect(tmp_path / "archive.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(StoreError, match="locked"):
                    CALLS[name](store)
            CALLS[name](store)

    def test_opening_a_locked_database_is_a_store_error(self, tmp_path: Path) -> None:
        """A database that cannot even be opened is named in one line."""
        place = sqlite_place(tmp_path / "archive.db", wait=0.02)
        place.open().close()
        with closing(_hold(tmp_path / "archive.db")), pytest.raises(StoreError, match=r"archive\.db.*locked"):
            place.open()


def _hold(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_writer_does_not_stop_readers(sqlite: Place) -> None:
    """While one run writes, what was stored before can be read."""
    with closing(sqlite.open()) as store:
        save(store, simple_day(["2503.00001"]))
        assert sqlite.database is not None
        with closing(sqlite3.connect(sqlite.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM entry")
            assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"])


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be looked into" * 50, None])
def test_what_is_no_database_is_a_store_error(tmp_path: Path, damage: bytes | None) -> None:
    """A damaged file, or a folder in its place, is refused and left as it is."""
    file = tmp_path / "archive.db"
    if damage is None:
        file.mkdir()
    else:
        file.write_bytes(damage)
    with pytest.raises(StoreError, match=r"archive\.db"):
        sqlite_place(file).open()
    assert file.is_dir() if damage is None else file.read_bytes() == damage


@pytest.mark.parametrize("url", ["sqlite:////proc/no/such/place.db", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_reached_is_a_store_error(url: str) -> None:
    """A folder that cannot be made and a server that does not answer are both the store's failures."""
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg")
    database = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
    with pytest.raises(StoreError):
        Store(url, database)


# The schema


def _shape(place: Place) -> dict[str, object]:
    """Return all that the database says of its tables: columns, keys, constraints, indexes."""
    engine = place.engine()
    found = inspect(engine)
    names = [name for name in found.get_table_names() if not _OWN_TABLES.fullmatch(name)]
    shape: dict[str, object] = {
        name: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], bool(column.get("default")))
                for column in found.get_columns(name)
            },
            "key": found.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted((str(one["name"]), one["column_names"]) for one in found.get_unique_constraints(name)),
            "foreign": sorted(
                (one["constrained_columns"], one["referred_table"], one["referred_columns"])
                for one in found.get_foreign_keys(name)
            ),
            "indexes": sorted(
                (str(one["name"]), one["column_names"], bool(one["unique"]))
                for one in found.get_indexes(name)
                if one["name"] != "revision_text"
            ),
        }
        for name in names
    }
    engine.dispose()
    return shape


def test_the_migrations_make_the_tables_that_the_code_knows(make_place: MakePlace) -> None:
    """A new database, which no migration made, is the one that all migrations together make."""
    migrated, created = make_place(), make_place()
    engine = migrated.engine()
    config = AlembicConfig()
    config.set_main_option("script_location", str(package_file("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    created.open().close()
    assert _shape(migrated) == _shape(created)
    assert set(_shape(migrated)) == set(tables.metadata.tables)
    assert _full_text(migrated) == _full_text(created) != []
    migrated.open().close()  # and it is taken as it is


def _full_text(place: Place) -> list[tuple[Any, ...]]:
    """Return how the full-text index and the views were made, and on PostgreSQL the sequences."""
    if place.database is None:
        found = place.rows(
            "SELECT indexname, split_part(indexdef, ' USING ', 2) FROM pg_indexes WHERE schemaname = current_schema "
            "AND indexname IN ('revision_text_pkey', 'revision_text_words')"
        )
        found += place.rows("SELECT sequencename, data_type FROM pg_sequences WHERE schemaname = current_schema")
        return sorted(found + place.rows("SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema"))
    return place.rows("SELECT sql FROM sqlite_master WHERE name = 'revision_text' OR type = 'view' ORDER BY name")


def test_the_code_knows_the_newest_migration(place: Place) -> None:
    """``SCHEMA`` is the head of the migrations, and what a new database says of itself."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(package_file("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]
    place.open().close()
    assert place.rows("SELECT version_num FROM alembic_version") == [(SCHEMA,)]


def test_a_newer_schema_is_refused(place: Place) -> None:
    """A database that a newer digest made is left as it is, and the way out is named."""
    with closing(place.open()) as store:
        save(store, simple_day(["2503.00001"]))
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SchemaTooNewError, match=r"9999.*upgrade digest"):
        place.open()
    assert place.rows("SELECT version_num FROM alembic_version") == [("9999",)]
    assert place.rows("SELECT count(*) FROM day") == [(1,)]


def test_several_may_open_a_new_database_at_once(sqlite: Place) -> None:
    """Who comes second finds the tables made, or waits for them; nobody fails."""
    command = [sys.executable, "-c", OPEN, sqlite.url, str(sqlite.database)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(process.communicate(timeout=30)[1], process.returncode) for process in processes]
    assert ends == [("", 0)] * 3


NEXT_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{down}"


def upgrade() -> None:
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("DELETE FROM run")
    {last}
"""


@dataclass(frozen=True)
class _NextVersion:
    """A copy of the program that has one migration more."""

    folder: Path

    def open(self, place: Place) -> subprocess.CompletedProcess[str]:
        """Open the store with it, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-c", OPEN, place.url, str(place.database or "")],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


def _next_version(home: Path, last: str) -> _NextVersion:
    package = package_file("migrations").parent
    source = package if package.name == "digest" else package / "digest"
    ignored = shutil.ignore_patterns("__pycache__", "migrations")
    shutil.copytree(source, home / "digest", ignore=ignored)
    shutil.copytree(package_file("migrations"), home / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    known = home / "digest" / "store" / "file.py"
    changed = known.read_text(encoding="utf-8").replace(f'SCHEMA = "{SCHEMA}"', 'SCHEMA = "9001"')
    known.write_text(changed, encoding="utf-8")
    migration = NEXT_MIGRATION.replace("{last}", last).replace("{down}", SCHEMA)
    (home / "migrations" / "versions" / "9001_next.py").write_text(migration, encoding="utf-8")
    return _NextVersion(home)


def _filled(place: Place) -> None:
    with closing(place.open()) as store:
        store.begin_run("run", NOON, "1b9d")
        save(store, simple_day(["2503.00001"]))


@pytest.mark.parametrize("last", ['op.execute("INSERT INTO nothing VALUES (1)")', 'raise RuntimeError("midway")'])
def test_a_migration_that_fails_midway_leaves_nothing(place: Place, tmp_path: Path, last: str) -> None:
    """Tables made and rows changed before the failure are gone with it; this version still works."""
    _filled(place)
    before = _shape(place)
    result = _next_version(tmp_path / "next", last).open(place)
    assert result.returncode != 0
    assert _shape(place) == before
    assert place.rows("SELECT version_num FROM alembic_version") == [(SCHEMA,)]
    assert place.rows("SELECT count(*) FROM run") == [(1,)]
    with closing(place.open()) as store:
        assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"])


def test_an_upgrade_keeps_what_is_stored(place: Place, tmp_path: Path) -> None:
    """An older database is brought to the newer schema by merely opening it; its days are still there."""
    _filled(place)
    result = _next_version(tmp_path / "next", "pass").open(place)
    assert (result.returncode, result.stderr) == (0, "")
    assert place.rows("SELECT version_num FROM alembic_version") == [("9001",)]
    assert place.rows("SELECT (SELECT count(*) FROM extra), (SELECT count(*) FROM day)") == [(0, 1)]
    with pytest.raises(SchemaTooNewError):
        place.open()


def test_an_older_database_is_copied_before_it_is_upgraded(sqlite: Place, tmp_path: Path) -> None:
    """One whole copy of the former database stands beside it, under a name that says what it is."""
    _filled(sqlite)
    assert _next_version(tmp_path / "next", "pass").open(sqlite).returncode == 0
    copies = [path for path in tmp_path.glob("archive.db.*") if path.suffix not in (".db-wal", ".db-shm")]
    assert [path.name for path in copies] == [f"archive.db.before-upgrade-from-{SCHEMA}"]
    former = sqlite_place(copies[0])
    assert former.rows("SELECT count(*) FROM run") == [(1,)]
    with closing(former.open()) as store:
        assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"])


def make_older(place: Place, number: str, days: Sequence[Day]) -> None:
    """Make a database as it was in an older schema, with a run and ``days``, each of which has papers of its own."""
    papers = [entry.paper for day in days for entry in day.entries]
    entries = [
        row | {"revision_id": papers.index(entry.paper) + 1}
        for day_id, day in enumerate(days, 1)
        for row, entry in zip(entry_rows(day, day_id, range(len(day.entries))), day.entries, strict=True)
    ]
    rows: dict[str, list[dict[str, Any]]] = {
        "run": [{"id": 1, "command": "run", "started_at": NOON, "requests": 0}],
        "day": [day_row(day, day.counts, HASH) | {"id": number} for number, day in enumerate(days, 1)],
        "revision": [revision_row(number, one) for number, one in enumerate(papers, 1)],
        "entry": entries,
    }
    engine = place.engine()
    with engine.begin() as connection:
        migrate(connection, number)
        older = MetaData()
        older.reflect(connection, only=list(rows))
        for name, several in rows.items():
            table = older.tables[name]
            known = [{key: value for key, value in row.items() if key in table.columns} for row in several]
            connection.execute(table.insert(), known)
    engine.dispose()


def test_days_of_the_second_schema_had_the_first_link_rules(place: Place) -> None:
    """Of old days no typed text was kept and the links were found by the first rules; old runs have no name."""
    make_older(place, "0002", [simple_day(["2503.00001"])])
    with closing(place.open()) as store:
        assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"], link_rules=1)
        assert [run.run_id for run in store.runs(limit=5)] == [""]
    assert place.rows("SELECT version_num FROM alembic_version") == [(SCHEMA,)]


def test_an_upgrade_makes_old_days_searchable(place: Place) -> None:
    """The papers of the fifth schema get their places and plain texts: all is as if their days were stored now."""
    link = '<a class="link-external" href="https://x.example/">this https URL</a>'
    texts = [
        paper("2503.00002", authors=("Narciso García", 'Jo "J" B'), abstract=f"R&amp;D at {link}"),
        paper("2503.00001", comments="A &lt; B", authors=()),
    ]
    days = [
        day_of([(Section.NEW, one) for one in texts]),
        day_of([(Section.REPLACEMENT, paper("2503.00003"))], date=date(2025, 3, 4)),
    ]
    make_older(place, "0005", days)
    with closing(place.open()) as store:
        assert [store.day(day.category, day.date) for day in days] == days
        assert store.is_search_index_true()
        assert found_by(store, "garcia", "zoe") == ["2503.00002", "2503.00003"]
    columns = "arxiv_id, place, authors_text, abstract_text, comments_text"
    assert place.rows(f"SELECT {columns} FROM revision ORDER BY place DESC") == [  # noqa: S608
        ("2503.00002", place_of(WHEN, 1), 'Narciso García, Jo "J" B', "R&D at https://x.example/", None),
        ("2503.00001", place_of(WHEN, 2), None, None, "A < B"),
        ("2503.00003", place_of(date(2025, 3, 4), 1), "Zoë van der Plaat, Mei O'Dunmore", None, None),
    ]


def place_of(when: date, position: int) -> int:
    """Return the place of what a date showed first, second …: a date has 2**20, of which the greatest comes first."""
    return (when.toordinal() + 1) * 2**20 - position


def test_an_upgrade_passes_by_damage(sqlite: Place) -> None:
    """What cannot be read is upgraded all the same, so that `digest verify` can tell and mend it."""
    make_older(sqlite, "0005", [simple_day(["2503.00001", "2503.00002", "2503.00003"])])
    execute(sqlite, "UPDATE revision SET authors = '[' WHERE id = 1")
    execute(
        sqlite, "UPDATE revision SET title = CAST(x'80ff' AS TEXT), abstract = CAST(x'3c80ff' AS TEXT) WHERE id = 2"
    )
    with closing(sqlite.open()) as store:
        assert store.is_search_index_true()
        assert {one.number for one in store.false_revisions()} == {1, 2}
    joined = "revision_text JOIN revision ON place = revision_text.rowid"
    found = sqlite.rows(f"SELECT arxiv_id FROM {joined} WHERE revision_text MATCH 'zoe' ORDER BY place DESC")  # noqa: S608
    assert found == [("2503.00002",), ("2503.00003",)]


@pytest.mark.parametrize("stored", ["math.GT/0309136", "math/0309136"])
def test_an_old_id_is_known_with_its_subject_class_and_without(store: Store, stored: str) -> None:
    """Both are one paper, whichever the listing showed; another number or archive is another."""
    save(store, simple_day([stored, "math.GT/0309137", "cs/0309136"], date=date(2003, 9, 9)))
    for asked in ("math.GT/0309136", "math/0309136"):
        assert [str(one.paper.arxiv_id) for one in store.announcements(ArxivId.parse(asked))] == [stored]


# What was harvested


def metadata(arxiv_id: str, categories: str = "cs.CV", **changes: Any) -> Metadata:
    """Return what a source tells of a paper with one version."""
    known = Metadata(
        *(arxiv_id, WHEN, 1, categories, r"On $\\alpha$", "A. Bell, C. Dietz"),
        *(None, None, "We do  things.\n  They work.", (Version(1, NOON),)),
    )
    return known._replace(**changes)


def test_what_is_harvested_comes_back(store: Store) -> None:
    """A paper's texts as they were typed, and when its versions came; other papers are not told."""
    whole = metadata("2503.00001", versions=(Version(1, NOON), Version(2, NOON + timedelta(days=3))), version=2)
    vague = metadata("2503.00002", version=None, versions=(Version(1, NOON.replace(hour=0), is_day=True),))
    assert store.save_metadata([whole, vague], "oai", run=1) == (2, 0, 0)
    store.save_versions([metadata("2503.00003"), whole], "kaggle")
    assert store.metadata(["2503.00003", "2503.00001", "2503.00002"]) == {
        one.arxiv_id: one._replace(versions=()) for one in (whole, vague)
    }
    assert list(store.submissions()) == [
        Submission("2503.00001", NOON, is_day=False, categories="cs.CV"),
        Submission("2503.00002", NOON.replace(hour=0), is_day=True, categories="cs.CV"),
        Submission("2503.00003", NOON, is_day=False, categories=None),
    ]
    assert store.harvested_ids(["2503.00003", "2503.00001"]) == {"2503.00001"}


def test_submissions_come_in_the_order_of_their_ids(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By page, archive by archive, and only those in the categories that are asked for."""
    monkeypatch.setattr("digest.store.harvests._PAGE", 2)
    ids = ["0704.0001", "1412.0002", "1501.00001", "hep-th/0401001", "math/0309136", "math/0401001"]
    for number, one in enumerate(reversed(ids)):
        store.save_metadata([metadata(one, "cs.CV cs.LG" if number % 2 else "cs.LGX cs.CVX")], "kaggle", run=1)
    assert [one.arxiv_id for one in store.submissions()] == ids
    assert [one.arxiv_id for one in store.submissions(["cs.LG"])] == ids[::2]
    assert list(store.submissions(["cs.RO"])) == []


def test_only_news_replaces_what_is_known_of_a_paper(store: Store) -> None:
    """A newer record, or one of the same day that says something else; Kaggle's never OAI-PMH's of the same day."""
    first = metadata("2503.00001")
    later = first._replace(datestamp=WHEN + timedelta(days=1), title="Newer", version=2)
    steps = [
        (first, "kaggle", (1, 0, 0)),
        (first, "kaggle", (0, 0, 1)),
        (first._replace(title="Else"), "kaggle", (0, 1, 0)),
        (first, "oai", (0, 1, 0)),
        (first._replace(title="Kaggle's"), "kaggle", (0, 0, 1)),
        (later, "kaggle", (0, 1, 0)),
        (first, "oai", (0, 0, 1)),
        (later, "kaggle", (0, 0, 1)),
    ]
    for run, (one, source, taken) in enumerate(steps, 1):
        assert store.save_metadata([one], source, run) == taken, run
    assert store.metadata(["2503.00001"])["2503.00001"] == later._replace(versions=())


def test_the_run_that_stored_a_paper_as_it_is_is_told(place: Place) -> None:
    """By it, what has changed since can be found; a record that says nothing new changes nothing."""
    with closing(place.open()) as store:
        store.save_metadata([metadata("2503.00001"), metadata("2503.00002")], "oai", run=3)
        store.save_metadata([metadata("2503.00001"), metadata("2503.00002", title="Newer")], "oai", run=4)
    assert place.rows("SELECT arxiv_id, run FROM harvested ORDER BY 1") == [("2503.00001", 3), ("2503.00002", 4)]


def test_of_a_deleted_paper_the_time_stays(store: Store) -> None:
    """It has its place among the ids; its texts are no more."""
    store.save_metadata([metadata("2503.00001"), metadata("2503.00002")], "oai", run=1)
    store.forget_metadata(["2503.00001", "2503.00009"])
    assert list(store.metadata(["2503.00001", "2503.00002"])) == ["2503.00002"]
    assert [one.arxiv_id for one in store.submissions()] == ["2503.00001", "2503.00002"]


def test_how_far_a_harvest_came_is_kept(store: Store) -> None:
    """One note a set, the last."""
    done = replace(HARVEST, token=None, token_until=None, records=4000, finished_at=NOON)
    other = Harvest("physics:hep-th", "arXivRaw", WHEN, None, None, None, 0, NOON)
    for one in (HARVEST, other, done):
        store.note_harvest(one)
    assert store.harvests() == {"cs:cs:CV": done, "physics:hep-th": other}


def test_days_of_the_sixth_schema_have_files(place: Place) -> None:
    """Each was written when it was stored, and none was reconstructed."""
    make_older(place, "0006", [simple_day(["2503.00001"])])
    with closing(place.open()) as store:
        assert store.day("cs.CV", WHEN) == simple_day(["2503.00001"])
    assert place.rows("SELECT has_files FROM day") == [(True,)]
    assert place.rows("SELECT basis, earliest, latest, text_version FROM entry") == [(None,) * 4]


# Days without files

LATER = WHEN + timedelta(days=1)


def without_files(store: Store, day: Day) -> None:
    """Store a day in the database alone."""
    store.save_day(day, "0" * 64, outdated_file=FILE, has_files=False)


def test_a_day_without_files_is_read_and_not_among_those_with_files(store: Store) -> None:
    """What is known of all such days is their number, and from when to when."""
    days = [reconstructed_day([one], date=when) for one, when in (("2503.00001", WHEN), ("2503.00002", LATER))]
    for day in days:
        without_files(store, day)
    without_files(store, reconstructed_day(["2503.00001"], category="cs.LG"))
    save(store, simple_day(["2503.00003"], date=WHEN - timedelta(days=1)))
    assert [day.date for day in store.known().days] == [WHEN - timedelta(days=1)]
    assert store.known().unfiled == {"cs.CV": Unfiled(2, WHEN, LATER), "cs.LG": Unfiled(1, WHEN, WHEN)}
    assert [store.day("cs.CV", day.date) for day in days] == days
    assert [day.date for day in store.unfiled_days("cs.CV", None, None)] == [WHEN, LATER]
    assert [day.date for day in store.unfiled_days("cs.CV", LATER, LATER)] == [LATER]
    assert [store.has_files("cs.CV", WHEN + n * timedelta(days=1)) for n in (-1, 0, 2)] == [True, False, True]
    assert store.captured("cs.CV") == [("2503.00003", WHEN - timedelta(days=1), Section.NEW, State.COMPLETE)]
    assert store.announcements(ArxivId.parse("2503.00002")) == list(days[1].announcements)


def test_what_is_captured_takes_the_place_of_what_has_no_files(store: Store) -> None:
    """A day that is stored again has files, unless it is said otherwise."""
    without_files(store, reconstructed_day(["2503.00001"]))
    save(store, simple_day(["2503.00001", "2503.00002"]))
    assert store.known().unfiled == {}
    assert len(store.known().days) == 1


# The light store


@pytest.fixture
def filled(sqlite: Place) -> Place:
    """A database with something of everything that the light store tells."""
    with closing(sqlite.open()) as store:
        _ = [store.begin_run("run", NOON, "1b9d"), store.begin_run("fetch --missing", NOON + timedelta(hours=5), "2c")]
        store.finish_run(1, NOON.astimezone(timezone(timedelta(hours=3))), exit_code=4, requests=7)
        save(store, simple_day(["2503.00001"], declared={Section.NEW: 3}))
        save(store, replace(simple_day([], state=State.EMPTY), category="cs.LG"))
        store.note(LEDGER)
        store.note(Ledger(starts=(Start("cs.CV", WHEN),)))
        store.remember_attempt("cs.CV", WHEN, NOON)
        store.remember_files([FileRow(FILE, "a" * 64, "b" * 64, "c" * 64)])
    return sqlite


def light_of(place: Place) -> LightStore | None:
    """Open the light store."""
    return open_light(place.database or Path())


def test_the_light_store_knows_all_tables_and_columns(sqlite: Place, tmp_path: Path) -> None:
    """Of a new database and of one that was upgraded, whose columns may stand in another order."""
    _filled(sqlite)
    old = sqlite_place(tmp_path / "old.db")
    with old.engine().begin() as connection:
        migrate(connection, "0001")
    with closing(old.open()):
        pass
    for place in (sqlite, old):
        with closing(sqlite3.connect(place.database or "")) as connection:
            assert shape_of(connection) == SHAPE


def test_what_a_program_said_is_kept_with_its_hash(place: Place) -> None:
    """A later answer takes the place of an earlier one, and of a failure; both kinds of store tell the same."""
    with closing(place.open()) as store:
        store.note_unanswered(FAILURE)
        store.note_unanswered(replace(FAILURE, arxiv_id=ANNOTATION.arxiv_id))
        store.save_annotations([ANNOTATION])
        before = store.annotated()
        later = replace(ANNOTATION, answer='{"tale": "Another."}', made_at=NOON + timedelta(hours=1))
        store.save_annotations([later])
        assert (store.annotations(WHEN), store.unanswered()) == ([later], [FAILURE])
        assert store.annotated() == {(WHEN, "tale"): hash_of([later])} != before
        assert store.earlier_annotations("tale", "1", ["2503.00001"]) == [later]
        assert store.earlier_annotations("tale", "2", ["2503.00001"]) == []
        found = store.annotations(WHEN), store.annotated()
    if place.database and (light := open_light(place.database)):
        assert (light.annotations(WHEN), light.annotated()) == found
        light.close()


def test_the_light_store_says_what_the_whole_one_says(filled: Place) -> None:
    """What is known, the last runs, what was asked for in vain."""
    light = light_of(filled)
    assert light is not None
    with closing(light), closing(filled.open()) as store:
        assert light.known() == store.known()
        assert light.runs(limit=10) == store.runs(limit=10)
        assert light.runs(limit=1) == store.runs(limit=1)
        assert light.attempts("cs.CV") == store.attempts("cs.CV") == {WHEN: NOON}
        assert light.attempts("cs.LG") == {}
        store.note_gathered(["cs.CV", "cs.LG", "hep-th"], NOON, Extent.PART)
        store.note_gathered(["cs.CV", "hep-th"], NOON + timedelta(days=1), Extent.WHOLE)
        store.note_gathered(["cs.CV"], NOON + timedelta(days=1), Extent.PART)
        store.note_gathered(["hep-th"], NOON + timedelta(days=2), Extent.BUT_UNREAD)
        expected = {"cs.CV": Extent.WHOLE, "cs.LG": Extent.PART, "hep-th": Extent.BUT_UNREAD}
        assert light.gathered() == store.gathered() == expected


def test_the_light_store_tells_of_days_without_files(filled: Place) -> None:
    """What the whole one tells: their number, and those that are asked for."""
    with closing(filled.open()) as store:
        without_files(store, reconstructed_day(["2503.00001"], date=LATER))
        light = light_of(filled)
        assert light is not None
        with closing(light):
            assert light.known() == store.known()
            assert light.unfiled() == store.unfiled() == light.known().unfiled
            assert light.unfiled_days("cs.CV", None, None) == store.unfiled_days("cs.CV", None, None) != []
            assert light.unfiled_days("cs.CV", LATER + timedelta(days=1), None) == []


def test_a_run_that_the_light_store_notes_is_noted(filled: Place) -> None:
    """Begun by it, ended by it or by the whole one: the rows are the same."""
    light = light_of(filled)
    assert light is not None
    with closing(light), closing(filled.open()) as store:
        later = NOON.astimezone(timezone(timedelta(hours=-5))) + timedelta(microseconds=7)
        begin: tuple[LightStore | Store, ...] = (light, store, light)
        end: tuple[LightStore | Store, ...] = (light, store, store)
        numbers = [one.begin_run("run", later, "3d") for one in begin]
        for number, one in zip(numbers, end, strict=True):
            one.finish_run(number, later, exit_code=0, requests=1)
        assert numbers == [3, 4, 5]
        first, *others = store.runs(limit=3)
        assert others == [first, first]
    rows = filled.rows("SELECT started_at, finished_at, exit_code, requests FROM run WHERE id > 2")
    assert rows == [rows[0]] * 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '9999'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "DROP TABLE attempt",
        "ALTER TABLE revision DROP COLUMN raw",
        "DROP TABLE revision_text",
        "CREATE TABLE more (id INTEGER)",
    ],
)
def test_the_light_store_opens_what_is_as_it_should_be_alone(filled: Place, statement: str) -> None:
    """All else is for the whole one, which tells what it is, or makes it right; nothing is changed before."""
    execute(filled, statement)
    before = (filled.database or Path()).read_bytes()
    assert light_of(filled) is None
    assert (filled.database or Path()).read_bytes() == before


@pytest.mark.parametrize("damage", [None, b"", b"x" * 8192])
def test_the_light_store_makes_no_file(tmp_path: Path, damage: bytes | None) -> None:
    """Where there is none, or what is no database."""
    file = tmp_path / "archive.db"
    if damage is not None:
        file.write_bytes(damage)
    assert open_light(file) is None
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if damage is None else [damage])


@pytest.mark.parametrize(
    ("statement", "ask"),
    [
        ("UPDATE day SET date = 'yesterday'", "known"),
        ("UPDATE day SET state = 'x'", "known"),
        ("UPDATE day SET source = ''", "known"),
        ("UPDATE day SET declared = '{'", "known"),
        ('UPDATE day SET stored = \'{"new": true, "cross": 0, "replacement": 0}\'', "known"),
        ("UPDATE day SET stored = '{\"new\": 1}'", "known"),
        ("UPDATE day SET category = '../x' WHERE id = 1", "known"),
        ("UPDATE day SET content_hash = CAST(X'FF' AS TEXT)", "known"),
        ("UPDATE correction SET seen_at = 7", "known"),
        ("UPDATE decision SET date = '2025'", "known"),
        ("UPDATE reading SET source = 'x'", "known"),
        ("UPDATE start SET date = ''", "known"),
        ("UPDATE run SET started_at = 'soon'", "runs"),
        ("UPDATE attempt SET at = X'00'", "attempts"),
    ],
)
def test_the_light_store_leaves_damage_to_the_whole_one(filled: Place, statement: str, ask: str) -> None:
    """It answers nothing of it; the whole one names it."""
    execute(filled, statement)
    light = light_of(filled)
    assert light is not None

    def question(store: LightStore | Store) -> object:
        answers: dict[str, Callable[[], object]] = {
            "known": store.known,
            "runs": lambda: store.runs(9),
            "attempts": lambda: store.attempts("cs.CV"),
        }
        return answers[ask]()

    with closing(light), pytest.raises(UnansweredError):
        question(light)
    with closing(filled.open()) as store, pytest.raises(DamageError):
        question(store)


def test_the_light_store_notes_what_the_whole_one_notes(filled: Place, tmp_path: Path) -> None:
    """A day that replaces another, a page, files, the clock: row by row the same, those of the full-text index too."""
    other = sqlite_place(tmp_path / "other.db")
    shutil.copyfile(filled.database or "", other.database or "")
    light = light_of(other)
    assert light is not None
    first = [paper("2503.00001"), paper("2503.00002", links=(Link("https://x.example/", "code", "abstract"),))]
    day = day_of([(Section.NEW, one) for one in first])
    with closing(light), closing(filled.open()) as store:
        both: tuple[LightStore | Store, ...] = (light, store)
        for one in both:
            assert one.not_before() is None
            assert one.take_turn(5.5, lambda last: 0.0 if last is None else 9.0) == 0
            assert one.take_turn(7.5, lambda last: 0.0 if last is None else last) == 5.5
            one.remember_not_before(8.5)
            assert one.not_before() == 8.5
            one.keep_raw_page(PAGE, "path")
            for what in (day, replace(day, entries=day.entries[:1])):
                one.save_day(what, HASH, outdated_file=FILE)
            one.remember_files([FileRow("x", HASH, HASH, ""), FileRow("y", HASH, HASH, ""), FileRow("x", HASH, "", "")])
            one.take_turn(9.25, lambda _last: 0.0)
            assert one.ids("cs.CV", WHEN) == {"2503.00001"}
            assert one.ids("cs.CV", date(2025, 3, 6)) == frozenset()
    assert dump(other) == dump(filled)


def dump(place: Place) -> list[str]:
    """Return all that is in a database."""
    with closing(sqlite3.connect(place.database or "")) as connection:
        connection.text_factory = bytes
        tables = [row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [f"{table} {row}" for table in sorted(tables) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608


def rows_of(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of the tables of days, as Python has them; a day's number is its database's own affair."""
    engine = place.engine()
    with engine.connect() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(table.select())]
            for table in (tables.day, tables.revision, tables.entry, tables.link)
        }
    engine.dispose()
    days = {row[0]: row[1:3] for row in rows["day"]}
    rows["day"] = [row[1:] for row in rows["day"]]
    rows["entry"] = [(*days[row[0]], *row[1:]) for row in rows["entry"]]
    return {name: sorted(its, key=str) for name, its in rows.items()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(any_day(nul=False), min_size=1, max_size=3))
def test_both_databases_hold_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Place, days: list[Day]
) -> None:
    """Whatever a day holds: the same rows, and the same numbers and places of revisions."""
    sqlite = sqlite_place(tmp_path_factory.mktemp("rows") / "archive.db")
    with closing(postgresql.open()) as server, closing(sqlite.open()) as store:
        execute(postgresql, "TRUNCATE day, revision, entry, link, revision_text RESTART IDENTITY")
        for day in days:
            save(store, day)
            save(server, day)
    assert rows_of(postgresql) == rows_of(sqlite)


def test_the_light_store_waits_for_nobody(filled: Place) -> None:
    """What another has locked, the whole one waits for."""
    light = light_of(filled)
    assert light is not None
    with closing(light), closing(sqlite3.connect(filled.database or "")) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(UnansweredError):
            light.begin_run("run", NOON, "1")
        assert time.monotonic() - began < 1
        other.rollback()
        assert light.begin_run("run", NOON, "1") == 3
