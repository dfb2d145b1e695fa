"""Papers → the files in which the site's search finds them. docs/SITE-SEARCH.md describes the format.

The papers of a year's days are cut into segments, which never change once later ones have begun: a new day costs the
last segment. A segment has papers in small files, words in small files by the alphabet, and beside each of these the
positions of its words, which only phrases need. A browser gets a few of each.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter

from digest.markup import readable
from digest.model import Announcement, Paper, Section
from digest.render.unicode import in_unicode

FORMAT = 1
"""Raised when the same papers give other files than before."""

ROOM = 8192
"""So many announcements a segment has at most, if no day has more."""

_IN_FILE = 16  # papers
_SHARD = 6000  # bytes of words; a file may be longer by one word
_LONGEST = 64  # letters of a word; of a longer one, so many are searched
_NAMES = 3  # of the authors
_FARTHEST = 2100  # words from one of a text to the next one that is the same; a phrase is not looked for beyond
_FIELDS = ("title", "authors", "abstract", "comments")

Words = Callable[[str], tuple[Sequence[str], Sequence[tuple[int, str]]]]
"""A text → its words as an index knows them, and those that a hyphen parts, as one, with the position of each."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of one year that are searched together; ``path`` is that of its folder, ``days`` are their numbers."""

    path: str
    days: range


def segments_of(sizes: Sequence[tuple[date, int]]) -> list[Segment]:
    """Return how days are cut into segments, each given by its date and size, the oldest first.

    A later day never moves an older cut.
    """
    found: list[Segment] = []
    year, number, first, room, place = 0, 0, 0, 0, 0
    # What is of one date stays together.
    for when, its in groupby(sizes, itemgetter(0)):
        of_date = [size for _, size in its]
        is_new_year, is_full = when.year != year, sum(of_date) > room
        if is_new_year or is_full:
            found += [Segment(f"{year}/{number}", range(first, place))] * bool(place)
            number, room, first = (0 if is_new_year else number + 1), ROOM, place
        year, room, place = when.year, room - sum(of_date), place + len(of_date)
    return [*found, Segment(f"{year}/{number}", range(first, place))] if sizes else []


def catalogue(segments: Iterable[tuple[str, str, date, date]]) -> bytes:
    """Return the file that a search begins with: of each segment its path, version, first and last date."""
    rows = [[path, version, str(first), str(last)] for path, version, first, last in segments]
    return _json({"format": FORMAT, "segments": sorted(rows, key=lambda row: row[2], reverse=True)})


def segment_files(
    announcements: Iterable[Announcement], version: str, page: Callable[[str, date], str], words: Words
) -> dict[str, bytes]:
    """Return the files of a segment by name.

    ``version`` (eight hexadecimal digits) stands in all of them, so that a browser notices if one is of another day.
    ``page`` gives the path of the page that shows a category's day, ``words`` those of a text.
    """
    shown = _once(announcements)
    index = _Index(len(shown))
    for number, one in enumerate(shown):
        index.add(number, one.paper, words)
    cuts, files = [], dict[str, bytes]()
    for number, (first, of_words, positions) in enumerate(index.shards()):
        cuts.append(first)
        files[f"w{number}.bin"] = bytes.fromhex(version) + of_words
        files[f"p{number}.bin"] = bytes.fromhex(version) + positions
    files["c.bin"] = bytes.fromhex(version) + index.conditions()
    for number, begin in enumerate(range(0, len(shown), _IN_FILE)):
        files[f"d{number}.json"] = _papers(shown[begin : begin + _IN_FILE], version, page)
    days = [*Counter(str(one.date) for one in shown).items()]
    return {"head.json": _json({"v": version, "days": days, "in_file": _IN_FILE, "words": cuts})} | files


def _once(announcements: Iterable[Announcement]) -> list[Announcement]:
    """Return each text of each paper once, as it was announced first; the last one is the one to be shown first.

    A text of a later date comes after an older one; those of one date stand as its listings have them, from the end.
    """
    texts: dict[tuple[object, ...], tuple[int, Announcement]] = {}
    given = list(enumerate(announcements))
    for place, one in sorted(given, key=lambda placed: (placed[1].date, [*Section].index(placed[1].section))):
        paper = one.paper
        key = (paper.arxiv_id, paper.title, paper.abstract, paper.authors, paper.comments, paper.categories)
        texts.setdefault(key, (-place, one))
    return [one for _, one in sorted(texts.values(), key=lambda placed: (placed[1].date, placed[0]))]


