"""The nightly run, end to end: what a user of the command sees."""

import gzip
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.conftest import DAY, NIGHT, Result, Sandbox, long_after
from tests.standin import Fault, Reply, Request, StandIn, faults, invent

DIGEST = "cs.CV/2025/03/2025-03-05.md"
EVE = date(2025, 3, 4)
EVE_NIGHT = "2025-03-04T02:00:00Z"
BEFORE_NOON = "2025-03-05T16:59:59Z"
NOON = "2025-03-05T17:00:00Z"
"""Noon in New York on the listing's date: from now on it is overdue."""

DATE_HEADING = re.compile(rb"<h3>Showing new listings for [^<]*</h3>")


@pytest.fixture
def kept(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive that has the day before; arXiv has announced the next one since."""
    arxiv.announce(invent("cs.CV", EVE))
    arxiv.today = EVE
    archive.once(lambda: archive.digest("run", now=EVE_NIGHT))
    assert (archive.folder / f"cs.CV/2025/03/{EVE}.md").exists()
    arxiv.today = DAY
    arxiv.requests.clear()
    return archive


def days(sandbox: Sandbox, category: str = "cs.CV") -> dict[str, dict[str, Any]]:
    """Return the stored days by date, as ``status --json`` tells them."""
    result = sandbox.digest("status", "--json")
    stored = json.loads(result.out)["categories"][category]["days"]
    return {day["date"]: day for day in stored}


def outside_raw(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that only a stored day may change."""
    return {path: data for path, data in tree.items() if not path.startswith("raw/")}


def raw_pages(sandbox: Sandbox) -> list[bytes]:
    """Return the kept pages."""
    return [gzip.decompress(path.read_bytes()) for path in sandbox.folder.glob("raw/*/*.gz")]


def errors(result: Result) -> list[str]:
    """Return the lines that say what went wrong."""
    assert "Traceback" not in result.err
    return [line for line in result.err.splitlines() if line.startswith("error:")]


def assert_untouched(sandbox: Sandbox, before: Mapping[str, bytes]) -> None:
    """Nothing of the earlier archive differs; pages may have been added, and what was noted of a look at them."""
    after = {path: data for path, data in sandbox.tree().items() if path != "data/state.json"}
    before = {path: data for path, data in before.items() if path != "data/state.json"}
    assert outside_raw(after) == outside_raw(before)
    assert {path: after.get(path) for path in before} == before


def only_for(category: str, fault: Fault) -> Fault:
    """Let one category fail and serve the others."""
    return lambda request, reply: fault(request, reply) if f"/{category}/" in request.path else reply


def alone(fault: Fault) -> Fault:
    """Let nothing help out where the listing fails: neither the feeds nor the catchup pages."""
    return faults.chain(fault, faults.only(r"^/(rss|atom|catchup)/", faults.login_page()))


def undated() -> Fault:
    """Leave out the date, as arXiv did for eleven days of September 2024."""
    return lambda _request, reply: replace(reply, body=DATE_HEADING.sub(b"", reply.body))


# --- the good night --------------------------------------------------------------------------------


def test_run_writes_the_digest_of_the_page_s_date(archive: Sandbox) -> None:
    """One run fetches, proves, stores and renders the newest listing, and says so: in words, then for machines."""
    result = archive.digest("run")
    assert result.code == 0
    assert result.out == ""
    assert result.err.splitlines() == [
        "stored cs.CV 2025-03-05; wrote 5 files",
        "date=2025-03-05 category=cs.CV state=complete new=12/12 cross=5/5 replacement=6/6 source=listing",
        "ok=1 failed=0 requests=1 exit=0",
    ]
    assert archive.read(DIGEST).startswith(b"# ArXiv cs.CV --Wed, 5 Mar 2025\n### 1.")


def test_run_on_a_stored_day_changes_nothing_and_asks_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """Once the expected listing is proven, a run touches no file and makes no request."""
    archive.digest("run")
    before = archive.tree()
    times = {path: (archive.folder / path).stat().st_mtime_ns for path in before}
    result = archive.digest("run", now="2025-03-05T03:00:00Z")
    assert (result.code, result.err) == (0, "ok=1 failed=0 requests=0 exit=0\n")
    assert archive.tree() == before
    assert {path: (archive.folder / path).stat().st_mtime_ns for path in before} == times
    assert len(arxiv.requests) == 1
    assert arxiv.today == DAY


def test_the_digest_shows_new_then_cross_lists_with_ids_descending(archive: Sandbox) -> None:
    """The numbers run on, replacements are left out, and every line has the seed's grammar."""
    archive.digest("run")
    text = archive.read(DIGEST).decode()
    announced = invent("cs.CV", DAY)
    expected = [
        paper.arxiv_id
        for section in (announced.new, announced.cross)
        for paper in sorted(section, key=lambda paper: paper.arxiv_id, reverse=True)
    ]
    heads = re.findall(
        r"^### ([0-9]+)\.\S.*  \[ :arrow_down: \]\(https://arxiv\.org/pdf/(.+)\.pdf\)$", text, re.MULTILINE
    )
    assert heads == [(str(number), arxiv_id) for number, arxiv_id in enumerate(expected, 1)]
    lines = text.splitlines()
    assert len(lines) == 1 + 2 * len(expected)
    assert all(line.startswith(">  ") and line.endswith("      ") for line in lines[2::2])
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_raw_page_is_kept_with_its_headers(archive: Sandbox, arxiv: StandIn) -> None:
    """Exact bytes in a file, address and headers in the store."""
    archive.digest("run")
    (page,) = raw_pages(archive)
    assert page == arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database:
        ((url, headers, sha256),) = database.execute("SELECT url, headers, sha256 FROM raw_page").fetchall()
    assert url == f"{arxiv.url}/list/cs.CV/new"
    assert ["content-type", "text/html; charset=utf-8"] in json.loads(headers)
    assert sha256 == hashlib.sha256(page).hexdigest()


# --- faults: the exit code, nothing stored, nothing touched ----------------------------------------

TRY_LATER: dict[str, Fault] = {
    "503": faults.status(503),
    "503 with a long Retry-After": faults.status(503, retry_after="300"),
    "429": faults.status(429),
    "500": faults.status(500),
    "406": faults.status(406),
    "rate exceeded": faults.rate_exceeded(),
    "cut transfer": faults.cut_transfer(5000),
    "cut chunks": faults.chunked_cut(),
    "cut gzip": faults.cut_gzip(),
    "slow drip": faults.slow_drip(0.05),
    "silence": faults.slow_start(30),
    "lag, partial": faults.lag_partial(3),
    "lag, full": faults.lag_full(),
}

REFUSED: dict[str, Fault] = {
    "403": faults.status(403),
    "404": faults.status(404),
    "login page": faults.login_page(),
    "empty body": faults.empty_body(),
    "wrong count": faults.wrong_count(),
    "cut page": faults.cut_page(5000),
    "cut page, at its end": lambda _request, reply: replace(reply, body=reply.body[:-10]),
    "text": faults.content_type("text/plain"),
    "gzip bomb": faults.gzip_bomb(70_000_000),
    "other host": faults.redirect_to("http://127.0.0.1:9/"),
    "no date": undated(),
    "no address": faults.redirect_to("http://[::1"),
    "other bytes": lambda _request, reply: replace(reply, body=reply.body.replace(b"Title:", b"\xff\xfe")),
    "impossible date": lambda _request, reply: replace(reply, body=reply.body.replace(b"5 March", b"35 March")),
}


@pytest.mark.parametrize("name", [*long_after(6, TRY_LATER), *long_after(6, REFUSED)])
def test_a_fault_stores_nothing_and_touches_nothing(kept: Sandbox, arxiv: StandIn, name: str) -> None:
    """Until noon in New York "try later" is 75, from then on 4; a page that is refused is 5 at any time."""
    if name in ("slow drip", "silence"):
        kept.configure("arxiv", timeout=0.1)
    before, stored = kept.tree(), days(kept)
    arxiv.fault = alone({**TRY_LATER, **REFUSED}[name])
    for now, code in ((NIGHT, 75), (BEFORE_NOON, 75), (NOON, 4)) if name in TRY_LATER else ((NIGHT, 5), (NOON, 5)):
        result = kept.digest("run", now=now)
        assert result.code == code
        assert len(errors(result)) == 1
        assert "cs.CV" in errors(result)[0]
        assert re.search(rf"^ok=0 failed=1 requests=[0-9]+ exit={code}$", result.err, re.MULTILINE)
        assert result.out == ""
        assert_untouched(kept, before)
        assert days(kept) == stored


@pytest.mark.parametrize("name", ["503", "lag, partial", "login page", "wrong count", "cut gzip"])
def test_after_a_fault_the_next_run_has_the_day(kept: Sandbox, arxiv: StandIn, name: str) -> None:
    """Recovery from anything is: run again. The digest is the same as without the fault."""
    arxiv.fault = {**TRY_LATER, **REFUSED}[name]
    kept.digest("run")
    arxiv.fault = None
    assert kept.digest("run", now=NOON).code == 0
    digest = kept.read(DIGEST)
    fetched = kept.digest("regenerate", "--all")
    assert (fetched.code, fetched.out) == (0, "")
    assert digest.count(b"\n### ") == 17
    assert list(days(kept)) == ["2025-03-04", "2025-03-05"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.login_page(),
        faults.wrong_count(),
        faults.lag_partial(3),
        undated(),
        faults.content_type("text/plain"),
        faults.status(403),
        faults.status(404),
    ],
    ids=["login page", "wrong count", "lag", "no date", "content type", "403", "404"],
)
def test_a_refused_page_is_kept_all_the_same(archive: Sandbox, arxiv: StandIn, fault: Fault) -> None:
    """Its exact bytes are there for the person who looks into it, and for a mended parser."""
    arxiv.fault = fault
    assert archive.digest("run").code in (5, 75)
    served = arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body
    assert served in raw_pages(archive)


