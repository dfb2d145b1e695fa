"""Marks: where they are, how one is made; what they recommend of stored days; what is like a paper. Offline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.marked import Ranker, papers_of
from digest.archive.products import day_reader
from digest.config.settings import Config, View
from digest.disk.files import held_folder, new_file, read_regular
from digest.errors import ConfigError, StoreError, UsageError
from digest.model import Day, DaySummary, Found, Paper
from digest.model.marks import RankedHits
from digest.views.marks import edited, parse_marks
from digest.views.ranking import common_words, nearest, text_of
from digest.views.search import parse_query

DEFAULT = "marks.txt"
"""Where marks are, beside the configuration, unless a view says otherwise."""

_CANDIDATES = 300
_ASKED = 24


def ranked_view(config: Config, chosen: View | None, marks: str | None) -> View:
    """Return by which view papers are recommended: the ``chosen`` one, the first ranked one, or one of all papers.

    ``marks``: the file or folder of the marks, if a person named one.
    """
    all_of_it = View("recommend", config.arxiv.categories, config.digest.sections, rank=DEFAULT)
    view = chosen or next((one for one in config.views if one.rank), all_of_it)
    return replace(view, rank=marks or view.rank or DEFAULT)


def file_of_marks(config: Config, view: View) -> Path:
    """Return the file in which marks are made: that of the view, or ``marks.txt`` in its folder.

    Raises:
        UsageError: the view is ranked by what another program writes.
    """
    path = config.folder / view.rank
    if path.is_dir():
        return path / DEFAULT
    if path.suffix.lower() in (".bib", ".ris"):
        words = "another program writes it; let rank name a folder with it, and marks.txt will lie beside it"
        raise UsageError(f"{path}: expected a text of marks: {words}")
    return path


def mark(path: Path, signs: Mapping[str, str], titles: Mapping[str, str]) -> bool:
    """Give papers their signs, "+", "-" or "" for none, in the file of marks; return whether that changed it.

    Raises:
        ConfigError: the file is damaged, or cannot be read.
        StoreError: it cannot be written.
    """
    with held_folder(path.parent):
        return _mark(path, signs, titles)


def _mark(path: Path, signs: Mapping[str, str], titles: Mapping[str, str]) -> bool:
    try:
        data = read_regular(path)
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    known = parse_marks(data, str(path))
    before = {**dict.fromkeys(known.wanted, "+"), **dict.fromkeys(known.unwanted, "-")}
    changed = {one: sign for one, sign in signs.items() if before.get(one, "") != sign}
    if not changed:
        return False
    text = edited(data.decode("utf-8-sig"), changed, titles)
    if path.is_symlink():
        raise StoreError(f"{path}: expected a plain file to write marks to, found a symbolic link")
    with new_file(path) as fresh:
        fresh.write_text(text, encoding="utf-8", newline="")
    return True


def titles_of(archive: Archive, ids: Iterable[str]) -> dict[str, str]:
    """Return the titles of those of these papers that are stored, by ids."""
    return {one: paper.title for one, paper in papers_of(archive, ids).items()}


@dataclass(frozen=True)
class Recommended:
    """What is recommended, of which days (the newest first)."""

    hits: RankedHits
    days: Sequence[Day]


def recommend(archive: Archive, view: View, days: Sequence[DaySummary]) -> Recommended:
    """Return what the marks of ``view`` put first of these days; papers that are marked are left out.

    Raises:
        ConfigError: the marks cannot be read, or are damaged.
        UsageError: scikit-learn is not installed.
    """
    read, ranker = day_reader(archive), Ranker(archive, view)
    ordered = sorted(days, key=lambda day: day.date, reverse=True)
    whole = [read(day.category, day.date) for day in ordered]
    first = min((day.date for day in days), default=date.min)
    if ranker.ranking.is_cold and not (view.keywords or view.authors):
        return Recommended(RankedHits((), ranker.ranking), whole)
    return Recommended(ranker.hits(first, whole, without_marked=True), whole)


@dataclass(frozen=True)
class Alike:
    """A paper like another one: where it is stored, how alike they are from 0 to 1, and the words they share."""

    found: Found
    score: float
    words: tuple[str, ...]


def similar(archive: Archive, paper: Paper, limit: int) -> list[Alike]:
    """Return the stored papers that are most like one, the most alike first.

    The full-text index finds the candidates, by the words that the paper has most.

    Raises:
        UsageError: scikit-learn is not installed, or the database cannot be searched.
    """
    words = common_words(paper, _ASKED)
    if not words:
        return []
    query = parse_query(" OR ".join(f'"{word}"' for word in words))
    own = paper.arxiv_id.without_class
    found = {one.arxiv_id: one for one in archive.find(query, ranked=True, limit=_CANDIDATES)}
    papers = {one: other for one, other in papers_of(archive, found).items() if one != own}
    listed = [one for one in found if one in papers]
    ranks = nearest(text_of(paper), [text_of(papers[one]) for one in listed], limit)
    return [Alike(found[listed[one.place]], one.score, one.words) for one in ranks]
