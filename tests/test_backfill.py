"""The metadata of all papers of a category: harvested by OAI-PMH, or taken from Kaggle's snapshot."""

import gzip
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from digest.cli.console import Console
from digest.cli.runner import work
from digest.cli.session import Session
from digest.jobs.backfill import backfill
from digest.jobs.gathering import Gathered
from digest.records.day import parse_record
from tests.conftest import DAY, NIGHT, Sandbox, long_after
from tests.rehearsal import Clock
from tests.standin import Fault, Reply, Request, StandIn, faults
from tests.standin.oai import Record, Repository, invented

AT = datetime(2025, 3, 5, 2, tzinfo=UTC)
NAME = "arxiv-metadata-oai-snapshot.json"
_COLUMNS = "arxiv_id, source, datestamp, version, categories, title, authors, comments, journal_ref, abstract"
TABLES = (
    f"SELECT {_COLUMNS} FROM harvested ORDER BY 1",  # noqa: S608 - our own names
    "SELECT * FROM version ORDER BY 1, 2",
    "SELECT subset, since, token, datestamp, finished_at IS NULL FROM harvest ORDER BY 1",
)


@pytest.fixture
def asking(sandbox: Sandbox) -> Iterator[tuple[Sandbox, StandIn]]:
    """An archive whose OAI-PMH is the stand-in's, with seven papers on pages of three."""
    with StandIn([], today=DAY) as arxiv:
        arxiv.repository = Repository(papers(7), page_size=3)
        sandbox.configure("arxiv", oai_url=f"{arxiv.url}/oai")
        yield sandbox, arxiv


