"""What the archive knows besides its days: in the database, in state.json, and put together from both."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import DamageError
from digest.model import Correction, Decision, Ledger, Reading, Source, Start
from digest.records.state import parse_ledger, render_ledger
from tests.conftest import DAY, Sandbox
from tests.days import texts
from tests.nights import after, asked, beside, catchup, known_as, listing, lose_database, noon, show, status
from tests.standin import Mailing, StandIn, invent
from tests.standin.pages import listing_page
from tests.test_jobs import errors

THURSDAY, FRIDAY = date(2025, 3, 6), date(2025, 3, 7)
STATE = "data/state.json"
MOMENT = datetime(2025, 3, 5, 17, 0, tzinfo=UTC)

# --- as values -------------------------------------------------------------------------------------

_DATES = st.dates(date(1991, 8, 14), date(2040, 1, 1))
_MOMENTS = st.datetimes(datetime(1991, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
_CATEGORIES = st.sampled_from(["cs.CV", "cs.LG", "astro-ph", "cond-mat.mes-hall"])
_CORRECTIONS = st.builds(Correction, _DATES, st.booleans(), texts(nul=False), _MOMENTS)
_DECISIONS = st.builds(
    Decision, _CATEGORIES, _DATES, st.sampled_from(["lost", "complete", "empty"]), texts(nul=False), _MOMENTS
)
_READINGS = st.builds(
    Reading,
    _CATEGORIES,
    _DATES,
    st.sampled_from([Source.LISTING, Source.CATCHUP]),
    _MOMENTS,
    st.sampled_from(["", "a"]),
)


_STARTS = st.builds(Start, _CATEGORIES, _DATES)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Return any ledger: one correction a date, one decision a category and date, one reading a look, one start."""
    return Ledger(
        tuple(draw(st.lists(_CORRECTIONS, max_size=4, unique_by=lambda one: one.date))),
        tuple(draw(st.lists(_DECISIONS, max_size=4, unique_by=lambda one: (one.category, one.date)))),
        tuple(draw(st.lists(_READINGS, max_size=4, unique_by=reading_key))),
        tuple(draw(st.lists(_STARTS, max_size=3, unique_by=lambda one: one.category))),
    )


def reading_key(one: Reading) -> tuple[str, date, Source, datetime]:
    """Return what tells a look from others."""
    return one.category, one.date, one.source, one.seen_at


def contents(ledger: Ledger) -> tuple[set[Correction], set[Decision], set[Reading], set[Start]]:
    """Return what is in a ledger, in no order."""
    return set(ledger.corrections), set(ledger.decisions), set(ledger.readings), set(ledger.starts)


@given(ledgers())
def test_state_json_loses_nothing(ledger: Ledger) -> None:
    """Written and read again, a ledger is the same; written again, so are the bytes."""
    data = render_ledger(ledger)
    again = parse_ledger(data)
    assert contents(again) == contents(ledger)
    assert render_ledger(again) == data
    assert data.endswith(b"\n")
    assert b"\r" not in data


@given(ledgers())
def test_state_json_does_not_depend_on_the_order_of_events(ledger: Ledger) -> None:
    """Text for git: the same knowledge gives the same bytes."""
    other = Ledger(ledger.corrections[::-1], ledger.decisions[::-1], ledger.readings[::-1], ledger.starts[::-1])
    assert render_ledger(other) == render_ledger(ledger)


@given(_MOMENTS, st.integers(-12, 14))
def test_state_json_has_times_with_their_zone(moment: datetime, hours: int) -> None:
    """The same instant is read, whatever zone it was noted in."""
    local = moment.astimezone(timezone(timedelta(hours=hours)))
    ledger = Ledger((Correction(THURSDAY, False, "https://arxiv.org/", local),))
    (one,) = parse_ledger(render_ledger(ledger)).corrections
    assert one.seen_at == moment


