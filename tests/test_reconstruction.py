"""When papers were announced that nobody captured. How right that is on simulated years stands in docs/PAST.md."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.config.resources import read_calendar
from digest.history.reconstruction import Dated, reconstruct
from digest.model import Basis
from digest.model.harvest import Submission
from tests.days import real_days
from tests.simulated import World, score, score_real

CALENDAR = read_calendar()
RULES = (CALENDAR.listing_of, CALENDAR.listing_dates)
UNTIL = date(2026, 12, 31)
NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    """Return a moment in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        # The table of https://info.arxiv.org/help/availability.html, of a week in October 2021.
        ("2021-10-11 14:00", "2021-10-13"),
        ("2021-10-12 13:59", "2021-10-13"),
        ("2021-10-12 14:00", "2021-10-14"),
        ("2021-10-14 13:59", "2021-10-15"),
        ("2021-10-14 14:00", "2021-10-18"),
        ("2021-10-15 13:59", "2021-10-18"),
        ("2021-10-15 14:00", "2021-10-19"),
        ("2021-10-17 03:00", "2021-10-19"),
        ("2021-10-18 13:59", "2021-10-19"),
        # arXiv deferred the announcement of the evening of 20 October, and of 25 November, Thanksgiving.
        ("2021-10-20 10:00", "2021-10-22"),
        ("2021-11-25 10:00", "2021-11-29"),
        # A deferral on a Friday is that of Sunday's announcement: 24 December 2021.
        ("2021-12-24 10:00", "2021-12-28"),
        # Until 2 January 2017 submissions closed at 16:00.
        ("2016-12-14 15:59", "2016-12-15"),
        ("2016-12-14 16:00", "2016-12-16"),
        ("2017-01-03 15:59", "2017-01-05"),
    ],
)
def test_the_clock_gives_the_listing_of_a_submission(submitted: str, listed: str) -> None:
    """By the closing times in New York, the weekend and the deferrals."""
    assert CALENDAR.listing_of(at(submitted)) == date.fromisoformat(listed)


def dated(*papers: tuple[str, str], **options: Any) -> list[Dated]:
    """Return how papers are dated, of ids and times in New York."""
    given = [Submission(one, at(submitted), is_day=False, categories=None) for one, submitted in papers]
    return [dated for *_, dated in reconstruct(given, *RULES, UNTIL, **options)]


def dates(found: Sequence[Dated]) -> list[str]:
    """Return the dates of October 2021 that papers were given, as days of the month."""
    return [f"{one.date:%d}" for one in found]


BLOCKS = [
    *[(f"2110.0{number}", "2021-10-12 09:00") for number in range(5100, 5105)],
    *[(f"2110.0{number}", "2021-10-13 09:00") for number in range(6100, 6105)],
]
"""Five papers of Wed, 13 October, and five of Thu, 14 October 2021."""


def test_a_held_paper_is_dated_by_the_ids_around_it() -> None:
    """It was submitted on 1 October; the papers before and after it were listed on the 14th."""
    found = dated(*BLOCKS[:7], ("2110.06101", "2021-10-01 09:00"), *BLOCKS[7:])
    assert dates(found) == ["13"] * 5 + ["14"] * 6
    assert found[7] == Dated(date(2021, 10, 14), Basis.BLOCK, date(2021, 10, 14), date(2021, 10, 14))


def test_two_held_papers_do_not_outvote_one_that_was_not() -> None:
    """No paper is announced before it is submitted: what came later has been announced later, and so what follows."""
    found = dated(
        *(("2110.06100", "2021-10-13 09:00"), ("2110.06101", "2021-10-04 09:00"), ("2110.06102", "2021-10-05 09:00")),
        *(("2110.06103", "2021-10-13 10:00"), ("2110.06104", "2021-10-14 09:00")),
    )
    assert dates(found) == ["14", "14", "14", "14", "15"]


def test_one_wrong_time_moves_no_other_paper() -> None:
    """A first version that is said to be of the end of the month stands among papers of the 13th."""
    found = dated(*BLOCKS[:3], ("2110.05103", "2021-10-27 09:00"), *BLOCKS[4:])
    assert dates(found) == ["13"] * 5 + ["14"] * 5


