"""What a search asks of SQLite's full-text index. What a person typed goes in as values, or as phrases in quotes.

PostgreSQL's hits are read in the same way, from an index of them alone (see ``server_search.py``).
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from typing import Any

from digest.model import MATCH, Clause, Condition, Found, Phrase, Query, Section, Term
from digest.store.places import places_of
from digest.store.plain import ABSTRACT, AUTHORS, SEARCH_INDEX
from digest.store.rows import require

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
    else:
        order = _BY_RANK if ranked else f"ORDER BY {SEARCH_INDEX}.rowid DESC"
        rows = chain.from_iterable(_rows(raw, query, one, order) for one in wordings(query.text, ranked=ranked))
    return list(islice(papers(raw, rows), limit))


def wordings(text: Clause, *, ranked: bool) -> list[Clause]:
    """Return what is asked one after the other: all at once or, ranked, words in one piece first, then torn ones."""
    whole = _in_one_piece(text)
    return [whole, Clause((text,), (whole,))] if ranked and whole != text else [text]


def _in_one_piece(clause: Clause) -> Clause:
    # What must not be there is left out in whatever form, also where only whole words are asked for.
    parts = (_in_one_piece(one) if isinstance(one, Clause) else replace(one, torn=()) for one in clause.parts)
    return replace(clause, parts=tuple(parts))


def find_announcements(raw: sqlite3.Connection, query: Query) -> set[tuple[str, date, str]]:
    """Return the category, date and id of all announcements whose texts a query finds."""
    asked, values = _asked(query, expression(query.text) if query.text else "", _ANNOUNCED)
    rows = raw.execute(f"SELECT category, date, revision.arxiv_id {asked}", values)
    return {(category, date.fromisoformat(when), arxiv_id) for category, when, arxiv_id in rows}


def _rows(raw: sqlite3.Connection, query: Query, text: Clause, order: str) -> Iterator[Sequence[Any]]:
    """Yield rows as SQLite finds them, and no more of them than are taken."""
    asked, values = _asked(query, expression(text))
    # "yield from" would close the cursor in the end, be its database closed before.
    for row in raw.execute(f"SELECT {_SHOWN} {asked} {order}", values):  # noqa: UP028
        yield row


def shown(raw: sqlite3.Connection, text: Clause | None, place: int) -> Sequence[Any] | None:
    """Return the row in a place as it is shown to who asks for ``text``; None if that does not stand there."""
    if text is None:
        rows = raw.execute(f"SELECT {_UNMARKED} FROM revision WHERE place = ?", (place,))  # noqa: S608 - our own names
        return _shortened(rows.fetchone())
    is_it = f"WHERE {SEARCH_INDEX} MATCH ? AND {SEARCH_INDEX}.rowid = ?"
    rows = raw.execute(f"SELECT {_SHOWN} FROM {_WITH_WORDS} {is_it}", (expression(text), place))  # noqa: S608 - as above
    row: Sequence[Any] | None = rows.fetchone()
    return row


def _asked(query: Query, words: str, joined: str = "") -> tuple[str, list[object]]:
    """Return what a query asks in SQL, and the values in it: whatever was typed is one of these."""
    place = f"{SEARCH_INDEX}.rowid" if words else "revision.place"
    is_so = [f"{SEARCH_INDEX} MATCH ?" if words else "revision.place IS NOT NULL"]
    values: list[object] = [words] if words else []
    if query.excluded:
        is_so.append(f"revision.place NOT IN ({_WITH_ONE})")
        values.append(" OR ".join(map(expression, query.excluded)))
    for condition in query.conditions:
        condition_words, its = _condition(condition, place)
        is_so.append(f"NOT {condition_words}" if condition.excludes else condition_words)
        values += its
    return f"FROM {_WITH_WORDS if words else 'revision'} {joined} WHERE {' AND '.join(is_so)}", values


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


def expression(part: Term | Clause) -> str:
    """Return what FTS5 is asked (https://www.sqlite.org/fts5.html, 3)."""
    if isinstance(part, Term):
        phrases = " OR ".join(map(_quoted, part.phrases + part.torn))
        return f"{part.field} : ({phrases})" if part.field else f"({phrases})"
    parts = (" OR " if part.is_any else " AND ").join(map(expression, part.parts))
    excluded = " OR ".join(map(expression, part.excluded))
    return f"(({parts}) NOT ({excluded}))" if excluded else f"({parts})"


def _quoted(phrase: Phrase) -> str:
    words = phrase.words.replace('"', '""')
    return f'"{words}"{"*" if phrase.goes_on else ""}'


def papers(raw: sqlite3.Connection, rows: Iterator[Sequence[Any]]) -> Iterator[Found]:
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
