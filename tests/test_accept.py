"""What a person settles: a doubtful day, an empty one, a lost one."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox
from tests.nights import (
    after,
    asked,
    catchup,
    day,
    digest_path,
    heading,
    known_as,
    listing,
    lose_database,
    noon,
    show,
    status,
)
from tests.standin import Mailing, StandIn, faults, invent
from tests.test_doubt import WEDNESDAYS, import_pages, small, usual
from tests.test_jobs import errors

EVE, THURSDAY, FRIDAY = date(2025, 3, 4), date(2025, 3, 6), date(2025, 3, 7)
ODD = "\"quotes\" 'single' \\ back|slash `tick` <b>tag</b> & {braces} %s é 漢字 \U0001f300 [link](x) #"


@pytest.fixture
def doubtful(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> Sandbox:
    """An archive whose newest listing is whole and much too small."""
    archive.configure("store", start=str(DAY))
    archive.once(lambda: import_pages(archive, tmp_path, [*map(usual, WEDNESDAYS), invent("cs.CV", EVE)]))
    arxiv.announce(small())
    assert archive.digest("run").code == 75
    asked(arxiv)
    return archive


@pytest.fixture
def eve(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Tuesday's listing is stored; nothing was asked since."""
    show(arxiv, invent("cs.CV", EVE))
    assert archive.digest("run", now=after(EVE)).code == 0
    arxiv.today = DAY
    asked(arxiv)
    return archive


def decisions(sandbox: Sandbox) -> list[dict[str, str]]:
    """Return what was decided, as the records have it."""
    path = sandbox.folder / "data/state.json"
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["decisions"] if path.exists() else []
    return found


def accepted(sandbox: Sandbox, when: date, now: str, category: str = "cs.CV") -> str | None:
    """Return the note of a lost day that was accepted, None if it was not."""
    lost = status(sandbox, now)[1]["categories"][category]["lost"]
    return next((one["accepted"]["note"] for one in lost if one["date"] == str(when) and one["accepted"]), None)


# --- what can be settled ---------------------------------------------------------------------------


def test_a_doubtful_day_that_is_accepted_is_complete(doubtful: Sandbox, arxiv: StandIn) -> None:
    """As it was shown; nothing more is asked, and the decision is in the records."""
    shown = doubtful.read(digest_path(DAY))
    result = doubtful.digest("accept", str(DAY), "--note", "a holiday elsewhere")
    assert (result.code, errors(result)) == (0, [])
    assert known_as(doubtful, DAY, NIGHT) == ("complete", "listing")
    assert doubtful.read(digest_path(DAY)) == shown
    (decision,) = decisions(doubtful)
    assert (decision["category"], decision["date"], decision["note"]) == ("cs.CV", str(DAY), "a holiday elsewhere")
    for now in (after(DAY, 2), after(DAY, 9), noon(DAY)):
        assert doubtful.digest("run", now=now).code == 0
    assert asked(arxiv) == []
    assert status(doubtful, noon(DAY))[0] == 0


def test_what_was_accepted_outlives_the_database(doubtful: Sandbox, arxiv: StandIn) -> None:
    """The day and the decision come back from the records."""
    doubtful.digest("accept", str(DAY), "--note", ODD)
    tree = doubtful.tree()
    lose_database(doubtful)
    assert doubtful.digest("rebuild", now=noon(DAY)).code == 0
    assert doubtful.tree() == tree
    found = day(doubtful, DAY, NIGHT)
    assert found is not None
    assert (found["state"], found["accepted"]["note"]) == ("complete", ODD)
    assert asked(arxiv) == []


