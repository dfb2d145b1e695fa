"""arXiv's calendar: which listing dates exist, when each is expected, when it is overdue."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.calendar import Calendar, expected_at, is_overdue, today
from digest.config.resources import read_calendar

# Listings in a year, and the weekdays without one.
YEARS = {
    2017: (255, "03-15 11-14 11-24 12-26 12-28"),
    2018: (254, "01-02 03-27 09-04 11-23 12-25 12-26 12-28"),
    2019: (253, "01-02 01-22 09-03 11-08 11-29 12-26 12-27 12-31"),
    2020: (255, "01-02 01-21 06-10 11-27 12-28 12-30 12-31"),
    2021: (255, "01-04 10-21 11-26 12-27 12-29 12-31"),
    2022: (254, "01-18 06-21 09-06 11-25 12-28 12-30"),
    2023: (251, "01-17 06-15 06-20 07-05 08-18 09-05 11-24 12-26 12-28"),
    2024: (253, "01-16 05-23 06-20 07-05 09-03 10-09 11-29 12-26 12-27"),
    2025: (252, "01-01 01-02 01-21 06-20 07-07 09-02 11-28 12-26 12-31"),
    2026: (253, "01-02 01-20 06-22 07-06 09-08 11-27 12-28 12-30"),
}

# Winter and summer time, the Fridays before and the Mondays after both changes of the clock in 2025
# (9 March and 2 November), listing date → expected and overdue, in UTC.
MOMENTS = [
    ("2025-01-15", "2025-01-15T01:00", "2025-01-15T17:00"),
    ("2025-07-16", "2025-07-16T00:00", "2025-07-16T16:00"),
    ("2025-03-07", "2025-03-07T01:00", "2025-03-07T17:00"),
    ("2025-03-10", "2025-03-10T00:00", "2025-03-10T16:00"),
    ("2025-03-11", "2025-03-11T00:00", "2025-03-11T16:00"),
    ("2025-10-31", "2025-10-31T00:00", "2025-10-31T16:00"),
    ("2025-11-03", "2025-11-03T01:00", "2025-11-03T17:00"),
    ("2025-11-04", "2025-11-04T01:00", "2025-11-04T17:00"),
]

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    """The calendar that travels with the package."""
    return read_calendar()


def utc(text: str) -> datetime:
    """Return the instant that ``text`` is in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_of(year: int) -> list[date]:
    """Return every day of a year."""
    count = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    return [date(year, 1, 1) + timedelta(days=offset) for offset in range(count)]


@pytest.mark.parametrize("year", YEARS)
def test_the_listings_of_a_year_are_those_that_arxiv_had(calendar: Calendar, year: int) -> None:
    """Number of listings and the weekdays without one, as arXiv's holidays make them."""
    count, missing = YEARS[year]
    listings = list(calendar.listing_dates(date(year, 1, 1), date(year, 12, 31)))
    weekdays = {day for day in days_of(year) if day.weekday() < 5}
    assert len(listings) == count
    assert weekdays - set(listings) == {date.fromisoformat(f"{year}-{day}") for day in missing.split()}
    assert set(listings) <= weekdays
    assert listings == sorted(listings)


def test_the_table_of_deferrals_is_the_whole_published_one(shared: Path) -> None:
    """The package knows exactly the deferrals of all years from 2003 on."""
    text = (shared / "ARXIV.md").read_text(encoding="utf-8")
    rows = re.findall(r"^(20[0-9]{2}): ((?:[0-9]{2}-[0-9]{2} ?)+)$", text, re.MULTILINE)
    assert len(rows) == 24
    assert read_calendar().deferred == {
        date.fromisoformat(f"{year}-{day}") for year, days in rows for day in days.split()
    }