def papers(count: int) -> list[Record]:
    """Return papers of cs.CV, two of which were changed on the same day each time."""
    day = datetime(2024, 2, 1, 12, tzinfo=UTC)
    return [
        Record(f"2402.{number:05d}", date(2024, 3, 1) + timedelta(days=number // 2), (day + timedelta(hours=number),))
        for number in range(1, count + 1)
    ]


def rows(sandbox: Sandbox, query: str = "SELECT arxiv_id FROM harvested ORDER BY 1") -> list[tuple[object, ...]]:
    """Return what the database holds."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection:
        return connection.execute(query).fetchall()


def contents(sandbox: Sandbox) -> list[list[tuple[object, ...]]]:
    """Return all that a harvest stores, but its own times."""
    return [rows(sandbox, query) for query in TABLES]


def asked(arxiv: StandIn) -> list[dict[str, str]]:
    """Return the arguments of the requests since this was asked last, those in a token as one."""
    found = [dict(parse_qsl(request.path.partition("?")[2])) for request in arxiv.requests]
    arxiv.requests.clear()
    return found


def later(sandbox: Sandbox, clock: Clock, file: Path | None = None) -> int:
    """Harvest by a clock that only sleeping moves; return the exit code."""
    console = Console()
    console.quiet = True
    at = datetime.fromtimestamp(clock.now, UTC)
    session = Session(console, sandbox.folder / "config.toml", at, environment={}, machine=clock)
    return work(session, "backfill", lambda archive: backfill(archive, ["cs.CV"], file, clock)[0]).exit_code


# By OAI-PMH


def test_a_harvest_brings_all_papers_of_a_category_once(asking: tuple[Sandbox, StandIn]) -> None:
    """Page by page, in the format that tells every version; the next one asks for what has changed since."""
    sandbox, arxiv = asking
    result = sandbox.digest("backfill")
    assert (result.code, result.out) == (0, "")
    assert "cs.CV: 7 new, 0 changed of 7 papers" in result.err
    first, *others = asked(arxiv)
    assert first == {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs:cs:CV"}
    assert [sorted(one) for one in others] == [["resumptionToken", "verb"]] * 2
    assert [one for (one,) in rows(sandbox)] == [f"2402.{number:05d}" for number in range(1, 8)]
    arxiv.repository = Repository([*papers(6), replace(papers(8)[6], title="Newer"), papers(8)[7]], page_size=3)
    assert "cs.CV: 1 new, 1 changed of 3 papers" in sandbox.digest("backfill").err
    assert [one.get("from") for one in asked(arxiv)] == ["2024-03-04"]
    assert rows(sandbox, "SELECT title FROM harvested WHERE arxiv_id = '2402.00007'") == [("Newer",)]


def test_what_was_taken_in_is_told_to_machines(asking: tuple[Sandbox, StandIn]) -> None:
    """By --json: a source each, with how many records and papers it had."""
    sandbox, _ = asking
    document = json.loads(sandbox.digest("backfill", "--json").out)
    counts = {"records": 7, "new": 7, "changed": 0, "deleted": 0, "refused": 0}
    assert document["gathered"] == [{"source": "cs.CV", **counts}]
    assert (document["exit"], document["requests"]) == (0, 3)


def test_a_plan_tells_requests_and_time(asking: tuple[Sandbox, StandIn]) -> None:
    """Of a category of which nothing is known as of a large one; arXiv is asked for nothing."""
    sandbox, arxiv = asking
    sandbox.configure("arxiv", feeds_delay=3)
    sandbox.digest("status")  # a plan makes no database
    assert (
        "the papers of cs.CV: about 175 requests, 9 min at one every 3 s" in sandbox.digest("backfill", "--dry-run").out
    )
    assert asked(arxiv) == []
    sandbox.configure("arxiv", feeds_delay=0)
    sandbox.digest("backfill")
    plan = json.loads(sandbox.digest("backfill", "--dry-run", "--json").out)["plan"]
    assert plan == ["would ask for what has changed in cs.CV since 2024-03-04: about 92 requests, 0 s at one every 0 s"]


def test_each_category_has_a_harvest_of_its_own(asking: tuple[Sandbox, StandIn]) -> None:
    """By arXiv's names of sets; a paper that is in both is stored once; --category chooses."""
    sandbox, arxiv = asking
    sandbox.configure("arxiv", categories=["cs.CV", "hep-th", "math"])
    sandbox.configure("digest", path="{category}/{date:%Y-%m-%d}.md")
    arxiv.repository = Repository(
        [
            replace(one, categories=name)
            for one, name in zip(papers(3), ["cs.CV hep-th", "hep-th", "math.GT"], strict=True)
        ]
    )
    assert sandbox.digest("backfill", "--category", "hep-th").code == 0
    assert len(rows(sandbox)) == 2
    assert [one["set"] for one in asked(arxiv)] == ["physics:hep-th"]
    assert sandbox.digest("backfill").code == 0
    assert [one["set"] for one in asked(arxiv)] == ["cs:cs:CV", "physics:hep-th", "math:math"]
    assert len(rows(sandbox)) == 3


def test_a_deleted_paper_is_forgotten(asking: tuple[Sandbox, StandIn]) -> None:
    """Its texts go; when it came stays known, for its id has a place among the others."""
    sandbox, arxiv = asking
    sandbox.digest("backfill")
    gone = replace(papers(7)[0], is_deleted=True, datestamp=date(2024, 4, 1))
    arxiv.repository = Repository([*papers(7)[1:], gone])
    assert "1 deleted" in sandbox.digest("backfill").err
    assert ("2402.00001",) not in rows(sandbox)
    assert len(rows(sandbox, "SELECT arxiv_id FROM version")) == 7


def test_an_odd_record_is_named_and_the_rest_is_stored(asking: tuple[Sandbox, StandIn]) -> None:
    """The exit code tells that not all was read."""
    sandbox, arxiv = asking

    def odd(_request: Request, reply: Reply) -> Reply:
        return replace(reply, body=reply.body.replace(b"<id>2402.00002<", b"<id>0<"))

    arxiv.fault = odd
    result = sandbox.digest("backfill")
    assert result.code == 5
    assert "cs.CV: oai:arXiv.org:2402.00002: expected the metadata of '2402.00002', found those of '0'" in result.err
    assert len(rows(sandbox)) == 6


def test_a_category_that_arxiv_does_not_have_is_named(asking: tuple[Sandbox, StandIn]) -> None:
    """In arXiv's words; the others are harvested."""
    sandbox, _ = asking
    sandbox.configure("arxiv", categories=["qq.XX", "cs.CV"])
    sandbox.configure("digest", path="{category}/{date:%Y-%m-%d}.md")
    result = sandbox.digest("backfill")
    assert result.code == 2
    assert "qq.XX: arXiv says: badArgument: Set does not exist" in result.err
    assert len(rows(sandbox)) == 7


def test_arxiv_s_own_host_is_asked_slowly(sandbox: Sandbox) -> None:
    """A delay that is too short for it is a mistake, whatever the feeds' own address is."""
    sandbox.configure("arxiv", oai_url="https://oaipmh.arxiv.org/oai", feeds_delay=1)
    result = sandbox.digest("backfill")
    assert (result.code, "[arxiv] feeds_delay" in result.err) == (2, True)


# A harvest that is disturbed


def test_a_cut_response_is_asked_for_again(asking: tuple[Sandbox, StandIn]) -> None:
    """Cut with its length or without; what comes is whole."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    arxiv.fault = faults.only("resumptionToken", faults.first(2, faults.cut_page(900)))
    assert sandbox.digest("backfill").code == 0
    assert contents(sandbox) == whole
    assert len(arxiv.requests) == 5


def test_a_response_that_stays_cut_ends_the_harvest(asking: tuple[Sandbox, StandIn]) -> None:
    """After three looks; what came before is stored, and the next harvest goes on there."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    arxiv.fault = faults.only("resumptionToken", faults.cut_page(900))
    result = sandbox.digest("backfill")
    assert (result.code, len(asked(arxiv)), len(rows(sandbox))) == (5, 4, 3)
    assert "cs.CV: expected whole XML, found" in result.err
    arxiv.fault = None
    assert sandbox.digest("backfill").code == 0
    assert contents(sandbox) == whole
    assert ["resumptionToken" in one for one in asked(arxiv)] == [True, True]  # nothing twice


def test_a_refusal_ends_all(asking: tuple[Sandbox, StandIn]) -> None:
    """403: nothing more is asked, of no category."""
    sandbox, arxiv = asking
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    sandbox.configure("digest", path="{category}/{date:%Y-%m-%d}.md")
    arxiv.fault = faults.status(403)
    result = sandbox.digest("backfill")
    assert (result.code, len(arxiv.requests)) == (5, 1)
    assert "403 Forbidden" in result.err


def test_hours_of_throttling_are_survived(asking: tuple[Sandbox, StandIn]) -> None:
    """By waiting: as long as arXiv asks for, never sooner than ten minutes apart; then the harvest goes on."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    clock = Clock(AT.timestamp())
    at: list[float] = []
    busy = faults.status(503, retry_after="1200")

    def fault(request: Request, reply: Reply) -> Reply:
        at.append(clock.now)
        return busy(request, reply) if AT.timestamp() + 60 < clock.now < AT.timestamp() + 6 * 3600 else reply

    arxiv.fault = fault
    arxiv.now = lambda: datetime.fromtimestamp(clock.now, UTC)
    sandbox.configure("arxiv", feeds_delay=45)
    assert later(sandbox, clock) == 0
    assert contents(sandbox) == whole
    assert all(after - before >= 1200 for before, after in pairwise(at[2:-1]))
    assert 6 < (clock.now - AT.timestamp()) / 3600 < 7


def test_patience_has_an_end(asking: tuple[Sandbox, StandIn]) -> None:
    """After half a day of nothing it is left for another time, and nothing is lost."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    clock = Clock(AT.timestamp())
    arxiv.now = lambda: datetime.fromtimestamp(clock.now, UTC)
    arxiv.fault = faults.only("resumptionToken", faults.down())
    assert later(sandbox, clock) == 75
    assert 8 < (clock.now - AT.timestamp()) / 3600 < 13
    assert len(arxiv.requests) < 60
    arxiv.fault = None
    assert later(sandbox, clock) == 0
    assert contents(sandbox) == whole


def test_a_token_of_yesterday_is_not_even_tried(asking: tuple[Sandbox, StandIn]) -> None:
    """After midnight UTC the harvest goes on at the last datestamp, by a new list."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    clock = Clock(datetime(2025, 3, 5, 23, 50, tzinfo=UTC).timestamp())
    arxiv.now = lambda: datetime.fromtimestamp(clock.now, UTC)
    sandbox.configure("arxiv", feeds_delay=360)
    assert later(sandbox, clock) == 0
    assert [(one.get("from"), "resumptionToken" in one) for one in asked(arxiv)] == [
        (None, False),
        (None, True),
        ("2024-03-04", False),
    ]
    assert contents(sandbox)[:2] == whole[:2]


def test_a_token_that_arxiv_takes_back_is_replaced(asking: tuple[Sandbox, StandIn]) -> None:
    """As at midnight; but not for ever where that leads nowhere."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)
    arxiv.fault = faults.only("resumptionToken", faults.first(1, faults.dead_token()))
    assert sandbox.digest("backfill").code == 0
    assert contents(sandbox)[:2] == whole[:2]
    assert [one.get("from") for one in asked(arxiv)] == [None, None, "2024-03-02", None]
    clear(sandbox)
    arxiv.repository = Repository([replace(one, datestamp=date(2024, 3, 1)) for one in papers(7)], page_size=3)
    arxiv.fault = faults.only("resumptionToken", faults.dead_token())
    result = sandbox.digest("backfill")
    assert (result.code, len(asked(arxiv))) == (75, 10)
    assert "arXiv takes back the token of each list from 2024-03-01 on" in result.err


def test_a_list_out_of_order_goes_on_where_it_began(asking: tuple[Sandbox, StandIn]) -> None:
    """Where datestamps do not rise, the last one tells nothing: after a dead token, all is asked for again."""
    sandbox, arxiv = asking
    arxiv.fault = falling
    whole = undisturbed(sandbox, arxiv)
    arxiv.fault = faults.chain(falling, faults.only("=page-2$", faults.first(1, faults.dead_token())))
    assert sandbox.digest("backfill").code == 0
    assert contents(sandbox) == whole
    assert [one.get("resumptionToken", one.get("from", "all")) for one in asked(arxiv)] == [
        *("all", "page-1", "page-2"),
        *("all", "page-1", "page-2"),
    ]


def falling(request: Request, reply: Reply) -> Reply:
    """Serve three papers, a page each, the last one first."""
    page = int(arguments_of(request).get("resumptionToken", "page-0")[5:])
    return listing(request, reply, papers(6)[::2][2 - page : 3 - page], f"page-{page + 1}" if page < 2 else "")


def arguments_of(request: Request) -> dict[str, str]:
    """Return what a request asks for."""
    return dict(parse_qsl(request.path.partition("?")[2]))


def listing(request: Request, reply: Reply, records: Sequence[Record], token: str = "") -> Reply:
    """Answer a request with these records, whatever it asks for, and a token that continues the list."""
    named = "".join(f' {name}="{value}"' for name, value in arguments_of(request).items())
    text = Repository(papers(1)).answer("verb=ListRecords&metadataPrefix=arXivRaw&set=cs:cs:CV", AT)
    text = re.sub("<request[^>]*>", f"<request{named}>", text)
    listed = "".join(one.xml("arXivRaw") for one in records)
    listed += f"<resumptionToken>{token}</resumptionToken>" if token else ""
    text = re.sub("(?s)<record>.*</record>", lambda _match: listed, text)
    return replace(reply, body=text.encode())


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ("completeListSize='9'", "expected 9 records in all, found 7"),
        ("cursor='5'", "expected the records from 6 on, found those from 5 on"),
    ],
)
def test_counts_that_arxiv_tells_are_kept(asking: tuple[Sandbox, StandIn], attributes: str, words: str) -> None:
    """A list that is shorter than it says is not taken for whole."""
    sandbox, arxiv = asking

    def fault(_request: Request, reply: Reply) -> Reply:
        end = b"</ListRecords>"
        is_last = b"</resumptionToken>" not in reply.body
        return (
            replace(reply, body=reply.body.replace(end, f"<resumptionToken {attributes}/>".encode() + end))
            if is_last
            else reply
        )

    arxiv.fault = fault
    result = sandbox.digest("backfill")
    assert (result.code, words in result.err) == (5, True)