def test_an_empty_day_that_is_accepted_is_empty(eve: Sandbox, arxiv: StandIn) -> None:
    """At once, after it was said once."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run").code == 75
    assert eve.digest("accept", str(DAY)).code == 0
    found = known_as(eve, DAY, NIGHT)
    assert found is not None
    assert found[0] == "empty"
    assert eve.read(digest_path(DAY)).decode() == heading(DAY)
    asked(arxiv)
    assert eve.digest("run", now=noon(DAY)).code == 0
    assert asked(arxiv) == []


def test_a_missing_day_that_is_accepted_is_not_asked_for(eve: Sandbox, arxiv: StandIn) -> None:
    """It counts as lost, the archive is green; fetch gets it all the same, and then it is complete."""
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.only("/catchup/", faults.login_page())
    assert eve.digest("run", now=after(THURSDAY)).code == 5
    assert eve.digest("accept", str(DAY), "--note", "never mind", now=after(THURSDAY)).code == 0
    assert accepted(eve, DAY, after(THURSDAY)) == "never mind"
    assert status(eve, noon(THURSDAY))[0] == 0
    arxiv.fault = None
    asked(arxiv)
    assert eve.digest("run", now=noon(THURSDAY)).code == 0
    assert eve.digest("fetch", "--missing", now=noon(THURSDAY)).code == 0
    assert asked(arxiv) == []
    assert eve.digest("fetch", str(DAY), now=noon(THURSDAY)).code == 0
    assert asked(arxiv) == [catchup(DAY)]
    assert known_as(eve, DAY, noon(THURSDAY)) == ("complete", "catchup")
    assert accepted(eve, DAY, noon(THURSDAY)) is None


def test_the_newest_listing_can_be_given_up_from_noon_on(eve: Sandbox, arxiv: StandIn) -> None:
    """Overdue and not to be had: a person ends the alarm, in the status and in the runs."""
    arxiv.fault = faults.status(503)
    assert eve.digest("run", now=noon(DAY)).code == 4
    assert eve.digest("accept", str(DAY), now=noon(DAY)).code == 0
    assert status(eve, noon(DAY))[0] == 0
    arxiv.fault = None
    arxiv.today = EVE
    assert eve.digest("run", now=noon(DAY, seconds=60)).code == 0


def test_a_day_from_the_feed_that_is_accepted_stays_as_it_is(eve: Sandbox, arxiv: StandIn) -> None:
    """Only the listing tells that it is whole: it stays provisional and in the records, and nobody is alarmed."""
    arxiv.fault = faults.only("/(list|catchup)/", faults.login_page())
    assert eve.digest("run").code == 5
    shown = eve.read(digest_path(DAY))
    assert eve.digest("accept", str(DAY), "--note", "good enough").code == 0
    assert known_as(eve, DAY, NIGHT) == ("provisional", "feed")
    assert eve.read(digest_path(DAY)) == shown
    found = day(eve, DAY, NIGHT)
    assert found is not None
    assert found["accepted"]["note"] == "good enough"
    assert status(eve, noon(DAY))[0] == 0


def test_the_day_can_be_named_as_elsewhere(eve: Sandbox) -> None:
    """Yesterday is New York's; so is today."""
    assert eve.digest("accept", "yesterday", now=noon(THURSDAY)).code == 0
    assert accepted(eve, DAY, noon(THURSDAY)) == ""
    assert eve.digest("accept", "today", now=noon(THURSDAY)).code == 0
    assert accepted(eve, THURSDAY, noon(THURSDAY)) == ""


# --- what cannot -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "now", "code", "word"),
    [
        ("2025-03-05", NIGHT, 4, "overdue"),
        ("2025-03-05", "2025-03-05T16:59:59Z", 4, "overdue"),
        ("2025-03-06", NIGHT, 4, "not announced"),
        ("2025-03-08", "2025-03-10T18:00:00Z", 2, "Saturday"),
        ("2025-03-09", "2025-03-10T18:00:00Z", 2, "Sunday"),
        ("2025-01-21", NIGHT, 4, "deferred"),
        ("2025-02-30", NIGHT, 2, "2025-02-30"),
        ("20250305", NIGHT, 2, "20250305"),
        ("soon", NIGHT, 2, "soon"),
        ("", NIGHT, 2, ""),
    ],
)
def test_a_date_that_cannot_be_settled_says_why(
    eve: Sandbox, arxiv: StandIn, when: str, now: str, code: int, word: str
) -> None:
    """One line, the exit code of its kind, and nothing is written."""
    before, told = eve.tree(), status(eve, now)[1]["categories"]
    result = eve.digest("accept", when, "--note", "no", now=now)
    assert result.code == code
    (line,) = errors(result)
    assert word in line
    assert eve.tree() == before
    assert status(eve, now)[1]["categories"] == told
    assert asked(arxiv) == []


def test_a_proven_day_is_not_touched(eve: Sandbox) -> None:
    """There is nothing to settle: exit 0, not one byte changes, and no decision is noted."""
    before, told = eve.tree(), status(eve, NIGHT)[1]["categories"]
    for _ in range(2):
        result = eve.digest("accept", str(EVE), "--note", "again")
        assert (result.code, errors(result)) == (0, [])
        assert eve.tree() == before
    assert status(eve, NIGHT)[1]["categories"] == told
    assert decisions(eve) == []


