"""Missed days come back from arXiv's catchup pages, while it still serves them."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest.config.resources import read_calendar
from tests.conftest import DAY, Sandbox
from tests.nights import (
    after,
    asked,
    beside,
    catchup,
    day,
    digest_path,
    known_as,
    listing,
    lose_database,
    noon,
    requests_of,
    show,
    status,
)
from tests.standin import Fault, Mailing, Reply, Request, StandIn, faults, invent
from tests.standin.pages import listing_page
from tests.test_jobs import assert_untouched, errors, outside_raw

FIRST = date(2025, 2, 24)
MISSED = [
    date(2025, 2, 25),
    date(2025, 2, 26),
    date(2025, 2, 27),
    date(2025, 2, 28),
    date(2025, 3, 3),
    date(2025, 3, 4),
]
"""The listing dates between the first one and ``DAY``; nobody ran anything then."""

NEWEST_FIRST = sorted(MISSED, reverse=True)
PATIENCE = 60.0


@pytest.fixture
def gap(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Monday's listing of the week before is stored; six more are missed, and the newest is due."""
    show(arxiv, invent("cs.CV", FIRST))
    archive.once(lambda: archive.digest("run", now=after(FIRST)))
    assert known_as(archive, FIRST, after(FIRST)) == ("complete", "listing")
    show(arxiv, *(invent("cs.CV", when, new=4, cross=2, replacement=1) for when in MISSED), invent("cs.CV", DAY))
    asked(arxiv)
    return archive


def at_date(when: date, fault: Fault) -> Fault:
    """Apply a fault to the catchup pages of one date."""
    return faults.only(f"/catchup/.*{when}", fault)


def missing(sandbox: Sandbox, now: str) -> list[str]:
    """Return the dates that the status calls missing."""
    return [one["date"] for one in status(sandbox, now)[1]["categories"]["cs.CV"]["missing"]]


# --- what a run heals ------------------------------------------------------------------------------


def test_a_run_brings_the_newest_listing_and_then_what_was_missed(gap: Sandbox, arxiv: StandIn) -> None:
    """Today's listing first, then the missed days from the newest to the oldest; each says its source."""
    result = gap.digest("run", now=after(DAY))
    assert result.code == 0
    assert asked(arxiv) == [listing(), *map(catchup, NEWEST_FIRST)]
    lines = [line for line in result.err.splitlines() if line.startswith("date=")]
    counts = "new=4/4 cross=2/2 replacement=1/1"
    assert lines[0].startswith(f"date={DAY} ")
    assert lines[0].endswith("source=listing")
    assert lines[1:] == [f"date={when} category=cs.CV state=complete {counts} source=catchup" for when in NEWEST_FIRST]
    assert result.err.splitlines()[-1] == "ok=7 failed=0 requests=7 exit=0"
    assert {known_as(gap, when, after(DAY)) for when in MISSED} == {("complete", "catchup")}
    assert status(gap, noon(DAY))[0] == 0
    quiet = gap.digest("run", now=noon(DAY))
    assert (quiet.code, asked(arxiv)) == (0, [])


def test_a_healed_digest_is_the_one_that_was_missed(gap: Sandbox, arxiv: StandIn) -> None:
    """Equal in every byte to that of an archive that was there every night."""
    assert gap.digest("run", now=after(DAY)).code == 0
    steady = beside(gap, "steady")
    for when in [FIRST, *MISSED, DAY]:
        arxiv.today = when
        assert steady.digest("run", now=after(when)).code == 0
    digests = {path: data for path, data in steady.tree().items() if path.endswith(".md")}
    assert len(digests) == 8 + 2
    assert {path: data for path, data in gap.tree().items() if path.endswith(".md")} == digests


def test_a_missed_day_of_several_pages_is_healed_whole(archive: Sandbox, arxiv: StandIn) -> None:
    """Sixty entries over three pages of 25: three requests, one day."""
    before = date(2025, 3, 3)
    show(arxiv, invent("cs.CV", before))
    assert archive.digest("run", now=after(before)).code == 0
    missed = date(2025, 3, 4)
    show(arxiv, invent("cs.CV", missed, new=30, cross=18, replacement=12), invent("cs.CV", DAY))
    arxiv.page_size = 25
    asked(arxiv)
    result = archive.digest("run", now=after(DAY))
    assert result.code == 0
    assert asked(arxiv) == [listing(), catchup(missed), catchup(missed, 2), catchup(missed, 3)]
    assert "new=30/30 cross=18/18 replacement=12/12 source=catchup" in result.err
    assert archive.read(digest_path(missed)).count(b"\n### ") == 48