def test_a_refusal_says_what_was_expected_and_found(archive: Sandbox, arxiv: StandIn) -> None:
    """In one line, with the page's address."""
    arxiv.fault = faults.wrong_count()
    (line,) = errors(archive.digest("run"))
    assert f"{arxiv.url}/list/cs.CV/new" in line
    assert re.search(r"expected .*13.* found .*12", line)


def test_a_control_character_in_foreign_text_stays_out_of_the_terminal(archive: Sandbox, arxiv: StandIn) -> None:
    """What a page or server says is printed without escape sequences and without line breaks."""
    text = b"<html><body><h1>Invalid \x1b[31mred\r\ncategory</h1></body></html>"
    arxiv.fault = lambda _request, reply: replace(reply, status=400, body=text)
    result = archive.digest("run")
    assert result.code == 2
    assert "\x1b" not in result.err
    assert len(errors(result)) == 1


# --- dates: what is due, and what the page says ----------------------------------------------------


def test_a_stale_page_is_not_out_yet_until_noon(kept: Sandbox, arxiv: StandIn) -> None:
    """Yesterday's page: nothing changes, exit 0 before the listing is overdue, 4 after."""
    arxiv.today = EVE
    before = kept.tree()
    for now, code in ((NIGHT, 0), (BEFORE_NOON, 0), (NOON, 4), ("2025-03-05T23:00:00Z", 4)):
        result = kept.digest("run", now=now)
        assert result.code == code
        assert len(errors(result)) == (1 if code else 0)
        assert "date=" not in result.err
        assert_untouched(kept, before)


@pytest.mark.parametrize("fault", [None, faults.status(503)], ids=["stale", "503"])
def test_an_overdue_listing_stays_overdue_when_the_next_is_announced(
    kept: Sandbox, arxiv: StandIn, fault: Fault | None
) -> None:
    """At 20:00 another listing is expected; the one of today is missing all the same: exit 4."""
    arxiv.today, arxiv.fault = EVE, fault
    result = kept.digest("run", now="2025-03-06T02:00:00Z")
    assert result.code == 4
    assert "2025-03-05" in result.err


def test_a_page_dated_after_the_expected_date_is_stored_with_a_warning(archive: Sandbox) -> None:
    """The page's date is the truth; the clock here may be wrong."""
    result = archive.digest("run", now=EVE_NIGHT)
    assert result.code == 0
    assert list(days(archive)) == ["2025-03-05"]
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning:")]
    assert "clock" in warning
    assert archive.read(DIGEST).startswith(b"# ArXiv cs.CV --Wed, 5 Mar 2025\n")


def test_a_first_run_stores_whatever_day_is_shown(archive: Sandbox, arxiv: StandIn) -> None:
    """A stale page is a day that is not stored yet: it is kept under its own date, and noon makes it late."""
    arxiv.announce(invent("cs.CV", EVE))
    arxiv.today = EVE
    assert archive.digest("run", now=NOON).code == 4
    assert list(days(archive)) == ["2025-03-04"]


@pytest.mark.parametrize("now", ["2025-03-08T15:00:00Z", "2025-03-09T23:00:00Z"])
def test_on_a_weekend_fridays_listing_is_stored_once(archive: Sandbox, arxiv: StandIn, now: str) -> None:
    """A first run on a weekend takes what /new still shows; a second one has nothing to do."""
    friday = date(2025, 3, 7)
    arxiv.announce(invent("cs.CV", friday))
    arxiv.today = date(2025, 3, 9)
    assert archive.digest("run", now=now).code == 0
    assert list(days(archive)) == ["2025-03-07"]
    before = archive.tree()
    result = archive.digest("run", now=now)
    assert result.code == 0
    assert len(arxiv.requests) <= 2
    assert_untouched(archive, before)