EMPTY: dict[str, Fault] = {
    "no record": lambda request, reply: listing(request, reply, []),
    "noRecordsMatch": lambda request, reply: replace(
        listing(request, reply, []),
        body=re.sub(
            b"<ListRecords>.*</ListRecords>",
            b"<error code='noRecordsMatch'>None</error>",
            listing(request, reply, []).body,
            flags=re.DOTALL,
        ),
    ),
}


@pytest.mark.parametrize("fault", EMPTY.values(), ids=EMPTY)
def test_a_whole_category_without_a_paper_is_not_believed(asking: tuple[Sandbox, StandIn], fault: Fault) -> None:
    """It is refused, and the next harvest begins anew; that nothing has changed since the last one may be."""
    sandbox, arxiv = asking
    arxiv.fault = fault
    result = sandbox.digest("backfill")
    assert result.code == 5
    assert "cs.CV: expected the papers of cs.CV, found an empty list" in result.err
    arxiv.fault = None
    asked(arxiv)
    assert sandbox.digest("backfill").code == 0
    assert "from" not in asked(arxiv)[0]
    assert len(rows(sandbox)) == 7
    arxiv.fault = fault
    assert sandbox.digest("backfill").code == 0


def test_a_record_of_tomorrow_is_named_and_does_not_lead_there(asking: tuple[Sandbox, StandIn]) -> None:
    """Who went on at its datestamp would hear of nothing for years; the next harvest asks for it again."""
    sandbox, arxiv = asking
    arxiv.repository = Repository([*papers(6), replace(papers(7)[6], datestamp=date(2099, 1, 1))], page_size=7)
    result = sandbox.digest("backfill")
    assert result.code == 5
    assert "2402.00007: expected a datestamp up to 20" in result.err
    asked(arxiv)
    arxiv.repository = Repository(papers(7), page_size=3)
    assert sandbox.digest("backfill").code == 0
    assert [one.get("from") for one in asked(arxiv)] == ["2024-03-04"]
    assert len(rows(sandbox)) == 7


