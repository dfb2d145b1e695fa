"""Kept pages parsed again: what a mended parser makes of them."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.archive.kept_pages import kept_listings
from digest.errors import PageRefusedError
from digest.jobs.differences import differences, in_total
from digest.model import Entry, Link, RawPageRow, Section
from digest.parse import listing
from digest.parse.entries import with_texts
from tests.conftest import DAY, NIGHT, Sandbox
from tests.days import day_of, paper, simple_day
from tests.standin import Fault, Mailing, Reply, Request, StandIn, faults, invent
from tests.test_jobs import DATE_HEADING, EVE, EVE_NIGHT, SEED_DIGEST, SEED_NIGHT, SEED_PAGES, days, errors, outside_raw

DIGEST = "cs.CV/2025/03/2025-03-05.md"
RECORD = "data/cs.CV/2025/2025-03-05.jsonl"
AS_STORED = "replayed 1 day: 1 as stored, 0 differ, 0 refused\n"
MORNING = "2025-03-05T14:00:00Z"

NEW = invent("cs.CV", DAY).new
"""The new submissions of the day that the stand-in announces."""


@pytest.fixture
def archive(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive that asks the stand-in for feeds, too, and has the day before."""
    archive.configure("arxiv", feeds_url=arxiv.url, feeds_delay=0)
    arxiv.announce(invent("cs.CV", EVE))
    arxiv.today = EVE
    assert archive.digest("run", now=EVE_NIGHT).code == 0
    arxiv.today = DAY
    return archive