def test_on_a_deferred_day_the_last_listing_stands(archive: Sandbox, arxiv: StandIn) -> None:
    """Tuesday after a deferred Monday: Monday's listing is all there is to expect, even in the afternoon."""
    arxiv.announce(invent("cs.CV", date(2025, 1, 20)))
    arxiv.today = date(2025, 1, 21)
    for _ in range(2):
        assert archive.digest("run", now="2025-01-21T21:00:00Z").code == 0
    assert list(days(archive)) == ["2025-01-20"]


# --- several categories ----------------------------------------------------------------------------


@pytest.fixture
def three(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of three categories."""
    for category in ("cs.LG", "cs.RO"):
        arxiv.announce(invent(category, DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG", "cs.RO"])
    return archive


@pytest.mark.parametrize(
    ("now", "first", "second", "code"),
    [
        (NIGHT, faults.status(503), None, 75),
        (NIGHT, faults.status(503), faults.login_page(), 5),
        (NIGHT, faults.login_page(), faults.status(503), 5),
        (NOON, faults.status(503), None, 4),
        (NOON, faults.status(503), faults.login_page(), 5),
        (NOON, alone(faults.lag_partial(2)), alone(faults.lag_full()), 4),
    ],
)
def test_a_category_that_fails_leaves_the_others_alone(
    three: Sandbox, arxiv: StandIn, now: str, first: Fault, second: Fault | None, code: int
) -> None:
    """The others are stored, each failure has its line, the gravest is the exit code."""

    def fail(request: Request, reply: Reply) -> Reply:
        fault = {"cs.CV": first, "cs.LG": second}.get(request.path.split("/")[2])
        return fault(request, reply) if fault else reply

    arxiv.fault = fail
    result = three.digest("run", now=now)
    failed = 1 if second is None else 2
    assert result.code == code
    assert len(errors(result)) == failed
    assert f"ok={3 - failed} failed={failed} " in result.err
    assert list(days(three, "cs.RO")) == ["2025-03-05"]
    assert three.read("cs.RO/2025/03/2025-03-05.md").startswith(b"# ArXiv cs.RO --Wed, 5 Mar 2025\n")
    assert days(three, "cs.CV") == {}


def test_after_403_no_other_category_is_asked_for(three: Sandbox, arxiv: StandIn) -> None:
    """It means stop: one request, whatever else was to be done."""
    arxiv.fault = faults.status(403)
    assert three.digest("run").code == 5
    assert len(arxiv.requests) == 1


def test_only_the_category_asked_for_is_run(three: Sandbox, arxiv: StandIn) -> None:
    """--category chooses among the configured ones."""
    assert three.digest("run", "--category", "cs.LG").code == 0
    assert [request.path for request in arxiv.requests] == ["/list/cs.LG/new"]


def test_a_category_that_arxiv_does_not_know_is_a_mistake(archive: Sandbox) -> None:
    """ArXiv's 400: exit 2, in its words, and nothing is stored."""
    archive.configure("arxiv", categories=["cs.XX"])
    result = archive.digest("run")
    assert result.code == 2
    (line,) = errors(result)
    assert "Invalid archive or category: cs.XX" in line
    assert not list(archive.folder.glob("cs.XX/2025/03/*.md"))


# --- lock, disk, database --------------------------------------------------------------------------


def test_a_second_run_ends_at_once_and_a_killed_one_blocks_nobody(archive: Sandbox, arxiv: StandIn) -> None:
    """Exit 3 within a second; the kernel takes the lock away from a process that dies."""
    arxiv.fault = faults.slow_start(60)
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "run"]
    with subprocess.Popen(command, cwd=archive.folder, stderr=subprocess.DEVNULL) as other:
        try:
            deadline = time.monotonic() + 20
            while not arxiv.requests and time.monotonic() < deadline:
                time.sleep(0.02)
            assert arxiv.requests
            for arguments in (("run",), ("fetch", "2025-03-04"), ("regenerate", "--all")):
                started = time.monotonic()
                result = archive.digest(*arguments)
                assert time.monotonic() - started < 1
                assert result.code == 3
                assert len(errors(result)) == 1
            assert archive.digest("status").code in (0, 4)
        finally:
            other.kill()
    arxiv.fault = None
    assert archive.digest("run").code == 0


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("digest", "directory", "blocked/out"),
        ("store", "url", "sqlite:///blocked/archive.db"),
        ("store", "raw", "blocked/raw"),
        ("store", "records", "blocked/data"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named(archive: Sandbox, section: str, key: str, value: str) -> None:
    """Exit 6 in one line; once the way is free, the next run makes everything whole."""
    (archive.folder / "blocked").write_text("a file in the way\n")
    archive.configure(section, **{key: value})
    result = archive.digest("run")
    assert result.code == 6
    assert errors(result)
    assert all("blocked" in line for line in errors(result))
    assert archive.read("blocked") == b"a file in the way\n"
    (archive.folder / "blocked").unlink()
    assert archive.digest("run").code == 0
    out = "blocked/out/" if key == "directory" else ""
    assert archive.read(f"{out}{DIGEST}").count(b"\n### ") == 17
    assert archive.digest("regenerate", "--all").out == ""


@pytest.mark.parametrize("command", [("run",), ("status",), ("regenerate", "--all"), ("show", "2025-03-06")], ids=str)
def test_a_database_of_a_newer_digest_is_left_alone(kept: Sandbox, command: tuple[str, ...]) -> None:
    """Exit 6, and not one row is written."""
    with closing(sqlite3.connect(kept.folder / "archive.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        rows = list(database.iterdump())
    before = kept.tree()
    result = kept.digest(*command)
    assert result.code == 6
    assert len(errors(result)) == 1
    assert "newer" in errors(result)[0]
    assert kept.tree() == before
    with closing(sqlite3.connect(kept.folder / "archive.db")) as database:
        assert list(database.iterdump()) == rows


@pytest.mark.parametrize("command", [("run",), ("status",), ("regenerate", "--all")], ids=str)
def test_garbage_in_the_place_of_the_database_is_refused(kept: Sandbox, command: tuple[str, ...]) -> None:
    """Exit 6 naming the file, which stays as it is."""
    for name in ("archive.db-wal", "archive.db-shm"):
        (kept.folder / name).unlink(missing_ok=True)
    garbage = b"this is no database. " * 1000
    (kept.folder / "archive.db").write_bytes(garbage)
    before = kept.tree()
    result = kept.digest(*command)
    assert result.code == 6
    assert len(errors(result)) == 1
    assert "archive.db" in errors(result)[0]
    assert kept.read("archive.db") == garbage
    assert kept.tree() == before


def test_a_lost_database_comes_back_by_itself(kept: Sandbox, arxiv: StandIn) -> None:
    """A run fills it from the day records before it goes on; nothing is asked for twice."""
    before, stored = kept.tree(), days(kept)
    for path in kept.folder.glob("archive.db*"):
        path.unlink()
    assert days(kept) == stored
    assert kept.digest("run").code == 0
    assert len(arxiv.requests) == 1
    assert list(days(kept)) == ["2025-03-04", "2025-03-05"]
    assert kept.read("cs.CV/2025/03/2025-03-04.md") == before["cs.CV/2025/03/2025-03-04.md"]


# --- templates and other people's files ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# {{ category }}\n\n{% for entry in entries %}\n{{ entry.title }\n{% endfor %}\n", 4),
        ("# {{ category }}\n{% endfor %}\n", 2),
        ("# {{ category }}\n{{ entries | nosuch }}\n", 2),
        ("# {{ category }}\n\n{{ categori }}\n", 3),
        ("{% for entry in entries %}\n{{ entry.titel }}\n{% endfor %}\n", 2),
        ("{{ date }}\n{{ 1 / 0 }}\n", 2),
        ('# x\n{% include "other.md.j2" %}\n', 2),
    ],
)
def test_a_wrong_template_names_file_and_line_and_loses_nothing(archive: Sandbox, text: str, line: int) -> None:
    """Exit 2; once it is mended, the next run writes what is missing."""
    archive.configure("digest", template="my.md.j2")
    (archive.folder / "my.md.j2").write_text(text)
    result = archive.digest("run")
    assert result.code == 2
    (message,) = errors(result)
    assert f"my.md.j2:{line}" in message
    assert not list(archive.folder.glob("cs.CV/2025/03/*"))
    (archive.folder / "my.md.j2").write_text("# {{ category }} {{ date }}\n")
    assert archive.digest("run").code == 0
    assert archive.read(DIGEST) == b"# cs.CV 2025-03-05\n"


@pytest.mark.parametrize("command", [("run",), ("regenerate", "--all"), ("verify",), ("status",)])
def test_a_template_that_broke_is_named_although_nothing_is_to_be_made(
    archive: Sandbox, command: Sequence[str]
) -> None:
    """Exit 2; once it is mended, all is well."""
    template = archive.folder / "my.md.j2"
    archive.configure("digest", template="my.md.j2")
    template.write_text("# {{ category }} {{ date }}\n")
    assert archive.digest("run").code == 0
    assert archive.digest(*command).code == 0
    template.write_text("# {{ category }} {{ date }\n")
    result = archive.digest(*command)
    assert result.code == 2
    assert "my.md.j2:1" in result.err
    template.write_text("# {{ category }} {{ date }}\n")
    assert archive.digest(*command).code == 0


def test_a_template_that_is_not_there_is_named(archive: Sandbox) -> None:
    """Exit 2, before arXiv is asked."""
    archive.configure("digest", template="absent.md.j2")
    result = archive.digest("run")
    assert result.code == 2
    assert "absent.md.j2" in result.err


@pytest.mark.parametrize(
    "text",
    [b"# My own\n", b"", b"\xff\xfe not UTF-8\n", b"<!-- digest:begin -->\nno end\n", b"<!-- digest:end -->\n"],
)
def test_a_readme_without_markers_is_left_alone(archive: Sandbox, text: bytes) -> None:
    """It is somebody's own: not one byte changes, a warning names it, and the digest is written."""
    (archive.folder / "README.md").write_bytes(text)
    result = archive.digest("run")
    assert result.code == 0
    assert archive.read("README.md") == text
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning:")]
    assert "README.md" in warning
    assert (archive.folder / DIGEST).exists()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_text_around_the_markers_is_kept(archive: Sandbox, newline: str) -> None:
    """Only what stands between them changes."""
    before = f"# Mine{newline}{newline}Säge.  {newline}"
    after = f"{newline}{newline}More of mine, without an end"
    text = f"{before}<!-- digest:begin -->{newline}old{newline}<!-- digest:end -->{after}"
    (archive.folder / "README.md").write_bytes(text.encode())
    assert archive.digest("run").code == 0
    found = archive.read("README.md").decode()
    assert found.startswith(f"{before}<!-- digest:begin -->")
    assert found.endswith(f"<!-- digest:end -->{after}")
    assert "2025-03-05.md" in found
    assert "old" not in found


# --- fetch -----------------------------------------------------------------------------------------


def test_fetch_gets_a_past_day(kept: Sandbox, arxiv: StandIn) -> None:
    """From /catchup, to the same digest that the listing would have given."""
    assert kept.digest("run").code == 0
    from_listing = kept.read(DIGEST)
    clean = Sandbox(kept.folder.parent / "clean", kept.capture)
    clean.folder.mkdir()
    clean.configure("arxiv", pages_url=arxiv.url, pages_delay=0)
    result = clean.digest("fetch", "2025-03-05", now="2025-03-20T12:00:00Z")
    assert result.code == 0
    assert "source=catchup" in result.err
    assert clean.read(DIGEST) == from_listing


def test_fetch_of_a_range_asks_for_listing_dates_only(kept: Sandbox, arxiv: StandIn) -> None:
    """Oldest first, without weekends and without what is proven."""
    arxiv.announce(invent("cs.CV", date(2025, 3, 3)))
    assert kept.digest("fetch", "2025-03-01..2025-03-05").code == 0
    assert [request.path[15:25] for request in arxiv.requests] == ["2025-03-03", "2025-03-05"]
    assert list(days(kept)) == ["2025-03-03", "2025-03-04", "2025-03-05"]
    again = kept.digest("fetch", "2025-03-01..2025-03-05")
    assert (again.code, len(arxiv.requests)) == (0, 2)


@pytest.mark.parametrize(
    ("when", "now", "code", "word"),
    [
        ("2025-03-08", "2025-03-10T12:00:00Z", 2, "Saturday"),
        ("2024-03-09", NIGHT, 2, "Saturday"),
        ("2025-03-06", NIGHT, 2, "future"),
        ("2025-01-21", NIGHT, 4, "deferred"),
        ("2021-10-21", NIGHT, 4, "deferred"),
        ("2024-11-01", NIGHT, 4, "91 days"),
    ],
)
def test_fetch_of_a_day_that_cannot_be_asks_nobody(
    archive: Sandbox, arxiv: StandIn, when: str, now: str, code: int, word: str
) -> None:
    """Weekends and the future are mistakes; deferred and too old dates say so."""
    result = archive.digest("fetch", when, now=now)
    assert result.code == code
    (line,) = errors(result)
    assert word in line
    assert arxiv.requests == []


@pytest.mark.parametrize("name", ["503", "lag, partial", "lag, full", "login page", "wrong count", "403", "cut gzip"])
def test_a_fault_of_catchup_stores_nothing(kept: Sandbox, arxiv: StandIn, name: str) -> None:
    """75 or 4 by the time of day, 5 for a refusal; the archive is untouched."""
    before = kept.tree()
    arxiv.fault = {**TRY_LATER, **REFUSED}[name]
    codes = ((NIGHT, 75), (NOON, 4)) if name in TRY_LATER else ((NIGHT, 5), (NOON, 5))
    for now, code in codes:
        result = kept.digest("fetch", "2025-03-05", now=now)
        assert result.code == code
        assert len(errors(result)) == 1
        assert_untouched(kept, before)


def test_fetch_refuses_another_day_s_page(kept: Sandbox, arxiv: StandIn) -> None:
    """The page's date is the truth: it is not filed under the date that was asked for."""
    other = arxiv.answer(Request("/catchup/cs.CV/2025-03-04?abs=True&page=1", {}, 0))
    arxiv.fault = lambda _request, _reply: other
    before = kept.tree()
    assert kept.digest("fetch", "2025-03-05").code == 5
    assert_untouched(kept, before)


# --- import ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(arxiv: StandIn, tmp_path: Path) -> Path:
    """A listing that somebody saved."""
    path = tmp_path / "new.html"
    path.write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body)
    arxiv.requests.clear()
    return path


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_import_takes_a_saved_page_in(archive: Sandbox, arxiv: StandIn, saved: Path, form: str) -> None:
    """Offline; a page that proves itself is complete, and gives the same digest as the run."""
    archive.digest("run")
    expected = archive.read(DIGEST)
    if form == "gzip":
        saved.write_bytes(gzip.compress(saved.read_bytes()))
    clean = Sandbox(archive.folder.parent / "clean", archive.capture)
    clean.folder.mkdir()
    clean.configure("arxiv", pages_url=arxiv.url, pages_delay=0)
    arxiv.requests.clear()
    result = clean.digest("import", str(saved))
    assert result.code == 0
    assert arxiv.requests == []
    assert clean.read(DIGEST) == expected
    assert days(clean)["2025-03-05"]["state"] == "complete"
    assert days(clean)["2025-03-05"]["source"] == "import"


