"""The stored days → one README a category and year, and how any README is put together with what is there."""

import calendar
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES, Calendar, is_weekend
from digest.config.paths import year_index_path
from digest.model import DaySummary, Section, State
from digest.render.environment import compile_template, render

BEGIN = "<!-- digest:begin -->"
END = "<!-- digest:end -->"

_LONGEST_GAP = 10  # years; beyond, one of the two days has an absurd date

PathOf = Callable[[str, date], str]
"""Category and date → the digest's path, relative to the output folder."""


def merge_into(existing: str | None, title: str, generated: str) -> str | None:
    """Put ``generated`` between the markers of an ``existing`` README, or into a new one under ``title``.

    Returns None if the README has no pair of markers: it is somebody's own, and stays as it is.
    """
    block = _block(generated)
    if existing is None:
        return f"# {title}\n\n{block}\n"
    before, begin, rest = existing.partition(BEGIN)
    inside, end, after = rest.partition(END)
    if not begin or not end or BEGIN in inside + after or END in after:
        return None
    return before + block + after


def _block(generated: str) -> str:
    return f"{BEGIN}\n{generated.strip()}\n{END}"


def has_markers(text: str) -> bool:
    """Whether a README has one pair of markers, in their order, and no other marker."""
    return text.count(BEGIN) == text.count(END) == 1 and text.index(BEGIN) < text.index(END)


def is_beside_markers(text: str, generated: str) -> bool:
    """Whether more of what is generated stands outside of a README's markers than between them."""
    inside = generated_part(text)
    ours = {line.strip() for line in generated.splitlines()} - {""}
    counts = [sum(line.strip() in ours for line in part.splitlines()) for part in (inside, text)]
    return counts[1] > 2 * counts[0] and counts[1] >= len(ours) // 2


