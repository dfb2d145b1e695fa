"""SQLite's words for PostgreSQL: the same tokens by construction, because an index in memory makes them.

Of a text it makes what a ``tsvector`` holds, of a query a ``tsquery``; PostgreSQL's hits it shows as those of SQLite.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from digest.model import Clause, Phrase, Term
from digest.store.plain import MADE_BY, SEARCH_INDEX, SEARCHED, VIEWS, created

REVISION = (
    *("id", "arxiv_id", "title", "authors", "abstract", "comments"),
    *("authors_text", "abstract_text", "comments_text", "place"),
)
"""The columns of a revision that the index is made of, and what is shown of a hit; JSON is read as text."""

_MADE_OF = (
    f"CREATE TABLE revision ({', '.join(REVISION)})",
    "CREATE UNIQUE INDEX revision_place ON revision (place)",
    "CREATE TABLE day (id, category, date)",
    "CREATE TABLE entry (day_id, arxiv_id, section, revision_id)",
    created({"revision_plain": VIEWS["revision_plain"]})[0],
    MADE_BY,
    f"CREATE VIRTUAL TABLE found USING fts5vocab({SEARCH_INDEX}, instance)",
    "CREATE VIRTUAL TABLE typed USING fts5(words, tokenize='unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE typed_words USING fts5vocab(typed, instance)",
)

_TEXTS = "title, authors, abstract, comments"
_ADD = f"INSERT INTO {SEARCH_INDEX} (rowid, {_TEXTS}) SELECT place, {_TEXTS} FROM {SEARCHED} WHERE place = ?"  # noqa: S608

# The authors come last: the limits of a tsvector (https://www.postgresql.org/docs/current/textsearch-limitations.html)
# take the place of words from the end of the longest lists alone.
_WEIGHTS = {"title": "A", "abstract": "C", "comments": "D", "authors": "B"}
_GAP = 2  # between texts, so that no phrase goes from one into the next
_LAST = 16383
_MOST_OF_A_WORD = 255
_LONGEST = 2046  # bytes


class Tokens:
    """An index in memory, with SQLite's tokenizer."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None)
        for statement in _MADE_OF:
            self.raw.execute(statement)

    def close(self) -> None:
        """Forget the index."""
        self.raw.close()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add revisions, of each the values of ``REVISION``; one that is there stays as it is."""
        marks = ", ".join("?" * len(REVISION))
        self.raw.execute("BEGIN")  # else each of them would be a piece of the index, to be joined with the others
        for row in rows:
            done = self.raw.execute(f"INSERT OR IGNORE INTO revision VALUES ({marks})", row)  # noqa: S608 - our own names
            if done.rowcount:
                self.raw.execute(_ADD, (row[-1],))
        self.raw.execute("COMMIT")

    def vectors(self) -> Iterator[tuple[int, str]]:
        """Yield the place of each revision that was added, and its words as a ``tsvector`` is written."""
        words = self.raw.execute("SELECT doc, term, col, offset FROM found")
        by_place: defaultdict[int, list[tuple[str, str, int]]] = defaultdict(list)
        for place, *word in words:
            by_place[place].append((word[0], word[1], word[2]))
        for (place,) in self.raw.execute("SELECT place FROM revision ORDER BY place"):
            yield place, _vector(by_place[place])

    def query(self, part: Term | Clause) -> str:
        """Return a ``tsquery`` that finds what SQLite finds by the same words; "" if that is nothing."""
        if isinstance(part, Term):
            weight = _WEIGHTS.get(part.field, "")
            return _joined(" | ", [self._phrase(phrase, weight) for phrase in part.phrases + part.torn])
        parts = [self.query(one) for one in part.parts]
        asked = "" if not part.is_any and "" in parts else _joined(" | " if part.is_any else " & ", parts)
        excluded = _joined(" | ", [self.query(one) for one in part.excluded])
        return f"({asked} & !{excluded})" if asked and excluded else asked

    def _phrase(self, phrase: Phrase, weight: str) -> str:
        self.raw.execute("DELETE FROM typed")
        self.raw.execute("INSERT INTO typed (words) VALUES (?)", (phrase.words,))
        words = [_quoted(word) for (word,) in self.raw.execute("SELECT term FROM typed_words ORDER BY offset")]
        if not words:
            return ""
        ends = [weight] * (len(words) - 1) + [f"*{weight}" if phrase.goes_on else weight]
        return _joined(" <-> ", [f"{word}:{end}" if end else word for word, end in zip(words, ends, strict=True)])


def _joined(operator: str, parts: Sequence[str]) -> str:
    some = [part for part in parts if part]
    return f"({operator.join(some)})" if len(some) > 1 else "".join(some)


def _quoted(word: str) -> str:
    """Return a word as PostgreSQL reads it; of one that is too long for it, the beginning."""
    short = word.encode()[:_LONGEST].decode(errors="ignore") if len(word) * 4 > _LONGEST else word
    return "'" + short.replace("\\", "\\\\").replace("'", "''") + "'"


def _vector(words: Sequence[tuple[str, str, int]]) -> str:
    sizes = dict.fromkeys(_WEIGHTS, 0)
    for _, column, offset in words:
        sizes[column] = max(sizes[column], offset + 1)
    starts, start = {}, 1
    for column, size in sizes.items():
        starts[column] = start
        start += size + _GAP
    lexemes = []
    for word, its in groupby(words, itemgetter(0)):
        places = sorted((starts[column] + offset, _WEIGHTS[column]) for _, column, offset in its)
        if places[-1][0] > _LAST or len(places) > _MOST_OF_A_WORD:
            places = _kept(places)
        lexemes.append(f"{_quoted(word)}:{','.join(f'{place}{weight}' for place, weight in places)}")
    return " ".join(lexemes)


def _kept(places: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the places that a ``tsvector`` holds of a word: the first ones; of what is too far back, the last one."""
    near = [one for one in places if one[0] < _LAST][:_MOST_OF_A_WORD]
    weights = {weight for _, weight in near}
    return near + [(_LAST, weight) for _, weight in places[-1:] if weight not in weights]