def test_import_of_an_undated_page_needs_a_date(archive: Sandbox, saved: Path) -> None:
    """Without --date it is refused; with it the day is imported, until a listing proves it."""
    page = saved.read_bytes()
    saved.write_bytes(DATE_HEADING.sub(b"", page))
    refused = archive.digest("import", str(saved))
    assert refused.code == 5
    assert "--date" in refused.err
    assert days(archive) == {}
    assert archive.digest("import", "--date", "2025-03-05", str(saved)).code == 0
    assert days(archive)["2025-03-05"]["state"] == "imported"
    digest = archive.read(DIGEST)
    assert archive.digest("run").code == 0
    assert days(archive)["2025-03-05"]["state"] == "complete"
    assert archive.read(DIGEST) == digest


def test_import_of_some_bad_files_takes_the_good_ones(archive: Sandbox, saved: Path, tmp_path: Path) -> None:
    """Exit 5, a line for each bad file, and the good day is there."""
    bad = [tmp_path / name for name in ("feed.xml", "empty.html", "cut.html", "broken.html.gz")]
    bad[0].write_text('<?xml version="1.0"?><rss version="2.0"></rss>')
    bad[1].write_bytes(b"")
    bad[2].write_bytes(saved.read_bytes()[:4000])
    bad[3].write_bytes(gzip.compress(saved.read_bytes())[:2000])
    result = archive.digest("import", *map(str, bad), str(saved))
    assert result.code == 5
    lines = errors(result)
    assert len(lines) == 4
    assert all(any(path.name in line for line in lines) for path in bad)
    assert list(days(archive)) == ["2025-03-05"]


