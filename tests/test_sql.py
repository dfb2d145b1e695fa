"""The database as people read it: the views, and the queries of docs/SQL.md, on an archive that commands have made."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import Sandbox
from tests.postgresql import schemas
from tests.standin import StandIn, invent

*QUERIES, ON_SERVER = re.findall(
    r"```sql\n(.*?)```", Path(__file__).parents[1].joinpath("docs/SQL.md").read_text(), re.DOTALL
)
"""The last one is PostgreSQL's."""
DAYS = (date(2025, 3, 4), date(2025, 3, 5), date(2025, 4, 1))


@pytest.fixture
def database(archive: Sandbox, arxiv: StandIn) -> Iterator[sqlite3.Connection]:
    """The database of an archive of three days, opened as any program would."""

    def make() -> None:
        for when in DAYS:
            arxiv.announce(invent("cs.CV", when))
            arxiv.today = when
            assert archive.digest("run", now=f"{when}T02:00:00Z").code in {0, 4}  # a month between has gaps

    archive.once(make)
    with closing(sqlite3.connect(archive.folder / "archive.db")) as connection:
        yield connection


def records(sandbox: Sandbox) -> list[Mapping[str, Any]]:
    """Return what an export has of every announcement, by date."""
    sections = [word for name in ("new", "cross", "replacement") for word in ("--section", name)]
    result = sandbox.digest("export", "..", "--format", "jsonl", *sections)
    return [json.loads(line) for line in result.out.splitlines()]


def code(row: Mapping[str, Any]) -> list[str]:
    """Return the addresses of code in a record."""
    return [link["url"] for link in row["links"] if link["kind"] == "code"]


def newest(sandbox: Sandbox) -> dict[str, Mapping[str, Any]]:
    """Return the newest record of each paper."""
    return {row["id"]: row for row in records(sandbox)}


def test_papers_are_what_was_announced_last(database: sqlite3.Connection, archive: Sandbox) -> None:
    """Each once, in plain text, with the date of its first announcement; the newest first."""
    first: dict[str, str] = {}
    for row in records(archive):
        first.setdefault(row["id"], row["date"])
    found = database.execute(
        "SELECT id, date, title, authors, primary_category, abstract, comments FROM papers"
    ).fetchall()
    expected = {
        (one, first[one], row["title"], ", ".join(row["authors"]), row["primary"], row["abstract"], row["comments"])
        for one, row in newest(archive).items()
    }
    assert len(found) == len(expected)
    assert set(found) == expected
    revised = [row[0] for row in database.execute("SELECT revised FROM papers")]
    assert revised == sorted(revised, reverse=True)
    url, categories = database.execute("SELECT url, categories FROM papers WHERE id = ?", (found[0][0],)).fetchone()
    assert (url, categories) == (
        f"https://arxiv.org/abs/{found[0][0]}",
        " ".join(newest(archive)[found[0][0]]["categories"]),
    )


def test_days_tell_their_counts(database: sqlite3.Connection, archive: Sandbox) -> None:
    """The newest first, with how many entries of each section are there."""
    counted = Counter((row["date"], row["section"]) for row in records(archive))
    found = database.execute(
        "SELECT date, category, state, source, new, cross_lists, replacements FROM days"
    ).fetchall()
    assert found == [
        (day, "cs.CV", "complete", "listing", *(counted[day, name] for name in ("new", "cross", "replacement")))
        for day in map(str, reversed(DAYS))
    ]


def test_links_have_their_hosts(database: sqlite3.Connection, archive: Sandbox) -> None:
    """Those of the newest texts; papers with code have the first of its addresses."""
    coded = {one: code(row) for one, row in newest(archive).items() if code(row)}
    assert coded
    found = database.execute("SELECT id, url FROM links WHERE kind = 'code'").fetchall()
    assert sorted(found) == sorted((one, url) for one, urls in coded.items() for url in urls)
    assert dict(database.execute("SELECT id, code FROM papers_with_code")) == {
        one: urls[0] for one, urls in coded.items()
    }
    for url, host in database.execute("SELECT url, host FROM links"):
        assert url.split("/")[2] == host


def test_the_queries_of_the_documentation(database: sqlite3.Connection, archive: Sandbox) -> None:
    """Each answers what it says: compared with an export of the same archive."""
    by_month, by_phrase, by_host, by_author, by_day = (database.execute(query).fetchall() for query in QUERIES)
    papers, announced = newest(archive), records(archive)
    first: dict[str, str] = {}
    for row in announced:
        first.setdefault(row["id"], row["date"][:7])
    months = Counter(first.values())
    coded = Counter(first[one] for one, row in papers.items() if code(row))
    assert by_month == [(month, months[month], coded[month]) for month in sorted(months)]
    with_phrase = {one for one, row in papers.items() if re.search(r"(?i)\bwe\W+show\W+that\b", row["abstract"])}
    assert len(by_phrase) == min(20, len(with_phrase)) > 0
    assert {row[0] for row in by_phrase} <= with_phrase
    assert all(re.search(r"(?i)\*\*we show that\*\*", snippet) for *_, snippet in by_phrase)
    hosts = Counter(host for row in papers.values() for host in {url.split("/")[2] for url in code(row)})
    assert by_host == sorted(hosts.items(), key=lambda item: (-item[1], item[0]))[:10]
    names = Counter(name for row in papers.values() for name in row["authors"])
    assert by_author == sorted(names.items(), key=lambda item: (-item[1], item[0]))[:20]
    sizes = Counter(row["date"] for row in announced if row["section"] != "replacement")
    assert by_day == sorted(
        ((day, "cs.CV", size) for day, size in sizes.items()), key=lambda row: (row[2], row[0]), reverse=True
    )


def test_fts5_proves_and_rebuilds_its_index_by_itself(database: sqlite3.Connection) -> None:
    """With SQLite alone, without a function of ours."""
    check = "INSERT INTO revision_text (revision_text, rank) VALUES ('integrity-check', 1)"
    database.execute(check)
    count = "SELECT count(*) FROM revision_text WHERE revision_text MATCH 'the OR a OR of'"
    before = database.execute(count).fetchone()
    database.execute("INSERT INTO revision_text (revision_text) VALUES ('rebuild')")
    database.execute(check)
    assert database.execute(count).fetchone() == before != (0,)


def test_the_views_of_postgresql_say_the_same(database: sqlite3.Connection, archive: Sandbox, postgres: str) -> None:
    """The archive moved there: all rows of all views, in the same order; and the query of the documentation runs."""
    views = {
        "papers": "id, date, revised, title, authors, primary_category, categories, abstract, comments, url, place",
        "papers_with_code": "id, date, revised, title, authors, primary_category, categories, code, url, place",
        "days": "date, category, state, source, new, cross_lists, replacements",
        "links": "id, date, kind, host, url, found_in, title",
        "revision_plain": "place, title, authors, abstract, comments",
    }
    expected = {name: database.execute(f"SELECT {columns} FROM {name}").fetchall() for name, columns in views.items()}  # noqa: S608
    with closing(schemas(postgres)) as urls:  # type: ignore[type-var]  # a generator has close()
        archive.configure("store", url=next(urls))
        assert archive.digest("rebuild").code == 0
        engine = create_engine(str(archive.settings["store"]["url"]))
        with engine.connect() as connection:
            for name, columns in views.items():
                rows = connection.execute(text(f"SELECT {columns} FROM {name}")).all()  # noqa: S608
                found = [tuple(str(one) if isinstance(one, date) else one for one in row) for row in rows]
                assert found == expected[name] != [], name
            connection.exec_driver_sql(ON_SERVER)
        engine.dispose()
