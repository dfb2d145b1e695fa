"""What fails alone: each failure is told, none stops what it does not concern, arXiv is left alone when it asks."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox
from tests.standin import Reply, Request, StandIn, faults, invent

DIGEST = "cs.CV/2025/03/2025-03-05.md"
RECORD = "data/cs.CV/2025/2025-03-05.jsonl"


@pytest.fixture
def two(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of two categories."""
    arxiv.announce(invent("cs.RO", DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.RO"])
    return archive


def failures(text: str) -> list[str]:
    """Return the lines that tell an error."""
    return [line for line in text.splitlines() if line.startswith("error: ")]


def test_failures_with_the_same_words_are_all_told(two: Sandbox) -> None:
    """Two files that are empty, two days that are not stored: one line each."""
    files = [str(two.folder / name) for name in ("a.html", "b.html")]
    for file in files:
        Path(file).write_bytes(b"")
    refused = two.digest("import", *files)
    assert [line.split(": ")[1] for line in failures(refused.err)] == files
    assert refused.err.splitlines()[-1] == "ok=0 failed=2 requests=0 exit=5"
    unstored = two.digest("regenerate", "2025-03-05")
    assert [line.split(" ")[1] for line in failures(unstored.err)] == ["cs.CV", "cs.RO"]
    assert unstored.code == 4


@pytest.mark.parametrize(
    "forbidden",
    [
        Reply(status=403, body=b"no", send_length=False),
        Reply(status=403, body=b"no", declared_length=5000),
        Reply(status=403, body=b"no", headers=(("Content-Encoding", "unknown"),)),
    ],
    ids=["without a length", "cut", "odd coding"],
)
def test_403_ends_all_requests_whatever_its_body(two: Sandbox, arxiv: StandIn, forbidden: Reply) -> None:
    """One request, no retry, no other category."""
    arxiv.fault = lambda _request, _reply: forbidden
    result = two.digest("run")
    assert (result.code, len(arxiv.requests)) == (5, 1)


def test_a_throttling_arxiv_is_left_alone_also_by_the_next_run(two: Sandbox, arxiv: StandIn) -> None:
    """429 with a long Retry-After: one request now, none in the next run."""
    arxiv.fault = faults.status(429, retry_after="3600")
    first = two.digest("run")
    second = two.digest("run")
    assert (first.code, second.code, len(arxiv.requests)) == (75, 75, 1)
    assert all("wants no request for another" in line for line in failures(second.err))


def test_a_host_that_does_not_answer_is_given_up_once(sandbox: Sandbox) -> None:
    """For the other dates of a range it is not tried again; each is told."""
    result = sandbox.digest("fetch", "2025-03-03..2025-03-05")
    assert result.code == 4
    assert len(failures(result.err)) == 3
    assert result.err.splitlines()[-1] == "ok=0 failed=3 requests=4 exit=4"


def test_a_lagging_page_holds_up_no_other_category(two: Sandbox, arxiv: StandIn) -> None:
    """ArXiv's 503 is about one page: the other category is asked for, and the next run asks again."""

    def lag(request: Request, reply: Reply) -> Reply:
        return faults.status(503, retry_after="300")(request, reply) if "cs.CV" in request.path else reply

    arxiv.fault = lag
    assert two.digest("run").code == 75
    assert (two.folder / "cs.RO/2025/03/2025-03-05.md").is_file()
    arxiv.fault = None
    assert two.digest("run").code == 0


def test_a_folder_in_the_place_of_a_digest_stops_nothing_else(two: Sandbox) -> None:
    """The other category and the indexes are written, every time, and the one that cannot be is named."""
    (two.folder / DIGEST).mkdir(parents=True)
    result = two.digest("run")
    assert result.code == 6
    assert len(failures(result.err)) == 1
    assert (two.folder / "cs.RO/2025/03/2025-03-05.md").is_file()
    assert b"cs.RO/2025/03/2025-03-05.md" in two.read("README.md")
    (two.folder / "cs.RO/2025/03/2025-03-05.md").unlink()
    again = two.digest("regenerate", "--all")
    assert (again.code, "cs.RO" in again.out) == (6, True)
    (two.folder / DIGEST).rmdir()
    assert two.digest("run").code == 0
    assert two.read(DIGEST).startswith(b"# ArXiv")


def test_a_digest_that_is_gone_comes_back_with_the_next_run(archive: Sandbox) -> None:
    """Without a request: the day is stored."""
    archive.digest("run")
    before = archive.read(DIGEST)
    (archive.folder / DIGEST).unlink()
    result = archive.digest("run")
    assert (result.code, result.err) == (0, "wrote 1 file\nok=1 failed=0 requests=0 exit=0\n")
    assert archive.read(DIGEST) == before


def test_what_was_done_before_a_mistake_is_told(two: Sandbox, arxiv: StandIn) -> None:
    """A category that arXiv does not know ends the run with 2; the days stored before and after it have their lines."""
    two.configure("arxiv", categories=["cs.CV", "cs.XX", "cs.RO"])
    result = two.digest("run")
    assert result.code == 2
    words, day = result.err.splitlines()[:2]
    assert words.startswith("stored cs.CV 2025-03-05, cs.RO 2025-03-05; wrote ")
    assert day.startswith("date=2025-03-05 category=cs.CV state=complete")
    assert result.err.splitlines()[-1] == "ok=2 failed=1 requests=3 exit=2"
    assert len(arxiv.requests) == 3


def test_a_range_with_a_future_date_costs_no_request(archive: Sandbox, arxiv: StandIn) -> None:
    """Dates that cannot be are refused before the first request, and a trial run says so as well."""
    result = archive.digest("fetch", "2025-03-04..2025-03-14")
    assert (result.code, arxiv.requests) == (2, [])
    plan = archive.digest("fetch", "2024-11-01..2024-11-04", "--dry-run")
    assert plan.code == 0
    assert all(line.startswith("would not ask for") for line in plan.out.splitlines())


def test_a_stronger_record_wins_over_the_database(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """A record that another machine proved replaces what is only imported here; it is never written over."""
    page = tmp_path / "page.html"
    page.write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0.0)).body)
    archive.digest("run")
    proven = archive.read(RECORD)
    shutil.rmtree(archive.folder / "data")
    (archive.folder / "archive.db").unlink()
    undated = page.read_bytes().replace(b"<h3>Showing new listings for Wednesday, 5 March 2025</h3>", b"")
    page.write_bytes(undated)
    assert archive.digest("import", "--date", "2025-03-05", str(page)).code == 0
    assert json.loads(archive.read(RECORD).split(b"\n")[0])["state"] == "imported"
    (archive.folder / RECORD).write_bytes(proven)
    assert archive.digest("regenerate", "--all").code == 0
    assert archive.read(RECORD) == proven
    assert json.loads(archive.digest("status", "--json").out)["categories"]["cs.CV"]["days"][0]["state"] == "complete"