@given(ledgers(), ledgers())
def test_nothing_that_either_knows_is_lost_by_merging(one: Ledger, other: Ledger) -> None:
    """Each key of either is there, in whichever order they are put together; of two, the later one counts."""
    both = one.merged(other)
    assert {item.date for item in both.corrections} == {item.date for item in (*one.corrections, *other.corrections)}
    assert {(item.category, item.date) for item in both.decisions} == {
        (item.category, item.date) for item in (*one.decisions, *other.decisions)
    }
    assert {reading_key(item) for item in both.readings} == {
        reading_key(item) for item in (*one.readings, *other.readings)
    }
    for start in both.starts:
        asked = [item.date for item in (*one.starts, *other.starts) if item.category == start.category]
        assert start.date == min(asked)
    assert {item.category for item in both.starts} == {item.category for item in (*one.starts, *other.starts)}
    for kept in both.decisions:
        rivals = [
            item
            for item in (*one.decisions, *other.decisions)
            if (item.category, item.date) == (kept.category, kept.date)
        ]
        assert kept.decided_at == max(item.decided_at for item in rivals)
    for known in both.corrections:
        same = [item for item in (*one.corrections, *other.corrections) if item.date == known.date]
        assert known.seen_at == max(item.seen_at for item in same)


@given(ledgers())
def test_merging_with_what_is_known_changes_nothing(ledger: Ledger) -> None:
    """With itself, and with nothing."""
    assert contents(ledger.merged(ledger)) == contents(ledger)
    assert contents(ledger.merged(Ledger())) == contents(Ledger().merged(ledger)) == contents(ledger)


def test_a_ledger_is_asked_by_date_and_category() -> None:
    """Corrections are of all categories; decisions and looks are of one."""
    looks = [Reading("cs.CV", DAY, Source.LISTING, MOMENT + timedelta(hours=hours), "a") for hours in (3, 1, 2)]
    stranger = Reading("cs.LG", DAY, Source.LISTING, MOMENT, "a")
    decision = Decision("cs.CV", DAY, "lost", "why", MOMENT)
    correction = Correction(THURSDAY, has_listing=False, evidence="https://arxiv.org/", seen_at=MOMENT)
    ledger = Ledger((correction,), (decision,), (*looks, stranger))
    assert ledger.calendar_corrections == {THURSDAY: False}
    assert ledger.decisions_of("cs.CV") == {DAY: decision}
    assert ledger.decisions_of("cs.LG") == {}
    assert ledger.readings_of("cs.CV", DAY) == sorted(looks, key=lambda one: one.seen_at)


# --- in an archive ---------------------------------------------------------------------------------