def shows_its_origin(text: str, generated: str) -> bool:
    """Whether a README has a marker, and half of what is generated now: nobody else wrote that."""
    ours = {line.strip() for line in generated.splitlines()} - {""}
    found = ours & {line.strip() for line in text.splitlines()}
    return (BEGIN in text or END in text) and len(found) >= max(2, len(ours) // 2)


def generated_part(text: str) -> str:
    """Return what stands between the markers of a README."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def mend_markers(damaged: str, generated: str, former: str = "") -> str | None:
    """Put ``generated`` back into a README that lost its pair of markers; a person's text around it stays.

    Of several pairs one stays. Where no pair is left, the generated part is told by its lines, those that it has now
    or may have had in the ``former`` one. Returns None if nothing in the README is like them.
    """
    # Markers on lines of their own: an editor may have joined them with others.
    parted = _MARKER.sub(r"\n\g<0>\n", damaged) if _JOINED.search(damaged) else damaged
    lines = parted.splitlines(keepends=True)
    ours = {line.strip() for line in (*generated.splitlines(), *former.splitlines())} - {""}
    pairs = list(_pairs(lines))
    if pairs:
        first, last = max(pairs, key=lambda pair: sum(line.strip() in ours for line in lines[slice(*pair)]))
        dropped = {place for pair in pairs for place in range(*pair)}
        dropped |= {place for place, line in enumerate(lines) if _MARKER.fullmatch(line.strip())}
    else:
        places = [place for place, line in enumerate(lines) if line.strip() in ours or _is_like_marker(line)]
        found = {lines[place].strip() for place in places}
        if not any(map(_is_like_marker, found)) and len(found) < max(2, len(ours) // 3):
            return None
        first, last = places[0], places[-1] + 1
        if last == len(lines) - 1 and any(line.startswith(lines[last].strip()) for line in ours):
            last += 1  # of a text that was cut
        dropped = set()
    before = [line for place, line in enumerate(lines[:first]) if place not in dropped]
    after = [line for place, line in enumerate(lines[last:], last) if place not in dropped]
    while ours & {line.strip() for line in before[-2:]}:  # what a marker in a wrong place left outside
        before.pop()
    while ours & {line.strip() for line in after[:2]}:
        del after[0]
    return f"{''.join(before)}{_block(generated)}\n{''.join(after)}"


_MARKER = re.compile(f"{BEGIN}|{END}")
_JOINED = re.compile(f"[^\n](?:{BEGIN}|{END})|(?:{BEGIN}|{END})[^\n]")
_ALIKE = 0.7


def _pairs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where each whole pair of markers begins, and what comes after it."""
    markers = [(place, line.strip()) for place, line in enumerate(lines) if _MARKER.fullmatch(line.strip())]
    for (first, one), (last, other) in pairwise(markers):
        if (one, other) == (BEGIN, END):
            yield first, last + 1


def _is_like_marker(line: str) -> bool:
    """Whether a line is a marker, or what damage leaves of one."""
    name = line.strip(" <>!-\r\n").lower()
    is_alike = any(SequenceMatcher(None, name, marker.strip(" <>!-")).ratio() > _ALIKE for marker in (BEGIN, END))
    return is_alike and ("<" in line or ">" in line or "--" in line)


def years_of(stored: Sequence[DaySummary], start: date | None) -> list[int]:
    """Return the years that have an index: those with a stored day, and since ``start`` the gaps between them."""
    years = sorted({day.date.year for day in stored})
    gaps = [(first, last) for first, last in pairwise(years) if last - first <= _LONGEST_GAP]
    between = {year for first, last in gaps for year in range(first, last) if start and year >= start.year}
    return sorted({*years, *between})


@dataclass(frozen=True)
class _Year:
    category: str
    year: int
    days: Mapping[date, DaySummary]
    first: date
    last: date
    calendar: Calendar
    start: date | None
    lost: Collection[date]
    path_of: PathOf


def year_index(  # noqa: PLR0913  # all but the first three are named
    source: str,
    year: int,
    stored: Sequence[DaySummary],
    *,
    known: Calendar,
    start: date | None,
    lost: Collection[date],
    path_of: PathOf,
) -> str:
    """Return the generated part of one category's and year's README: a calendar, a row a week.

    Args:
        source: the template's text.
        year: the year.
        stored: all stored days of one category, oldest first; gaps show only between the first and the last.
        known: which listing dates exist.
        start: from when on the archive has to be whole; what is not stored before it is no gap.
        lost: the dates that a person gave up.
        path_of: where a day's digest lies.
    """
    days = {day.date: day for day in stored}
    view = _Year(stored[0].category, year, days, stored[0].date, stored[-1].date, known, start, lost, path_of)
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
    return _is_told(view, day) and day not in view.days and view.calendar.is_listing_date(day)


def _is_told(view: _Year, day: date) -> bool:
    """Whether it is told what became of a day that is not stored."""
    return view.first < day < view.last and (day in view.lost or (view.start is not None and day >= view.start))


def _cell(view: _Year, day: date, month: int) -> str:
    if day.month != month:
        return ""
    stored = view.days.get(day)
    if stored is not None:
        return _stored_cell(view, stored)
    if is_weekend(day) or not _is_told(view, day):
        return ""
    return f"{day.day}<br>{absence(day, view.lost) if _is_missing(view, day) else 'deferred'}"


def _stored_cell(view: _Year, day: DaySummary) -> str:
    folder = posixpath.dirname(year_index_path(view.category, view.year))
    link = quote(posixpath.relpath(view.path_of(view.category, day.date), folder))
    return f"[{day.date.day}]({link})<br>{sizes(day)}{remark(day)}"


def absence(when: date, lost: Collection[date]) -> str:
    """Return what a listing date is called that should be stored and is not."""
    return "lost" if when in lost else "missing"


def sizes(day: DaySummary) -> str:
    """Return how many new submissions and cross-lists a stored day has."""
    return f"{day.counts[Section.NEW]} + {day.counts[Section.CROSS]}"


def remark(day: DaySummary) -> str:
    """Return what a cell says below its counts: how well the day is known, if it is not complete; what it lacks."""
    state = "" if day.state is State.COMPLETE else f"<br>{day.state.value}"
    return f"{state}<br>{shortage(day)}" if day.shortage else state


def shortage(day: DaySummary) -> str:
    """Return how many entries arXiv counts and does not list; "" if it lists all."""
    return f"{day.shortage} not listed" if day.shortage else ""