def test_import_of_the_wrong_date_is_refused(archive: Sandbox, saved: Path) -> None:
    """The page's own date wins over --date by a refusal that has both."""
    result = archive.digest("import", "--date", "2025-03-04", str(saved))
    assert result.code == 5
    assert "2025-03-04" in result.err
    assert "2025-03-05" in result.err
    assert days(archive) == {}


def test_import_never_rewrites_a_complete_day(kept: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """What was announced stays, even if another page of the same date turns up."""
    kept.digest("run")
    before = kept.tree()
    arxiv.announce(invent("cs.CV", DAY, new=3, cross=1, replacement=1))
    other = tmp_path / "other.html"
    other.write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body)
    kept.digest("import", str(other))
    assert_untouched(kept, before)


# --- regenerate, status, demo ----------------------------------------------------------------------


def test_regenerate_writes_a_lost_digest_again(kept: Sandbox, arxiv: StandIn) -> None:
    """The same bytes, offline; only the paths that changed are printed."""
    kept.digest("run")
    arxiv.requests.clear()
    before = kept.tree()
    (kept.folder / DIGEST).unlink()
    result = kept.digest("regenerate", "2025-03-04..2025-03-05")
    assert (result.code, result.out) == (0, f"{kept.folder / DIGEST}\n")
    assert kept.tree() == before
    assert arxiv.requests == []
    assert kept.digest("regenerate", "--all").out == ""


def test_regenerate_mends_an_edited_digest(kept: Sandbox) -> None:
    """A digest that is not what the store says is written again."""
    path = kept.folder / "cs.CV/2025/03/2025-03-04.md"
    good = path.read_bytes()
    path.write_bytes(good + b"edited\n")
    assert kept.digest("regenerate", "2025-03-04").code == 0
    assert path.read_bytes() == good


def test_regenerate_of_a_range_does_the_rest(kept: Sandbox) -> None:
    """A date that is not stored is 4 with its reason; the stored one is written."""
    path = kept.folder / "cs.CV/2025/03/2025-03-04.md"
    path.unlink()
    result = kept.digest("regenerate", "2025-03-03..2025-03-04")
    assert result.code == 4
    (line,) = errors(result)
    assert "2025-03-03" in line
    assert path.exists()


def test_regenerate_outdated_after_the_template_changed(kept: Sandbox) -> None:
    """Only days whose digest was made by another template or other settings are written."""
    assert kept.digest("regenerate", "--outdated").out == ""
    kept.configure("digest", sections=["new"])
    assert "2025-03-04.md" in kept.digest("regenerate", "--outdated").out
    assert kept.read("cs.CV/2025/03/2025-03-04.md").count(b"\n### ") == 12
    assert kept.digest("regenerate", "--outdated").out == ""