def test_a_weaker_record_is_outdated_and_no_damage(archive: Sandbox) -> None:
    """A run killed between the database and the record leaves the record of before: rebuild writes it anew."""
    archive.digest("run")
    proven = archive.read(RECORD)
    weaker = proven.replace(b'"state": "complete"', b'"state": "imported"')
    (archive.folder / RECORD).write_bytes(weaker)
    assert archive.digest("rebuild").code == 0
    assert archive.read(RECORD) == proven


def test_an_import_takes_no_other_category_s_place(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Where the path does not tell categories apart, a category that is not kept is refused."""
    archive.configure("digest", path="{date:%Y-%m-%d}.md")
    archive.digest("run")
    before = archive.tree()
    arxiv.announce(invent("cs.LG", DAY))
    page = tmp_path / "page.html"
    page.write_bytes(arxiv.answer(Request("/list/cs.LG/new", {}, 0.0)).body)
    assert archive.digest("import", "--category", "cs.LG", str(page)).code == 2
    assert archive.tree() == before


def test_a_saved_page_may_have_any_name(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Also one that is no UTF-8."""
    name = os.fsdecode(bytes(tmp_path) + b"/p\xffge.html")
    Path(name).write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0.0)).body)
    assert archive.digest("import", name).code == 0


def test_a_short_delay_matters_only_when_arxiv_is_asked(sandbox: Sandbox) -> None:
    """Too short for arXiv's own host: no run and no fetch, exit 2; what is offline goes on."""
    sandbox.configure("arxiv", pages_url="https://arxiv.org", pages_delay=3)
    refused = sandbox.digest("run")
    assert (refused.code, "config.toml: [arxiv] pages_delay" in refused.err) == (2, True)
    assert sandbox.digest("fetch", "2025-03-05").code == 2
    assert sandbox.digest("regenerate", "--all").code == 0