@pytest.fixture
def other(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """The same archive in another folder, where the parser was never wrong."""
    made = Sandbox(archive.folder.parent / "other", archive.capture)
    made.folder.mkdir()
    made.settings = {section: dict(keys) for section, keys in archive.settings.items()}
    made.configure("store", records="data")
    made.urls = archive.urls
    made.new_database()
    for when, night in ((EVE, EVE_NIGHT), (DAY, NIGHT)):
        arxiv.today = when
        assert made.digest("run", now=night).code == 0
    return made


@contextmanager
def older_parser(change: Callable[[Entry], Entry]) -> Iterator[None]:
    """Let the parser read entries as ``change`` makes them, as one of before might have done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "with_texts", lambda *read: tuple(change(entry) for entry in with_texts(*read)))
        yield


@contextmanager
def refusing(function: str = "digest.parse.listing.listing_root") -> Iterator[None]:
    """Let the parser know nothing of the layout, as after a change of arXiv's."""

    def refuse(*_arguments: Any) -> None:
        raise PageRefusedError("expected the layout of before, found another")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(function, refuse)
        yield


def misread(*ids: str, **fields: Any) -> Callable[[Entry], Entry]:
    """Read the papers with these ids (of all, without any) with other ``fields``."""

    def change(entry: Entry) -> Entry:
        is_meant = not ids or str(entry.paper.arxiv_id) in ids
        return replace(entry, paper=replace(entry.paper, **fields)) if is_meant else entry

    return change


def without_feeds(request: Request, reply: Reply) -> Reply:
    """Have no feed."""
    return replace(reply, status=404) if "/list/" not in request.path and "/catchup/" not in request.path else reply


def only_listing(request: Request, reply: Reply) -> Reply:
    """Serve the newest listing and nothing else."""
    return reply if request.path.startswith("/list/cs.CV/new") else replace(reply, status=404)


def refused_night(archive: Sandbox, arxiv: StandIn, fault: Fault | None = only_listing, now: str = NIGHT) -> None:
    """Let a night pass in which the parser refuses every page."""
    arxiv.fault = fault
    with refusing():
        assert archive.digest("run", now=now).code == 5
    arxiv.fault = None
    arxiv.requests.clear()


def rows(sandbox: Sandbox, query: str) -> list[Any]:
    """Ask the database."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database:
        return database.execute(query).fetchall()


def everything(sandbox: Sandbox) -> list[Any]:
    """Return all that the database holds."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database:
        return list(database.iterdump())


def summary(out: str) -> str:
    """Return the last line."""
    return out.splitlines()[-1]


# --- days that are stored --------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("2025-03-05",), ("latest",), ("2025-03-05", "--write")])
def test_a_day_that_comes_out_the_same_is_as_stored(
    archive: Sandbox, arxiv: StandIn, arguments: tuple[str, ...]
) -> None:
    """Nothing is asked of arXiv and no file is touched, with --write or without."""
    archive.digest("run")
    arxiv.requests.clear()
    before = archive.tree()
    result = archive.digest("replay", *arguments)
    assert (result.code, result.out) == (0, AS_STORED)
    assert archive.tree() == before
    assert arxiv.requests == []


def test_a_preview_changes_nothing(archive: Sandbox) -> None:
    """What would change is shown, with exit 0; neither a file nor a row of the database changes."""
    with older_parser(misread(NEW[0].arxiv_id, title="Read wrongly")):
        archive.digest("run")
    before, stored = archive.tree(), everything(archive)
    result = archive.digest("replay", "--all")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == "cs.CV 2025-03-05: 1 of 23 entries differ (title 1)"
    assert result.out.splitlines()[1].startswith(f"  {NEW[0].arxiv_id} title: 'Read wrongly' → ")
    assert summary(result.out) == "replayed 2 days: 1 as stored, 1 differ, 0 refused"
    assert archive.tree() == before
    assert everything(archive) == stored


def test_written_the_day_is_as_though_it_had_been_read_well_from_the_first(archive: Sandbox, other: Sandbox) -> None:
    """Digest, record, index and stored day are those of the mended parser; what was read before stays a revision."""
    links = (Link("https://example.org/wrong", "other", "abstract"),)
    with older_parser(misread(NEW[0].arxiv_id, title="Read wrongly", abstract="Lost.", links=links)):
        archive.digest("run")
    assert b"Read wrongly" in archive.read(DIGEST)
    shown = archive.digest("replay", "2025-03-05").out
    assert shown.startswith("cs.CV 2025-03-05: 1 of 23 entries differ (title 1, abstract 1, links 1)\n")
    result = archive.digest("replay", "--all", "--write")
    assert result.code == 0
    assert result.out.splitlines()[:-1] == shown.splitlines()[:-1]
    assert "warning" not in result.err
    assert "date=2025-03-05 category=cs.CV state=complete new=12/12" in result.err
    assert outside_raw(archive.tree()) == outside_raw(other.tree())
    titles = rows(archive, f"SELECT title FROM revision WHERE arxiv_id = '{NEW[0].arxiv_id}' ORDER BY id")  # noqa: S608  # ours
    assert len(titles) == 2
    assert titles[0] == ("Read wrongly",)
    assert archive.digest("replay", "2025-03-05").out == AS_STORED


def test_links_are_found_again_by_the_rules_of_now(archive: Sandbox, other: Sandbox) -> None:
    """A day whose links older rules found gets those of now, and its record the version of the rules."""
    with older_parser(misread(links=())):
        archive.digest("run")
    assert b'"kind": "code"' not in archive.read(RECORD)
    assert archive.digest("replay", "2025-03-05", "--write").code == 0
    assert b'"kind": "code"' in archive.read(RECORD)
    assert archive.read(RECORD) == other.read(RECORD)


def test_links_are_found_again_where_the_pages_are_lost(archive: Sandbox, other: Sandbox) -> None:
    """The stored texts are enough for the links; that the pages are lost is still told, with exit 6."""
    with older_parser(misread(links=())):
        archive.digest("run")
    shutil.rmtree(archive.folder / "raw")
    result = archive.digest("replay", "2025-03-05", "--write")
    assert result.code == 6
    assert "entries differ (links " in result.out
    assert archive.read(RECORD) == other.read(RECORD)
    again = archive.digest("replay", "2025-03-05")
    assert (again.code, summary(again.out)) == (
        6,
        "replayed 1 day: 0 as stored, 0 differ, 0 refused, 1 without their pages",
    )


def test_the_number_of_the_parser_alone_is_no_change(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that a newer parser reads the same is not written again, or every record would change for nothing."""
    archive.digest("run")
    before = archive.tree()
    monkeypatch.setattr("digest.parse.listing.PARSER_VERSION", 99)
    assert archive.digest("replay", "2025-03-05", "--write").out == AS_STORED
    assert archive.tree() == before


def test_ten_differences_of_a_day_are_shown_and_all_with_v(archive: Sandbox) -> None:
    """A parser that read every title wrongly does not flood the terminal, unless it shall."""
    with older_parser(misread(title="Read wrongly")):
        archive.digest("run")
    lines = archive.digest("replay", "2025-03-05").out.splitlines()
    assert len(lines) == 1 + 10 + 1 + 1
    assert lines[-2] == "  and 13 more (-v shows all)"
    assert len(archive.digest("-v", "replay", "2025-03-05").out.splitlines()) == 1 + 23 + 1


@pytest.mark.parametrize("command", [("run",), ("fetch", "2025-03-05")])
def test_a_listing_of_several_pages_is_put_together_again(
    archive: Sandbox, arxiv: StandIn, command: tuple[str, ...]
) -> None:
    """The pages that the day names prove it, as they did when they came."""
    arxiv.announce(invent("cs.CV", DAY, new=60))
    arxiv.page_size = 25
    with older_parser(misread(NEW[0].arxiv_id, title="No such paper")):
        assert archive.digest(*command, now=MORNING).code == 0
    assert len(rows(archive, "SELECT * FROM raw_page")) >= 1 + 3
    assert archive.digest("replay", "2025-03-05").out == AS_STORED
    digest = archive.read(DIGEST)
    for path in archive.folder.glob("archive.db*"):
        path.unlink()
    assert archive.digest("replay", "2025-03-05", "--write").out == AS_STORED
    assert archive.read(DIGEST) == digest


def test_a_day_that_a_person_dated_stays_so(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Its pages bear no date; state, source and pages stay, and what was read wrongly is mended."""
    arxiv.today = DAY
    body = arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body
    page = tmp_path / "saved.html"
    page.write_bytes(DATE_HEADING.sub(b"", body))
    with older_parser(misread(NEW[0].arxiv_id, title="Read wrongly")):
        assert archive.digest("import", "--date", "2025-03-05", str(page)).code == 0
    assert archive.digest("replay", "2025-03-05", "--write").code == 0
    assert b"Read wrongly" not in archive.read(DIGEST)
    stored = days(archive)["2025-03-05"]
    assert (stored["state"], stored["source"]) == ("imported", "import")
    assert archive.digest("replay", "2025-03-05").out == AS_STORED


@pytest.mark.parametrize("damage", ["missing", "damaged", "other bytes"])
def test_a_day_whose_page_is_not_there_is_left_alone(archive: Sandbox, damage: str) -> None:
    """Exit 6, naming the page; the other days go on."""
    with older_parser(misread(title="Read wrongly")):
        archive.digest("run")
    ((sha256,),) = rows(archive, "SELECT sha256 FROM raw_page ORDER BY id DESC LIMIT 1")
    ((eve,),) = rows(archive, "SELECT sha256 FROM raw_page ORDER BY id LIMIT 1")
    path = archive.folder / f"raw/{sha256[:2]}/{sha256}.html.gz"
    if damage == "missing":
        path.unlink()
    elif damage == "damaged":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.write_bytes((archive.folder / f"raw/{eve[:2]}/{eve}.html.gz").read_bytes())
    before = archive.tree()
    for arguments in ((), ("--write",)):
        result = archive.digest("replay", "--all", *arguments)
        assert result.code == 6
        (line,) = errors(result)
        assert "cs.CV 2025-03-05" in line
        assert f"expected the kept page {sha256}, found {'none' if damage == 'missing' else 'it damaged'}" in line
        assert summary(result.out) == "replayed 2 days: 1 as stored, 0 differ, 0 refused, 1 without their pages"
        assert archive.tree() == before


def test_a_day_whose_pages_are_refused_now_is_left_alone(archive: Sandbox) -> None:
    """A parser that understands less is told of: exit 5, and nothing is written."""
    archive.digest("run")
    before = archive.tree()
    for arguments in ((), ("--write",)):
        with refusing():
            result = archive.digest("replay", "2025-03-05", *arguments)
        assert result.code == 5
        (line,) = errors(result)
        assert "cs.CV 2025-03-05" in line
        assert "/list/cs.CV/new" in line
        assert "expected the layout of before, found another" in line
        assert result.out == "replayed 1 day: 0 as stored, 0 differ, 1 refused\n"
        assert archive.tree() == before


def test_a_day_whose_page_bears_another_date_now_is_refused(archive: Sandbox) -> None:
    """What was announced under one date is not moved under another by a parser."""
    archive.digest("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "parse_date", lambda _text: date(2025, 3, 6))
        result = archive.digest("replay", "2025-03-05", "--write")
    assert result.code == 5
    assert "expected the date 2025-03-05, found 2025-03-06" in errors(result)[0]
    assert list(days(archive)) == ["2025-03-04", "2025-03-05"]


# --- days that are missing, or known from a feed only ----------------------------------------------


@pytest.mark.parametrize("arguments", [("2025-03-05",), ("2025-03-03..2025-03-05",), ("--all",)])
def test_a_page_that_was_refused_proves_its_day_later(
    archive: Sandbox, other: Sandbox, arxiv: StandIn, arguments: tuple[str, ...]
) -> None:
    """A layout change costs no day: the kept page has it, once the parser is mended."""
    refused_night(archive, arxiv)
    assert list(days(archive)) == ["2025-03-04"]
    before, stored = archive.tree(), everything(archive)
    preview = archive.digest("replay", *arguments)
    line = "cs.CV 2025-03-05: not stored; kept pages prove it (new=12 cross=5 replacement=6 source=listing)"
    assert preview.out.splitlines()[0] == line
    assert "1 proven anew" in summary(preview.out)
    assert (archive.tree(), everything(archive)) == (before, stored)
    result = archive.digest("replay", *arguments, "--write")
    assert result.out == preview.out
    assert arxiv.requests == []
    assert archive.read(DIGEST) == other.read(DIGEST)
    assert archive.read(RECORD) == other.read(RECORD)
    assert archive.read("README.md") == other.read("README.md")
    assert "1 as stored" in summary(archive.digest("replay", "2025-03-05").out)


def test_a_day_known_from_the_feed_is_proven_by_its_kept_page(archive: Sandbox, other: Sandbox, arxiv: StandIn) -> None:
    """What was provisional becomes complete, by the page that was refused that night."""
    refused_night(archive, arxiv, fault=None)
    assert days(archive)["2025-03-05"]["source"] == "feed"
    preview = archive.digest("replay", "2025-03-05")
    assert preview.code == 0
    assert preview.out.startswith("cs.CV 2025-03-05: provisional from feed; kept pages prove it (new=12 ")
    assert archive.digest("replay", "--all", "--write").code == 0
    stored = days(archive)["2025-03-05"]
    assert (stored["state"], stored["source"]) == ("complete", "listing")
    assert archive.read(DIGEST) == other.read(DIGEST)


def test_a_day_known_from_the_feed_without_a_page_stays_as_it_is(archive: Sandbox, arxiv: StandIn) -> None:
    """A feed is no listing: it is not replayed, and that nothing proves the day is no error."""

    def busy(request: Request, reply: Reply) -> Reply:
        return (
            faults.login_page()(request, reply) if request.path.startswith(("/list/cs.CV/new", "/catchup")) else reply
        )

    arxiv.fault = busy
    assert archive.digest("run").code == 5
    assert days(archive)["2025-03-05"]["source"] == "feed"
    result = archive.digest("replay", "2025-03-05", "--write")
    assert result.code == 0
    assert result.out.startswith("replayed 1 day: 1 as stored, 0 differ, 0 refused")
    assert days(archive)["2025-03-05"]["source"] == "feed"


@pytest.mark.parametrize("command", [("run",), ("fetch", "2025-03-05")])
def test_several_pages_that_were_refused_together_prove_their_day(
    archive: Sandbox, arxiv: StandIn, command: tuple[str, ...]
) -> None:
    """Pages belong together by their addresses and the order in which they came, look after look."""
    arxiv.announce(invent("cs.CV", DAY, new=60))
    arxiv.page_size = 25
    arxiv.fault = without_feeds
    for _ in range(2):
        with refusing("digest.parse.listing._prove_whole"):
            assert archive.digest(*command, now=NIGHT).code == 5
    result = archive.digest("replay", "2025-03-05", "--write")
    assert result.code == 0
    assert "date=2025-03-05 category=cs.CV state=complete new=60/60 cross=5/5 replacement=6/6" in result.err
    header = json.loads(archive.read(RECORD).splitlines()[0])
    assert len({page["sha256"] for page in header["pages"]}) == 3
    assert archive.digest("replay", "2025-03-05").out == AS_STORED


def test_the_listing_comes_before_a_catchup_page_that_was_kept_earlier(archive: Sandbox, arxiv: StandIn) -> None:
    """The texts of a listing are those announced; a catchup page may show later ones."""
    arxiv.fault = without_feeds
    with refusing():
        assert archive.digest("fetch", "2025-03-05").code == 5
        assert archive.digest("run").code == 5
    urls = [url for (url,) in rows(archive, "SELECT url FROM raw_page WHERE status = 200 ORDER BY id")]
    assert "/catchup/" in urls[1]
    assert archive.digest("replay", "--all", "--write").code == 0
    assert days(archive)["2025-03-05"]["source"] == "listing"


def test_the_date_is_the_page_s_own(archive: Sandbox, arxiv: StandIn) -> None:
    """A stale page of yesterday, kept tonight, proves yesterday and says nothing of today."""
    monday = date(2025, 3, 3)
    arxiv.announce(invent("cs.CV", monday))
    arxiv.today = monday
    refused_night(archive, arxiv)
    result = archive.digest("replay", "2025-03-05", "--write")
    assert result.code == 4
    assert list(days(archive)) == ["2025-03-04"]
    assert archive.digest("replay", "2025-03-03", "--write").code == 0
    assert list(days(archive)) == ["2025-03-03", "2025-03-04"]


def test_a_catchup_page_of_another_date_than_asked_for_proves_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """Its address and its heading have to agree."""
    wrong = arxiv.answer(Request("/catchup/cs.CV/2025-03-05?abs=True&page=1", {}, 0))
    arxiv.announce(invent("cs.CV", date(2025, 3, 3)))
    arxiv.fault = lambda request, reply: wrong if "2025-03-03" in request.path else replace(reply, status=404)
    assert archive.digest("fetch", "2025-03-03").code == 5
    for when in ("2025-03-03", "2025-03-05"):
        assert archive.digest("replay", when, "--write").code in (4, 5)
    assert list(days(archive)) == ["2025-03-04"]


def test_a_saved_page_proves_no_day_but_those_that_name_it(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """What an import refused is not taken in behind the importer's back."""
    page = tmp_path / "saved.html"
    page.write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body)
    with refusing():
        assert archive.digest("import", str(page)).code == 5
    assert archive.digest("replay", "2025-03-05", "--write").code == 4
    assert archive.digest("replay", "--all", "--write").code == 0
    assert list(days(archive)) == ["2025-03-04"]


def test_a_doubtful_day_is_not_settled_by_the_page_that_made_it_doubtful(archive: Sandbox, arxiv: StandIn) -> None:
    """Two looks at arXiv settle it; a second look at the file is none, however much later."""
    twice = invent("cs.CV", EVE)
    arxiv.announce(Mailing("cs.CV", DAY, twice.new, twice.cross, twice.replacement))
    archive.digest("run")
    assert days(archive)["2025-03-05"]["state"] == "provisional"
    result = archive.digest("replay", "--all", "--write", now="2025-03-06T12:00:00Z")
    assert result.code == 0
    assert days(archive)["2025-03-05"]["state"] == "provisional"


def test_pages_that_are_refused_still_are_counted(archive: Sandbox, arxiv: StandIn) -> None:
    """Of all, it is no error that a page proves nothing; -v names it."""
    arxiv.fault = faults.login_page()
    archive.digest("run")
    result = archive.digest("-v", "replay", "--all")
    assert result.code == 0
    assert summary(result.out) == ("replayed 1 day: 1 as stored, 0 differ, 0 refused; 1 kept listing proved no day")
    assert "/list/cs.CV/new, kept as " in result.err


@pytest.mark.parametrize("kind", ["listing", "catchup"])
def test_a_day_asked_for_by_name_whose_pages_are_refused_says_why(archive: Sandbox, arxiv: StandIn, kind: str) -> None:
    """Exit 5 and the page's name: it is there, and it is the parser that does not understand it."""
    wrong = faults.wrong_count()
    arxiv.fault = lambda request, reply: without_feeds(request, wrong(request, reply))
    archive.digest(*(("run",) if kind == "listing" else ("fetch", "2025-03-05")))
    # The clock of the machine, which is not the time that --now says.
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database, database:
        database.execute("UPDATE raw_page SET fetched_at = '2025-03-05 02:00:00.000000'")
    result = archive.digest("replay", "2025-03-05")
    assert result.code == 5
    (line,) = errors(result)
    assert "cs.CV 2025-03-05" in line
    assert ("/list/cs.CV/new" if kind == "listing" else "/catchup/cs.CV/2025-03-05") in line
    assert "expected 13 of 13" in line


@pytest.mark.parametrize(
    ("when", "code", "word"),
    [("2025-03-05", 4, "not stored"), ("2025-03-08", 2, "Saturday"), ("2025-01-21", 4, "deferred")],
)
def test_a_day_that_nothing_is_kept_of_says_so(archive: Sandbox, when: str, code: int, word: str) -> None:
    """The reason is that of every command; the days that are here are replayed."""
    result = archive.digest("replay", "2025-03-04", when)
    assert result.code == code
    assert word in errors(result)[0]
    assert result.out == AS_STORED


def test_of_a_range_the_rest_is_done(archive: Sandbox) -> None:
    """The listing dates that are missing are named together."""
    result = archive.digest("replay", "2025-02-28..2025-03-05")
    assert result.code == 4
    (line,) = errors(result)
    assert line.endswith("cs.CV: not stored: 2025-03-05, 2025-03-03, 2025-02-28")
    assert result.out == AS_STORED


def test_a_kept_page_that_is_lost_is_told_where_it_was_wanted(archive: Sandbox, arxiv: StandIn) -> None:
    """Exit 6 for the day that it could have proved, and for all; not for another day."""
    refused_night(archive, arxiv)
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database, database:
        database.execute("UPDATE raw_page SET fetched_at = '2025-03-05 02:00:00.000000'")
    ((path,),) = rows(archive, "SELECT path FROM raw_page WHERE status = 200 ORDER BY id DESC LIMIT 1")
    (archive.folder / "raw" / path).unlink()
    assert archive.digest("replay", "2025-03-05").code == 6
    assert archive.digest("replay", "--all").code == 6
    assert archive.digest("replay", "2025-03-04").code == 0


# --- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [(), ("2025-03-05", "--all"), ("--write",), ("20250305",), ("--all", "--category", "cs.LG"), ("2025-03-05..x",)],
)
def test_replay_wants_to_know_what(archive: Sandbox, arguments: tuple[str, ...]) -> None:
    """Nothing, both, or what is no date: exit 2 and one line."""
    result = archive.digest("replay", *arguments)
    assert result.code == 2
    assert len(errors(result)) == 1
    assert result.out == ""


def test_an_empty_archive_has_nothing_to_replay(sandbox: Sandbox) -> None:
    """And a preview makes none."""
    result = sandbox.digest("replay", "--all")
    assert (result.code, result.out) == (0, "replayed 0 days: 0 as stored, 0 differ, 0 refused\n")
    assert [path.name for path in sandbox.folder.iterdir()] == ["config.toml"]


def test_only_the_category_asked_for_is_replayed(archive: Sandbox, arxiv: StandIn) -> None:
    """Pages of one category say nothing of another."""
    arxiv.announce(invent("cs.LG", DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    refused_night(archive, arxiv, lambda _, reply: reply)
    shown = archive.digest("replay", "--all", "--category", "cs.LG").out
    assert "cs.LG 2025-03-05: " in shown
    assert "cs.CV" not in shown
    assert archive.digest("replay", "--all", "--category", "cs.LG", "--write").code == 0
    assert days(archive, "cs.LG")["2025-03-05"]["state"] == "complete"
    assert days(archive).get("2025-03-05", {}).get("state") != "complete"


def test_the_seed_day_replayed_is_the_real_digest(sandbox: Sandbox, shared: Path) -> None:
    """Imported, then replayed and written: equal byte for byte, with nothing to change."""
    parts = ("show25", "skip25_show25", "skip50_show25", "skip75_show25")
    pages = [str(shared / "pages" / SEED_PAGES / f"list_cs.CV_new_{part}.html") for part in parts]
    assert sandbox.digest("import", *pages, now=SEED_NIGHT).code == 0
    result = sandbox.digest("replay", "2021-10-20", "--write", now=SEED_NIGHT)
    assert (result.code, result.out) == (0, AS_STORED)
    assert sandbox.read(SEED_DIGEST) == (shared / "seed" / "2021-10-20.md").read_bytes()


def test_the_seed_day_read_wrongly_once_is_mended_to_the_real_digest(sandbox: Sandbox, shared: Path) -> None:
    """Whatever a parser of before made of it, the kept page still holds it."""
    page = shared / "pages" / SEED_PAGES / "list_cs.CV_new.html"
    with older_parser(misread(abstract="All abstracts were lost.", links=())):
        assert sandbox.digest("import", str(page), now=SEED_NIGHT).code == 0
    result = sandbox.digest("replay", "--all", "--write", now=SEED_NIGHT)
    assert result.code == 0
    assert result.out.startswith("cs.CV 2021-10-20: 86 of 86 entries differ (abstract 86")
    assert sandbox.read(SEED_DIGEST) == (shared / "seed" / "2021-10-20.md").read_bytes()


# --- the words for what differs --------------------------------------------------------------------


def test_entries_added_gone_and_moved_are_told_apart() -> None:
    """Each by its id, with the title or both places."""
    old = simple_day(["2503.00001", "2503.00002"], ["2503.00003"])
    new = simple_day(["2503.00001"], ["2503.00004"], ["2503.00002"])
    found = differences(old, new)
    assert [str(one) for one in found] == [
        "declared: new=2 cross=1 replacement=0 → new=1 cross=1 replacement=1",
        "2503.00004 added: 'A title of 2503.00004'",
        "2503.00002 moved: new 2 → replacement 3",
        "2503.00003 gone: 'A title of 2503.00003'",
    ]
    assert in_total(found, old, new) == "3 of 4 entries differ (declared, added 1, moved 1, gone 1)"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (None, "x", "none → 'x'"),
        ("a" * 100 + "b", "a" * 100 + "c", f"'…{'a' * 20}b' → '…{'a' * 20}c'"),
        ("x" * 100, "y" * 100, f"'{'x' * 60}…' → '{'y' * 60}…'"),
        ("esc \x1b[31m", "esc", "'esc \\x1b[31m' → 'esc'"),
    ],
)
def test_a_text_is_cut_to_where_it_differs(old: str | None, new: str | None, text: str) -> None:
    """A long text shows the place in question; control characters do not reach a terminal."""
    before, after = (day_of([(Section.NEW, paper(comments=one))]) for one in (old, new))
    assert [str(one) for one in differences(before, after)] == [f"2503.00001 comments: {text}"]


# --- which kept pages belong together --------------------------------------------------------------


def row(path: str, number: int, status: int = 200) -> RawPageRow:
    """Return a kept page of this address under arXiv's."""
    at = datetime(2025, 3, 5, 2, number, tzinfo=UTC)
    return RawPageRow(f"https://arxiv.org{path}", status, at, f"{number:064}", "")


def test_pages_of_one_look_at_a_listing_belong_together() -> None:
    """A first page begins a look; other addresses between do not end it; what is no listing is left out."""
    kept = kept_listings(
        [
            row("/list/cs.CV/new?skip=25&show=25", 0),
            row("/catchup/cs.CV/2025-03-04?abs=True&page=1", 1),
            row("/list/cs.CV/new", 2),
            row("/catchup/cs.CV/2025-03-04?abs=True&page=2", 3),
            row("/list/cs.CV/recent", 4),
            row("/list/cs.CV/new?skip=25&show=25", 5, status=503),
            row("/list/cs.CV/new?skip=25&show=25", 6),
            row("/list/cs.CV/new?skip=25&show=25", 7),
            row("/list/cs.LG/new", 8),
            row("/list/cs.CV/new", 9),
            row("/list/cs.CV/new", 9),
        ]
    )
    numbers = [(one.category, one.asked, [int(page.sha256) for page in one.rows]) for one in kept]
    assert numbers == [
        ("cs.CV", None, [2, 7]),
        ("cs.LG", None, [8]),
        ("cs.CV", None, [9]),
        ("cs.CV", EVE, [1, 3]),
    ]


# --- pages that are kept for a time -----------------------------------------------------------------

TOMORROW = date(2025, 3, 6)
THIRD_NIGHT = "2025-03-06T02:00:00Z"


def pages_of(sandbox: Sandbox, when: date) -> list[str]:
    """Return where the pages by which a day was proven lie."""
    header = json.loads((sandbox.folder / f"data/cs.CV/2025/{when}.jsonl").read_bytes().partition(b"\n")[0])
    return [f"raw/{page['sha256'][:2]}/{page['sha256']}.html.gz" for page in header["pages"]]


def show_tomorrow(arxiv: StandIn) -> None:
    """Let a third day be announced."""
    arxiv.announce(invent("cs.CV", TOMORROW))
    arxiv.today = TOMORROW


def test_old_pages_are_removed_after_a_good_night(archive: Sandbox, arxiv: StandIn) -> None:
    """Those of proven days, once a day; the archive verifies clean, and replay says that it was on purpose."""
    assert archive.digest("run").code == 0
    old, young = pages_of(archive, EVE), pages_of(archive, DAY)
    archive.configure("store", raw_days=1)
    show_tomorrow(arxiv)
    before = archive.tree()
    planned = archive.digest("run", "--dry-run", now=THIRD_NIGHT)
    assert "would remove raw pages that are older than 1 days: 1" in planned.out
    result = archive.digest("run", now=THIRD_NIGHT)
    assert (result.code, "1 raw page was removed: older than 1 days ([store] raw_days)" in result.err) == (0, True)
    after = archive.tree()
    assert [path for path in before if path not in after] == old
    assert all(path in after for path in young)
    verified = archive.digest("verify", now=THIRD_NIGHT)
    assert (verified.code, "1 page was removed on purpose" in verified.out) == (0, True)
    replayed = archive.digest("replay", str(EVE), now=THIRD_NIGHT)
    assert (replayed.code, f"cs.CV {EVE}: its page was removed on purpose" in replayed.out) == (0, True)
    every = archive.digest("replay", "--all", now=THIRD_NIGHT)
    assert (every.code, "1 without pages that were removed on purpose" in every.out) == (0, True)
    assert archive.digest("verify", "--repair", now=THIRD_NIGHT).code == 0
    assert len(rows(archive, "SELECT * FROM raw_page WHERE path = '' AND headers != '[]'")) == 1


def test_pages_are_removed_once_a_day(archive: Sandbox, arxiv: StandIn) -> None:
    """A second good run of the same day (UTC) leaves them, the first of the next takes them."""
    archive.digest("run")
    show_tomorrow(arxiv)
    assert archive.digest("run", now=THIRD_NIGHT).code == 0
    archive.configure("store", raw_days=1)
    assert "removed" not in archive.digest("run", now="2025-03-06T12:00:00Z").err
    assert archive.digest("run", "--dry-run", now="2025-03-06T12:00:00Z").out == ""
    assert "2 raw pages were removed" in archive.digest("run", now="2025-03-07T00:00:00Z").err


@pytest.mark.parametrize("keep", ["state", "other record", "failure", "young", "for ever"])
def test_pages_that_may_be_needed_stay(archive: Sandbox, arxiv: StandIn, keep: str) -> None:
    """Of a day that is not proven or not recorded so, after a bad night, within their time."""
    archive.digest("run")
    archive.configure("store", raw_days={"young": 3, "for ever": 0}.get(keep, 1))
    show_tomorrow(arxiv)
    arxiv.fault = faults.status(503) if keep == "failure" else None
    change = {"state": "state = 'imported'", "other record": f"content_hash = '{'0' * 64}'"}.get(keep, "state = state")
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database, database:
        database.execute(f"UPDATE day SET {change} WHERE date = '{EVE}'")  # noqa: S608 - ours
    archive.digest("run", now=THIRD_NIGHT)
    assert all((archive.folder / path).exists() for path in pages_of(archive, EVE))


def test_the_page_of_a_day_whose_record_cannot_be_read_stays(archive: Sandbox, arxiv: StandIn) -> None:
    """It ends no run, which has the new day to commit: the page is not among those to be removed."""
    archive.digest("run")
    archive.configure("store", raw_days=1)
    show_tomorrow(arxiv)
    (archive.folder / f"data/cs.CV/2025/{EVE}.jsonl").rename(archive.folder / "record")
    (archive.folder / f"data/cs.CV/2025/{EVE}.jsonl").mkdir()
    planned = archive.digest("run", "--dry-run", now=THIRD_NIGHT)
    assert (planned.code, "raw pages" in planned.out) == (0, False)
    result = archive.digest("run", now=THIRD_NIGHT)
    assert (result.code, f"stored cs.CV {TOMORROW}" in result.err, "failed=1" in result.err) == (6, True, True)


def test_the_page_of_a_refused_day_stays(archive: Sandbox, arxiv: StandIn) -> None:
    """It proves no day: nobody knows of which it is, and a mended parser may read it."""

    def other_bytes(request: Request, reply: Reply) -> Reply:
        return replace(only_listing(request, reply), body=reply.body + b"<!-- of another machine -->")

    refused_night(archive, arxiv, other_bytes)
    kept = {f"raw/{path}" for (path,) in rows(archive, "SELECT path FROM raw_page")}
    assert archive.digest("run", now=MORNING).code == 0
    archive.configure("store", raw_days=1)
    for night, when in ((THIRD_NIGHT, TOMORROW), ("2025-03-07T02:00:00Z", date(2025, 3, 7))):
        arxiv.announce(invent("cs.CV", when))
        arxiv.today = when
        assert archive.digest("run", now=night).code == 0
    refused = kept - set(pages_of(archive, EVE))
    assert not any((archive.folder / path).exists() for path in (*pages_of(archive, EVE), *pages_of(archive, DAY)))
    assert refused
    assert all((archive.folder / path).exists() for path in refused)


@pytest.mark.parametrize(("records", "days"), [("data", -1), ("data", 36501), ("", 30)])
def test_a_time_that_makes_no_sense(archive: Sandbox, records: str, days: int) -> None:
    """Pages of an archive without records stay for ever: exit 2."""
    archive.configure("store", records=records, raw_days=days)
    result = archive.digest("status")
    assert (result.code, "[store] raw_days: expected" in result.err) == (2, True)


def test_in_a_clone_without_pages_links_alone_are_looked_for(archive: Sandbox) -> None:
    """Pages that were never kept here are no damage; a day that is asked for by its date says what it lacks."""
    assert archive.digest("run").code == 0
    shutil.rmtree(archive.folder / "raw")
    for path in archive.folder.glob("archive.db*"):
        path.unlink()
    result = archive.digest("replay", "--all")
    assert (result.code, result.err.count("expected the kept page")) == (0, 0)
    assert "2 without their pages" in result.out
    assert archive.digest("replay", str(DAY)).code == 6