def test_where_blocks_meet_more_than_one_date_is_possible() -> None:
    """The last papers of a block may have been held, and be the first of the next: their clock alone tells."""
    found = dated(*BLOCKS)
    assert [one.basis for one in found] == [*["block"] * 4, "clock", *["block"] * 4, "clock"]
    assert (found[3].earliest, found[3].latest) == (date(2021, 10, 13), date(2021, 10, 13))
    assert (found[4].earliest, found[4].latest) == (date(2021, 10, 13), date(2021, 10, 14))


def test_an_id_is_of_the_month_of_the_evening_before_the_listing() -> None:
    """The listing of Fri, 1 October 2021 has ids of September; a held paper with one of October came on the 4th."""
    found = dated(
        *(("2109.15001", "2021-09-30 09:00"), ("2110.00001", "2021-09-02 09:00"), ("2110.00002", "2021-10-01 09:00"))
    )
    assert [str(one.date) for one in found] == ["2021-10-01", "2021-10-04", "2021-10-04"]
    # Thursday evening after 14:00 in New York, and Friday: announced on Sunday, 3 October.
    assert found[1].basis is Basis.BLOCK


def test_held_papers_that_a_mailing_numbers_first_are_told_by_the_order() -> None:
    """Where ids follow the times of submission, a time that falls begins a new mailing, also by a day alone."""
    hours = range(100, 112)
    first = [(f"2110.05{hour}", f"2021-10-12 {hour - 100:02}:30") for hour in hours]
    held = [("2110.05200", "2021-10-06 09:00"), ("2110.05201", "2021-10-12 06:10")]
    second = [(f"2110.06{hour}", f"2021-10-13 {hour - 100:02}:30") for hour in hours]
    assert dates(dated(*first, *held, *second)) == ["13"] * 12 + ["14"] * 14


def test_old_ids_are_counted_by_archive() -> None:
    """Until March 2007; the last papers of a month were announced in the next one."""
    found = dated(
        *(("cs/0401030", "2004-01-29 12:00"), ("cs/0401031", "2004-01-30 17:00")),
        *(("math/0401001", "2004-01-05 12:00"), ("math/0401002", "2004-01-06 12:00")),
    )
    assert [str(one.date) for one in found] == ["2004-01-30", "2004-02-03", "2004-01-06", "2004-01-07"]


def test_captured_days_are_believed() -> None:
    """What a listing of the 14th showed as new is of the 14th, and so is what stands between two such papers."""
    known = {"2110.05101": date(2021, 10, 14), "2110.05104": date(2021, 10, 14)}
    assert dates(dated(*BLOCKS, known=known))[1:5] == ["14"] * 4


def test_of_a_day_without_a_time_two_listings_are_possible() -> None:
    """The listing of a paper of which the day alone is known depends on the hour."""
    papers = [Submission("2110.05100", datetime(2021, 10, 12, tzinfo=UTC), is_day=True, categories=None)]
    ((_, _, found),) = reconstruct(papers, *RULES, date(2021, 10, 14))
    assert found == Dated(date(2021, 10, 13), Basis.CLOCK, date(2021, 10, 13), date(2021, 10, 14))


@pytest.mark.parametrize(
    ("order", "knows_all"),
    [("submitted", True), ("submitted", False), ("random", True), ("random", False), ("held last", True)],
)
def test_simulated_papers_are_dated_right(order: str, *, knows_all: bool) -> None:
    """At the measured rates (1 % held, 0.4 % late cross-lists): 99.5 % of all, 99.9 % of new ones. Simulated."""
    world = World(last=date(2021, 3, 31), knows_all=knows_all, order=order)
    found = score(world, CALENDAR.deferred, CALENDAR)
    assert found.total > 1000
    assert found.by_blocks >= 0.995 * found.total
    assert found.new_by_blocks >= 0.999 * found.new
    assert found.by_clock < 0.99 * found.total
    assert found.within >= 0.999 * (found.total - found.late)


def test_real_days_with_invented_times_are_dated_right(shared: Path) -> None:
    """Twenty real listings of cs.CV; what is wrong was announced late, which ids tell of. Times are simulated."""
    found = score_real(real_days(shared), World(), CALENDAR)
    assert (found.total, found.late) == (2290, 7)
    assert found.by_blocks >= 0.995 * found.total
    assert found.new_by_blocks >= 0.999 * found.new
