"""The stored days → the archive's README, which shows the newest, and one README a category and year."""

import calendar
import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES, Calendar, heading_date, is_weekend
from digest.config.paths import year_index_path
from digest.model import DaySummary, Hit, Section, State, Unfiled
from digest.render.markdown import code_urls
from digest.render.templates import render

RENDERER = 1
"""Raised when the same values give another index than before."""

NOTHING = "Nothing is stored yet."
"""The whole index of such an archive, as ``digest init`` writes it."""

_HYPHENATED = {
    "missing": "miss&shy;ing",
    "deferred": "de&shy;ferred",
    "provisional": "pro&shy;vi&shy;sion&shy;al",
    "imported": "im&shy;port&shy;ed",
    "reconstructed": "re&shy;con&shy;struct&shy;ed",
}
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

    def shown(self) -> dict[str, Any]:
        """Return what the template is given of them."""
        papers = [
            {
                "title": one.paper.title,
                "abstract_url": one.paper.abstract_url,
                "heading_date": heading_date(one.date),
                "link": quote(self.path_of(one.date)),
                "code_urls": code_urls(one.paper)[:1],
            }
            for one in (hit.announcement for hit in self.hits)
        ]
        return {"name": self.view, "newest": papers}


@dataclass(frozen=True)
class CategoryDays:
    """What the indexes show of one category: its stored days, and which others there should be.

    ``stored``: its days, the oldest first; gaps show only between the first and the last.
    ``known``: which listing dates exist.
    ``start``: from when on the archive has to be whole; what is not stored before it is no gap.
    ``lost``: the dates that a person gave up.
    ``path_of``: where a day's digest lies.
    ``is_kept``: whether it is still asked for.
    ``unfiled``: what is told of days that the database alone has.
    """

    name: str
    stored: Sequence[DaySummary]
    known: Calendar
    start: date | None
    lost: Collection[date]
    path_of: PathOf
    is_kept: bool = True
    unfiled: Unfiled | None = None

    @cached_property
    def days(self) -> Mapping[date, DaySummary]:
        """The stored days by their dates."""
        return {day.date: day for day in self.stored}

    @property
    def years(self) -> list[int]:
        """The years that have an index: those with a stored day, and since ``start`` the gaps between them."""
        years = sorted(self._by_year)
        gaps = [range(first, last) for first, last in pairwise(years) if last - first <= _LONGEST_GAP]
        between = {year for gap in gaps for year in gap if self.start and year >= self.start.year}
        return sorted({*years, *between})

    def is_gap(self, when: date) -> bool:
        """Whether nothing is stored of a date between the first and the last, and something was to be."""
        is_asked_for = when in self.lost or (self.start is not None and when >= self.start)
        return is_asked_for and self.stored[0].date < when < self.stored[-1].date and when not in self.days

    def absence(self, when: date) -> str:
        """Return what a listing date is called that should be stored and is not; "" if there is no listing of it."""
        return "" if not self.known.is_listing_date(when) else "lost" if when in self.lost else "missing"

    @cached_property
    def _by_year(self) -> Mapping[int, list[DaySummary]]:
        found: dict[int, list[DaySummary]] = defaultdict(list)
        for day in self.stored:
            found[day.date.year].append(day)
        return found

    def told_of(self, year: int) -> list[object]:
        """Return all that the index of a year is made from; it is much less work than the index.

        A day is told by the hash of its record, which has whatever an index shows of it.
        """
        days = self._by_year[year]
        stored = [day.content_hash or _told(day) for day in days]
        first, last = max(self.stored[0].date, date(year, 1, 1)), min(self.stored[-1].date, date(year, 12, 31))
        others = self.known.possible(first, last, [day.date for day in days])
        return [self.name, year, stored, [(str(when), self.absence(when)) for when in others if self.is_gap(when)]]

    def shown(self) -> dict[str, Any]:
        """Return a category's name and its years, the newest first."""
        links = [{"name": year, "link": quote(year_index_path(self.name, year))} for year in reversed(self.years)]
        return {"name": self.name, "years": links}

    def listing(self, when: date) -> dict[str, str]:
        """Return what is here of a date, with a link if it is stored; ``says`` is "" if nothing was to be."""
        day = self.days.get(when)
        if day is not None:
            says = ", ".join([_sizes(day), *_remarks(day)])
            return {"name": self.name, "link": quote(self.path_of(self.name, when)), "says": says}
        first, last = self.stored[0].date, self.stored[-1].date
        # Of a category that is kept no longer, nothing is missing after its last day.
        is_over = not self.is_kept and when > last
        # Once arXiv announced one category, it has announced all.
        is_asked_for = self.start is not None and first < when >= self.start and not is_over
        says = self.absence(when) if when in self.lost or is_asked_for else ""
        return {"name": self.name, "link": "", "says": says}