@pytest.mark.parametrize("command", ["show", "regenerate"])
@pytest.mark.parametrize(
    ("when", "code", "word"),
    [
        ("2025-01-21", 4, "deferred"),
        ("2025-03-03", 4, "fetch"),
        ("2025-03-08", 2, "Saturday"),
        ("2025-02-30", 2, "2025-02-30"),
    ],
)
@pytest.mark.parametrize("empty", [False, True], ids=["stored", "empty"])
def test_a_date_that_is_not_stored_says_why(
    archive: Sandbox, command: str, when: str, code: int, word: str, *, empty: bool
) -> None:
    """The same for showing and regenerating, with an archive and before the first run."""
    if not empty:
        archive.digest("run")
    result = archive.digest(command, when)
    assert result.code == code
    assert "cs.CV" not in result.out
    assert word in result.err
    assert len([line for line in result.err.splitlines() if not line.startswith("wrote ")]) <= 2
    assert "Traceback" not in result.err


def test_status_tells_stored_missing_and_overdue(kept: Sandbox, arxiv: StandIn) -> None:
    """For machines and for people; exit 4 while a listing is overdue and missing."""
    arxiv.announce(invent("cs.CV", date(2025, 3, 7)))
    arxiv.today = date(2025, 3, 7)
    arxiv.fault = faults.only("/catchup/", faults.login_page())
    assert kept.digest("run", now="2025-03-07T02:00:00Z").code == 5
    result = kept.digest("status", "--json", now="2025-03-07T02:00:00Z")
    data = json.loads(result.out)
    found = data["categories"]["cs.CV"]
    assert result.code == 4
    assert [day["date"] for day in found["days"]] == ["2025-03-04", "2025-03-07"]
    assert found["missing"] == [
        {"date": "2025-03-05", "served_until": "2025-06-04", "days_left": 90},
        {"date": "2025-03-06", "served_until": "2025-06-05", "days_left": 91},
    ]
    assert found["overdue"] == ["2025-03-05", "2025-03-06"]
    assert found["days"][0]["stored"] == {"new": 12, "cross": 5, "replacement": 6}
    assert [(run["command"], run["exit"], run["requests"]) for run in data["runs"]] == [("run", 5, 3), ("run", 0, 1)]
    table = kept.digest("status", now="2025-03-07T02:00:00Z")
    assert table.code == 4
    (missing,) = [line for line in table.out.splitlines() if line.startswith("missing:")]
    assert "2025-03-05" in missing
    assert "2025-03-06" in missing


def test_status_remembers_how_a_run_failed(archive: Sandbox, arxiv: StandIn) -> None:
    """The exit code of each run is kept."""
    arxiv.fault = faults.login_page()
    archive.digest("run")
    assert json.loads(archive.digest("status", "--json").out)["runs"][0]["exit"] == 5


def test_demo_shows_the_whole_pipeline_offline(sandbox: Sandbox) -> None:
    """Several days, both templates, a view that finds something; twice without harm, never over a stranger's folder."""
    folder = sandbox.folder / "demo"
    result = sandbox.digest("demo", str(folder), now="2025-03-07T03:00:00Z")
    assert result.code == 0
    digests = sorted(folder.glob("cs.CV/*/*/*.md"))
    assert [path.stem for path in digests][-1] == "2025-03-07"
    assert len(digests) >= 3
    assert str(folder) in result.out
    assert "# ArXiv cs.CV --Fri, 7 Mar 2025" in result.out
    shown = json.loads(sandbox.digest("demo", str(folder), "--json", now="2025-03-07T03:00:00Z").out)["files"]
    assert all(path in result.out for path in shown.values())
    assert Path(shown["digest"]).read_text(encoding="utf-8").startswith("# ArXiv cs.CV --Fri, 7 Mar 2025\n")
    assert Path(shown["view"]).read_text(encoding="utf-8").startswith("# arXiv recognition · Fri, 7 Mar 2025\n")
    assert "## recognition\n" in Path(shown["index"]).read_text(encoding="utf-8")
    home = Sandbox(folder, sandbox.capture)
    before = outside_raw(home.tree())
    assert sandbox.digest("demo", str(folder), now="2025-03-07T03:00:00Z").code == 0
    assert outside_raw(home.tree()) == before
    for path in digests:
        path.unlink()
    assert home.digest("regenerate", "--all").code == 0
    assert outside_raw(home.tree()) == before
    refused = sandbox.digest("demo", str(sandbox.folder))
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1


# --- the reference: arXiv's own pages, and a real digest -------------------------------------------

SEED_NIGHT = "2021-10-20T02:00:00Z"
SEED_DIGEST = "cs.CV/2021/10/2021-10-20.md"
SEED_PAGES = "seed-day-2021-10-20"
CATCHUP = "/catchup/cs.CV/2021-10-20?abs=True&page=1"
NEW = "/list/cs.CV/new"


@dataclass(frozen=True)
class Served:
    """A file as arXiv serves it."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)


@contextmanager
def shelf(files: Mapping[str, Served]) -> Iterator[str]:
    """Serve files under arXiv's paths, queries included."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served = files.get(self.path, Served(b"<html>not here</html>", 404))
            self.send_response_only(served.status)
            for name, value in served.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def served(page: Path) -> Served:
    """Return a page with the status and headers that lie beside it."""
    lines = page.with_suffix(".headers").read_text(encoding="latin-1").splitlines()
    headers = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
    kept_headers = tuple((name, value) for name, value in headers if name not in ("Content-Length", "Date", "Server"))
    return Served(page.read_bytes(), int(lines[0].split()[1]), kept_headers)


@pytest.fixture
def pages(shared: Path) -> Path:
    """The folder of arXiv's pages."""
    return shared / "pages"


@pytest.fixture
def seed(shared: Path) -> bytes:
    """The real digest: 62,885 bytes."""
    digest = (shared / "seed" / "2021-10-20.md").read_bytes()
    assert len(digest) == 62_885
    return digest


@pytest.mark.parametrize(
    ("page", "address", "command"),
    [
        (f"{SEED_PAGES}/list_cs.CV_new.html", NEW, ("run",)),
        ("layouts/2024-07/list_cs.CV_new.html", NEW, ("run",)),
        ("layouts/pre-2024-reconstructed/list_cs.CV_new.html", NEW, ("run",)),
        (f"{SEED_PAGES}/catchup_cs.CV_2021-10-20_abs.html", CATCHUP, ("fetch", "2021-10-20")),
        ("layouts/2024-09/catchup_2021-10-20.html", CATCHUP, ("fetch", "2021-10-20")),
    ],
)
def test_the_real_digest_comes_from_arxivs_pages(
    sandbox: Sandbox, pages: Path, seed: bytes, page: str, address: str, command: tuple[str, ...]
) -> None:
    """Over HTTP, from every layout that bears a date: equal byte for byte, and nothing else in the store."""
    with shelf({address: Served((pages / page).read_bytes())}) as url:
        sandbox.configure("arxiv", pages_url=url)
        result = sandbox.digest(*command, now=SEED_NIGHT)
    assert result.code == 0
    assert sandbox.read(SEED_DIGEST) == seed
    assert "state=complete new=30/30 cross=16/16 replacement=40/40" in result.err
    assert result.err.endswith("ok=1 failed=0 requests=1 exit=0\n")


