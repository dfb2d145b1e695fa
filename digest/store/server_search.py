"""What a search asks of PostgreSQL's full-text index; hits are SQLite's, and what a person typed goes in as a value."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from itertools import count, islice
from typing import Any

from sqlalchemy import Connection, Row, text

from digest.model import Clause, Condition, Found, Query
from digest.store.lexemes import Tokens
from digest.store.places import places_of
from digest.store.plain import SEARCH_INDEX
from digest.store.queries import papers, shown, wordings
from digest.store.server_index import COLUMNS

_PAGE = 100  # hits

_FROM_WORDS = f"{SEARCH_INDEX} JOIN revision ON revision.place = {SEARCH_INDEX}.place"
_ANNOUNCED = (
    "JOIN entry ON entry.arxiv_id = revision.arxiv_id AND revision_id = revision.id JOIN day ON day.id = day_id"
)
_ENTRIES = text(f"""
SELECT day.id, category, CAST(date AS text), entry.arxiv_id, section, revision_id
FROM revision {_ANNOUNCED} WHERE revision.place = ANY(CAST(:places AS bigint[]))""")  # noqa: S608
_BY_RANK = f"ts_rank_cd('{{.25, .25, .5, 1}}', {SEARCH_INDEX}.words, CAST(:words AS tsquery)) DESC,"
"""A word in the title counts four times as much as one in the abstract, one in a name twice."""


def find(connection: Connection, query: Query, *, ranked: bool, limit: int) -> list[Found]:
    """Return the papers that a query finds, each once: the newest first, or (``ranked``) those that suit it best."""
    with closing(Tokens()) as tokens:
        return list(islice(papers(tokens.raw, _rows(connection, tokens, query, ranked=ranked)), limit))


def find_announcements(connection: Connection, query: Query) -> set[tuple[str, date, str]]:
    """Return the category, date and id of all announcements whose texts a query finds."""
    with closing(Tokens()) as tokens:
        asked, values = _asked(tokens, query, query.text)
    hits = text(f"SELECT category, date, revision.arxiv_id FROM {_source(query)} {_ANNOUNCED} WHERE {asked}")  # noqa: S608
    return {(row[0], row[1], row[2]) for row in connection.execute(hits, values)}


def _rows(connection: Connection, tokens: Tokens, query: Query, *, ranked: bool) -> Iterator[Sequence[Any]]:
    """Yield what is shown of each hit, and read no more of them than a page ahead."""
    order = f"{_BY_RANK if ranked and query.text else ''} revision.place DESC"
    for words in wordings(query.text, ranked=ranked) if query.text else [None]:
        asked, values = _asked(tokens, query, words)
        hits = text(
            f"SELECT {COLUMNS} FROM {_source(query)} WHERE {asked} ORDER BY {order} LIMIT {_PAGE} OFFSET :after"  # noqa: S608
        )
        for after in count(0, _PAGE):
            rows = connection.execute(hits, {**values, "after": after}).all()
            _take(connection, tokens, rows)
            found = (shown(tokens.raw, words, row[-1]) for row in rows)
            yield from (row for row in found if row is not None)
            if len(rows) < _PAGE:
                break


def _take(connection: Connection, tokens: Tokens, rows: Sequence[Row[Any]]) -> None:
    """Add hits, and all days that show them."""
    tokens.add(map(tuple, rows))
    for entry in connection.execute(_ENTRIES, {"places": [row[-1] for row in rows]}):
        tokens.raw.execute("INSERT INTO day VALUES (?, ?, ?)", entry[:3])
        tokens.raw.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (entry[0], *entry[3:]))


def _source(query: Query) -> str:
    return _FROM_WORDS if query.text or query.excluded else "revision"


def _asked(tokens: Tokens, query: Query, words: Clause | None) -> tuple[str, dict[str, object]]:
    """Return what a query asks in SQL, and the values in it: whatever was typed is one of these."""
    is_so, values = ["revision.place IS NOT NULL"], dict[str, object]()
    if words is not None:
        is_so.append(f"{SEARCH_INDEX}.words @@ CAST(:words AS tsquery)")
        values["words"] = tokens.query(words)
    if query.excluded and (excluded := tokens.query(Clause(query.excluded, is_any=True))):
        is_so.append(f"NOT {SEARCH_INDEX}.words @@ CAST(:excluded AS tsquery)")
        values["excluded"] = excluded
    for number, condition in enumerate(query.conditions):
        asked, its = _condition(condition, f"value_{number}")
        is_so.append(f"NOT {asked}" if condition.excludes else asked)
        values |= its
    return " AND ".join(is_so), values


def _condition(condition: Condition, name: str) -> tuple[str, dict[str, object]]:
    """Return a condition in SQL, and its values, whose names begin with ``name``."""
    values = condition.values
    if condition.kind == "announced":
        first, last = (date.fromisoformat(value) if value else None for value in values)
        ends = (places_of(first or date.min).start, places_of(last or date.max).stop - 1)
        return _with_names("(revision.place BETWEEN {} AND {})", name, ends)
    if condition.kind == "category":
        # An archive, such as "cs", is all of its categories; some have none, such as "hep-th".
        parts = [form for value in values for form in (f'"{value}"', *(() if "." in value else (f'"{value}.',)))]
        is_any = " OR ".join(f"strpos({_lower('CAST(revision.categories AS text)')}, {{}}) > 0" for _ in parts)
        return _with_names(f"({is_any})", name, [part.lower() for part in parts])
    links = f"SELECT 1 FROM link WHERE revision_id = revision.id AND kind = {{}} AND strpos({_lower('url')}, {{}}) > 0"  # noqa: S608
    return _with_names(f"EXISTS ({links})", name, [value.lower() for value in values])


def _with_names(words: str, name: str, values: Sequence[object]) -> tuple[str, dict[str, object]]:
    names = [f"{name}_{number}" for number in range(len(values))]
    return words.format(*(f":{one}" for one in names)), dict(zip(names, values, strict=True))


def _lower(column: str) -> str:
    return f'lower({column} COLLATE "C")'  # as SQLite does: ASCII alone, whatever the server's language