@pytest.mark.parametrize(
    ("day", "announces"),
    [
        ("2025-03-02", True),  # Sunday
        ("2025-03-06", True),  # Thursday
        ("2025-03-07", False),  # Friday
        ("2025-03-08", False),  # Saturday
        ("2025-07-04", False),  # a Friday that is deferred
        ("2025-07-06", False),  # a Sunday that is deferred
        ("2026-06-21", False),  # the Sunday after a deferred Friday
        ("2026-06-22", True),
        ("2025-12-25", False),  # a Thursday that is deferred
    ],
)
def test_announcements_go_out_sunday_to_thursday_unless_deferred(calendar: Calendar, day: str, announces: bool) -> None:
    """Fridays and Saturdays never; a Sunday not after a deferred Friday either."""
    assert calendar.announces(date.fromisoformat(day)) is announces


def test_a_deferred_friday_of_the_user_removes_mondays_listing() -> None:
    """A user's own dates are added to the known ones: a Friday takes Monday's listing."""
    extended = read_calendar([date(2027, 3, 26)])
    assert read_calendar().is_listing_date(date(2027, 3, 29))
    assert not extended.is_listing_date(date(2027, 3, 29))
    assert extended.is_listing_date(date(2027, 3, 26))
    assert not extended.is_listing_date(date(2025, 7, 7))


@pytest.mark.parametrize(("day", "expected", "overdue"), MOMENTS)
def test_a_listing_is_expected_at_20_and_overdue_at_noon(
    calendar: Calendar, day: str, expected: str, overdue: str
) -> None:
    """Expected from 20:00 New York on the evening before, overdue from noon, to the second."""
    listing = date.fromisoformat(day)
    assert expected_at(listing) == utc(expected)
    assert calendar.newest_expected(utc(expected)) == listing
    assert calendar.newest_expected(utc(expected) - SECOND) < listing
    assert is_overdue(listing, utc(overdue))
    assert not is_overdue(listing, utc(overdue) - SECOND)
    assert calendar.newest_overdue(utc(overdue)) == listing
    assert calendar.newest_overdue(utc(overdue) - SECOND) == calendar.newest_expected(utc(expected) - SECOND)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2025-03-07T20:00", "2025-03-07"),  # Friday afternoon
        ("2025-03-08T01:30", "2025-03-07"),  # Friday evening: nothing goes out
        ("2025-03-09T06:30", "2025-03-07"),  # the night in which the clock goes forward
        ("2025-03-09T23:59", "2025-03-07"),
        ("2025-11-02T05:30", "2025-10-31"),  # half past one, for the first time
        ("2025-11-02T06:30", "2025-10-31"),  # half past one, for the second time
        ("2025-01-21T20:00", "2025-01-20"),  # the Tuesday after a deferred Monday
        ("2025-07-07T12:00", "2025-07-04"),  # the Monday after a deferred Sunday
        ("2025-01-02T15:00", "2024-12-31"),  # two days without a listing at New Year
    ],
)
def test_the_newest_expected_listing_lasts_over_days_without_one(calendar: Calendar, now: str, newest: str) -> None:
    """On weekends and after deferrals the last listing stays the newest expected."""
    assert calendar.newest_expected(utc(now)) == date.fromisoformat(newest)