def test_a_run_asks_no_more_often_than_heal_requests_allow(gap: Sandbox, arxiv: StandIn) -> None:
    """The rest is for the next runs; until then it is missing and overdue, exit 4."""
    gap.configure("arxiv", heal_requests=2)
    rounds = [gap.digest("run", now=after(DAY, hours)) for hours in (1, 2, 3, 4)]
    assert [result.code for result in rounds] == [4, 4, 0, 0]
    assert asked(arxiv) == [listing(), *map(catchup, NEWEST_FIRST)]
    assert [requests_of(result) for result in rounds] == [3, 2, 2, 0]
    assert "heal_requests" in rounds[0].err


def test_pages_and_retries_count_as_requests(gap: Sandbox, arxiv: StandIn) -> None:
    """A day of three pages does not fit into two requests; a server that errs does not get a fifth of them free."""
    gap.configure("arxiv", heal_requests=2)
    arxiv.page_size = 25
    arxiv.announce(invent("cs.CV", MISSED[-1], new=30, cross=18, replacement=12))
    assert requests_of(gap.digest("run", now=after(DAY))) == 3
    assert asked(arxiv) == [listing(), catchup(MISSED[-1]), catchup(MISSED[-1], 2)]
    assert known_as(gap, MISSED[-1], after(DAY)) is None
    gap.configure("arxiv", heal_requests=3)
    arxiv.fault = faults.only("/catchup/", faults.status(500))
    assert requests_of(gap.digest("run", now=after(DAY, 9))) == 3


def test_without_heal_requests_nothing_is_healed(gap: Sandbox, arxiv: StandIn) -> None:
    """Only the newest listing is asked for; what is missing is said."""
    gap.configure("arxiv", heal_requests=0)
    result = gap.digest("run", now=after(DAY))
    assert result.code == 4
    assert asked(arxiv) == [listing()]
    assert all(str(when) in result.err for when in MISSED)
    assert missing(gap, after(DAY)) == [str(when) for when in MISSED]


def test_days_of_several_categories_are_healed_by_date(gap: Sandbox, arxiv: StandIn) -> None:
    """The newest listing of each, then what is missing of each, the newest dates first."""
    gap.configure("arxiv", categories=["cs.CV", "cs.LG"])
    gap.configure("store", start="2025-03-03")
    for when in (*MISSED, DAY):
        arxiv.announce(invent("cs.LG", when))
    assert gap.digest("run", now=after(DAY)).code == 0
    paths = asked(arxiv)
    assert paths[:2] == [listing(), listing("cs.LG")]
    assert [path.split("/")[3][:10] for path in paths[2:]] == ["2025-03-04", "2025-03-04", "2025-03-03", "2025-03-03"]
    assert {path.split("/")[2] for path in paths[2:4]} == {"cs.CV", "cs.LG"}


def test_a_stale_page_is_made_up_for_by_catchup(gap: Sandbox, arxiv: StandIn) -> None:
    """/new stays with the day before; six hours after the announcement catchup has the day: complete, exit 0."""
    gap.configure("store", start=str(MISSED[-1]))
    arxiv.fault = faults.stale_page(invent("cs.CV", MISSED[-1], new=4, cross=2, replacement=1))
    for hours, expected in ((1, [listing()]), (5.99, [listing()]), (6, [listing(), catchup(DAY)]), (7, [])):
        assert gap.digest("run", now=after(DAY, hours)).code == 0
        assert asked(arxiv) == expected
    assert known_as(gap, DAY, noon(DAY)) == ("complete", "catchup")