@pytest.mark.parametrize("place", ["saved.html", "README.md"])
def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(archive: Sandbox, place: str) -> None:
    """Opening it would wait for ever, with the lock held; it is named instead."""
    os.mkfifo(archive.folder / place)
    done = archive.process("run") if place == "README.md" else archive.process("import", place)
    assert done.returncode == (6 if place == "README.md" else 5)
    assert ("Not a regular file" if place == "README.md" else "found a pipe") in done.stderr


def test_a_day_far_in_the_future_does_not_stop_the_nightly_job(archive: Sandbox, arxiv: StandIn) -> None:
    """A page dated years ahead is stored with a warning; the listing that is due is asked for all the same."""
    arxiv.announce(invent("cs.CV", date(2031, 3, 5)))
    arxiv.today = date(2031, 3, 5)
    ahead = archive.digest("run")
    assert (ahead.code, "is the clock right?" in ahead.err) == (0, True)
    arxiv.today = DAY
    assert "date=2025-03-05" in archive.digest("run").err
    assert sorted(path.parent.name for path in archive.folder.glob("cs.CV/*/README.md")) == [
        str(year) for year in range(2025, 2032)
    ]
    assert archive.digest("status").code == 0


@pytest.mark.parametrize("year", [b"1990", b"9999"])
def test_an_absurd_year_is_refused(archive: Sandbox, arxiv: StandIn, year: bytes) -> None:
    """Before arXiv began, or beyond all calendars: no such page."""
    arxiv.fault = lambda _request, reply: Reply(
        headers=reply.headers, body=reply.body.replace(b"5 March 2025", b"5 March " + year)
    )
    result = archive.digest("run")
    assert (result.code, "expected a year" in result.err) == (5, True)


def test_a_listing_and_a_catchup_page_of_one_day_are_no_contradiction(
    archive: Sandbox, arxiv: StandIn, tmp_path: Path
) -> None:
    """Each proves itself; the listing is stored, because catchup may show later texts."""
    paths = {"a.html": "/catchup/cs.CV/2025-03-05?abs=True&page=1", "b.html": "/list/cs.CV/new"}
    for name, address in paths.items():
        (tmp_path / name).write_bytes(arxiv.answer(Request(address, {}, 0.0)).body)
    result = archive.digest("import", *(str(tmp_path / name) for name in paths))
    assert result.code == 0
    (page,) = json.loads(archive.read(RECORD).split(b"\n")[0])["pages"]
    assert page["url"] == "import:b.html"


@pytest.mark.parametrize("when", ["2025-03-08", "2025-03-06"])
def test_a_date_by_hand_is_one_that_a_listing_can_have(archive: Sandbox, tmp_path: Path, when: str) -> None:
    """Neither a Saturday nor a day that is not announced yet."""
    (tmp_path / "page.html").write_text("")
    assert archive.digest("import", "--date", when, str(tmp_path / "page.html")).code == 2


