"""Which listing dates exist, and when each is expected and overdue. All in New York's time.

arXiv announces at 20:00 New York time, Sunday to Thursday, and the listing bears the next day's date
(https://info.arxiv.org/help/availability.html). The dates on which it defers are data: a table in the
package, extended by ``[calendar] deferred``. What arXiv shows always wins over the table: corrections go
over it, and a page's own date over everything.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.terms import YEARS

WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""In English whatever the locale, as arXiv writes them; their first three letters are the short forms."""


def heading_date(day: date) -> str:
    """Return ``day`` as arXiv writes it, in English whatever the locale: ``Wed, 20 Oct 2021``."""
    weekday, month = WEEKDAY_NAMES[day.weekday()], MONTH_NAMES[day.month - 1]
    return f"{weekday[:3]}, {day.day} {month[:3]} {day.year}"


NEW_YORK = ZoneInfo("America/New_York")

_DAY = timedelta(days=1)
_ANNOUNCED = time(20)
_OVERDUE = time(12)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_CLOSING, _FORMER_CLOSING = time(14), time(16)
_CLOSES_EARLIER_SINCE = date(2017, 1, 2)
CATCHUP_DAYS = 91
"""arXiv's catchup pages reach back this many days from today."""


def parse_listing_date(text: str) -> date:
    """Return the date that ``text`` is in ISO 8601, of a year that a listing can have.

    Raises:
        ValueError: it is none.
    """
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(f"expected a date from {YEARS[0]} to {YEARS[-1]}, found {day}")
    return day


def parse_deferrals(table: str) -> frozenset[date]:
    """Return the dates in the package's table of deferrals: a year a line, ``2021: 01-01 10-20``."""
    lines = (line.split(":") for line in table.splitlines() if not line.startswith("#"))
    return frozenset(date.fromisoformat(f"{year}-{day}") for year, days in lines for day in days.split())


