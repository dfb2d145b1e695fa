"""The stored days → the archive's README: the newest digests, and where all of them are."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from digest.calendar import Calendar, heading_date
from digest.config.paths import year_index_path
from digest.model import DaySummary, Hit, Section
from digest.render.environment import compile_template, render
from digest.render.index import PathOf, absence, remark, shortage, sizes, years_of
from digest.render.markdown import is_web_address

_NEWEST = 7


@dataclass(frozen=True)
class NewestHits:
    """The newest papers of a view, and where its digest of a date lies, relative to the output folder."""

    view: str
    hits: Sequence[Hit]
    path_of: Callable[[date], str]


def root_index(  # noqa: PLR0913  # all but the first two are named
    source: str,
    days: Mapping[str, Sequence[DaySummary]],
    *,
    known: Calendar,
    starts: Mapping[str, date | None],
    lost: Mapping[str, Collection[date]],
    path_of: PathOf,
    newest: NewestHits | None = None,
    kept: Collection[str] | None = None,
) -> str:
    """Return the generated part of the archive's README: a table of one category, a grid of several.

    Args:
        source: the template's text.
        days: the stored days of each category, oldest first.
        known: which listing dates exist.
        starts: from when on each category has to be whole.
        lost: the dates that a person gave up, by category.
        path_of: where a day's digest lies.
        newest: what a view shows, if there is one.
        kept: the categories that are still asked for; None: all.
    """
    stored = {category: list(found) for category, found in days.items() if found}
    by_date = {name: {day.date: day for day in found} for name, found in stored.items()}
    grid = _Grid(by_date, known, starts, lost, path_of, kept)
    context = {
        "view": {"name": newest.view, "newest": [_hit(hit, newest.path_of) for hit in newest.hits]} if newest else None,
        "grid": grid.rows() if len(stored) > 1 else [],
        "categories": [
            {
                "name": name,
                "newest": [_row(day, path_of) for day in reversed(found[-_NEWEST:])],
                "years": _years(found, starts.get(name)),
            }
            for name, found in stored.items()
        ],
    }
    text = render(compile_template(source, "index.md.j2"), "index.md.j2", context)
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


def _years(stored: Sequence[DaySummary], start: date | None) -> list[dict[str, Any]]:
    category, years = stored[0].category, reversed(years_of(stored, start))
    return [{"name": year, "link": quote(year_index_path(category, year))} for year in years]


def _row(day: DaySummary, path_of: PathOf) -> dict[str, Any]:
    return {
        "heading_date": heading_date(day.date),
        "link": quote(path_of(day.category, day.date)),
        "new": day.counts[Section.NEW],
        "cross": day.counts[Section.CROSS],
        "replacement": day.counts[Section.REPLACEMENT],
        "state": ", ".join(filter(None, (day.state.value, shortage(day)))),
    }


@dataclass(frozen=True)
class _Grid:
    """The newest dates that are stored of any category, a row a date, a column a category."""

    stored: Mapping[str, Mapping[date, DaySummary]]
    known: Calendar
    starts: Mapping[str, date | None]
    lost: Mapping[str, Collection[date]]
    path_of: PathOf
    kept: Collection[str] | None

    def rows(self) -> list[dict[str, Any]]:
        dates = sorted({when for days in self.stored.values() for when in days}, reverse=True)[:_NEWEST]
        return [
            {"heading_date": heading_date(when), "cells": [self._cell(category, when) for category in self.stored]}
            for when in dates
        ]

    def _cell(self, category: str, when: date) -> str:
        """Return what is here of a date: once arXiv announced one category, it has announced all."""
        days = self.stored[category]
        day = days.get(when)
        if day is not None:
            return f"[{sizes(day)}]({quote(self.path_of(category, when))}){remark(day)}"
        start, lost = self.starts.get(category), self.lost.get(category, ())
        # Of a category that is kept no longer, nothing is missing after its last day.
        is_over = self.kept is not None and category not in self.kept and when > max(days)
        is_expected = when in lost or (start is not None and min(days) < when >= start and not is_over)
        return absence(when, lost) if is_expected and self.known.is_listing_date(when) else ""