def test_what_a_browser_saved_is_taken_in(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """With absolute addresses, and a comment behind the end."""
    body = arxiv.answer(Request("/list/cs.CV/new", {}, 0.0)).body
    saved = body.replace(b'href ="/abs/', b'href ="https://arxiv.org/abs/') + b"\n<!-- saved by a browser -->\n"
    (tmp_path / "page.html").write_bytes(saved)
    assert archive.digest("import", str(tmp_path / "page.html")).code == 0


@pytest.mark.parametrize("text", ["{{ cycler() }}", '{{ "\\ud800" }}', "{{ " + "(" * 3000 + ")" * 3000 + " }}"])
def test_a_template_may_fail_in_any_way(archive: Sandbox, text: str) -> None:
    """Exit 2 and its name, no traceback."""
    archive.configure("digest", template="mine.md.j2")
    (archive.folder / "mine.md.j2").write_text(text)
    result = archive.digest("run")
    assert (result.code, len(failures(result.err))) == (2, 1)


def test_a_damaged_database_names_the_way_out(archive: Sandbox) -> None:
    """That is ``rebuild``, which keeps it beside the one that it makes from the records."""
    archive.digest("run")
    database = archive.folder / "archive.db"
    text = b"no database at all, but some text that is long enough " * 100
    database.write_bytes(text)
    result = archive.digest("run")
    assert (result.code, "`digest rebuild`" in result.err) == (6, True)
    assert archive.digest("rebuild").code == 0
    assert archive.read("archive.db.damaged") == text
    assert archive.digest("run").code == 0


def test_records_switched_on_later_are_written_by_the_next_run(archive: Sandbox) -> None:
    """For every stored day, without a request."""
    archive.configure("store", records="")
    archive.digest("run")
    archive.configure("store", records="data")
    assert archive.digest("run").code == 0
    assert archive.read(RECORD).startswith(b'{"format": 2')


def test_latest_is_each_category_s_own(two: Sandbox, arxiv: StandIn) -> None:
    """One that is behind shows its own newest day."""
    two.digest("run")
    arxiv.announce(invent("cs.RO", DAY + timedelta(days=1)))
    arxiv.today = DAY + timedelta(days=1)
    two.digest("run", "--category", "cs.RO", now="2025-03-06T02:00:00Z")
    shown = two.digest("show", "latest").out
    assert [line for line in shown.splitlines() if line.startswith("# ")] == [
        "# ArXiv cs.CV --Wed, 5 Mar 2025",
        "# ArXiv cs.RO --Thu, 6 Mar 2025",
    ]


@pytest.mark.parametrize("command", [["doctor"], ["status"], ["show", "latest"]])
def test_a_terminal_that_is_not_utf_8_is_no_failure(archive: Sandbox, command: list[str]) -> None:
    """What the locale's encoding cannot say is replaced."""
    archive.digest("run")
    done = archive.process(*command, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_output_is_one_line(archive: Sandbox) -> None:
    """Exit 6 and a reason, no traceback."""
    archive.digest("run")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "digest", "--now", NIGHT, "show", "latest"],
            cwd=archive.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (6, "error: standard output: No space left on device\n")


def test_no_credentials_and_no_cookies_are_sent(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Not even those that ~/.netrc has for every host, or that the server sets."""
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    arxiv.fault = lambda _request, reply: Reply(
        status=reply.status, headers=(*reply.headers, ("Set-Cookie", "a=b; Path=/")), body=reply.body
    )
    yesterday = invent("cs.CV", DAY - timedelta(days=1))
    arxiv.announce(yesterday)
    done = archive.process("fetch", "2025-03-04..2025-03-05", env={"HOME": str(tmp_path)})
    assert len(arxiv.requests) == 2, done.stderr
    assert not [request for request in arxiv.requests if {"authorization", "cookie"} & set(request.headers)]


def test_an_interrupted_job_is_unfinished_and_no_bug(archive: Sandbox, arxiv: StandIn) -> None:
    """``status`` says so of a run that was killed while it waited for arXiv."""
    archive.digest("run")
    arxiv.announce(invent("cs.CV", DAY + timedelta(days=1)))
    arxiv.today = DAY + timedelta(days=1)
    arxiv.fault = faults.slow_start(30)
    with subprocess.Popen(
        [sys.executable, "-m", "digest", "--now", "2025-03-06T02:00:00Z", "run"],
        cwd=archive.folder,
        stderr=subprocess.PIPE,
    ) as job:
        while len(arxiv.requests) < 2 and job.poll() is None:
            time.sleep(0.01)
        job.terminate()
    arxiv.fault = None
    runs = json.loads(archive.digest("status", "--json").out)["runs"]
    assert [run["exit"] for run in runs] == [None, 0]


def test_an_index_that_cannot_be_written_stops_no_other(archive: Sandbox) -> None:
    """With a folder in the place of the archive's README, the year's index is written all the same."""
    (archive.folder / "README.md").mkdir()
    result = archive.digest("run")
    assert (result.code, len(failures(result.err))) == (6, 1)
    assert b"2025-03-05.md" in archive.read("cs.CV/2025/README.md")


def test_foreign_files_among_the_records_are_left_alone(archive: Sandbox) -> None:
    """Only what bears a record's name is read as one."""
    archive.digest("run")
    (archive.folder / "data/notes.jsonl").write_text("mine\n")
    (archive.folder / "data/cs.CV/2025/export.jsonl").write_text("mine\n")
    (archive.folder / "archive.db").unlink()
    assert archive.digest("rebuild").code == 0
    assert archive.read("data/notes.jsonl") == b"mine\n"
