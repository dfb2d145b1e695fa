"""The pages of categories: days, months, years; and the first page."""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import groupby, islice

from digest.archive.annotated import inputs_of
from digest.archive.products import Product
from digest.archive.site.frame import Frame, by_neighbours, category_path, day_path
from digest.archive.site.views import ShownView
from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES, is_weekend
from digest.model import DaySummary, Section
from digest.render.digest import contents_of_day
from digest.render.indexes import CategoryDays
from digest.render.site import (
    Link,
    Revised,
    Turning,
    counted,
    day_says,
    listing,
    long_date,
    papers,
    short_date,
    titles,
)

_ON_FIRST_PAGE = 60  # titles of a category's newest day
_OF_VIEW = 8  # titles of a view's newest date
_RECENT = 10  # days before

# Days


def listings(frame: Frame) -> Iterator[Product]:
    """Yield the page of each day, the newest first."""
    turnings = {
        name: by_neighbours([day.date for day in days], lambda when, name=name: _day_link(name, when))  # type: ignore[misc]
        for name, days in frame.days.items()
    }
    for when, days in frame.by_date.items():
        for name, day in days.items():
            turning = Turning(*turnings[name][when], category_path(name))
            path = day_path(name, when)
            again = frame.came_again.get((name, when), frozenset())
            inputs = [day.content_hash, *turning.inputs, sorted(again), *inputs_of(frame.archive, when)]
            yield frame.page(path, inputs, partial(_listing, frame, day, path, turning, again))


def _day_link(category: str, when: date) -> Link:
    return Link(day_path(category, when), short_date(when))


def _listing(frame: Frame, day: DaySummary, path: str, turning: Turning, again: frozenset[str]) -> bytes:
    stored = frame.read(day.category, day.date)
    hidden = [section for section in Section if section not in frame.sections]
    unshown = [one for one in contents_of_day(stored, hidden).entries if one.id in again]
    contents = contents_of_day(stored, frame.sections)
    return listing(frame.site, path, contents, turning, Revised(again, unshown))


# Months, years, the category


@dataclass(frozen=True)
class _Category:
    """A category, and which of its days are here or should be."""

    frame: Frame
    name: str

    @cached_property
    def known(self) -> CategoryDays:
        snapshot, days = self.frame.archive.snapshot, self.frame.days[self.name]
        lost, start = snapshot.ledger.losses_of(self.name), snapshot.start(self.name)
        return CategoryDays(self.name, days, snapshot.calendar, start, lost, day_path)

    @cached_property
    def months(self) -> dict[date, list[DaySummary]]:
        """Its days by the first of their month, the oldest first."""
        days = self.frame.days[self.name]
        return {first: list(its) for first, its in groupby(days, lambda day: day.date.replace(day=1))}

    def gaps(self, first: date, last: date) -> dict[date, str]:
        """Return the dates of which something should be here and is not, and what they are called."""
        dates = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
        return {when: words for when in dates if self.known.is_gap(when) and (words := self.known.absence(when))}

    def lines(self, days: Iterable[DaySummary], gaps: Mapping[date, str]) -> list[Link]:
        """Return a line for each of ``days`` and ``gaps``, the oldest first."""
        found = {day.date: self._line(day) for day in days}
        found |= {when: Link("", short_date(when), words) for when, words in gaps.items()}
        return [found[when] for when in sorted(found)]

    def _line(self, day: DaySummary) -> Link:
        words = counted(day.counts, self.frame.sections)
        says = [*filter(None, [words]), *([] if day.is_proven and words else [day.state.value])]
        says += [f"{day.shortage} not listed"] * bool(day.shortage)
        return Link(day_path(self.name, day.date), short_date(day.date), ", ".join(says))

    def total(self, days: Iterable[DaySummary]) -> str:
        """Return what these days have together."""
        days = list(days)
        return counted({section: sum(day.counts[section] for day in days) for section in Section}, self.frame.sections)

    def month_path(self, when: date) -> str:
        """Return the page of a month."""
        return f"{category_path(self.name)}{when:%Y-%m}/"

    def year_path(self, year: int) -> str:
        """Return the page of a year."""
        return f"{category_path(self.name)}{year}/"


def category_pages(frame: Frame, name: str) -> Iterator[Product]:
    """Yield the pages of a category's months and years, and its own."""
    one = _Category(frame, name)
    yield from _month_pages(frame, one)
    yield from _year_pages(frame, one)
    days = frame.days[name]
    years = [(year, list(its)) for year, its in groupby(one.months, lambda first: first.year)]
    context = {
        "category": name,
        "counts": f"{len(days):,} days, {days[0].date} to {days[-1].date}",
        "newest": Link(day_path(name, days[-1].date), f"{short_date(days[-1].date)} {days[-1].date.year}"),
        "years": [
            {
                "name": year,
                "says": one.total(day for first in firsts for day in one.months[first]),
                "months": [_tile(one, first) for first in firsts],
            }
            for year, firsts in reversed(years)
        ],
    }
    yield _page(frame, "category.html", category_path(name), context)


def _page(
    frame: Frame, template: str, path: str, context: Mapping[str, object], turning: Turning | None = None
) -> Product:
    """Return a page that is made of nothing but ``context``, in plain values."""
    shown = dict(context) | (turning.context() if turning else {})
    return frame.page(path, [repr(shown)], partial(frame.site.page, template, path, shown))