# --- what fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [(faults.login_page(), 5), (faults.lag_partial(1), 4), (faults.lag_full(), 4), (faults.status(503), 4)],
    ids=["login page", "lag, partial", "lag, full", "503"],
)
def test_a_day_that_fails_does_not_stop_the_others(gap: Sandbox, arxiv: StandIn, fault: Fault, code: int) -> None:
    """The others are healed, nothing of it is stored, one line says why; its next good night heals it."""
    failing = date(2025, 3, 3)
    arxiv.fault = at_date(failing, fault)
    result = gap.digest("run", now=after(DAY))
    assert result.code == code
    (line,) = errors(result)
    assert str(failing) in line
    assert missing(gap, after(DAY)) == [str(failing)]
    assert not (gap.folder / digest_path(failing)).exists()
    arxiv.fault = None
    asked(arxiv)
    healed = gap.digest("run", now=after(DAY, 8))
    assert healed.code == 0
    assert asked(arxiv) == [catchup(failing)]
    assert known_as(gap, failing, after(DAY, 8)) == ("complete", "catchup")


def test_a_day_that_failed_is_not_asked_for_every_hour(gap: Sandbox, arxiv: StandIn) -> None:
    """It waits for six hours, the others do not; all the while it is overdue and missing."""
    gap.configure("arxiv", heal_requests=2)
    failing = NEWEST_FIRST[1]
    arxiv.fault = at_date(failing, faults.login_page())
    codes, paths = [], []
    for hours in (1, 2, 3, 4, 6.99, 7, 8):
        codes.append(gap.digest("run", now=after(DAY, hours)).code)
        paths.append(asked(arxiv))
    assert paths == [
        [listing(), catchup(NEWEST_FIRST[0]), catchup(failing)],
        [catchup(NEWEST_FIRST[2]), catchup(NEWEST_FIRST[3])],
        [catchup(NEWEST_FIRST[4]), catchup(NEWEST_FIRST[5])],
        [],
        [],
        [catchup(failing)],
        [],
    ]
    assert codes == [5, 4, 4, 4, 4, 5, 4]


def test_three_refused_pages_are_enough_for_a_run(gap: Sandbox, arxiv: StandIn) -> None:
    """The layout will have changed for the others, too; the next run tries those, and what was refused rests."""
    arxiv.fault = faults.only("^/catchup/", faults.new_layout())
    result = gap.digest("run", now=after(DAY))
    assert result.code == 5
    assert asked(arxiv) == [listing(), *map(catchup, NEWEST_FIRST[:3])]
    assert "3 days are left for a later run" in result.err
    assert gap.digest("run", now=after(DAY, 2)).code == 5
    assert asked(arxiv) == [*map(catchup, NEWEST_FIRST[3:])]
    arxiv.fault = None
    assert gap.digest("run", now=after(DAY, 9)).code == 0
    assert missing(gap, after(DAY, 9)) == []


def test_where_arxiv_is_silent_it_is_not_asked_for_each_day(gap: Sandbox, arxiv: StandIn) -> None:
    """A host that does not answer is given up for the run; all days are asked for by the next."""
    assert gap.digest("run", "--category", "cs.CV", now=after(DAY)).code == 0
    lose_days(gap, MISSED)
    arxiv.fault = faults.down()
    asked(arxiv)
    assert gap.digest("run", now=after(DAY, 2)).code == 4
    assert set(asked(arxiv)) == {catchup(NEWEST_FIRST[0])}
    arxiv.fault = None
    assert gap.digest("run", now=after(DAY, 3)).code == 0
    assert missing(gap, after(DAY, 3)) == []


def lose_days(sandbox: Sandbox, dates: Sequence[date]) -> None:
    """Remove stored days from the records, and with the database."""
    lose_database(sandbox)
    for when in dates:
        (sandbox.folder / f"data/cs.CV/{when.year}/{when}.jsonl").unlink()
    shutil.rmtree(sandbox.folder / "raw")


def test_403_stops_all_healing(gap: Sandbox, arxiv: StandIn) -> None:
    """ArXiv refuses this client: nothing more is asked, on whichever host."""
    arxiv.fault = faults.only("/catchup/", faults.status(403))
    assert gap.digest("run", now=after(DAY)).code == 5
    assert asked(arxiv) == [listing(), catchup(NEWEST_FIRST[0])]