def _papers(shown: Sequence[Announcement], version: str, page: Callable[[str, date], str]) -> bytes:
    days = list(dict.fromkeys((page(one.category, one.date), str(one.date), one.category) for one in shown))
    rows = [
        [
            days.index((page(one.category, one.date), str(one.date), one.category)),
            str(one.paper.arxiv_id),
            one.section,
            in_unicode(one.paper.title),
            _names(one.paper.authors),
        ]
        for one in shown
    ]
    return _json({"v": version, "days": days, "papers": rows})


def _names(authors: Sequence[str]) -> str:
    more = len(authors) - _NAMES
    return ", ".join(authors[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class _Postings:
    """Where one word is in one field: the numbers of papers, ascending, and the positions in each."""

    papers: list[int] = field(default_factory=list)
    positions: bytearray = field(default_factory=bytearray)


class _Index:
    """The words of a segment's papers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._fields: list[dict[str, _Postings]] = [{} for _ in _FIELDS]
        self._conditions: dict[str, list[int]] = {}

    def add(self, number: int, paper: Paper, words: Words) -> None:
        """Add a paper; they come in the order of their numbers."""
        texts = (paper.title, ", ".join(paper.authors), readable(paper.abstract or ""), readable(paper.comments or ""))
        for name, known, text in zip(_FIELDS, self._fields, texts, strict=True):
            plain, joined = words(text)
            where: dict[str, list[int]] = {}
            for position, word in enumerate(plain):
                where.setdefault(word, []).append(position)
            for position, word in joined if name != "authors" else ():
                where.setdefault(word, []).append(position)
            for word, positions in where.items():
                postings = known.get(word)
                if postings is None:
                    postings = known[word] = _Postings()
                postings.papers.append(number)
                _add_positions(postings.positions, positions)
        for key in {*paper.categories, *(f"has:{link.kind}" for link in paper.links)}:
            self._conditions.setdefault(key.lower(), []).append(number)

    def shards(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the first word of each file, the file, and that of the positions."""
        found, places, first, last = bytearray(), bytearray(), "", b""
        # As JavaScript compares strings.
        for word in sorted(set().union(*self._fields), key=lambda word: word.encode("utf-16-be")):
            if len(found) > _SHARD:
                yield first, bytes(found), bytes(places)
                found, places, first, last = bytearray(), bytearray(), word, b""
            postings = [known.get(word) for known in self._fields]
            name = word[:_LONGEST].encode()
            last = self._add_word(found, last, name, [one.papers if one else [] for one in postings])
            for one in postings:
                places += one.positions if one else b""
        yield first, bytes(found), bytes(places)

    def conditions(self) -> bytes:
        """Return the papers of each category and those that have each kind of links, in the form of words."""
        found, last = bytearray(), b""
        for name, papers in sorted(self._conditions.items()):
            last = self._add_word(found, last, name.encode(), [papers])
        return bytes(found)

    def _add_word(self, found: bytearray, last: bytes, name: bytes, fields: Sequence[Sequence[int]]) -> bytes:
        """Add a word, without what it begins with as the ``last`` one, and its papers in each field; return it."""
        shared = next((at for at, (one, other) in enumerate(zip(last, name, strict=False)) if one != other), len(last))
        shared = min(shared, len(name))
        found += bytes((shared, len(name) - shared))
        found += name[shared:]
        found.append(sum(1 << number for number, papers in enumerate(fields) if papers))
        for papers in filter(None, fields):
            self._add_papers(found, papers)
        return name

    def _add_papers(self, found: bytearray, papers: Sequence[int]) -> None:
        """Add how many there are and the steps between them, or 0 and a bit for each paper: what is shorter."""
        steps = bytearray()
        _add_number(steps, len(papers))
        last = -1
        for one in papers:
            _add_number(steps, one - last - 1)
            last = one
        if len(steps) <= (self._size + 7) // 8:
            found += steps
            return
        bits = bytearray((self._size + 7) // 8)
        for one in papers:
            bits[one >> 3] |= 1 << (one & 7)
        found.append(0)
        found += bits


def _add_positions(found: bytearray, positions: list[int]) -> None:
    """Add the steps between positions, each doubled, the last one plus 1: in one byte up to 239, else in two."""
    if len(positions) == 1 and positions[0] < 119:  # as most of them
        found.append(positions[0] * 2 + 1)
        return
    positions.sort()
    last, end = 0, len(positions) - 1
    for number, one in enumerate(positions):
        step = min(one - last, _FARTHEST) * 2 + (number == end)
        if step < 240:
            found.append(step)
        else:
            found += bytes((240 + (step - 240 >> 8), step - 240 & 255))
        last = one


def _add_number(found: bytearray, number: int) -> None:
    """Add seven bits a byte, the lowest first; all bytes but the last have the eighth."""
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