@pytest.mark.parametrize(
    ("names", "options"),
    [
        ([f"{SEED_PAGES}/list_cs.CV_new_{part}.html" for part in ("show25", "skip25_show25", "skip50_show25",
                                                                   "skip75_show25")], ()),
        ([f"{SEED_PAGES}/list_cs.CV_new_{part}.html" for part in ("skip75_show25", "skip25_show25", "show25",
                                                                   "skip50_show25")], ()),
        (["layouts/2024-07/list_cs.CV_new.html"], ()),
        (["layouts/pre-2024-reconstructed/list_cs.CV_new.html"], ()),
        (["layouts/2024-09/list_cs.CV_new.html"], ("--date", "2021-10-20")),
        ([f"{SEED_PAGES}/catchup_cs.CV_2021-10-20_abs.html"], ()),
    ],
)  # fmt: skip
def test_the_real_digest_comes_from_saved_pages(
    sandbox: Sandbox, pages: Path, seed: bytes, names: list[str], options: tuple[str, ...]
) -> None:
    """Whole or in parts in any order, dated by the page or by hand: the same bytes, offline."""
    result = sandbox.digest("import", *options, *(str(pages / name) for name in names), now=SEED_NIGHT)
    assert result.code == 0
    assert sandbox.read(SEED_DIGEST) == seed


def test_three_of_four_parts_are_no_day(sandbox: Sandbox, pages: Path) -> None:
    """Entries are missing: refused, and nothing is stored."""
    parts = ("show25", "skip25_show25", "skip75_show25")
    names = [str(pages / SEED_PAGES / f"list_cs.CV_new_{part}.html") for part in parts]
    assert sandbox.digest("import", *names, now=SEED_NIGHT).code == 5
    assert days(sandbox) == {}


def test_a_page_of_september_2024_is_refused_by_run(sandbox: Sandbox, pages: Path) -> None:
    """It bears no date, and the wall clock is no witness."""
    with shelf({NEW: Served((pages / "layouts/2024-09/list_cs.CV_new.html").read_bytes())}) as url:
        sandbox.configure("arxiv", pages_url=url)
        result = sandbox.digest("run", now=SEED_NIGHT)
    assert result.code == 5
    assert "--date" in result.err
    assert days(sandbox) == {}