@pytest.mark.parametrize(("hours", "code"), [(1, 75), (15.9, 75), (16, 4)])
def test_catchup_s_total_without_entries_is_lag_and_no_empty_day(
    gap: Sandbox, arxiv: StandIn, hours: float, code: int
) -> None:
    """A total of 23 entries and "No updates": try later until noon, missing from then on; nothing is stored."""
    arxiv.fault = faults.lag_full()
    before = gap.tree()
    for _ in range(2):
        result = gap.digest("fetch", str(DAY), now=after(DAY, hours))
        assert result.code == code
        assert len(errors(result)) == 1
        assert_untouched(gap, before)
    assert b"Total of 23 entries" in arxiv.answer(Request(catchup(DAY), {}, 0)).body


# --- how long a day can be healed ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "warned"),
    [("2025-05-19T03:59:59Z", []), ("2025-05-19T04:00:00Z", [DAY]), ("2025-05-20T15:00:00Z", [DAY, date(2025, 3, 6)])],
)
def test_from_day_75_on_a_missing_day_is_warned_of(
    archive: Sandbox, arxiv: StandIn, now: str, warned: list[date]
) -> None:
    """By name, with the day until which arXiv serves the first of them: 91 days after its date."""
    archive.configure("store", start=str(DAY))
    archive.configure("arxiv", heal_requests=0)
    show(
        arxiv,
        invent("cs.CV", date(2025, 5, 16)),
        invent("cs.CV", date(2025, 5, 19)),
        invent("cs.CV", date(2025, 5, 20)),
    )
    result = archive.digest("run", now=now)
    assert result.code == 4
    warnings = [line for line in result.err.splitlines() if line.startswith("warning:") and "until" in line]
    assert len(warnings) == bool(warned)
    for line in warnings:
        assert [str(when) in line for when in warned] == [True] * len(warned)
        assert str(warned[0] + timedelta(days=91)) in line


def test_a_day_can_be_had_for_91_days(archive: Sandbox, arxiv: StandIn) -> None:
    """On the 91st day it is fetched; on the 92nd nobody is asked, and the message names import."""
    last = DAY + timedelta(days=91)
    arxiv.today = last + timedelta(days=1)
    late = archive.digest("fetch", str(DAY), now=noon(last + timedelta(days=1)))
    assert late.code == 4
    assert "import" in late.err
    assert asked(arxiv) == []
    arxiv.today = last
    assert archive.digest("fetch", str(DAY), now=noon(last)).code == 0
    assert known_as(archive, DAY, noon(last)) == ("complete", "catchup")


def test_the_status_counts_the_days_that_are_left(archive: Sandbox) -> None:
    """0 on the last of the 91 days; then the day is lost."""
    archive.configure("store", start=str(DAY))
    last = DAY + timedelta(days=91)
    found = status(archive, noon(last))[1]["categories"]["cs.CV"]
    assert found["missing"][0] == {"date": str(DAY), "served_until": str(last), "days_left": 0}
    assert found["lost"] == []
    later = status(archive, noon(last + timedelta(days=1)))[1]["categories"]["cs.CV"]
    assert later["missing"][0]["date"] == "2025-03-06"
    assert [one["date"] for one in later["lost"]] == [str(DAY)]


def test_a_plan_of_missing_days_ends_at_day_91(archive: Sandbox) -> None:
    """What `fetch --missing` would ask for, the newest first: the 91st day is the last."""
    archive.configure("store", start=str(DAY))
    for days, oldest in ((91, DAY), (92, date(2025, 3, 6))):
        now = noon(DAY + timedelta(days=days))
        plan = archive.digest("fetch", "--missing", "--dry-run", now=now)
        assert plan.code == 0
        asked_for = [line for line in plan.out.splitlines() if line.startswith("would ask for")]
        dates = [line.split()[-1] for line in asked_for]
        listed = read_calendar().listing_dates(oldest, DAY + timedelta(days=days))
        assert dates == [str(when) for when in listed][::-1]


# --- fetch -----------------------------------------------------------------------------------------


def test_fetch_missing_gets_what_is_missing(gap: Sandbox, arxiv: StandIn) -> None:
    """All from catchup, the newest first, within heal_requests."""
    gap.configure("arxiv", heal_requests=4)
    first = gap.digest("fetch", "--missing", now=noon(DAY))
    assert first.code == 4
    assert asked(arxiv) == [*map(catchup, [DAY, *NEWEST_FIRST[:3]])]
    second = gap.digest("fetch", "--missing", now=noon(DAY))
    assert second.code == 0
    assert asked(arxiv) == [*map(catchup, NEWEST_FIRST[3:])]
    third = gap.digest("fetch", "--missing", now=noon(DAY))
    assert (third.code, asked(arxiv)) == (0, [])
    assert status(gap, noon(DAY))[0] == 0


