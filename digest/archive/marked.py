"""What a view shows by one's own marks: the marks, the texts that a model learns from, the papers in its order."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from digest.archive.snapshot import Snapshot
from digest.config.settings import Config, View, excludes
from digest.disk.files import read_regular
from digest.errors import ConfigError
from digest.model import Announcement, ArxivId, Day, DaySummary, Hit, Paper, Section
from digest.model.marks import LEAST_MARKS, Marks, RankedHits, Ranking
from digest.views import finder, hits
from digest.views.marks import ENDINGS, joined, parse_marks
from digest.views.ranking import MODEL, Rank, rank, require_library, text_of

BACKGROUND = 600
"""By so many of the papers before it a list is told what is common: of a week or two."""

_MOST_BYTES = 50_000_000
_SHOWN_HASH = 12
_LATE = timedelta(days=7)  # of the next month, on which papers of a month are still announced
_TITLE = 80


class Archive(Protocol):
    """What is asked of an archive: ranking is one of its parts, and needs no more of it."""

    config: Config

    @property
    def snapshot(self) -> Snapshot:
        """What is known."""

    def papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """Return those of these papers that the database has, by ids."""

    def day(self, category: str, when: date) -> Day | None:
        """Return a stored day."""


def read_marks(config: Config, place: str) -> Marks:
    """Read the marks of a file, or of all files in a folder that end as marks do.

    Raises:
        ConfigError: there are none, they cannot be read, or they are damaged.
    """
    path = config.folder / place
    try:
        files = sorted(one for one in path.iterdir() if one.name.lower().endswith(ENDINGS)) if path.is_dir() else [path]
        found = [parse_marks(_read(one), str(one)) for one in files]
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: expected marks, found no file; `digest mark ID` begins one") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if not files:
        raise ConfigError(f"{path}: expected files of marks ({', '.join(ENDINGS)}), found none")
    return joined(found)


def _read(path: Path) -> bytes:
    data = read_regular(path, _MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path}: expected at most {_MOST_BYTES // 1_000_000} MB of marks, found more")
    return data


def shown_hits(archive: Archive, view: View, when: date, days: Sequence[Day]) -> Sequence[Hit]:
    """Return what ``view`` shows of the ``days`` of a date; ``RankedHits``, if it is a ranked one.

    Raises:
        ConfigError: its marks cannot be read, or are damaged.
        UsageError: scikit-learn is not installed.
    """
    if not view.rank:
        return hits(view, days)
    return Ranker(archive, view).hits(when, days)


def ranked_finder(archive: Archive, view: View) -> Callable[[Announcement], tuple[str, ...]]:
    """Return what tells why a view shows an announcement, as ``views.finder`` does, by the ranking of its date.

    Raises:
        ConfigError, UsageError: as ``shown_hits``.
    """
    if not view.rank:
        return finder(view)
    ranker = Ranker(archive, view)

    @lru_cache(maxsize=4)
    def of_date(when: date) -> dict[tuple[str, date, str], tuple[str, ...]]:
        days = filter(None, (archive.day(name, one) for one in view.dates_with(when) for name in view.categories))
        return {_place(hit.announcement): hit.reasons for hit in ranker.hits(when, [*days])}

    return lambda one: of_date(view.date_of(one.date)).get(_place(one), ())


def _place(one: Announcement) -> tuple[str, date, str]:
    return one.category, one.date, str(one.paper.arxiv_id)


class Ranker:
    """Orders the papers of a view by its marks, as they are now.

    Raises:
        ConfigError, UsageError: as ``shown_hits``.
    """

    def __init__(self, archive: Archive, view: View) -> None:
        self._archive, self._view = archive, view
        self.marks = read_marks(archive.config, view.rank)
        if len(self.marks.wanted) >= LEAST_MARKS:
            require_library()
        by_date = archive.snapshot.by_date
        self._stored = [
            (when, [by_date[when][name] for name in view.categories if name in by_date[when]])
            for when in reversed([*by_date])
        ]
        self._dates = [when for when, _ in self._stored]

    @cached_property
    def ranking(self) -> Ranking:
        """By what papers are ordered."""
        return Ranking(len(self.marks.wanted), len(self._wanted), self.marks.hash[:_SHOWN_HASH], MODEL)

    def key(self, when: date) -> str:
        """Return a hash of all that orders the papers of a date or week, besides themselves."""
        background = [day.content_hash for day in self._background(when)]
        return sha256(json.dumps([MODEL, self.marks.hash, *background]).encode()).hexdigest()

    def hits(self, when: date, days: Sequence[Day], *, without_marked: bool = False) -> RankedHits:
        """Return what the view shows of ``days``, the best first; where marks are too few, what its words pick.

        ``when``: the model learns what is common from what was announced before. ``without_marked``: only papers that
        were not marked yet.
        """
        view, marked = self._view, {*self.marks.wanted, *self.marks.unwanted}
        if self.ranking.is_cold:
            return RankedHits(hits(view, days), self.ranking)
        keeping_out = tuple(one for one in view.keywords if isinstance(one, str) and excludes(one))
        all_of_it = hits(replace(view, keywords=keeping_out, authors=()), days)
        listed = [
            hit.announcement for hit in all_of_it if not (without_marked and _key(hit.announcement.paper) in marked)
        ]
        wanted = [*self._wanted.values()]
        texts = [text_of(one.paper) for one in listed]
        ranks = rank(texts, [*map(text_of, wanted)], [*map(text_of, self._others(when))], view.top)
        picks = bool(view.authors or len(keeping_out) < len(view.keywords))
        why = finder(view) if picks else lambda _one: ()
        found = [
            Hit(listed[one.place], (*_reasons(one, wanted), *why(listed[one.place])))
            for one in ranks
            if one.score >= view.threshold
        ]
        return RankedHits(found, self.ranking)

    @cached_property
    def _wanted(self) -> dict[str, Paper]:
        return papers_of(self._archive, self.marks.wanted)

    def _others(self, when: date) -> list[Paper]:
        """Return papers that are not wanted: those that were marked so, and what came before a date."""
        marked = {*self.marks.wanted, *self.marks.unwanted}
        found = {_key(paper): paper for paper in self._announced(self._background(when))}
        common = [paper for one, paper in found.items() if one not in marked]
        return [*papers_of(self._archive, self.marks.unwanted).values(), *common[:BACKGROUND]]

    def _background(self, when: date) -> Iterator[DaySummary]:
        """Yield the newest stored days before a date, or its week, that together have enough papers."""
        size, before = 0, self._view.dates_with(when)[0] - timedelta(days=1)
        for _, days in reversed(self._stored[: bisect_right(self._dates, before)]):
            if size >= BACKGROUND:
                return
            size += sum(day.size - day.counts.get(Section.REPLACEMENT, 0) for day in days)
            yield from days

    def _announced(self, days: Iterable[DaySummary]) -> Iterator[Paper]:
        for summary in days:
            day = self._archive.day(summary.category, summary.date)
            for entry in day.entries if day else ():
                if entry.section is not Section.REPLACEMENT and entry.paper.abstract:
                    yield entry.paper


def papers_of(archive: Archive, ids: Iterable[str]) -> dict[str, Paper]:
    """Return those of these papers that are stored, each as it was first announced with its abstract, by ids.

    In a fresh clone, they are looked for in the records of the months in which they were announced.
    """
    found = archive.papers([*ids])
    lacking = {one for one in ids if one not in found}
    for day in archive.snapshot.unloaded if lacking else ():
        months = {(day.date.year, day.date.month), ((day.date - _LATE).year, (day.date - _LATE).month)}
        near = {one for one in lacking if _month(one) in months}
        stored = archive.day(day.category, day.date) if near else None
        for entry in stored.entries if stored else ():
            if (one := _key(entry.paper)) in near and entry.paper.abstract:
                found.setdefault(one, entry.paper)
    return dict(sorted(found.items()))


def _month(one: str) -> tuple[int, int]:
    parsed = ArxivId.parse(one)
    return parsed.year, parsed.month


def _key(paper: Paper) -> str:
    return paper.arxiv_id.without_class


def _reasons(one: Rank, wanted: Sequence[Paper]) -> Iterator[str]:
    """Yield why a paper stands where it does, in words for its reader."""
    yield f"score {one.score:.2f}"
    if one.words:
        yield f"words {', '.join(one.words)}"
    for place in one.nearest:
        yield f"like {_shortened(wanted[place].title)} ({wanted[place].arxiv_id})"


def _shortened(title: str) -> str:
    words = " ".join(title.split())
    return f'"{words if len(words) <= _TITLE else words[: _TITLE - 1].rstrip() + "…"}"'