def _told(day: DaySummary) -> list[object]:
    return [str(day.date), day.state, *map(dict, (day.declared, day.counts))]


def year_index(source: str, year: int, category: CategoryDays) -> str:
    """Return the generated part of a category's and year's README, by the template ``source``: a row a week."""
    dates = [date(year, 1, 1) + timedelta(days=offset) for offset in range(366 if calendar.isleap(year) else 365)]
    months = [_month(category, year, month) for month in range(1, 13)]
    context = {
        "root": quote(posixpath.relpath("README.md", posixpath.dirname(year_index_path(category.name, year)))),
        "stored": sum(when.year == year for when in category.days),
        "missing": sum(category.is_gap(when) and category.absence(when) == "missing" for when in dates),
        "months": [month for month in months if month["weeks"]],
    }
    return render(source, "year.md.j2", context)


def _month(category: CategoryDays, year: int, month: int) -> dict[str, Any]:
    folder = posixpath.dirname(year_index_path(category.name, year))

    def cell(when: date) -> str:
        day = category.days.get(when)
        if when.month != month:
            return ""
        if day is None:
            is_shown = category.is_gap(when) and not is_weekend(when)
            return f"{when.day}<br>{_small(category.absence(when) or 'deferred')}" if is_shown else ""
        link = quote(posixpath.relpath(category.path_of(category.name, when), folder))
        return "<br>".join([f"[{when.day}]({link})", _sizes(day), *map(_small, _remarks(day))])

    weeks = calendar.Calendar().monthdatescalendar(year, month)
    # arXiv lists nothing on weekends: a column stands for them only in a month that has such a day all the same.
    width = 7 if any(cell(when) for week in weeks for when in week[5:]) else 5
    rows = [[cell(when) for when in week[:width]] for week in weeks]
    return {
        "name": MONTH_NAMES[month - 1],
        "weekdays": [name[:3] for name in WEEKDAY_NAMES[:width]],
        "weeks": [row for row in rows if any(row)],
    }


def newest_listings(categories: Sequence[CategoryDays]) -> dict[str, Any]:
    """Return what the archive's README shows of its listings.

    It is a table of the newest dates; categories without any day are left out.
    """
    named, categories = categories, [category for category in categories if category.stored]
    dates = sorted({day.date for category in categories for day in category.stored[-_NEWEST:]}, reverse=True)[:_NEWEST]
    listings = {when: [one.listing(when) for one in categories] for when in dates}
    days = [
        {"heading_date": heading_date(when), "listings": [one for one in found if one["says"]]}
        for when, found in listings.items()
    ]
    unfiled = [(one.name, *map(str, one.unfiled)) for one in named if one.unfiled]
    reconstructed = [dict(zip(("name", "days", "first", "last"), one, strict=True)) for one in unfiled]
    return {"days": days, "categories": [one.shown() for one in categories], "reconstructed": reconstructed}


def root_index(source: str, categories: Sequence[CategoryDays], newest: NewestHits | None = None) -> str:
    """Return the generated part of the archive's README, by the template ``source``, and with what a view shows.

    Where nothing is stored, it says so.
    """
    context = {"view": newest.shown() if newest else None, **newest_listings(categories)}
    text = render(source, "index.md.j2", context).strip() or NOTHING
    # A title that spells a marker would be taken for it by the next run; markdown shows this as a blank.
    return text.replace("<!-- digest:", "<!--&#32;digest:")


def _sizes(day: DaySummary) -> str:
    """Return how many new submissions and cross-lists a stored day has."""
    return f"{day.counts[Section.NEW]} + {day.counts[Section.CROSS]}"


def _small(remark: str) -> str:
    """Return a remark so that five of them beside one another fit a phone: in small type, and hyphenated there."""
    return f"<sub>{_HYPHENATED.get(remark, remark)}</sub>"


def _remarks(day: DaySummary) -> Iterator[str]:
    """Yield what is to be said of a day: how well it is known, if it is not complete; what arXiv does not list."""
    if day.state is not State.COMPLETE:
        yield day.state.value
    if day.shortage:
        yield f"{day.shortage} not listed"