def test_fetch_missing_replaces_a_provisional_day(gap: Sandbox, arxiv: StandIn) -> None:
    """One that came from the feed, too."""
    assert gap.digest("run", now=after(DAY)).code == 0
    thursday = date(2025, 3, 6)
    show(arxiv, invent("cs.CV", thursday))
    arxiv.fault = faults.only("/(list|catchup)/", faults.login_page())
    assert gap.digest("run", now=after(thursday)).code == 5
    assert known_as(gap, thursday, after(thursday)) == ("provisional", "feed")
    arxiv.fault = None
    asked(arxiv)
    assert gap.digest("fetch", "--missing", now=after(thursday, 2)).code == 0
    assert asked(arxiv) == [catchup(thursday)]
    assert known_as(gap, thursday, after(thursday, 2)) == ("complete", "catchup")


def test_a_dry_run_asks_nobody_and_writes_nothing(gap: Sandbox, arxiv: StandIn) -> None:
    """It says what would be asked, a line each, in order."""
    before = gap.tree()
    plan = gap.digest("fetch", "--missing", "--dry-run", now=noon(DAY))
    assert plan.code == 0
    dates = [DAY, *NEWEST_FIRST]
    assert [[str(when) in line for when in dates].index(True) for line in plan.out.splitlines()] == list(range(7))
    ranged = gap.digest("fetch", f"{FIRST}..{DAY}", "--dry-run", now=noon(DAY))
    assert [line.split()[-1] for line in ranged.out.splitlines()] == [str(when) for when in sorted(dates)]
    assert asked(arxiv) == []
    assert gap.tree() == before


@pytest.mark.parametrize("command", [("run",), ("fetch", "--missing")], ids=" ".join)
def test_a_dry_run_says_where_heal_requests_end_it(gap: Sandbox, command: tuple[str, ...]) -> None:
    """Only where not all fits in: its last line says how many requests are made, and names the setting."""
    now = after(DAY)
    gap.configure("arxiv", heal_requests=2)
    *days, last = gap.digest(*command, "--dry-run", now=now).out.splitlines()
    asked_for = days[-len(NEWEST_FIRST) :]
    assert all(str(when) in line for when, line in zip(NEWEST_FIRST, asked_for, strict=True))
    assert "more than 2 requests" in last
    assert "heal_requests" in last
    gap.configure("arxiv", heal_requests=40)
    assert "heal_requests" not in gap.digest(*command, "--dry-run", now=now).out


@pytest.mark.parametrize("arguments", [(), ("2025-03-04", "--missing")], ids=["nothing", "both"])
def test_fetch_wants_dates_or_missing(gap: Sandbox, arxiv: StandIn, arguments: tuple[str, ...]) -> None:
    """One of them: exit 2 in one line."""
    result = gap.digest("fetch", *arguments)
    assert (result.code, len(result.err.splitlines()), asked(arxiv)) == (2, 1, [])