def test_a_record_that_cannot_be_read_is_asked_for_again(asking: tuple[Sandbox, StandIn]) -> None:
    """The next list begins at its datestamp, and says so, until it can be read; then at the last one."""
    sandbox, arxiv = asking
    whole = undisturbed(sandbox, arxiv)

    def odd(_request: Request, reply: Reply) -> Reply:
        return replace(reply, body=reply.body.replace(b"<id>2402.00002<", b"<id>0<"))

    arxiv.fault = odd
    for since in (None, "2024-03-02"):
        result = sandbox.digest("backfill")
        assert (result.code, "oai:arXiv.org:2402.00002: expected" in result.err) == (5, True)
        assert asked(arxiv)[0].get("from") == since
    plan = sandbox.digest("backfill", "--dry-run").out
    assert "what has changed in cs.CV since 2024-03-02" in plan
    arxiv.fault = None
    assert [sandbox.digest("backfill").code for _ in range(2)] == [0, 0]
    assert [one["from"] for one in asked(arxiv) if "from" in one] == ["2024-03-02", "2024-03-04"]
    assert contents(sandbox)[:2] == whole[:2]


def test_a_record_that_stays_unreadable_is_asked_for_three_times_more(asking: tuple[Sandbox, StandIn]) -> None:
    """Then the harvests go on at the last datestamp, and the status says what is missing; another one counts anew."""
    sandbox, arxiv = asking
    arxiv.repository = Repository([papers(7)[0], replace(papers(7)[1], title=""), *papers(7)[2:]], page_size=3)
    found = [sandbox.digest("backfill") for _ in range(6)]
    assert [one.code for one in found] == [5, 5, 5, 5, 0, 0]
    words = "cs.CV: records from 2024-03-02 on cannot be read, and are not asked for again"
    assert [words in one.err for one in found] == [False, False, False, True, False, False]
    first = [one.get("from") for one in asked(arxiv) if "resumptionToken" not in one]
    assert first == [None, *["2024-03-02"] * 3, *["2024-03-04"] * 2]
    assert "harvested, but for records that cannot be read" in sandbox.digest("status").out
    odd = replace(papers(9)[8], title=" ")
    arxiv.repository = Repository([*papers(8), odd], page_size=9)
    assert [sandbox.digest("backfill").code for _ in range(3)] == [5, 5, 5]
    assert [one["from"] for one in asked(arxiv)] == ["2024-03-04", "2024-03-05", "2024-03-05"]
    arxiv.repository = Repository(papers(9), page_size=9)
    assert sandbox.digest("backfill").code == 0
    assert "cannot be read" not in sandbox.digest("status").out


