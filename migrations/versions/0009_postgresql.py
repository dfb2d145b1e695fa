# ruff: noqa: E501 - the views, line by line as ``store/plain.py`` has them
"""On PostgreSQL: numbers of revisions from a sequence, the views, a full-text index with SQLite's words."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_BATCH = 500
_WEIGHTS = {"title": "A", "abstract": "C", "comments": "D", "authors": "B"}
_VIEWS = {
    "revision_plain": """\
SELECT
  place,
  title,
  CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN CAST(authors AS text) = '[]' THEN ''
    ELSE replace(substr(CAST(authors AS text), 3, length(CAST(authors AS text)) - 4), '", "', ', ')
  END AS authors,
  coalesce(abstract_text, abstract) AS abstract,
  coalesce(comments_text, comments) AS comments
FROM revision
WHERE place IS NOT NULL
ORDER BY place""",
    "papers": """\
SELECT
  arxiv_id AS id,
  (DATE '0001-01-01' + CAST((SELECT min(place) FROM revision AS older WHERE older.arxiv_id = one.arxiv_id) / 1048576 - 1 AS integer)) AS date,
  (DATE '0001-01-01' + CAST(place / 1048576 - 1 AS integer)) AS revised,
  title,
  CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN CAST(authors AS text) = '[]' THEN ''
    ELSE replace(substr(CAST(authors AS text), 3, length(CAST(authors AS text)) - 4), '", "', ', ')
  END AS authors,
  primary_category,
  replace(substr(CAST(categories AS text), 3, length(CAST(categories AS text)) - 4), '", "', ' ') AS categories,
  coalesce(abstract_text, abstract) AS abstract,
  coalesce(comments_text, comments) AS comments,
  'https://arxiv.org/abs/' || arxiv_id AS url,
  id AS revision_id,
  place
FROM revision AS one
WHERE place IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.arxiv_id = one.arxiv_id AND newer.place > one.place
)
ORDER BY place DESC""",
    "papers_with_code": """\
SELECT
  id,
  date,
  revised,
  title,
  authors,
  primary_category,
  categories,
  (SELECT link.url FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code' ORDER BY ordinal LIMIT 1) AS code,
  url,
  revision_id,
  place
FROM papers
WHERE EXISTS (SELECT 1 FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code')
ORDER BY place DESC""",
    "days": """\
SELECT
  date,
  category,
  state,
  source,
  CAST(stored ->> 'new' AS integer) AS new,
  CAST(stored ->> 'cross' AS integer) AS cross_lists,
  CAST(stored ->> 'replacement' AS integer) AS replacements,
  id AS day_id
FROM day
ORDER BY date DESC, category""",
    "links": """\
SELECT
  arxiv_id AS id,
  (DATE '0001-01-01' + CAST(place / 1048576 - 1 AS integer)) AS date,
  kind,
  substr(substr(url, strpos(url, '//') + 2), 1, strpos(substr(url, strpos(url, '//') + 2) || '/', '/') - 1) AS host,
  url,
  found_in,
  title,
  revision_id
FROM revision AS one
JOIN link ON link.revision_id = one.id
WHERE place IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.arxiv_id = one.arxiv_id AND newer.place > one.place
)
ORDER BY place DESC, ordinal""",
}


def upgrade() -> None:
    """Make all of it; SQLite has its own."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute("CREATE SEQUENCE revision_number AS integer OWNED BY revision.id")
    op.execute("SELECT setval('revision_number', max(id)) FROM revision HAVING max(id) > 0")
    op.execute("DROP INDEX revision_text")
    op.execute("CREATE TABLE revision_text (place bigint PRIMARY KEY, words tsvector NOT NULL)")
    add = sa.text("INSERT INTO revision_text (place, words) VALUES (:place, CAST(:words AS tsvector))")
    for rows in _rows(connection):
        connection.execute(add, [{"place": place, "words": words} for place, words in _vectors(rows)])
    op.execute("CREATE INDEX revision_text_words ON revision_text USING gin (words)")
    for name, query in _VIEWS.items():
        op.execute(sa.text(f"CREATE VIEW {name} AS\n{query}".replace(":", r"\:")))


def _rows(connection: sa.Connection) -> Iterator[list[tuple[int, str, str, str, str]]]:
    """Yield the places and plain texts of the revisions that days show, some at a time."""
    query = sa.text(
        "SELECT place, title, coalesce(authors_text, CAST(authors AS text)), authors_text IS NULL, "
        "coalesce(abstract_text, abstract), coalesce(comments_text, comments) "
        "FROM revision WHERE place > :last ORDER BY place LIMIT :most"
    )
    last = 0
    while rows := connection.execute(query, {"last": last, "most": _BATCH}).all():
        last = rows[-1][0]
        yield [
            (place, title, ", ".join(json.loads(names)) if is_json else names, *texts)
            for place, title, names, is_json, *texts in rows
        ]


def _vectors(rows: list[tuple[int, str, str, str, str]]) -> Iterator[tuple[int, str]]:
    """Yield the place of each text, and its words by SQLite, as PostgreSQL reads them; see ``store/lexemes.py``."""
    with closing(sqlite3.connect(":memory:")) as raw:
        columns = "title, authors, abstract, comments"
        raw.execute(f"CREATE VIRTUAL TABLE t USING fts5({columns}, tokenize='unicode61 remove_diacritics 2')")
        raw.execute("CREATE VIRTUAL TABLE words USING fts5vocab(t, instance)")
        raw.executemany(f"INSERT INTO t (rowid, {columns}) VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608 - our own names
        words: defaultdict[int, list[tuple[str, str, int]]] = defaultdict(list)
        for place, *word in raw.execute("SELECT doc, term, col, offset FROM words"):
            words[place].append((word[0], word[1], word[2]))
    for row in rows:
        yield row[0], _vector(words[row[0]])


def _vector(words: list[tuple[str, str, int]]) -> str:
    starts, start = {}, 1
    for column in _WEIGHTS:
        starts[column] = start
        start += max((offset + 1 for _, its, offset in words if its == column), default=0) + 2
    found: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for word, column, offset in words:
        found[word.encode()[:2046].decode(errors="ignore")].append((starts[column] + offset, _WEIGHTS[column]))
    return " ".join(
        f"'{word}':{','.join(f'{place}{weight}' for place, weight in _kept(sorted(places)))}"
        for word, places in found.items()
    )


def _kept(places: list[tuple[int, str]]) -> list[tuple[int, str]]:
    near = [one for one in places if one[0] < 16383][:255]
    weights = {weight for _, weight in near}
    return near + [(16383, weight) for _, weight in places[-1:] if weight not in weights]