def test_the_real_digest_comes_again_offline_whatever_the_environment(
    sandbox: Sandbox, pages: Path, seed: bytes
) -> None:
    """Deleted and regenerated, and from the records alone, under other zones, languages and hash seeds."""
    environments = [
        {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/Los_Angeles", "LC_ALL": "C", "PYTHONHASHSEED": "4242", "PYTHONUTF8": "0"},
    ]
    page = Served((pages / SEED_PAGES / "list_cs.CV_new.html").read_bytes())
    trees = []
    with shelf({NEW: page}) as url:
        sandbox.configure("arxiv", pages_url=url)
        for env in environments:
            for path in ("cs.CV", "raw", "data"):
                shutil.rmtree(sandbox.folder / path, ignore_errors=True)
            for file in sandbox.folder.glob("archive.db*"):
                file.unlink()
            assert sandbox.process("run", now=SEED_NIGHT, env=env).returncode == 0
            trees.append(sandbox.tree())
    assert trees[0] == trees[1]
    assert trees[0][SEED_DIGEST] == seed
    for env, command in zip(environments, (("regenerate", "2021-10-20"), ("rebuild",)), strict=True):
        (sandbox.folder / SEED_DIGEST).unlink()
        if command == ("rebuild",):
            for file in sandbox.folder.glob("archive.db*"):
                file.unlink()
        assert sandbox.process(*command, now=SEED_NIGHT, env=env).returncode == 0
        assert sandbox.tree() == trees[0]


@pytest.mark.parametrize(
    ("page", "address", "command", "night", "noon", "code"),
    [
        ("edges/lag_partial_2024-10-21/list_cs.CV_new", NEW, "run", "2024-10-21T01:00", "2024-10-21T16:00", 75),
        ("edges/lag_partial_2024-10-21/catchup_cs.CV_2024-10-21_abs", "", "fetch 2024-10-21", "2024-10-21T01:00",
         "2024-10-21T16:00", 75),
        ("edges/lag_full_2024-10-22/list_cs.CV_new", NEW, "run", "2024-10-22T01:00", "2024-10-22T16:00", 75),
        ("edges/lag_full_2024-10-22/catchup_cs.CV_2024-10-22_abs", "", "fetch 2024-10-22", "2024-10-22T01:00",
         "2024-10-22T16:00", 75),
        ("edges/empty/list_cs.CV_new", NEW, "run", "2024-10-15T01:00", "2024-10-15T16:00", 75),
        ("edges/empty/catchup_cs.CV_2024-10-15_abs", "", "fetch 2024-10-15", "2024-10-15T01:00", "2024-10-15T16:00",
         75),
        ("errors/err_badcat_new", NEW, "run", "2024-10-15T01:00", "2024-10-15T16:00", 2),
        ("errors/err_badshow", NEW, "run", "2024-10-15T01:00", "2024-10-15T16:00", 2),
    ],
)  # fmt: skip
def test_faults_that_arxiv_really_served(
    sandbox: Sandbox, pages: Path, page: str, address: str, command: str, night: str, noon: str, code: int
) -> None:
    """With their own status and headers: nothing is stored, and the exit code is the contract's."""
    address = address or f"/catchup/cs.CV/{command.split()[1]}?abs=True&page=1"
    with shelf({address: served(pages / f"{page}.html")}) as url:
        sandbox.configure("arxiv", pages_url=url)
        for now, expected in ((night, code), (noon, 4 if code == 75 else code)):
            result = sandbox.digest(*command.split(), now=f"{now}:00Z")
            assert result.code == expected
            assert len(errors(result)) == 1
            assert not list(sandbox.folder.glob("cs.CV/20*/*/*.md"))
    assert days(sandbox) == {}


def test_a_real_page_past_the_end_is_refused(sandbox: Sandbox, pages: Path) -> None:
    """A total and "No updates today." contradict one another."""
    with shelf({NEW: Served((pages / "errors/err_skip_past_end.html").read_bytes())}) as url:
        sandbox.configure("arxiv", pages_url=url)
        assert sandbox.digest("run", now=NIGHT).code == 5
    assert days(sandbox) == {}


def test_a_day_of_cross_lists_only_is_whole(sandbox: Sandbox, pages: Path) -> None:
    """From the listing and from catchup: six cross-lists, numbered from 1."""
    folder = pages / "edges/crossonly_2024-10-17"
    address = "/catchup/cs.CV/2024-10-17?abs=True&page=1"
    files = {NEW: "list_cs.CV_new.html", address: "catchup_cs.CV_2024-10-17_abs.html"}
    with shelf({path: served(folder / name) for path, name in files.items()}) as url:
        sandbox.configure("arxiv", pages_url=url)
        assert sandbox.digest("run", now="2024-10-17T01:00:00Z").code == 0
        digest = sandbox.read("cs.CV/2024/10/2024-10-17.md")
        other = Sandbox(sandbox.folder.parent / "other", sandbox.capture)
        other.folder.mkdir()
        other.configure("arxiv", pages_url=url, pages_delay=0)
        assert other.digest("fetch", "2024-10-17", now="2024-10-17T01:00:00Z").code == 0
    assert digest.startswith(b"# ArXiv cs.CV --Thu, 17 Oct 2024\n### 1.")
    assert digest.count(b"\n### ") == 6
    assert other.read("cs.CV/2024/10/2024-10-17.md") == digest


@pytest.mark.parametrize(
    "page",
    [
        "catchup_noabs",
        "list_cs.CV_recent",
        "list_cs.CV_pastweek_show2000",
        "list_cs.CV_2021-10",
        "abs_2110.09903",
        "catchup_cs.CV_2021-10-17_abs",
    ],
)
def test_pages_without_abstracts_are_never_a_day(sandbox: Sandbox, pages: Path, page: str) -> None:
    """ArXiv's other pages of the same days are refused."""
    path = pages / SEED_PAGES / f"{page}.html"
    result = sandbox.digest("import", str(path), now=SEED_NIGHT)
    assert result.code == 5
    assert len(errors(result)) == 1
    assert days(sandbox) == {}


@pytest.mark.parametrize("part", [0.02, 0.1, 0.37, 0.5, 0.75, 0.93, 0.99, 0.99999])
def test_the_real_page_cut_anywhere_is_refused(sandbox: Sandbox, pages: Path, part: float) -> None:
    """With a length that is right: exit 5, no day, and the cut page is kept."""
    body = (pages / SEED_PAGES / "list_cs.CV_new.html").read_bytes().rstrip()
    cut = body[: min(int(len(body) * part), len(body) - 1)]
    with shelf({NEW: Served(cut)}) as url:
        sandbox.configure("arxiv", pages_url=url)
        assert sandbox.digest("run", now=SEED_NIGHT).code == 5
    assert days(sandbox) == {}
    assert raw_pages(sandbox) == [cut]


@pytest.mark.parametrize("section", ["New", "Cross", "Replacement"])
@pytest.mark.parametrize("step", [-1, 1])
def test_the_real_page_with_a_count_off_by_one_is_refused(
    sandbox: Sandbox, pages: Path, section: str, step: int
) -> None:
    """Each section's two numbers must be those of the entries that follow."""
    body = (pages / SEED_PAGES / "list_cs.CV_new.html").read_bytes()
    pattern = re.compile(rf"({section} submissions \(showing )([0-9]+) of ([0-9]+)".encode())
    changed, times = pattern.subn(lambda m: b"%b%d of %d" % (m[1], int(m[2]) + step, int(m[3]) + step), body)
    assert times == 1
    with shelf({NEW: Served(changed)}) as url:
        sandbox.configure("arxiv", pages_url=url)
        result = sandbox.digest("run", now=SEED_NIGHT)
    assert result.code == 5
    assert re.search("expected .* found", errors(result)[0])
    assert days(sandbox) == {}


HUGE = "huge-day-2025-06-03"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {
                NEW: "list_cs.CV_new.html.gz",
                f"{NEW}?skip=2000&show=2000": "list_cs.CV_new_skip2000_show2000.html.gz",
            },
            ("run",),
        ),
        (
            {
                "/catchup/cs.CV/2025-06-03?abs=True&page=1": "catchup_cs.CV_2025-06-03_abs.html.gz",
                "/catchup/cs.CV/2025-06-03?abs=True&page=2": "catchup_page2.html.gz",
            },
            ("fetch", "2025-06-03"),
        ),
    ],
    ids=["listing", "catchup"],
)
def test_the_huge_day_is_put_together_from_its_pages(
    sandbox: Sandbox, pages: Path, files: Mapping[str, str], command: tuple[str, ...]
) -> None:
    """2,600 entries over two pages: every id in its section, as papers.json has them; no third request."""
    bodies = {address: Served(gzip.decompress((pages / HUGE / name).read_bytes())) for address, name in files.items()}
    with shelf(bodies) as url:
        sandbox.configure("arxiv", pages_url=url)
        result = sandbox.digest(*command, now="2025-06-03T02:00:00Z")
    assert result.code == 0
    assert "new=1500/1500 cross=400/400 replacement=700/700" in result.err
    assert " requests=2 " in result.err
    papers = json.loads(gzip.decompress((pages / HUGE / "papers.json.gz").read_bytes()))
    expected = {(paper["arxiv_id"], paper["section_on_cs_CV"]) for paper in papers if paper["date"] == "2025-06-03"}
    rows = [json.loads(line) for line in sandbox.read("data/cs.CV/2025/2025-06-03.jsonl").splitlines()[1:]]
    names = {"new": "new", "cross": "cross", "replacement": "rep"}
    assert {(row["id"], names[row["section"]]) for row in rows} == expected
    assert len(rows) == 2600


@pytest.mark.parametrize("command", [("regenerate", str(DAY)), ("regenerate", "--all"), ("rebuild",)])
def test_a_digest_that_somebody_edited_is_kept_beside(archive: Sandbox, command: tuple[str, ...]) -> None:
    """It is made again, as was asked for; nobody's words are lost, and a line says where they are."""
    assert archive.digest("run").code == 0
    path = f"cs.CV/2025/03/{DAY}.md"
    made = archive.read(path)
    (archive.folder / path).write_bytes(made + b"\nMy own note.\n")
    result = archive.digest(*command)
    assert result.code == 0
    assert archive.read(path) == made
    assert archive.read(f"{path}.edited") == made + b"\nMy own note.\n"
    assert f"{path}.edited" in result.err


def test_a_record_that_somebody_edited_is_kept_beside(archive: Sandbox) -> None:
    """Written again from the database, and what was there is kept."""
    assert archive.digest("run").code == 0
    path = f"data/cs.CV/2025/{DAY}.jsonl"
    made = archive.read(path)
    (archive.folder / path).write_bytes(made[:-40] + b"\n")
    (archive.folder / f"cs.CV/2025/03/{DAY}.md").unlink()
    result = archive.digest("regenerate", str(DAY))
    assert archive.read(path) == made
    assert archive.read(f"{path}.damaged") == made[:-40] + b"\n"
    assert f"{DAY}.jsonl.damaged" in result.err