@pytest.fixture
def knowing(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive that knows a holiday, a decision, and a listing that is not settled: Friday repeats Wednesday."""
    wednesday = invent("cs.CV", DAY)
    repeated = Mailing("cs.CV", FRIDAY, wednesday.new, wednesday.cross)

    def make() -> None:
        assert archive.digest("run", now=after(DAY)).code == 0
        archive.configure("store", start="2025-03-04")
        assert archive.digest("accept", "2025-03-04", "--note", "before my time", now=noon(DAY)).code == 0
        show(arxiv, repeated)
        assert archive.digest("run", now=after(FRIDAY)).code in (4, 75)

    archive.once(make)
    archive.configure("store", start="2025-03-04")
    show(arxiv, repeated)
    assert known_as(archive, FRIDAY, after(FRIDAY)) == ("provisional", "listing")
    asked(arxiv)
    return archive


def told(sandbox: Sandbox, now: str) -> dict[str, Any]:
    """Return what the status tells, but for the runs."""
    found = status(sandbox, now)[1]
    return {key: found[key] for key in ("calendar", "categories")}


def parsed(sandbox: Sandbox) -> Ledger:
    """Return what state.json has."""
    return parse_ledger(sandbox.read(STATE))


def test_all_that_is_known_stands_in_state_json(knowing: Sandbox) -> None:
    """A correction, a decision and a look."""
    ledger = parsed(knowing)
    assert ledger.calendar_corrections == {THURSDAY: False}
    (decision,) = ledger.decisions
    assert (decision.date, decision.state, decision.note) == (date(2025, 3, 4), "lost", "before my time")
    assert decision.decided_at == datetime.fromisoformat(noon(DAY))
    (reading,) = ledger.readings
    assert (reading.category, reading.date, reading.source) == ("cs.CV", FRIDAY, Source.LISTING)
    assert reading.seen_at == datetime.fromisoformat(after(FRIDAY))


@pytest.mark.parametrize("command", [("status",), ("rebuild",), ("regenerate", "--all"), ("run",)], ids=str)
def test_a_lost_database_comes_back_with_all_of_it(knowing: Sandbox, arxiv: StandIn, command: tuple[str, ...]) -> None:
    """By whatever command comes first; nothing is asked for again."""
    before, tree = told(knowing, after(FRIDAY)), knowing.tree()
    lose_database(knowing)
    assert knowing.digest(*command, now=after(FRIDAY)).code in (0, 75)
    assert told(knowing, after(FRIDAY)) == before
    assert knowing.tree() == tree
    assert asked(arxiv) == []


def test_a_fresh_clone_knows_it_too(knowing: Sandbox, arxiv: StandIn) -> None:
    """The committed files alone, on a runner without a disk: the same state, and the second look settles the day."""
    clone = beside(knowing, "clone")
    for name in ("cs.CV", "data"):
        shutil.copytree(knowing.folder / name, clone.folder / name)
    assert clone.digest("rebuild", now=after(FRIDAY, 2)).code == 0
    assert told(clone, after(FRIDAY)) == told(knowing, after(FRIDAY))
    assert clone.read(STATE) == knowing.read(STATE)
    assert asked(arxiv) == []
    assert clone.digest("run", now=after(FRIDAY, 7)).code == 0
    assert known_as(clone, FRIDAY, noon(FRIDAY)) == ("complete", "listing")
    assert asked(arxiv) == [listing(), catchup(FRIDAY)]
    assert parsed(clone).readings == ()


def test_looks_that_are_settled_leave_no_trace(knowing: Sandbox) -> None:
    """Neither in state.json nor in what the database would write."""
    assert knowing.digest("run", now=after(FRIDAY, 7)).code == 0
    assert parsed(knowing).readings == ()
    settled = knowing.read(STATE)
    assert knowing.digest("run", now=noon(FRIDAY)).code == 0
    assert knowing.read(STATE) == settled
    lose_database(knowing)
    assert knowing.digest("rebuild", now=noon(FRIDAY)).code == 0
    assert knowing.read(STATE) == settled


def test_a_state_json_is_emptied_when_all_is_settled(archive: Sandbox, arxiv: StandIn) -> None:
    """What was in doubt stands in it no more, although nothing else does."""
    show(arxiv, Mailing("cs.CV", DAY))
    assert archive.digest("run", now=after(DAY)).code in (4, 75)
    assert parsed(archive).readings != ()
    assert archive.digest("run", now=after(DAY, 7)).code == 0
    assert known_as(archive, DAY, after(DAY, 7)) == ("empty", "catchup")
    assert parsed(archive) == Ledger(starts=(Start("cs.CV", DAY),))


def test_the_first_run_is_noted_once(archive: Sandbox) -> None:
    """Since when the archive has to be whole is all that a night knows besides its day; later runs add nothing."""
    assert archive.digest("run").code == 0
    known = archive.read(STATE)
    assert parsed(archive) == Ledger(starts=(Start("cs.CV", DAY),))
    assert archive.digest("run", now=noon(DAY)).code == 0
    assert archive.read(STATE) == known


def test_where_there_is_nothing_to_hold_no_state_json_is_made(archive: Sandbox, tmp_path: Path) -> None:
    """A day that was imported before any run is all that the archive knows."""
    (tmp_path / "saved.html").write_text(listing_page(invent("cs.CV", DAY)), encoding="utf-8")
    assert archive.digest("import", str(tmp_path / "saved.html")).code == 0
    assert (archive.folder / f"data/cs.CV/2025/{DAY}.jsonl").exists()
    assert not (archive.folder / STATE).exists()


def test_without_records_the_database_knows_it(archive: Sandbox, arxiv: StandIn) -> None:
    """No file is made, and the calendar stays corrected."""
    archive.configure("store", records="")
    assert archive.digest("run", now=after(DAY)).code == 0
    show(arxiv, invent("cs.CV", FRIDAY))
    assert archive.digest("run", now=after(FRIDAY)).code == 0
    assert told(archive, noon(FRIDAY))["calendar"]["corrections"] == {str(THURSDAY): False}
    assert not list(archive.folder.rglob("state.json"))
    asked(arxiv)
    assert archive.digest("run", now=noon(FRIDAY)).code == 0
    assert asked(arxiv) == []


# --- two that are put together ---------------------------------------------------------------------


def decide(state: Path, category: str, when: date, note: str, at: str) -> None:
    """Let somebody elsewhere have settled a day."""
    data = json.loads(state.read_text(encoding="utf-8"))
    others = [one for one in data["decisions"] if (one["category"], one["date"]) != (category, str(when))]
    decision = {"category": category, "date": str(when), "state": "lost", "note": note, "decided_at": at}
    data["decisions"] = [*others, decision]
    state.write_text(json.dumps(data), encoding="utf-8")


def test_what_came_from_elsewhere_is_put_together_with_what_is_here(knowing: Sandbox) -> None:
    """A pulled state.json adds to the database's knowledge and takes nothing from it."""
    elsewhere = {"date": "2025-04-09", "has_listing": False, "evidence": "https://arxiv.org/", "seen_at": noon(FRIDAY)}
    pulled = {"format": 1, "corrections": [elsewhere], "decisions": [], "readings": []}
    (knowing.folder / STATE).write_text(json.dumps(pulled), encoding="utf-8")
    assert knowing.digest("run", now=after(FRIDAY, 2)).code in (0, 75)
    ledger = parsed(knowing)
    assert ledger.calendar_corrections == {THURSDAY: False, date(2025, 4, 9): False}
    assert [one.note for one in ledger.decisions] == ["before my time"]
    assert [one.date for one in ledger.readings] == [FRIDAY]


@pytest.mark.parametrize(("at", "note"), [("2025-03-01T00:00:00+00:00", "before my time"),
                                           ("2025-03-08T12:00:00-05:00", "theirs")])  # fmt: skip
def test_of_two_decisions_the_later_counts(knowing: Sandbox, at: str, note: str) -> None:
    """Whichever file it came from."""
    decide(knowing.folder / STATE, "cs.CV", date(2025, 3, 4), "theirs", at)
    assert knowing.digest("run", now=after(FRIDAY, 2)).code in (0, 75)
    assert [one.note for one in parsed(knowing).decisions] == [note]
    lost = told(knowing, after(FRIDAY))["categories"]["cs.CV"]["lost"]
    assert [one["accepted"]["note"] for one in lost] == [note]


def test_a_reading_command_sees_what_came_from_elsewhere(knowing: Sandbox) -> None:
    """The status of an archive that was just pulled is that of both."""
    knowing.configure("store", start="2025-03-03")
    assert status(knowing, after(FRIDAY))[0] == 4
    decide(knowing.folder / STATE, "cs.CV", date(2025, 3, 3), "theirs", noon(FRIDAY))
    code, found = status(knowing, after(FRIDAY))
    assert code == 0
    assert [one["date"] for one in found["categories"]["cs.CV"]["lost"]] == ["2025-03-03", "2025-03-04"]


def test_a_look_taken_elsewhere_counts(knowing: Sandbox, arxiv: StandIn) -> None:
    """Of two runners, one saw the listing first: six hours after that it may be looked at again, and is settled."""
    state = knowing.folder / STATE
    data = json.loads(state.read_text(encoding="utf-8"))
    data["readings"][0]["seen_at"] = after(FRIDAY, 0.5)
    lose_database(knowing)
    state.write_text(json.dumps(data), encoding="utf-8")
    assert knowing.digest("run", now=after(FRIDAY, 6.5)).code == 0
    assert known_as(knowing, FRIDAY, noon(FRIDAY)) == ("complete", "listing")
    assert asked(arxiv) == [listing(), catchup(FRIDAY)]


# --- damaged ---------------------------------------------------------------------------------------

Edit = Callable[[bytes], bytes]


def edited(change: Callable[[dict[str, Any]], object]) -> Edit:
    """Return an edit of the JSON's values."""

    def edit(data: bytes) -> bytes:
        values = json.loads(data)
        change(values)
        return json.dumps(values).encode()

    return edit


DAMAGE: dict[str, Edit] = {
    "empty": lambda _data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "no JSON": lambda _data: b"<<<<<<< HEAD\n" + _data,
    "no UTF-8": lambda data: data.replace(b"before my time", b"\xff\xfe"),
    "a list": lambda _data: b"[]\n",
    "null": lambda _data: b"null\n",
    "no format": edited(lambda values: values.pop("format")),
    "no decisions": edited(lambda values: values.pop("decisions")),
    "a decision without a date": edited(lambda values: values["decisions"][0].pop("date")),
    "an impossible date": edited(lambda values: values["decisions"][0].update(date="2025-02-30")),
    "a time without a zone": edited(lambda values: values["decisions"][0].update(decided_at="2025-03-05T17:00:00")),
    "a time before all times": edited(lambda values: values["readings"][0].update(seen_at="0001-01-01T00:00:00+14:00")),
    "a number for a note": edited(lambda values: values["decisions"][0].update(note=5)),
    "a text for true": edited(lambda values: values["corrections"][0].update(has_listing="no")),
    "a category that is a path": edited(lambda values: values["decisions"][0].update(category="../../x")),
    "an unknown source": edited(lambda values: values["readings"][0].update(source="gossip")),
    "a start without a date": edited(lambda values: values["starts"][0].pop("date")),
    "a start before arXiv": edited(lambda values: values["starts"][0].update(date="0001-01-01")),
    "a loss beyond all calendars": edited(lambda values: values["decisions"][0].update(date="9999-12-31")),
    "half a character": edited(lambda values: values["decisions"][0].update(note="\ud800")),
}


WHOLE = Ledger(
    (Correction(THURSDAY, has_listing=False, evidence="https://arxiv.org/", seen_at=MOMENT),),
    (Decision("cs.CV", DAY, "lost", "before my time", MOMENT),),
    (Reading("cs.CV", FRIDAY, Source.LISTING, MOMENT, "a"),),
    (Start("cs.CV", DAY),),
)


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_state_json_is_refused(name: str) -> None:
    """As damage, in one line; whole, the same is read."""
    data = render_ledger(WHOLE)
    assert parse_ledger(data) == WHOLE
    with pytest.raises(DamageError) as caught:
        parse_ledger(DAMAGE[name](data))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["empty", "no JSON", "no decisions", "a category that is a path"])