@given(st.datetimes(datetime(2004, 1, 2), datetime(2040, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_nothing_newer_than_the_newest_expected_is_expected(now: datetime) -> None:
    """At any instant in any zone: it exists, it was due, and the next one is not due yet."""
    calendar = read_calendar()
    newest = calendar.newest_expected(now)
    following = next(calendar.listing_dates(newest + timedelta(days=1), newest + timedelta(days=14)))
    assert calendar.is_listing_date(newest)
    assert expected_at(newest) <= now < expected_at(following)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2025-03-05T04:59:59", "2025-03-04"),
        ("2025-03-05T05:00:00", "2025-03-05"),
        ("2025-07-05T03:59:59", "2025-07-04"),
        ("2025-07-05T04:00:00", "2025-07-05"),
    ],
)
def test_today_is_new_yorks(now: str, day: str) -> None:
    """The calendar date changes at midnight in New York."""
    assert today(utc(now)) == date.fromisoformat(day)


@pytest.mark.parametrize(("year", "is_guess"), [(2002, True), (2003, False), (2026, False), (2027, True)])
def test_outside_the_years_of_the_table_the_calendar_guesses(calendar: Calendar, year: int, *, is_guess: bool) -> None:
    """It says so of every date of such a year, but for one that arXiv itself has shown."""
    wednesday = next(day for day in days_of(year)[200:] if day.weekday() == 2)
    assert calendar.is_guess(wednesday) is is_guess
    assert not calendar.corrected({wednesday: True}).is_guess(wednesday)


def test_dates_of_the_user_tell_the_calendar_of_their_year() -> None:
    """Whoever adds a year's deferrals knows that year."""
    assert not read_calendar([date(2027, 1, 18), date(2027, 12, 24)]).is_guess(date(2027, 7, 1))


def test_the_calendar_has_its_first_and_last_year(calendar: Calendar) -> None:
    """No table is known before December 2003; the last one is that of 2026."""
    assert (calendar.first_year, calendar.last_year) == (2003, 2026)


def test_what_arxiv_showed_goes_over_the_table_and_over_the_week(calendar: Calendar) -> None:
    """A holiday that no table knows, a listing that the table defers, one on a Saturday."""
    wednesday, deferred, saturday = date(2025, 3, 5), date(2025, 1, 21), date(2025, 3, 8)
    corrected = calendar.corrected({wednesday: False, deferred: True, saturday: True})
    assert not corrected.is_listing_date(wednesday)
    assert corrected.is_listing_date(deferred)
    assert corrected.is_listing_date(saturday)
    assert corrected.newest_expected(utc("2025-03-05T23:00")) == date(2025, 3, 4)
    assert corrected.newest_expected(utc("2025-01-21T01:00")) == deferred
    assert corrected.newest_overdue(utc("2025-01-21T17:00")) == deferred
    assert corrected.newest_expected(utc("2025-03-09T12:00")) == saturday
    march = list(corrected.listing_dates(date(2025, 3, 3), date(2025, 3, 9)))
    assert march == [date(2025, 3, day) for day in (3, 4, 6, 7, 8)]
    assert calendar.is_listing_date(wednesday)


@pytest.mark.parametrize(
    ("now", "is_pause"),
    [
        ("2025-03-08T04:59:59", False),  # Friday's last second
        ("2025-03-08T05:00:00", True),
        ("2025-03-09T23:59:59", True),  # Sunday before eight in the evening, after the clock went forward
        ("2025-03-10T00:00:00", False),
        ("2025-11-03T00:59:59", True),  # Sunday before eight in the evening, after the clock went back
        ("2025-11-03T01:00:00", False),
        ("2025-01-21T01:00:00", False),  # Monday evening: its own listing is of today
        ("2025-01-21T05:00:00", True),  # the Tuesday whose listing is deferred
        ("2025-01-22T00:59:59", True),
        ("2025-01-22T01:00:00", False),
    ],
)
def test_a_pause_is_a_day_without_a_listing_until_the_next_announcement(
    calendar: Calendar, now: str, *, is_pause: bool
) -> None:
    """From midnight to eight in the evening, in New York, to the second."""
    assert calendar.is_pause(utc(now)) is is_pause


_DATES = st.dates(date(2023, 12, 1), date(2024, 2, 28))
_CORRECTIONS = st.dictionaries(_DATES, st.booleans(), max_size=9)


@given(one=_DATES, other=_DATES, known=st.sets(_DATES), corrections=_CORRECTIONS)
def test_what_is_lacking_is_each_listing_date_that_is_not_known(
    one: date, other: date, known: set[date], corrections: dict[date, bool]
) -> None:
    """The oldest first, weekends that arXiv was seen to announce among them, and no date that it was seen not to."""
    calendar, (first, last) = read_calendar().corrected(corrections), sorted((one, other))
    expected = [when for when in calendar.listing_dates(first, last) if when not in known]
    assert calendar.lacking(first, last, known) == expected