def test_the_end_of_a_harvest_is_noted_with_its_last_page(
    asking: tuple[Sandbox, StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed right after it has the whole category: the days can be made without another request."""
    sandbox, arxiv = asking

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Gathered, "__init__", stop)
        sandbox.digest("backfill")
    assert len(asked(arxiv)) == 3
    assert sandbox.digest("backfill", "--offline").code == 0
    assert asked(arxiv) == []
    assert json.loads(sandbox.digest("status", "--json").out)["categories"]["cs.CV"]["harvested"] is True


def test_an_unread_record_is_not_forgotten_at_midnight(asking: tuple[Sandbox, StandIn]) -> None:
    """A list whose token died goes on at the last datestamp; the one after it begins at that of the record."""
    sandbox, arxiv = asking
    odd = [papers(7)[0], replace(papers(7)[1], title=""), *papers(7)[2:]]
    arxiv.repository = Repository(odd, page_size=3)
    arxiv.fault = faults.only("resumptionToken", faults.first(1, faults.dead_token()))
    result = sandbox.digest("backfill")
    assert (result.code, result.err.count("2402.00002: expected a title, found ''")) == (5, 1)
    assert [one["from"] for one in asked(arxiv) if "from" in one] == ["2024-03-02"]
    assert rows(sandbox, "SELECT datestamp, unread_since FROM harvest") == [("2024-03-04", "2024-03-02")]


def test_a_page_of_which_nothing_can_be_read_ends_the_harvest(asking: tuple[Sandbox, StandIn]) -> None:
    """The format may have changed: what came before is kept, and the next harvest goes on there."""
    sandbox, arxiv = asking
    arxiv.repository = Repository([*papers(3), *(replace(one, title=" ") for one in papers(7)[3:])], page_size=3)
    result = sandbox.digest("backfill")
    assert (result.code, len(rows(sandbox)), len(asked(arxiv))) == (5, 3, 2)
    assert "expected records that can be read, found none of 3; the first: oai:arXiv.org:2402.00004" in result.err
    arxiv.repository = Repository(papers(7), page_size=3)
    assert sandbox.digest("backfill").code == 0
    assert len(rows(sandbox)) == 7


def endless(pages: Callable[[int], tuple[Sequence[Record], str]]) -> Fault:
    """Serve pages for ever, by their number."""
    numbers = iter(range(1000))
    return lambda request, reply: listing(request, reply, *pages(next(numbers)))


ENDLESS: dict[str, tuple[Fault, str]] = {
    "two tokens in turn": (endless(lambda n: (papers(9)[n : n + 1], f"t{n % 2}")), "found one again"),
    "no records": (endless(lambda n: ([], f"t{n}") if n else (papers(1), "t")), "found none on 3 pages in a row"),
    "no records at all": (endless(lambda n: ([], f"t{n}")), "found an empty list"),
    "the same papers": (endless(lambda n: ([papers(2)[n % 2]], f"t{n}")), "found none on 3 pages in a row"),
}


@pytest.mark.parametrize(("fault", "words"), ENDLESS.values(), ids=ENDLESS)
def test_a_list_without_end_is_ended(asking: tuple[Sandbox, StandIn], fault: Fault, words: str) -> None:
    """By a token that came before, or by pages that tell of no other paper."""
    sandbox, arxiv = asking
    arxiv.fault = fault
    result = sandbox.digest("backfill")
    assert (result.code, words in result.err, len(arxiv.requests) < 7) == (5, True, True)


def test_what_is_said_of_a_long_token_is_short(asking: tuple[Sandbox, StandIn]) -> None:
    """Each line of a log names the beginning of the address."""
    sandbox, arxiv = asking

    def fault(request: Request, reply: Reply) -> Reply:
        is_first = "resumptionToken" not in request.path
        return listing(request, reply, papers(1), "%" * 1000) if is_first else faults.status(404)(request, reply)

    arxiv.fault = fault
    result = sandbox.digest("--verbose", "backfill")
    assert result.code == 5
    assert "expected status 200, found 404" in result.err
    assert max(map(len, result.err.splitlines())) < 400


def undisturbed(sandbox: Sandbox, arxiv: StandIn) -> list[list[tuple[object, ...]]]:
    """Return what a harvest stores that nobody disturbs, and forget it again."""
    assert sandbox.digest("backfill").code == 0
    whole = contents(sandbox)
    clear(sandbox)
    arxiv.requests.clear()
    return whole


def clear(sandbox: Sandbox) -> None:
    """Remove the database."""
    for file in sandbox.folder.glob("archive.db*"):
        file.unlink()


# Killed


def start(sandbox: Sandbox, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a backfill in a process of its own."""
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "backfill", *arguments]
    return subprocess.Popen(command, cwd=sandbox.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("kills", long_after(1, [1, 10]))
def test_a_harvest_that_is_killed_again_and_again_ends_the_same(asking: tuple[Sandbox, StandIn], kills: int) -> None:
    """At whatever moment; the last one goes on, and no page that was stored is asked for again."""
    sandbox, arxiv = asking
    arxiv.repository = Repository(invented(1000 + 200 * kills), page_size=100)
    whole = undisturbed(sandbox, arxiv)
    chance = random.Random(kills)  # noqa: S311 - no secret
    arxiv.fault = faults.slow_start(0.02)
    for _ in range(kills):
        before, process = len(arxiv.requests), start(sandbox)
        while len(arxiv.requests) == before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
    arxiv.fault = None
    assert sandbox.digest("backfill").code == 0
    assert contents(sandbox) == whole
    # One page of each that was killed may be lost with it.
    assert len(arxiv.requests) <= 10 + 3 * kills + 2


@pytest.mark.parametrize("kills", long_after(1, [1, 10]))
def test_a_file_whose_loading_is_killed_again_and_again_ends_the_same(sandbox: Sandbox, kills: int) -> None:
    """What was stored is not stored again, and nothing is missing."""
    file = kaggle(sandbox, invented(2_000 * kills))
    assert sandbox.digest("backfill", "--file", str(file)).code == 0
    whole, chance = contents(sandbox), random.Random(kills)  # noqa: S311 - no secret
    clear(sandbox)
    for _ in range(kills):
        process = start(sandbox, "--file", file.name)
        time.sleep(chance.uniform(0.4, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert sandbox.digest("backfill", "--file", str(file)).code == 0
    assert contents(sandbox) == whole


# Kaggle's snapshot


def kaggle(sandbox: Sandbox, records: Sequence[Record], name: str = NAME) -> Path:
    """Write records as a snapshot."""
    file = sandbox.folder / name
    with file.open("wb") as stream:
        for one in records:
            stream.write(one.kaggle_line + b"\n")
    return file


def as_gzip(file: Path) -> Path:
    """Pack a file by gzip."""
    packed = file.with_name(f"{file.name}.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    return packed


def as_zip(file: Path) -> Path:
    """Pack a file into a zip archive, as Kaggle does."""
    packed = file.with_name("archive.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
    return packed


@pytest.mark.parametrize("pack", [lambda file: file, as_gzip, as_zip], ids=["plain", "gzip", "zip"])
def test_a_snapshot_is_taken_in_plain_or_packed(sandbox: Sandbox, pack: Callable[[Path], Path]) -> None:
    """Nobody is asked for anything; the same file again changes nothing."""
    file = pack(kaggle(sandbox, papers(7)))
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, f"{file.name}: 7 new, 0 changed of 7 papers" in result.err) == (0, True)
    whole = contents(sandbox)
    assert f"{file.name}: 0 new, 0 changed of 7 papers" in sandbox.digest("backfill", "--file", str(file)).err
    assert contents(sandbox) == whole


def test_of_papers_of_other_categories_only_the_time_is_kept(sandbox: Sandbox) -> None:
    """Their ids tell where a mailing ends; aliases and older names count as the category itself."""
    sandbox.configure("arxiv", categories=["eess.SY", "math.AG"])
    sandbox.configure("digest", path="{category}/{date:%Y-%m-%d}.md")
    twice = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    records = [
        Record(f"2402.0000{number}", date(2024, 3, 1), twice, categories=categories)
        for number, categories in enumerate(["cs.SY", "alg-geom", "cs.LG eess.SY", "cs.LG", "math.AGX"])
    ]
    sandbox.digest("backfill", "--file", str(kaggle(sandbox, records)))
    assert [one for (one,) in rows(sandbox)] == ["2402.00000", "2402.00001", "2402.00002"]
    assert rows(sandbox, "SELECT arxiv_id, v FROM version WHERE arxiv_id > '2402.00002' ORDER BY 1") == [
        ("2402.00003", 1),
        ("2402.00004", 1),
    ]


def test_a_paper_that_left_a_category_is_not_left_in_it(sandbox: Sandbox) -> None:
    """A newer snapshot tells that it is in others now."""
    sandbox.digest("backfill", "--file", str(kaggle(sandbox, papers(1))))
    moved = replace(papers(1)[0], categories="cs.LG", datestamp=date(2024, 5, 1))
    assert "1 changed" in sandbox.digest("backfill", "--file", str(kaggle(sandbox, [moved]))).err
    assert rows(sandbox, "SELECT categories FROM harvested") == [("cs.LG",)]


def test_bad_lines_are_named_by_number_and_the_rest_is_taken_in(sandbox: Sandbox) -> None:
    """Ten of them; of more, how many there are."""
    file = kaggle(sandbox, papers(7))
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], b'{"id": ', *lines[1:], *[b"null"] * 11]) + b"\n")
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, len(rows(sandbox))) == (5, 7)
    assert f"{NAME}: line 2: expected an object in JSON, found it cut" in result.err
    assert f"{NAME}: line 17: expected an object with versions" in result.err
    assert "line 18" not in result.err
    assert f"{NAME}: 2 more cannot be read" in result.err


