"""The stored days → the indexes: the archive's README, and one README a category and year."""

import calendar
import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES, Calendar, is_weekend
from digest.model import DaySummary, Hit, Section, State
from digest.render.environment import compile_template, heading_date, render
from digest.render.markdown import is_web_address

BEGIN = "<!-- digest:begin -->"
END = "<!-- digest:end -->"

_NEWEST = 7
_LONGEST_GAP = 10  # years; beyond, one of the two days has an absurd date

PathOf = Callable[[str, date], str]
"""Category and date → the digest's path, relative to the output folder."""


@dataclass(frozen=True)
class NewestHits:
    """The newest papers of a view, and where its digest of a date lies, relative to the output folder."""

    view: str
    hits: Sequence[Hit]
    path_of: Callable[[date], str]


def year_index_path(category: str, year: int) -> str:
    """Return the path of the index of one category and year."""
    return f"{category}/{year}/README.md"


def merge_into(existing: str | None, title: str, generated: str) -> str | None:
    """Put ``generated`` between the markers of an ``existing`` README, or into a new one under ``title``.

    Returns None if the README has no pair of markers: it is somebody's own, and stays as it is.
    """
    block = f"{BEGIN}\n{generated.strip()}\n{END}"
    if existing is None:
        return f"# {title}\n\n{block}\n"
    before, begin, rest = existing.partition(BEGIN)
    inside, end, after = rest.partition(END)
    if not begin or not end or BEGIN in inside + after or END in after:
        return None
    return before + block + after


def root_index(
    source: str, days: Mapping[str, Sequence[DaySummary]], path_of: PathOf, newest: NewestHits | None = None
) -> str:
    """Return the generated part of the archive's README.

    Args:
        source: the template's text.
        days: the stored days of each category, oldest first.
        path_of: where a day's digest lies.
        newest: what a view shows, if there is one.
    """
    categories = [
        {
            "name": category,
            "newest": [_row(day, path_of) for day in reversed(stored[-_NEWEST:])],
            "years": [
                {"name": year, "link": quote(year_index_path(category, year))} for year in reversed(years_of(stored))
            ],
        }
        for category, stored in days.items()
        if stored
    ]
    view = {"name": newest.view, "newest": [_hit(hit, newest.path_of) for hit in newest.hits]} if newest else None
    text = render(compile_template(source, "index.md.j2"), "index.md.j2", {"view": view, "categories": categories})
    # A title that spells a marker would be taken for it by the next run; markdown shows this as a blank.
    return text.replace("<!-- digest:", "<!--&#32;digest:")


def _hit(hit: Hit, path_of: Callable[[date], str]) -> dict[str, Any]:
    one = hit.announcement
    codes = [link.url for link in one.paper.links if link.kind == "code" and is_web_address(link.url)]
    return {
        "title": one.paper.title,
        "abstract_url": one.paper.abstract_url,
        "heading_date": heading_date(one.date),
        "link": quote(path_of(one.date)),
        "code_urls": codes[:1],
    }


def years_of(stored: Sequence[DaySummary]) -> list[int]:
    """Return the years that have an index: those with a stored day, and gaps between them that a person may fill."""
    years = sorted({day.date.year for day in stored})
    gaps = [(first, last) for first, last in pairwise(years) if last - first <= _LONGEST_GAP]
    return sorted({*years, *(year for first, last in gaps for year in range(first, last))})


def _row(day: DaySummary, path_of: PathOf) -> dict[str, Any]:
    return {
        "heading_date": heading_date(day.date),
        "link": quote(path_of(day.category, day.date)),
        "new": day.counts[Section.NEW],
        "cross": day.counts[Section.CROSS],
        "replacement": day.counts[Section.REPLACEMENT],
        "state": day.state.value,
    }


@dataclass(frozen=True)
class _Year:
    category: str
    year: int
    days: Mapping[date, DaySummary]
    first: date
    last: date
    calendar: Calendar
    lost: Collection[date]
    path_of: PathOf


def year_index(  # noqa: PLR0913  # all but the first three are named
    source: str,
    year: int,
    stored: Sequence[DaySummary],
    *,
    known: Calendar,
    lost: Collection[date],
    path_of: PathOf,
) -> str:
    """Return the generated part of one category's and year's README: a calendar, a row a week.

    Args:
        source: the template's text.
        year: the year.
        stored: all stored days of one category, oldest first; gaps show only between the first and the last.
        known: which listing dates exist.
        lost: the dates that a person gave up.
        path_of: where a day's digest lies.
    """
    days = {day.date: day for day in stored}
    view = _Year(stored[0].category, year, days, stored[0].date, stored[-1].date, known, lost, path_of)
    months = [_month(view, month) for month in range(1, 13)]
    context = {
        "root": quote(posixpath.relpath("README.md", posixpath.dirname(year_index_path(view.category, year)))),
        "stored": sum(day.year == year for day in days),
        "missing": sum(_is_missing(view, day) and day not in lost for day in _days_of(year)),
        "months": [month for month in months if month],
    }
    return render(compile_template(source, "year.md.j2"), "year.md.j2", context)


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=offset) for offset in range(366 if calendar.isleap(year) else 365)]


def _month(view: _Year, month: int) -> dict[str, Any] | None:
    weeks = calendar.Calendar().monthdatescalendar(view.year, month)
    weekdays = range(7 if any(_is_weekend_stored(view, day, month) for week in weeks for day in week) else 5)
    cells = [[_cell(view, week[weekday], month) for weekday in weekdays] for week in weeks]
    shown = [week for week in cells if any(week)]
    if not shown:
        return None
    return {
        "name": MONTH_NAMES[month - 1],
        "weekdays": [WEEKDAY_NAMES[weekday][:3] for weekday in weekdays],
        "weeks": shown,
    }


def _is_weekend_stored(view: _Year, day: date, month: int) -> bool:
    return is_weekend(day) and day.month == month and day in view.days


def _is_missing(view: _Year, day: date) -> bool:
    inside = view.first < day < view.last
    return inside and day not in view.days and view.calendar.is_listing_date(day)


def _cell(view: _Year, day: date, month: int) -> str:
    if day.month != month or not view.first <= day <= view.last:
        return ""
    stored = view.days.get(day)
    if stored is not None:
        return _stored_cell(view, stored)
    if is_weekend(day):
        return ""
    missing = "lost" if day in view.lost else "missing"
    return f"{day.day}<br>{missing if _is_missing(view, day) else 'deferred'}"


def _stored_cell(view: _Year, day: DaySummary) -> str:
    folder = posixpath.dirname(year_index_path(view.category, view.year))
    link = quote(posixpath.relpath(view.path_of(view.category, day.date), folder))
    state = "" if day.state is State.COMPLETE else f"<br>{day.state.value}"
    return f"[{day.date.day}]({link})<br>{day.counts[Section.NEW]} + {day.counts[Section.CROSS]}{state}"