class Stall:
    """Answers until a path is asked for; then it lets the client wait."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_reached = False

    def __call__(self, request: Request, reply: Reply) -> Reply:
        """Answer, or let the client wait."""
        if request.path != self.path:
            return reply
        self.is_reached = True
        return replace(reply, header_delay=PATIENCE)


def kill_at(sandbox: Sandbox, arxiv: StandIn, path: str, *arguments: str, now: str) -> None:
    """Run a command, and kill it with no warning while it waits for an answer to ``path``."""
    stall = Stall(path)
    arxiv.fault = stall
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", now, *arguments]
    with subprocess.Popen(command, cwd=sandbox.folder, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not stall.is_reached and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            assert stall.is_reached
        finally:
            process.kill()
    arxiv.fault = None


@pytest.mark.parametrize("at", [0, 3, 7], ids=["first", "middle", "last"])
def test_a_fetch_that_is_killed_asks_for_nothing_twice(gap: Sandbox, arxiv: StandIn, at: int) -> None:
    """Started again it goes on with the day that was not answered; in the end all days are there, once."""
    arxiv.announce(invent("cs.CV", date(2025, 2, 21)))
    dates = [date(2025, 2, 21), *MISSED, DAY]
    span = ("fetch", f"{dates[0]}..{dates[-1]}")
    kill_at(gap, arxiv, catchup(dates[at]), *span, now=noon(DAY))
    assert asked(arxiv) == [*map(catchup, dates[: at + 1])]
    assert gap.digest(*span, now=noon(DAY)).code == 0
    assert asked(arxiv) == [*map(catchup, dates[at:])]
    found = status(gap, noon(DAY))[1]["categories"]["cs.CV"]
    assert [one["date"] for one in found["days"]] == [str(when) for when in sorted([*dates, FIRST])]
    assert gap.digest(*span, now=noon(DAY)).code == 0
    assert asked(arxiv) == []


def test_a_fetch_killed_between_two_pages_of_a_day_goes_on_with_the_second(gap: Sandbox, arxiv: StandIn) -> None:
    """The page that was kept is not asked for again; the day is whole."""
    long_day = MISSED[2]
    arxiv.page_size = 25
    arxiv.announce(invent("cs.CV", long_day, new=30, cross=18, replacement=12))
    span = ("fetch", f"{MISSED[0]}..{MISSED[-1]}")
    kill_at(gap, arxiv, catchup(long_day, 2), *span, now=noon(DAY))
    asked(arxiv)
    assert gap.digest(*span, now=noon(DAY)).code == 0
    assert asked(arxiv) == [catchup(long_day, 2), catchup(long_day, 3), *map(catchup, MISSED[3:])]
    found = day(gap, long_day, noon(DAY))
    assert found is not None
    assert found["stored"] == {"new": 30, "cross": 18, "replacement": 12}
    clean = beside(gap, "clean")
    assert clean.digest("fetch", str(long_day), now=noon(DAY)).code == 0
    assert gap.read(digest_path(long_day)) == clean.read(digest_path(long_day))


def test_a_run_that_is_killed_while_it_heals_asks_for_nothing_twice(gap: Sandbox, arxiv: StandIn) -> None:
    """The newest listing and the days that were answered are there; the next run gets the rest."""
    kill_at(gap, arxiv, catchup(NEWEST_FIRST[2]), "run", now=after(DAY))
    asked(arxiv)
    assert gap.digest("run", now=after(DAY, 2)).code == 0
    assert asked(arxiv) == [*map(catchup, NEWEST_FIRST[2:])]


# --- a day that is lost ----------------------------------------------------------------------------

LOST = DAY
LAST = DAY + timedelta(days=92)
NOTE = 'the server\'s disk was full; "nobody" noticed'


def small(when: date) -> Mailing:
    """Return the announcement of a date of these tests' quarter."""
    return invent("cs.CV", when, new=2, cross=1, replacement=1)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 92 days without the listing of one date, which arXiv serves no more."""
    folder = tmp_path_factory.mktemp("quarter")
    pages = []
    for when in read_calendar().listing_dates(LOST - timedelta(days=1), LAST):
        if when != LOST:
            pages.append(folder / f"{when}.html")
            pages[-1].write_text(listing_page(small(when)), encoding="utf-8")
    archive = folder / "archive"
    archive.mkdir()
    (archive / "config.toml").write_text('[store]\nrecords = "data"\n', encoding="utf-8")
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", noon(LAST), "import"]
    done = subprocess.run(
        [*command, *map(str, pages)], cwd=archive, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return archive


@pytest.fixture
def lost(quarter: Path, archive: Sandbox, arxiv: StandIn) -> Iterator[Sandbox]:
    """The archive of the quarter, in a folder of its own."""
    arxiv.today = LAST
    archive.configure("store", start=str(LOST - timedelta(days=1)))
    for path in quarter.iterdir():
        if path.name != "config.toml":
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, archive.folder / path.name)
    yield archive
    assert asked(arxiv) == []


def test_a_day_missed_92_days_ago_is_lost_and_loud(lost: Sandbox) -> None:
    """Status names it and what remains, run and status end with 4, and nobody is asked for it."""
    code, told = status(lost, noon(LAST))
    category = told["categories"]["cs.CV"]
    assert code == 4
    assert (category["missing"], category["overdue"]) == ([], [str(LOST)])
    assert category["lost"] == [{"date": str(LOST), "accepted": None}]
    table = lost.digest("status", now=noon(LAST))
    assert table.code == 4
    assert "1 lost" in table.out
    text = " ".join(table.out.split())
    assert str(LOST) in text
    assert "catchup" in text
    assert "digest import" in text
    assert f"digest accept {LOST}" in text
    run = lost.digest("run", now=noon(LAST))
    assert run.code == 4
    assert str(LOST) in run.err
    fetched = lost.digest("fetch", str(LOST), now=noon(LAST))
    assert fetched.code == 4
    assert lost.digest("fetch", "--missing", now=noon(LAST)).code == 4


def accepted(sandbox: Sandbox) -> Sandbox:
    """Let a person accept the loss."""
    assert sandbox.digest("accept", str(LOST), "--note", NOTE, now=noon(LAST)).code == 0
    return sandbox


def assert_accepted(sandbox: Sandbox) -> None:
    """The archive is green and shows the day as lost, with the note."""
    code, told = status(sandbox, noon(LAST))
    category = told["categories"]["cs.CV"]
    assert code == 0
    assert category["overdue"] == []
    (one,) = category["lost"]
    assert (one["date"], one["accepted"]["note"]) == (str(LOST), NOTE)
    table = sandbox.digest("status", now=noon(LAST))
    (line,) = [line for line in table.out.splitlines() if line.startswith("lost:")]
    assert str(LOST) in line
    assert NOTE in line
    readme = sandbox.read("cs.CV/2025/README.md").decode().replace("&shy;", "")
    assert "5<br><sub>lost</sub>" in readme
    assert "missing" not in readme


def test_a_lost_day_that_is_accepted_is_green_and_stays_lost(lost: Sandbox) -> None:
    """In the status, the table and the year's README; the next run has nothing to complain of."""
    readme = lost.digest("run", now=noon(LAST)).code
    assert readme == 4
    assert "5<br><sub>miss&shy;ing</sub>" in lost.read("cs.CV/2025/README.md").decode()
    accepted(lost)
    assert_accepted(lost)
    assert lost.digest("run", now=noon(LAST)).code == 0