def test_accepted_twice_is_accepted_once(eve: Sandbox) -> None:
    """The same again changes nothing; another note is the one that counts."""
    assert eve.digest("accept", str(DAY), "--note", "first", now=noon(DAY)).code == 0
    before, told = eve.tree(), status(eve, noon(DAY))[1]["categories"]
    assert eve.digest("accept", str(DAY), "--note", "first", now=noon(DAY)).code == 0
    assert eve.tree() == before
    assert status(eve, noon(DAY))[1]["categories"] == told
    assert eve.digest("accept", str(DAY), "--note", "second", now=noon(DAY, seconds=60)).code == 0
    assert accepted(eve, DAY, noon(DAY)) == "second"
    assert len(decisions(eve)) == 1


def test_a_doubtful_day_accepted_twice_stays_as_it_is(doubtful: Sandbox) -> None:
    """Complete after the first time, it has nothing to settle."""
    assert doubtful.digest("accept", str(DAY), "--note", "first").code == 0
    before = doubtful.tree()
    assert doubtful.digest("accept", str(DAY), "--note", "second", now=noon(DAY)).code == 0
    assert doubtful.tree() == before


# --- categories and notes --------------------------------------------------------------------------


def test_a_decision_is_of_the_chosen_category(archive: Sandbox, arxiv: StandIn) -> None:
    """cs.LG is settled, cs.CV is overdue as before; without a choice both are."""
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    arxiv.announce(invent("cs.LG", DAY))
    assert archive.digest("run").code == 0
    show(arxiv, invent("cs.LG", FRIDAY), invent("cs.CV", FRIDAY))
    arxiv.fault = faults.only("/catchup/", faults.login_page())
    assert archive.digest("run", now=after(FRIDAY)).code == 5
    assert archive.digest("accept", str(THURSDAY), "--category", "cs.LG", now=after(FRIDAY)).code == 0
    assert accepted(archive, THURSDAY, after(FRIDAY), "cs.LG") == ""
    assert accepted(archive, THURSDAY, after(FRIDAY), "cs.CV") is None
    assert archive.digest("status", "--category", "cs.LG", now=after(FRIDAY)).code == 0
    assert archive.digest("status", "--category", "cs.CV", now=after(FRIDAY)).code == 4
    assert archive.digest("status", now=after(FRIDAY)).code == 4
    assert archive.digest("accept", str(THURSDAY), now=after(FRIDAY)).code == 0
    assert archive.digest("status", now=after(FRIDAY)).code == 0


@pytest.mark.parametrize("category", ["cs.RO", "CS.CV", "../x", ""])
def test_a_category_that_is_not_kept_is_a_mistake(eve: Sandbox, category: str) -> None:
    """Exit 2 in one line, and nothing is written."""
    before = eve.tree()
    result = eve.digest("accept", str(DAY), "--category", category, now=noon(DAY))
    assert (result.code, len(errors(result))) == (2, 1)
    assert eve.tree() == before


@pytest.mark.parametrize(
    "note", ["", ODD, "two\nlines\tand a tab", "\x1b[31mred\x1b[0m", "\u202eright to left\u2028line", "x" * 3000]
)
def test_a_note_is_kept_as_it_is(eve: Sandbox, note: str) -> None:
    """Through the database and the records; a terminal gets it in one line, without what would steer it."""
    assert eve.digest("accept", str(DAY), "--note", note, now=noon(DAY)).code == 0
    assert accepted(eve, DAY, noon(DAY)) == note
    lose_database(eve)
    assert accepted(eve, DAY, noon(DAY)) == note
    table = eve.digest("status", now=noon(DAY))
    assert table.code == 0
    (line,) = [line for line in table.out.splitlines() if line.startswith("lost:")]
    assert str(DAY) in line
    assert "\x1b" not in table.out


def test_a_note_that_is_no_text_is_no_bug(eve: Sandbox) -> None:
    """Bytes of an argument that are no UTF-8 are a mistake in one line, or are kept in some form: never exit 1."""
    result = eve.digest("accept", str(DAY), "--note", "half \udc80 a character", now=noon(DAY))
    assert result.code in (0, 2)
    assert "Traceback" not in result.err
    assert status(eve, noon(DAY))[0] in (0, 4)
    assert eve.digest("run", now=noon(DAY, seconds=60)).code in (0, 4)