@pytest.mark.parametrize(
    "start",
    [b"\xef\xbb\xbf", b"\n" * 18_000, b"\xef\xbb\xbf\r\n", b"junk\n" * 6_000],
    ids=["mark", "empty", "both", "junk"],
)
def test_what_stands_before_the_first_paper_keeps_none_out(sandbox: Sandbox, start: bytes) -> None:
    """A byte order mark and empty lines are no fault; other lines are named."""
    file = kaggle(sandbox, papers(7))
    file.write_bytes(start + file.read_bytes())
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, len(rows(sandbox))) == (5 if b"junk" in start else 0, 7)
    assert ("line 1: expected an object in JSON, found 'junk'" in result.err) == (b"junk" in start)


def test_a_line_without_a_title_takes_no_day_away(sandbox: Sandbox) -> None:
    """It is named; the other papers of its day have a record that can be read, and nothing is damaged."""
    bad = [replace(one, title=title) for one, title in zip(papers(4), ["", " ", "\u00a0", "\u200b"], strict=True)]
    odd = replace(papers(6)[4], title="a\x1b[31m\x9b", journal_ref=" ", comments="", authors="\u00a0")
    file = kaggle(sandbox, [*bad, odd, *papers(7)[5:]])
    result = sandbox.digest("backfill", "--file", str(file), "--files")
    assert (result.code, [one for (one,) in rows(sandbox)]) == (5, ["2402.00005", "2402.00006", "2402.00007"])
    assert [f"{NAME}: line {number}: expected a title" in result.err for number in range(1, 6)] == [True] * 4 + [False]
    records = sorted((sandbox.folder / "data").glob("cs.CV/*/*.jsonl"))
    assert sum(len(parse_record(file.read_bytes()).entries) for file in records) == 3
    clear(sandbox)
    assert sandbox.digest("rebuild").code == 0
    assert sandbox.digest("verify").code == 0