def test_an_accepted_loss_outlives_the_database(lost: Sandbox) -> None:
    """From state.json: by itself, by rebuild, and in a fresh clone that has the committed files only."""
    accepted(lost)
    before = outside_raw(lost.tree())
    lose_database(lost)
    assert_accepted(lost)
    lose_database(lost)
    assert lost.digest("rebuild", now=noon(LAST)).code == 0
    assert_accepted(lost)
    assert outside_raw(lost.tree()) == before
    clone = beside(lost, "clone")
    for name in ("cs.CV", "data"):
        shutil.copytree(lost.folder / name, clone.folder / name)
    assert_accepted(clone)


def test_a_lost_day_that_turns_up_is_a_day_like_any_other(lost: Sandbox, tmp_path: Path) -> None:
    """Its saved page is imported: complete, no longer lost, and the archive is green."""
    accepted(lost)
    page = tmp_path / "saved.html"
    page.write_text(listing_page(small(LOST)), encoding="utf-8")
    assert lost.digest("import", str(page), now=noon(LAST)).code == 0
    code, told = status(lost, noon(LAST))
    assert code == 0
    assert told["categories"]["cs.CV"]["lost"] == []
    assert known_as(lost, LOST, noon(LAST)) == ("complete", "import")
    readme = lost.read("cs.CV/2025/README.md").decode()
    assert "lost" not in readme
    assert lost.read(digest_path(LOST)).count(b"\n### ") == 3


# --- what a first user found -------------------------------------------------------------------------


def test_days_that_cannot_be_had_do_not_stand_before_the_others(gap: Sandbox, arxiv: StandIn) -> None:
    """One run a night, three days refused for good: the older ones come the night after."""
    arxiv.fault = faults.chain(*(at_date(when, faults.login_page()) for when in NEWEST_FIRST[:3]))
    assert gap.digest("run", now=after(DAY)).code == 5
    assert gap.digest("run", now=after(DAY, 15)).code == 5
    assert missing(gap, after(DAY, 15)) == [str(when) for when in sorted(NEWEST_FIRST[:3])]