@dataclass(frozen=True)
class Calendar:
    """arXiv's announcements, given the dates in ``deferred`` on which it makes none.

    ``corrections`` tells of listing dates that arXiv itself was seen to have (True) or not to have.
    """

    deferred: frozenset[date]
    corrections: Mapping[date, bool] = field(default_factory=dict)

    def corrected(self, corrections: Mapping[date, bool]) -> "Calendar":
        """Return this calendar with ``corrections`` in the place of those that it has."""
        return replace(self, corrections=corrections)

    def is_guess(self, day: date) -> bool:
        """Whether nothing is known of the deferrals of the year of ``day``, and it was not corrected."""
        return day not in self.corrections and not self.first_year <= day.year <= self.last_year

    @property
    def first_year(self) -> int:
        """The first year whose deferrals are known."""
        return min(self.deferred, default=date.max).year

    @property
    def last_year(self) -> int:
        """The last year whose deferrals are known."""
        return max(self.deferred, default=date.min).year

    def announces(self, day: date) -> bool:
        """Whether arXiv announces on the evening of ``day``."""
        weekday = day.weekday()
        if weekday in (_FRIDAY, _SATURDAY):
            return False
        if weekday == _SUNDAY:
            return day not in self.deferred and day - 2 * _DAY not in self.deferred
        return day not in self.deferred

    def is_listing_date(self, day: date) -> bool:
        """Whether a listing of the date ``day`` exists."""
        if day in self.corrections:
            return self.corrections[day]
        return not is_weekend(day) and self.announces(day - _DAY)

    @property
    def surprises(self) -> dict[date, bool]:
        """The corrections that say otherwise than the table."""
        table = replace(self, corrections={})
        return {day: has for day, has in sorted(self.corrections.items()) if table.is_listing_date(day) is not has}

    def unconfirmed_deferrals(self, first: date, last: date) -> list[date]:
        """Return the weekdays from ``first`` to ``last`` that have no listing by the table alone, the oldest first."""
        days = (first + offset * _DAY for offset in range((last - first).days + 1))
        believed = (day for day in days if not is_weekend(day) and day not in self.corrections)
        return [day for day in believed if not self.is_listing_date(day)]

    def listing_of(self, submitted: datetime) -> date:
        """The listing in which a paper is announced that was submitted at this instant, unless it is held.

        Submissions close at 14:00 in New York from Monday to Friday, before 2017 at 16:00; what comes later, or on a
        weekend, belongs to the next working day. Friday's are announced on Sunday.
        """
        local = submitted.astimezone(NEW_YORK)
        day = local.date()
        if local.time() >= (_CLOSING if day >= _CLOSES_EARLIER_SINCE else _FORMER_CLOSING):
            day += _DAY
        while is_weekend(day):
            day += _DAY
        day += 3 * _DAY if day.weekday() == _FRIDAY else _DAY
        while not self.is_listing_date(day):
            day += _DAY
        return day

    def newest_expected(self, now: datetime) -> date:
        """The newest listing date that arXiv should be showing at the instant ``now``."""
        return self.latest(announced_date(now))

    def latest(self, day: date) -> date:
        """The newest listing date up to ``day``."""
        while not self.is_listing_date(day):
            day -= _DAY
        return day

    def is_pause(self, now: datetime) -> bool:
        """Whether neither today in New York nor the announcement in force at ``now`` has a listing."""
        return not self.is_listing_date(today(now)) and not self.is_listing_date(announced_date(now))

    def newest_overdue(self, now: datetime) -> date:
        """The newest listing date that is overdue, unless it is there, at the instant ``now``."""
        newest = self.newest_expected(now)
        return newest if is_overdue(newest, now) else self.newest_expected(expected_at(newest) - _DAY / 24)

    def listing_dates(self, first: date, last: date) -> Iterator[date]:
        """Yield the listing dates from ``first`` to ``last``, both included."""
        for offset in range((last - first).days + 1):
            day = first + offset * _DAY
            if self.is_listing_date(day):
                yield day

    def lacking(self, first: date, last: date, known: Iterable[date]) -> list[date]:
        """Return the listing dates from ``first`` to ``last`` that are not among those ``known``, the oldest first."""
        return [day for day in self.possible(first, last, known) if self.is_listing_date(day)]

    def possible(self, first: date, last: date, known: Iterable[date]) -> list[date]:
        """Return the weekdays that are not among those ``known``, and the weekends that were corrected, too."""
        # By their numbers (that of a Sunday is divisible by 7), for of thousands few are left to be looked at.
        others = set(range(first.toordinal(), last.toordinal() + 1)).difference(map(date.toordinal, known))
        corrected = set(map(date.toordinal, self.corrections))
        return [date.fromordinal(one) for one in sorted(others) if one % 7 not in (6, 0) or one in corrected]


def period_heading(when: date, period: str) -> str:
    """Return what heads the papers of a date, or of the week that is called by it."""
    return f"week to {heading_date(when)}" if period == "week" else heading_date(when)


def is_weekend(day: date) -> bool:
    """Whether ``day`` is a Saturday or Sunday, for which arXiv plans no listing."""
    return day.weekday() >= _SATURDAY


def announced_date(now: datetime) -> date:
    """The date that a listing announced last at the instant ``now`` would bear: from 20:00 on, tomorrow's."""
    local = now.astimezone(NEW_YORK)
    return local.date() + (_DAY if local.time() >= _ANNOUNCED else timedelta())


def expected_at(day: date) -> datetime:
    """When the listing of ``day`` goes out: 20:00 in New York on the evening before."""
    return datetime.combine(day - _DAY, _ANNOUNCED, NEW_YORK)


def is_overdue(day: date, now: datetime) -> bool:
    """Whether the listing of ``day`` should long be there: from noon in New York on ``day``."""
    return now >= datetime.combine(day, _OVERDUE, NEW_YORK)


def today(now: datetime) -> date:
    """New York's calendar date at the instant ``now``."""
    return now.astimezone(NEW_YORK).date()