def test_a_line_of_the_day_after_tomorrow_is_named(sandbox: Sandbox) -> None:
    """No newer one would ever take its place."""
    file = kaggle(sandbox, [replace(papers(1)[0], datestamp=date(2089, 1, 1)), *papers(7)[1:]])
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, len(rows(sandbox))) == (5, 6)
    assert f"{NAME}: line 1: expected an update_date up to 20" in result.err


def test_a_file_tells_what_it_holds_before_it_is_taken_in(sandbox: Sandbox) -> None:
    """By --dry-run: how many papers of the categories, of others, and what cannot be read; nothing is stored."""
    file = kaggle(sandbox, [*papers(3), *(replace(one, categories="cs.LG") for one in papers(5)[3:])])
    result = sandbox.digest("backfill", "--file", str(file), "--dry-run")
    assert (result.code, result.out) == (0, f"would take in 3 papers of cs.CV from {NAME}, and when 2 others came\n")
    with file.open("ab") as stream:
        stream.write(b"{}\n")
    result = sandbox.digest("backfill", "--file", str(file), "--dry-run", "--json")
    document = json.loads(result.out)
    assert document["file"] == {"source": NAME, "papers": 3, "others": 2, "refused": 1}
    assert (document["exit"], f"{NAME}: line 6: expected" in result.err) == (5, True)
    assert not (sandbox.folder / "archive.db").exists()


@pytest.mark.parametrize("pack", [as_gzip, as_zip], ids=["gzip", "zip"])
def test_a_cut_file_is_told_and_what_stands_before_is_taken_in(sandbox: Sandbox, pack: Callable[[Path], Path]) -> None:
    """Of a zip archive nothing is, for its list of files stands at its end."""
    file = pack(kaggle(sandbox, invented(20_000)))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, "cut or damaged" in result.err) == (5, True)
    assert (len(rows(sandbox)) > 1000) == (pack is as_gzip)


OTHERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "an empty file"),
    "blank lines": (b"\n\n\n", "an empty file"),
    "a page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page"),
    "a database": (b"SQLite format 3\0" + b"\0" * 5000, "a database"),
    "other JSON": (b'{"a": 1}\n{"a": 2}\n', "JSON"),
    "a table": (b"id,title\n1,x\n", "a plain text that begins with 'id,title 1,x'"),
    "an endless line": (b"x" * 5_000_000, "expected lines of at most 4194304 bytes"),
}


@pytest.mark.parametrize(("data", "kind"), OTHERS.values(), ids=OTHERS)
def test_another_file_is_named_by_what_it_is(sandbox: Sandbox, data: bytes, kind: str) -> None:
    """In one line, and nothing is stored."""
    file = sandbox.folder / NAME
    file.write_bytes(data)
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, kind in result.err, rows(sandbox)) == (5, True, [])