def test_a_budget_of_one_request_gets_a_day_a_run(gap: Sandbox, arxiv: StandIn) -> None:
    """Also where the first day takes two requests: it lets the others pass, and goes on where it was."""
    gap.configure("arxiv", heal_requests=1)
    arxiv.page_size = 25
    show(arxiv, invent("cs.CV", MISSED[-1], new=30, cross=2, replacement=1), invent("cs.CV", DAY))
    for run in range(8):
        gap.digest("run", now=after(DAY, 1 + 6 * run / 10))
    gap.digest("run", now=after(DAY, 13))
    assert missing(gap, after(DAY, 14)) == []


def test_a_link_into_the_future_is_not_believed(gap: Sandbox, arxiv: StandIn) -> None:
    """No announcement can be out that lies weeks ahead; the calendar stays as it is."""

    def mislead(_request: Request, reply: Reply) -> Reply:
        return replace(reply, body=re.sub(rb"/catchup/cs.CV/2025-03-0[0-9](?=[^>]*>Continue)", ahead, reply.body))

    ahead = b"/catchup/cs.CV/2025-03-28"
    arxiv.fault = faults.only("^/catchup/.*2025-03-04", mislead)
    result = gap.digest("run", now=after(DAY))
    assert result.code == 0
    assert re.search("^warning: .*2025-03-28: not believed$", result.err, re.MULTILINE)
    assert status(gap, after(DAY))[1]["calendar"]["corrections"] == {}
    assert missing(gap, after(DAY)) == []


def test_a_feed_day_that_nobody_can_prove_any_more_is_loud(archive: Sandbox, arxiv: StandIn) -> None:
    """Its listing was refused until arXiv served it no more: exit 4 until somebody accepts it as it is."""
    archive.configure("store", start=str(DAY))
    arxiv.fault = faults.new_layout()
    assert archive.digest("run").code == 5
    later = date(2025, 6, 5)
    arxiv.fault = None
    archive.configure("arxiv", heal_requests=0)
    show(arxiv, invent("cs.CV", later))
    archive.digest("run", now=after(later))
    archive.digest("accept", f"{DAY + timedelta(days=1)}..2025-06-04", now=noon(later))
    code, told = status(archive, noon(later))
    assert (code, told["categories"]["cs.CV"]["provisional_for_good"]) == (4, [str(DAY)])
    assert archive.digest("run", now=noon(later)).code == 4
    assert archive.digest("accept", str(DAY), now=noon(later)).code == 0
    assert status(archive, noon(later))[0] == 0
    assert archive.digest("run", now=noon(later)).code == 0
    assert known_as(archive, DAY, noon(later)) == ("provisional", "feed")


def test_an_empty_day_that_new_was_never_asked_for_waits_for_a_person(archive: Sandbox, arxiv: StandIn) -> None:
    """Catchup says "No updates" twice and cannot say more: it is asked no more, and status says what is left to do."""
    show(arxiv, invent("cs.CV", date(2025, 3, 4)))
    archive.digest("run", now=after(date(2025, 3, 4)))
    show(arxiv, Mailing("cs.CV", DAY), invent("cs.CV", date(2025, 3, 6)))
    for hours in range(2, 62, 6):
        archive.digest("run", now=after(date(2025, 3, 6), hours))
    asked(arxiv)
    assert archive.digest("run", now=after(date(2025, 3, 6), 12)).code == 4
    assert asked(arxiv) == []
    assert status(archive, noon(date(2025, 3, 6)))[1]["categories"]["cs.CV"]["provisional_for_good"] == [str(DAY)]
    assert archive.digest("accept", str(DAY), now=noon(date(2025, 3, 6))).code == 0
    assert known_as(archive, DAY, noon(date(2025, 3, 6))) == ("empty", "catchup")


def test_a_clock_that_was_ahead_does_not_stop_the_looks(gap: Sandbox, arxiv: StandIn) -> None:
    """What was asked in vain by a clock of next month is asked for again by the right one."""
    arxiv.fault = faults.only("^/catchup/", faults.login_page())
    gap.digest("run", now=after(date(2025, 4, 2)))
    arxiv.fault = None
    assert gap.digest("run", now=after(DAY, 2)).code == 0
    assert missing(gap, after(DAY, 2)) == []
