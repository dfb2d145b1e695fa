"""What a search asks of SQLite's full-text index. What a person typed goes in as values, or as phrases in quotes."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any

from digest.model import MATCH, Clause, Condition, Found, Phrase, Query, Section, Term
from digest.store.places import places_of
from digest.store.plain import ABSTRACT, AUTHORS
from digest.store.rows import require
from digest.store.search import SEARCH_INDEX

_WORDS = 32
"""So long is an excerpt; FTS5 makes none of more than 64."""

_WORDS_OF_NAMES = 16
_BY_RANK = "AND rank MATCH 'bm25(4.0, 2.0, 1.0, 1.0)' ORDER BY rank"
"""A word in the title counts four times as much as one in the abstract, one in a name twice."""

_BEGIN, _END = (f"char({ord(one)})" for one in MATCH)
_SHOWN = ", ".join(
    [
        "revision.id, revision.arxiv_id, revision.title, revision.authors",
        f"highlight({SEARCH_INDEX}, 0, {_BEGIN}, {_END})",
        *(
            f"snippet({SEARCH_INDEX}, {column}, {_BEGIN}, {_END}, '…', {words})"
            for column, words in ((1, _WORDS_OF_NAMES), (2, _WORDS), (3, _WORDS))
        ),
    ]
)
_UNMARKED = (
    f"revision.id, revision.arxiv_id, revision.title, revision.authors, revision.title, {AUTHORS}, {ABSTRACT}, ''"
)
_WITH_WORDS = f"{SEARCH_INDEX} CROSS JOIN revision ON revision.place = {SEARCH_INDEX}.rowid"
_WITH_ONE = f"SELECT rowid FROM {SEARCH_INDEX} WHERE {SEARCH_INDEX} MATCH ?"  # noqa: S608 - our own names
_FIRST_ANNOUNCED = """
SELECT category, date, section FROM entry JOIN day ON day.id = day_id
WHERE entry.arxiv_id = ? AND revision_id = ?
ORDER BY date, section = 'replacement', section = 'cross', day.id LIMIT 1"""
_ANNOUNCED = (
    "JOIN entry ON entry.arxiv_id = revision.arxiv_id AND revision_id = revision.id JOIN day ON day.id = day_id"
)


def find(raw: sqlite3.Connection, query: Query, *, ranked: bool, limit: int) -> list[Found]:
    """Return the papers that a query finds, each once: the newest first, or (``ranked``) those that suit it best.

    What has a word in one piece suits better than what has it torn.
    """
    rows: Iterator[Sequence[Any]]
    if query.text is None:
        asked, values = _asked(query, "")
        rows = map(_shortened, raw.execute(f"SELECT {_UNMARKED} {asked} ORDER BY revision.place DESC", values))
        return list(islice(_papers(raw, rows), limit))
    torn, whole = _expression(query.text), _expression(query.text, torn=False)
    if not ranked:
        rows = _rows(raw, query, torn, f"ORDER BY {SEARCH_INDEX}.rowid DESC")
    else:
        rows = _rows(raw, query, whole, _BY_RANK)
        if torn != whole:
            rows = chain(rows, _rows(raw, query, f"({torn}) NOT ({whole})", _BY_RANK))
    return list(islice(_papers(raw, rows), limit))


def find_announcements(raw: sqlite3.Connection, query: Query) -> set[tuple[str, date, str]]:
    """Return the category, date and id of all announcements whose texts a query finds."""
    asked, values = _asked(query, _expression(query.text) if query.text else "", _ANNOUNCED)
    rows = raw.execute(f"SELECT category, date, revision.arxiv_id {asked}", values)
    return {(category, date.fromisoformat(when), arxiv_id) for category, when, arxiv_id in rows}


def _rows(raw: sqlite3.Connection, query: Query, expression: str, order: str) -> Iterator[Sequence[Any]]:
    """Yield rows as SQLite finds them, and no more of them than are taken."""
    asked, values = _asked(query, expression)
    # "yield from" would close the cursor in the end, be its database closed before.
    for row in raw.execute(f"SELECT {_SHOWN} {asked} {order}", values):  # noqa: UP028
        yield row


def _asked(query: Query, expression: str, joined: str = "") -> tuple[str, list[object]]:
    """Return what a query asks in SQL, and the values in it: whatever was typed is one of these."""
    place = f"{SEARCH_INDEX}.rowid" if expression else "revision.place"
    is_so = [f"{SEARCH_INDEX} MATCH ?" if expression else "revision.place IS NOT NULL"]
    values: list[object] = [expression] if expression else []
    if query.excluded:
        is_so.append(f"revision.place NOT IN ({_WITH_ONE})")
        values.append(" OR ".join(map(_expression, query.excluded)))
    for condition in query.conditions:
        words, its = _condition(condition, place)
        is_so.append(f"NOT {words}" if condition.excludes else words)
        values += its
    return f"FROM {_WITH_WORDS if expression else 'revision'} {joined} WHERE {' AND '.join(is_so)}", values


def _condition(condition: Condition, place: str) -> tuple[str, list[object]]:
    """Return a condition in SQL, and its values."""
    values = condition.values
    if condition.kind == "announced":
        first, last = (date.fromisoformat(value) if value else None for value in values)
        ends = (places_of(first or date.min).start, places_of(last or date.max).stop - 1)
        return f"({place} BETWEEN ? AND ?)", [*ends]
    if condition.kind == "category":
        # An archive, such as "cs", is all of its categories; some have none, such as "hep-th".
        parts = [form for name in values for form in (f'"{name}"', *(() if "." in name else (f'"{name}.',)))]
        is_any = " OR ".join("instr(lower(revision.categories), ?)" for _ in parts)
        return f"({is_any})", [part.lower() for part in parts]
    links = "SELECT 1 FROM link WHERE revision_id = revision.id AND kind = ? AND instr(lower(url), ?)"
    return f"EXISTS ({links})", [value.lower() for value in values]


def _expression(part: Term | Clause, *, torn: bool = True) -> str:
    """Return what FTS5 is asked (https://www.sqlite.org/fts5.html, 3); ``torn``: torn words count, too."""
    if isinstance(part, Term):
        phrases = " OR ".join(map(_quoted, part.phrases + (part.torn if torn else ())))
        return f"{part.field} : ({phrases})" if part.field else f"({phrases})"
    parts = (" OR " if part.is_any else " AND ").join(_expression(one, torn=torn) for one in part.parts)
    # What must not be there is left out in whatever form, also where only whole words are asked for.
    excluded = " OR ".join(map(_expression, part.excluded))
    return f"(({parts}) NOT ({excluded}))" if excluded else f"({parts})"


def _quoted(phrase: Phrase) -> str:
    words = phrase.words.replace('"', '""')
    return f'"{words}"{"*" if phrase.goes_on else ""}'


def _papers(raw: sqlite3.Connection, rows: Iterator[Sequence[Any]]) -> Iterator[Found]:
    """Yield each paper once, as it comes first."""
    seen = set()
    for number, arxiv_id, title, authors, marked_title, marked_authors, abstract, comments in rows:
        announced = raw.execute(_FIRST_ANNOUNCED, (arxiv_id, number)).fetchone()
        if arxiv_id in seen or announced is None:
            continue
        seen.add(arxiv_id)
        category, when, section = announced
        names = json.loads(authors)
        require(list, names)
        require(str, title, marked_title, marked_authors, *filter(None, (abstract, comments)), *names)
        is_in_comments = MATCH[0] in (comments or "") and MATCH[0] not in (abstract or "")
        yield Found(
            category,
            date.fromisoformat(when),
            Section(section),
            arxiv_id,
            title,
            tuple(names),
            marked_title,
            marked_authors,
            (comments if is_in_comments else abstract) or "",
        )


def _shortened(row: Sequence[Any]) -> Sequence[Any]:
    """Return a row of which FTS5 has made no excerpts."""
    *others, authors, abstract, comments = row
    return (*others, _beginning(authors, _WORDS_OF_NAMES), _beginning(abstract or "", _WORDS), comments)


def _beginning(text: str, words: int) -> str:
    several = text.split(" ", words)
    return f"{' '.join(several[:words])}…" if len(several) > words else text