def test_a_decision_asks_nobody(eve: Sandbox, arxiv: StandIn) -> None:
    """Accepting works offline, whatever it settles."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run").code == 75
    assert asked(arxiv)[0] == listing()
    eve.configure("arxiv", pages_url="http://127.0.0.1:9", feeds_url="http://127.0.0.1:9")
    assert eve.digest("accept", str(DAY)).code == 0


# --- taken back ------------------------------------------------------------------------------------


def test_a_doubtful_day_is_doubtful_again(doubtful: Sandbox, arxiv: StandIn) -> None:
    """Provisional as before, in the records too; the looks begin anew, and two of them settle it."""
    assert doubtful.digest("accept", str(DAY), "--note", "too early").code == 0
    result = doubtful.digest("accept", str(DAY), "--undo")
    assert (result.code, errors(result)) == (0, [])
    assert "no longer accepted as complete" in result.err
    assert known_as(doubtful, DAY, NIGHT) == ("provisional", "listing")
    lose_database(doubtful)
    assert known_as(doubtful, DAY, NIGHT) == ("provisional", "listing")
    found = day(doubtful, DAY, NIGHT)
    assert found is not None
    assert found["accepted"] is None
    asked(arxiv)
    assert doubtful.digest("run", now=after(DAY, 2)).code == 75
    assert doubtful.digest("run", now=after(DAY, 9)).code == 0
    assert known_as(doubtful, DAY, noon(DAY)) in (("complete", "listing"), ("complete", "catchup"))


def test_a_loss_is_missing_again(eve: Sandbox, arxiv: StandIn) -> None:
    """The next run asks for it, and brings it in."""
    assert eve.digest("accept", str(DAY), "--note", "x", now=noon(DAY)).code == 0
    assert status(eve, noon(DAY))[0] == 0
    assert eve.digest("accept", str(DAY), "--undo", now=noon(DAY, seconds=60)).code == 0
    assert status(eve, noon(DAY, seconds=60))[0] == 4
    lose_database(eve)
    assert status(eve, noon(DAY, seconds=60))[0] == 4
    asked(arxiv)
    assert eve.digest("run", now=noon(DAY, seconds=120)).code == 0
    assert known_as(eve, DAY, noon(DAY, seconds=120)) == ("complete", "listing")


def test_an_empty_day_is_open_again(eve: Sandbox, arxiv: StandIn) -> None:
    """What counted as empty is asked for again, and its entries are found."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run").code == 75
    assert eve.digest("accept", str(DAY)).code == 0
    assert known_as(eve, DAY, NIGHT) == ("empty", "catchup")
    assert eve.digest("accept", str(DAY), "--undo").code == 0
    assert known_as(eve, DAY, NIGHT) == ("provisional", "catchup")
    arxiv.announce(invent("cs.CV", DAY))
    assert eve.digest("run", now=after(DAY, 8)).code == 0
    assert known_as(eve, DAY, noon(DAY)) == ("complete", "listing")


@pytest.mark.parametrize("dates", [str(EVE), f"{EVE}..{DAY}", "today"])
def test_where_nothing_was_accepted_nothing_is_undone(eve: Sandbox, dates: str) -> None:
    """A proven day stays as it is; a word says so, exit 0."""
    before = eve.tree()
    result = eve.digest("accept", dates, "--undo")
    assert (result.code, errors(result)) == (0, [])
    assert "nothing to undo" in result.err
    assert eve.tree() == before


@pytest.mark.parametrize("option", [("--force",), ("--note", "no")])
def test_undo_stands_alone(eve: Sandbox, option: tuple[str, ...]) -> None:
    """With what settles a day beside it, nobody knows what is meant: exit 2."""
    result = eve.digest("accept", str(DAY), "--undo", *option, now=noon(DAY))
    assert (result.code, len(errors(result))) == (2, 1)


def test_what_was_undone_can_be_accepted_again(eve: Sandbox) -> None:
    """Of two decisions the later counts."""
    for seconds, arguments, code in ((0, (), 0), (60, ("--undo",), 4), (120, ("--note", "after all"), 0)):
        assert eve.digest("accept", str(DAY), *arguments, now=noon(DAY, seconds=seconds)).code == 0
        assert status(eve, noon(DAY, seconds=seconds))[0] == code
    assert accepted(eve, DAY, noon(DAY, seconds=120)) == "after all"
