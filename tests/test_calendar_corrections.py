"""What arXiv shows against the calendar's belief; and when arXiv is asked at all."""

import json
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from tests.conftest import DAY, NIGHT, Sandbox
from tests.nights import (
    NEW_YORK,
    after,
    answered_as,
    asked,
    catchup,
    digest_path,
    heading,
    known_as,
    listing,
    lose_database,
    noon,
    requests_of,
    show,
    status,
)
from tests.standin import Fault, Mailing, StandIn, faults, invent
from tests.test_jobs import assert_untouched, errors

THURSDAY, FRIDAY = date(2025, 3, 6), date(2025, 3, 7)
"""The days after ``DAY``; on Thursday arXiv of these tests has a holiday that no table knows."""

MONDAY, TUESDAY, AFTER = date(2025, 1, 20), date(2025, 1, 21), date(2025, 1, 22)
"""Around a deferral of the table: the announcement of Monday evening, and so Tuesday's listing."""


def corrections(sandbox: Sandbox, now: str) -> dict[str, bool]:
    """Return what the calendar was corrected by."""
    found: dict[str, bool] = status(sandbox, now)[1]["calendar"]["corrections"]
    return found


@pytest.fixture
def holiday(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Wednesday's listing is stored, and arXiv announces nothing for Thursday."""
    assert archive.digest("run", now=after(DAY)).code == 0
    arxiv.today = THURSDAY
    asked(arxiv)
    return archive


# --- a holiday that no table knows -----------------------------------------------------------------


def test_before_noon_a_holiday_looks_like_a_late_listing(holiday: Sandbox) -> None:
    """Every hour from the announcement on: nothing changes, exit 0; from noon on the listing is overdue, exit 4."""
    before = holiday.tree()
    for hour in range(16):
        result = holiday.digest("run", now=after(THURSDAY, hour + 0.3))
        assert (result.code, errors(result)) == (0, [])
        assert_untouched(holiday, before)
    assert holiday.digest("run", now=noon(THURSDAY, seconds=-1)).code == 0
    overdue = holiday.digest("run", now=noon(THURSDAY))
    assert overdue.code == 4
    assert str(THURSDAY) in overdue.err
    assert_untouched(holiday, before)
    assert status(holiday, noon(THURSDAY))[0] == 4
    assert corrections(holiday, noon(THURSDAY)) == {}


def test_the_next_announcement_shows_that_it_was_a_holiday(holiday: Sandbox, arxiv: StandIn) -> None:
    """Catchup's link from Wednesday leads to Friday: the archive is green, and Thursday is asked for no more."""
    assert holiday.digest("run", now=noon(THURSDAY)).code == 4
    show(arxiv, invent("cs.CV", FRIDAY))
    asked(arxiv)
    night = after(FRIDAY)
    result = holiday.digest("run", now=night)
    assert result.code == 0
    assert asked(arxiv) == [listing(), catchup(THURSDAY), catchup(DAY)]
    assert str(THURSDAY) in result.err
    code, told = status(holiday, night)
    category = told["categories"]["cs.CV"]
    assert code == 0
    assert told["calendar"]["corrections"] == {str(THURSDAY): False}
    assert (category["missing"], category["lost"], category["overdue"]) == ([], [], [])
    assert [day["date"] for day in category["days"]] == [str(DAY), str(FRIDAY)]
    assert not (holiday.folder / digest_path(THURSDAY)).exists()
    for now in (after(FRIDAY, 2), after(FRIDAY, 8), noon(FRIDAY), noon(FRIDAY, seconds=20_000)):
        quiet = holiday.digest("run", now=now)
        assert (quiet.code, requests_of(quiet)) == (0, 0)
    assert asked(arxiv) == []


def test_a_first_look_after_the_holiday_needs_no_look_before(holiday: Sandbox, arxiv: StandIn) -> None:
    """A run that first sees the date when it is past: three requests, exit 0."""
    show(arxiv, invent("cs.CV", FRIDAY))
    assert holiday.digest("run", now=after(FRIDAY)).code == 0
    assert asked(arxiv) == [listing(), catchup(THURSDAY), catchup(DAY)]
    assert corrections(holiday, after(FRIDAY)) == {str(THURSDAY): False}


def test_a_correction_outlives_the_database(holiday: Sandbox, arxiv: StandIn) -> None:
    """It stands in state.json, with the address that showed it, and comes back from there."""
    show(arxiv, invent("cs.CV", FRIDAY))
    assert holiday.digest("run", now=after(FRIDAY)).code == 0
    state = holiday.read("data/state.json")
    (noted,) = json.loads(state)["corrections"]
    assert (noted["date"], noted["has_listing"]) == (str(THURSDAY), False)
    assert catchup(DAY) in noted["evidence"]
    assert datetime.fromisoformat(noted["seen_at"]) == datetime.fromisoformat(after(FRIDAY))
    lose_database(holiday)
    asked(arxiv)
    assert status(holiday, noon(FRIDAY))[0] == 0
    assert corrections(holiday, noon(FRIDAY)) == {str(THURSDAY): False}
    assert holiday.digest("run", now=noon(FRIDAY)).code == 0
    assert asked(arxiv) == []
    assert holiday.read("data/state.json") == state


def test_the_dates_of_a_long_pause_are_all_corrected(holiday: Sandbox, arxiv: StandIn) -> None:
    """Three listing dates without an announcement, one after the other, over a weekend."""
    tuesday = date(2025, 3, 11)
    show(arxiv, invent("cs.CV", tuesday))
    night = after(tuesday)
    assert holiday.digest("run", now=night).code == 0
    assert corrections(holiday, night) == {"2025-03-06": False, "2025-03-07": False, "2025-03-10": False}
    assert status(holiday, night)[0] == 0
    asked(arxiv)
    assert requests_of(holiday.digest("run", now=after(tuesday, 8))) == 0


def test_a_date_that_one_category_has_is_no_holiday(holiday: Sandbox, arxiv: StandIn) -> None:
    """A category without entries says "No updates" as well; the link from the day before leads to the date itself."""
    arxiv.announce(invent("cs.LG", THURSDAY))
    show(arxiv, invent("cs.CV", FRIDAY))
    result = holiday.digest("run", now=after(FRIDAY))
    assert result.code != 0
    assert corrections(holiday, after(FRIDAY)) == {}
    assert known_as(holiday, THURSDAY, after(FRIDAY)) == ("provisional", "catchup")


def test_fetch_of_a_holiday_corrects_the_calendar(holiday: Sandbox, arxiv: StandIn) -> None:
    """Asked for by name, the date turns out not to exist: nothing is stored, exit 0, and nothing is missing."""
    show(arxiv, invent("cs.CV", FRIDAY))
    result = holiday.digest("fetch", str(THURSDAY), now=after(FRIDAY))
    assert result.code == 0
    assert corrections(holiday, after(FRIDAY)) == {str(THURSDAY): False}
    assert known_as(holiday, THURSDAY, after(FRIDAY)) is None
    assert holiday.digest("fetch", str(THURSDAY), now=after(FRIDAY)).code in (0, 4)
    assert known_as(holiday, THURSDAY, after(FRIDAY)) is None
    missing = status(holiday, after(FRIDAY))[1]["categories"]["cs.CV"]["missing"]
    assert [one["date"] for one in missing] == [str(FRIDAY)]


# --- a listing that the calendar does not expect ---------------------------------------------------


@pytest.fixture
def deferral(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Monday's listing is stored; the table says that there is none on Tuesday."""
    show(arxiv, invent("cs.CV", MONDAY))
    assert archive.digest("run", now=after(MONDAY)).code == 0
    asked(arxiv)
    return archive


def test_a_listing_that_the_table_defers_is_stored_under_its_own_date(archive: Sandbox, arxiv: StandIn) -> None:
    """The page's date wins on a first run already; the calendar is corrected and says so."""
    show(arxiv, invent("cs.CV", MONDAY), invent("cs.CV", TUESDAY))
    result = archive.digest("run", now=noon(TUESDAY))
    assert result.code == 0
    assert known_as(archive, TUESDAY, noon(TUESDAY)) == ("complete", "listing")
    assert archive.read(digest_path(TUESDAY)).decode().startswith(heading(TUESDAY))
    assert corrections(archive, noon(TUESDAY)) == {str(TUESDAY): True}
    assert any(line.startswith("warning:") and str(TUESDAY) in line for line in result.err.splitlines())


def test_a_surprise_is_found_by_the_look_of_the_day(deferral: Sandbox, arxiv: StandIn) -> None:
    """One look on the deferred day finds Tuesday's listing; then nothing more is asked until the next is due."""
    show(arxiv, invent("cs.CV", TUESDAY))
    assert deferral.digest("run", now=after(TUESDAY, 4.5)).code == 0
    assert asked(arxiv) == [listing()]
    assert known_as(deferral, TUESDAY, noon(TUESDAY)) == ("complete", "listing")
    assert corrections(deferral, noon(TUESDAY)) == {str(TUESDAY): True}
    for hours in (5, 12, 20, 23.9):
        assert deferral.digest("run", now=after(TUESDAY, hours)).code == 0
    assert asked(arxiv) == []
    lose_database(deferral)
    assert corrections(deferral, noon(TUESDAY)) == {str(TUESDAY): True}


def test_a_surprise_that_was_missed_is_healed(deferral: Sandbox, arxiv: StandIn) -> None:
    """Nobody ran anything on Tuesday; Monday's catchup page goes on with it, and so it comes back from there."""
    show(arxiv, invent("cs.CV", TUESDAY), invent("cs.CV", AFTER))
    deferral.digest("run", now=after(AFTER))
    assert deferral.digest("run", now=after(AFTER, 8)).code == 0
    assert corrections(deferral, after(AFTER, 8)) == {str(TUESDAY): True}
    assert known_as(deferral, TUESDAY, after(AFTER, 8)) == ("complete", "catchup")
    asked(arxiv)
    assert requests_of(deferral.digest("run", now=noon(AFTER))) == 0


def test_whether_a_deferral_was_one_is_asked_at_most_once(deferral: Sandbox, arxiv: StandIn) -> None:
    """The first run after it may look at Monday's catchup page; no run asks again, the database lost or not."""
    show(arxiv, invent("cs.CV", AFTER))
    assert deferral.digest("run", now=after(AFTER)).code == 0
    assert asked(arxiv) in ([listing()], [listing(), catchup(MONDAY)])
    for hours in (2, 8, 16):
        assert requests_of(deferral.digest("run", now=after(AFTER, hours))) == 0
    lose_database(deferral)
    assert deferral.digest("run", now=after(AFTER, 17)).code == 0
    assert asked(arxiv) == []
    assert corrections(deferral, after(AFTER, 17)) == {}


def test_a_listing_of_a_saturday_is_taken_as_it_is(archive: Sandbox, arxiv: StandIn) -> None:
    """Weekends included: stored under its own date, the calendar corrected, and nothing said to be missing."""
    show(arxiv, invent("cs.CV", FRIDAY))
    assert archive.digest("run", now=after(FRIDAY)).code == 0
    saturday = date(2025, 3, 8)
    show(arxiv, invent("cs.CV", saturday))
    assert archive.digest("run", now=noon(saturday)).code == 0
    assert archive.read(digest_path(saturday)).decode().startswith(heading(saturday))
    code, told = status(archive, noon(saturday))
    assert code == 0
    assert told["calendar"]["corrections"] == {str(saturday): True}
    assert told["categories"]["cs.CV"]["missing"] == []
    assert archive.digest("show", str(saturday), now=noon(saturday)).code == 0


# --- what a user says ------------------------------------------------------------------------------


def test_a_deferral_of_the_configuration_takes_a_listing_away(archive: Sandbox, arxiv: StandIn) -> None:
    """Wednesday evening is deferred: Thursday's listing is neither missing nor overdue, and one look a day is taken."""
    archive.configure("calendar", deferred=["2025-03-05"])
    assert archive.digest("run", now=after(DAY)).code == 0
    arxiv.today = THURSDAY
    asked(arxiv)
    for hours in (0.3, 6.5, 12, 16, 20, 23.9):
        result = archive.digest("run", now=after(THURSDAY, hours))
        assert (result.code, errors(result)) == (0, [])
    assert asked(arxiv) == [listing()]
    code, told = status(archive, noon(THURSDAY))
    assert (code, told["categories"]["cs.CV"]["missing"], told["calendar"]["newest_expected"]) == (0, [], str(DAY))
    shown = archive.digest("show", str(THURSDAY), now=noon(THURSDAY))
    assert shown.code == 4
    assert "deferred" in shown.err


def test_arxiv_wins_over_the_user_s_deferral(archive: Sandbox, arxiv: StandIn) -> None:
    """A listing on a date that the configuration takes away is stored all the same."""
    archive.configure("calendar", deferred=["2025-03-04"])
    show(arxiv, invent("cs.CV", date(2025, 3, 3)), invent("cs.CV", date(2025, 3, 4)), invent("cs.CV", DAY))
    assert archive.digest("run", now=noon(DAY)).code == 0
    assert known_as(archive, DAY, noon(DAY)) == ("complete", "listing")
    assert corrections(archive, noon(DAY)) == {str(DAY): True}


@pytest.mark.parametrize(("now", "is_guess"), [("2002-06-05T15:00:00Z", True), ("2026-06-10T15:00:00Z", False),
                                                ("2027-06-09T15:00:00Z", True)])  # fmt: skip
def test_outside_the_years_of_the_table_status_and_doctor_say_that_they_guess(
    archive: Sandbox, now: str, *, is_guess: bool
) -> None:
    """In words for people, as a value for machines; a user's own dates end the guessing."""
    assert status(archive, now)[1]["calendar"]["guess"] is is_guess
    assert ("guessing" in archive.digest("status", now=now).out) is is_guess
    advice = [line for line in archive.digest("doctor", now=now).out.splitlines() if line.startswith("warn")]
    assert any("deferred" in line for line in advice) is is_guess
    archive.configure("calendar", deferred=[f"{now[:4]}-01-19"])
    assert status(archive, now)[1]["calendar"]["guess"] is False


# --- manners: when arXiv is asked at all -----------------------------------------------------------


def test_a_night_and_a_day_cost_one_request(archive: Sandbox, arxiv: StandIn) -> None:
    """An hourly run from one announcement to the next: the first has an effect, the others ask nothing."""
    for hour in range(24):
        result = archive.digest("run", now=after(DAY, hour + 0.2))
        assert result.code == 0
    assert asked(arxiv) == [listing()]


def looks_by_date(archive: Sandbox, arxiv: StandIn, first: str, last: str, step: timedelta) -> Counter[date]:
    """Run from one instant to another; return the requests of each of New York's dates."""
    found: Counter[date] = Counter()
    now = datetime.fromisoformat(first)
    while now <= datetime.fromisoformat(last):
        local = now.astimezone(NEW_YORK).date()
        arxiv.today = max(arxiv.today, local)
        result = archive.digest("run", now=now.isoformat())
        assert (result.code, errors(result)) == (0, [])
        assert requests_of(result) == len(asked(arxiv))
        found[local] += requests_of(result)
        now += step
    return found


@pytest.mark.parametrize(
    ("friday", "first", "last"),
    [
        (date(2025, 3, 7), "2025-03-08T02:00:00+00:00", "2025-03-09T23:59:00+00:00"),
        (date(2025, 10, 31), "2025-11-01T01:30:00+00:00", "2025-11-03T00:59:00+00:00"),
    ],
    ids=["forward", "back"],
)
def test_on_a_weekend_arxiv_is_looked_at_once_a_day(
    archive: Sandbox, arxiv: StandIn, friday: date, first: str, last: str
) -> None:
    """Whatever the hour, in the weekends in which the clock goes forward and back."""
    show(arxiv, invent("cs.CV", friday))
    assert archive.digest("run", now=after(friday)).code == 0
    asked(arxiv)
    before = archive.tree()
    found = looks_by_date(archive, arxiv, first, last, timedelta(hours=1, minutes=53))
    saturday, sunday = friday + timedelta(days=1), friday + timedelta(days=2)
    assert found == {friday: 0, saturday: 1, sunday: 1}
    assert_untouched(archive, before)


def test_on_deferred_days_arxiv_is_looked_at_once_a_day(archive: Sandbox, arxiv: StandIn) -> None:
    """Two in a row: New Year of 2025."""
    last = date(2024, 12, 31)
    show(arxiv, invent("cs.CV", last))
    assert archive.digest("run", now=after(last)).code == 0
    asked(arxiv)
    step = timedelta(hours=1, minutes=53)
    found = looks_by_date(archive, arxiv, "2025-01-01T01:10:00+00:00", "2025-01-03T00:59:00+00:00", step)
    assert found == {last: 0, date(2025, 1, 1): 1, date(2025, 1, 2): 1}


@pytest.mark.parametrize("fault", [faults.status(503), faults.rate_exceeded(), faults.lag_partial(2)],
                         ids=["503", "throttled", "lag"])  # fmt: skip
def test_a_look_on_a_weekend_that_fails_is_no_failure(archive: Sandbox, arxiv: StandIn, fault: Fault) -> None:
    """Nothing was due: exit 0, and no second look that day."""
    show(arxiv, invent("cs.CV", FRIDAY))
    assert archive.digest("run", now=after(FRIDAY)).code == 0
    arxiv.fault = fault
    saturday = date(2025, 3, 8)
    assert archive.digest("run", now=noon(saturday)).code == 0
    asked(arxiv)
    result = archive.digest("run", now=noon(saturday, seconds=3600))
    assert (result.code, asked(arxiv)) == (0, [])


def test_a_late_listing_is_waited_for_all_night(archive: Sandbox, arxiv: StandIn) -> None:
    """Hourly runs change nothing and exit 0; the first that sees the new page stores it; the rest ask nothing."""
    assert archive.digest("run", now=after(DAY)).code == 0
    before = archive.tree()
    for hour in range(9):
        result = archive.digest("run", now=after(THURSDAY, hour + 0.3))
        assert (result.code, errors(result), "date=" in result.err) == (0, [], False)
        assert_untouched(archive, before)
    show(arxiv, invent("cs.CV", THURSDAY))
    assert archive.digest("run", now=after(THURSDAY, 9.3)).code == 0
    assert known_as(archive, THURSDAY, noon(THURSDAY)) == ("complete", "listing")
    asked(arxiv)
    for hour in range(10, 23):
        assert requests_of(archive.digest("run", now=after(THURSDAY, hour + 0.3))) == 0


def test_an_early_page_is_stored_at_once(archive: Sandbox, arxiv: StandIn) -> None:
    """Thursday's listing is out before eight in the evening: a run that looks takes it, and is done for the night."""
    yesterday = StandIn([invent("cs.CV", date(2025, 3, 4))], today=DAY)
    arxiv.fault = answered_as(yesterday, r"/list/")
    assert archive.digest("run", now=after(date(2025, 3, 4))).code == 0
    arxiv.fault = None
    show(arxiv, invent("cs.CV", THURSDAY))
    assert archive.digest("run", now=after(DAY, 23.9)).code == 0
    assert known_as(archive, THURSDAY, noon(DAY)) == ("complete", "listing")
    assert known_as(archive, DAY, noon(DAY)) == ("complete", "catchup")
    asked(arxiv)
    assert requests_of(archive.digest("run", now=after(THURSDAY))) == 0


def test_dry_run_tells_what_would_be_asked(archive: Sandbox, arxiv: StandIn) -> None:
    """The newest listing when one is due, the look of the day on a weekend, nothing when all is proven."""
    due = archive.digest("run", "--dry-run")
    assert due.code == 0
    assert str(DAY) in due.out
    assert asked(arxiv) == []
    assert set(archive.tree()) == {"config.toml"}
    assert archive.digest("run").code == 0
    assert archive.digest("run", "--dry-run", now=NIGHT).out == ""
    show(arxiv, invent("cs.CV", FRIDAY))
    archive.configure("store", start=str(FRIDAY))
    assert archive.digest("run", now=after(FRIDAY)).code == 0
    asked(arxiv)
    look = archive.digest("run", "--dry-run", now=noon(date(2025, 3, 8)))
    assert len(look.out.splitlines()) == 1
    assert asked(arxiv) == []


def test_an_empty_mailing_is_no_holiday(holiday: Sandbox, arxiv: StandIn) -> None:
    """ArXiv announced on Thursday, and nothing of cs.CV: the calendar stays as it is."""
    show(arxiv, Mailing("cs.CV", THURSDAY))
    assert holiday.digest("run", now=after(THURSDAY)).code == 75
    assert corrections(holiday, after(THURSDAY)) == {}
    assert known_as(holiday, THURSDAY, after(THURSDAY)) is not None


def test_a_listing_that_a_range_discovers_is_fetched_with_it(archive: Sandbox, arxiv: StandIn) -> None:
    """The page of the day before links to a date that the table defers: it is asked for in the same command."""
    first, deferred, after_it = date(2025, 6, 18), date(2025, 6, 20), date(2025, 6, 23)  # 2025-06-19 is in the table
    show(arxiv, *(invent("cs.CV", when) for when in (first, date(2025, 6, 19), deferred, after_it)))
    assert archive.digest("fetch", f"{first}..{after_it}", now=noon(after_it)).code == 0
    assert known_as(archive, deferred, noon(after_it)) == ("complete", "catchup")