def test_a_damaged_state_json_is_named_and_left_alone(knowing: Sandbox, arxiv: StandIn, name: str) -> None:
    """Exit 6 in one line; it is not written over, for it may know what the database does not, and the day is done."""
    state = knowing.folder / STATE
    state.write_bytes(DAMAGE[name](state.read_bytes()))
    damaged = state.read_bytes()
    monday = date(2025, 3, 10)
    show(arxiv, invent("cs.CV", monday))
    result = knowing.digest("run", now=after(monday))
    assert result.code == 6
    (line,) = [line for line in errors(result) if "state.json" in line]
    assert str(state) in line
    assert state.read_bytes() == damaged
    assert known_as(knowing, monday, after(monday)) == ("complete", "listing")
    found = knowing.digest("status", now=after(monday))
    assert found.code == 6
    assert "state.json" in found.err
    state.unlink()
    assert knowing.digest("run", now=after(monday, 2)).code == 0
    assert parsed(knowing).calendar_corrections == {THURSDAY: False}


def test_a_state_json_of_a_newer_digest_is_left_alone(knowing: Sandbox) -> None:
    """Exit 6, and the way out is an upgrade."""
    state = knowing.folder / STATE
    state.write_bytes(edited(lambda values: values.update(format=99))(state.read_bytes()))
    newer = state.read_bytes()
    result = knowing.digest("run", now=after(FRIDAY, 2))
    assert result.code == 6
    assert "upgrade" in result.err
    assert state.read_bytes() == newer


def test_a_state_json_that_is_not_there_is_written_again(knowing: Sandbox) -> None:
    """From the database, byte for byte."""
    before = knowing.read(STATE)
    (knowing.folder / STATE).unlink()
    assert knowing.digest("run", now=after(FRIDAY, 2)).code in (0, 75)
    assert knowing.read(STATE) == before