def test_a_zip_archive_with_more_than_one_file_is_refused(sandbox: Sandbox) -> None:
    """Which one is meant cannot be known; a folder and nothing at all are told, too."""
    file = sandbox.folder / "archive.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.json", "x")
        archive.writestr("b.json", "x")
    result = sandbox.digest("backfill", "--file", str(file))
    assert (result.code, "expected one file in the zip archive, found 2 ('a.json', 'b.json')" in result.err) == (
        5,
        True,
    )
    result = sandbox.digest("backfill", "--file", ".")
    assert (result.code, "error: .: expected a file, found a folder" in result.err) == (5, True)
    missing = sandbox.digest("backfill", "--file", str(sandbox.folder / "none.json"))
    assert (missing.code, "found nothing at" in missing.err) == (2, True)


def test_a_harvest_is_newer_than_an_older_snapshot(asking: tuple[Sandbox, StandIn]) -> None:
    """What OAI-PMH told stays, whatever a file of before says; a newer file is news."""
    sandbox, _ = asking
    sandbox.digest("backfill")
    old = [replace(one, title="Old") for one in papers(7)]
    sandbox.digest("backfill", "--file", str(kaggle(sandbox, old)))
    assert set(rows(sandbox, "SELECT title, source FROM harvested")) == {("A title", "oai")}
    new = [replace(one, title="New", datestamp=date(2024, 5, 1)) for one in papers(7)]
    assert "0 new, 7 changed" in sandbox.digest("backfill", "--file", str(kaggle(sandbox, new))).err
    assert set(rows(sandbox, "SELECT title, source FROM harvested")) == {("New", "kaggle")}


# Large


def used_by(sandbox: Sandbox, *arguments: str) -> tuple[float, float]:
    """Return the CPU seconds and the megabytes at the most that a backfill took in a process of its own."""
    process = start(sandbox, *arguments)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def troubled() -> Fault:
    """Throttle, cut, and take back a token, now and then."""
    return faults.chain(
        every(40, faults.status(503, retry_after="0")),
        every(55, faults.cut_page(100_000)),
        every(90, faults.dead_token()),
    )


def every(number: int, fault: Fault) -> Fault:
    """Apply a fault to each request of that number."""
    calls = 0

    def fail(request: Request, reply: Reply) -> Reply:
        nonlocal calls
        calls += 1
        return fault(request, reply) if calls % number == 0 and "resumptionToken" in request.path else reply

    return fail


@pytest.mark.exhaustive
def test_a_large_category_is_harvested_in_little_memory(asking: tuple[Sandbox, StandIn]) -> None:
    """350,000 papers, with 503s, a cut response and an expired token: each stored once, in less than 300 MB."""
    sandbox, arxiv = asking
    arxiv.repository = Repository(invented(350_000))
    arxiv.fault = troubled()
    _, megabytes = used_by(sandbox)
    assert rows(sandbox, "SELECT count(*), count(DISTINCT arxiv_id) FROM harvested") == [(350_000, 350_000)]
    print(f"{megabytes:.0f} MB")  # noqa: T201 - of few tests, figures are quoted
    assert megabytes < 300


@pytest.mark.exhaustive
def test_a_harvest_takes_no_longer_than_its_delays(asking: tuple[Sandbox, StandIn]) -> None:
    """175 pages at three seconds: at most a twentieth more than the pauses between the requests.

    All is harvested, and a week reconstructed: the days of 350,000 papers take close to a minute by themselves.
    """
    sandbox, arxiv = asking
    arxiv.repository = Repository(invented(350_000))
    sandbox.configure("arxiv", feeds_delay=3)
    begun = time.monotonic()
    process = start(sandbox, "2024-01-08..2024-01-12")
    process.wait()
    passed = time.monotonic() - begun
    assert process.returncode == 0
    print(f"{passed:.0f} s")  # noqa: T201 - of few tests, figures are quoted
    moments = [request.at for request in arxiv.requests]
    assert len(moments) >= 175
    assert passed <= 1.05 * (len(moments) - 1) * 3
    # By the stand-in's clock, which notes a request late where the machine is busy.
    assert moments[-1] - moments[0] > 3 * (len(moments) - 1) - 1
    assert min(after - before for before, after in pairwise(moments)) > 2


@pytest.mark.exhaustive
def test_all_of_arxiv_is_loaded_in_little_memory(sandbox: Sandbox) -> None:
    """Three million lines in less than 300 MB, and no more than a tenth over ten times the time of a tenth of them."""
    found, texts = {}, [("On things", "A. Bell, C. Dietz", "We do things.")]  # short ones: tests lie in memory
    for count in (300_000, 3_000_000):
        file = sandbox.folder / f"{NAME}.gz"
        with gzip.open(file, "wb", compresslevel=1) as stream:
            stream.writelines(one.kaggle_line + b"\n" for one in invented(count, texts))
        found[count] = used_by(sandbox, "--file", file.name)
        assert rows(sandbox, "SELECT count(*) FROM harvested") == [(count,)]
        clear(sandbox)
    (base, _), (used, megabytes) = found.values()
    assert megabytes < 300
    print(found)  # noqa: T201 - of few tests, figures are quoted
    assert used <= 1.1 * 10 * base