def _tile(one: _Category, first: date) -> Link:
    size = sum(day.counts[section] for day in one.months[first] for section in one.frame.sections)
    return Link(one.month_path(first), MONTH_NAMES[first.month - 1], papers(size))


def _month_pages(frame: Frame, one: _Category) -> Iterator[Product]:
    turnings = by_neighbours(
        [*one.months], lambda first: Link(one.month_path(first), f"{MONTH_NAMES[first.month - 1]} {first.year}")
    )
    for first, days in one.months.items():
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        context = {
            "category": one.name,
            "year": first.year,
            "month_name": MONTH_NAMES[first.month - 1],
            "counts": one.total(days),
            "days": one.lines(days, one.gaps(first, last)),
        }
        yield _page(frame, "month.html", one.month_path(first), context, Turning(*turnings[first]))


def _year_pages(frame: Frame, one: _Category) -> Iterator[Product]:
    years = sorted({first.year for first in one.months})
    turnings = by_neighbours(
        [date(year, 1, 1) for year in years], lambda first: Link(one.year_path(first.year), str(first.year))
    )
    for year in years:
        days = [day for first, its in one.months.items() if first.year == year for day in its]
        gaps = one.gaps(date(year, 1, 1), date(year, 12, 31))
        width = 7 if any(is_weekend(day.date) for day in days) else 5
        months = sorted({when.month for when in (*(day.date for day in days), *gaps)})
        context = {
            "category": one.name,
            "year": year,
            "counts": f"{len(days):,} days, {one.total(days)}",
            "weekdays": WEEKDAY_NAMES[:width],
            "months": [_month(one, date(year, month, 1), width, gaps) for month in months],
            "remarks": one.lines([day for day in days if not day.is_proven or day.shortage], gaps),
        }
        yield _page(frame, "year.html", one.year_path(year), context, Turning(*turnings[date(year, 1, 1)]))


def _month(one: _Category, first: date, width: int, gaps: Mapping[date, str]) -> dict[str, object]:
    def cell(when: date) -> dict[str, object]:
        if when.month != first.month:
            return {"number": "", "path": "", "state": "", "says": ""}
        day = one.known.days.get(when)
        if day is None:
            return {"number": when.day, "path": "", "state": "", "says": gaps.get(when, "")}
        says, path = day_says(day, one.frame.sections), day_path(one.name, when)
        return {"number": when.day, "path": path, "state": day.state.value, "says": says}

    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    rows = [[cell(when) for when in week[:width]] for week in weeks]
    return {
        "name": MONTH_NAMES[first.month - 1],
        "path": one.month_path(first) if first in one.months else "",
        "weeks": [row for row in rows if any(one["number"] for one in row)],
    }


# The first page


def home(frame: Frame, views: Sequence[ShownView]) -> Product:
    """Return the first page: the newest titles of views and categories, and the ways to all else."""
    newest = next(iter(frame.by_date), None)
    recent = [
        {
            "name": f"{short_date(when)} {when.year}",
            "listings": [Link(day_path(name, when), name, day_says(day, frame.sections)) for name, day in days.items()],
        }
        for when, days in islice(frame.by_date.items(), 1, _RECENT + 1)
    ]
    last = {name: days[-1] for name, days in frame.days.items()}
    of_views = [(one, next(iter(one.counts.items()))) for one in views if one.counts]
    inputs = [
        str(newest),
        repr(recent),
        [(name, str(day.date), day.content_hash) for name, day in last.items()],
        [
            (one.path, str(when), number, [day.content_hash for day in one.dates[when]])
            for one, (when, number) in of_views
        ],
        [one.rules for one, _ in of_views],
    ]

    def make() -> bytes:
        context = {
            "long_date": long_date(newest) if newest else "",
            "description": f"The newest of {', '.join(frame.days)} on arXiv." if frame.days else "",
            "views": [_newest_of_view(one, when, number) for one, (when, number) in of_views],
            "listings": [_newest_of(frame, day) for day in last.values()],
            "recent": recent,
            "calendars": [Link(category_path(name), name) for name in frame.days],
        }
        return frame.site.page("home.html", "", context)

    return frame.page("", inputs, make)


def _newest_of(frame: Frame, day: DaySummary) -> dict[str, object]:
    path, contents = (
        day_path(day.category, day.date),
        contents_of_day(frame.read(day.category, day.date), frame.sections),
    )
    shown = titles(contents.entries[:_ON_FIRST_PAGE], path)
    return {
        "name": day.category,
        "path": path,
        "says": f"{short_date(day.date)} · {counted(day.counts, frame.sections) or day.state.value}",
        "papers": shown,
        "all": f"all {papers(len(contents.entries))}" if len(contents.entries) > 1 else "it",
    }


def _newest_of_view(one: ShownView, when: date, number: int) -> dict[str, object]:
    return {
        "name": one.view.name,
        "path": one.path,
        "says": f"{one.link(when).name} · {papers(number)}",
        "papers": titles(one.contents(when).entries[:_OF_VIEW], one.date_path(when)),
        "more": number > _OF_VIEW,
    }
