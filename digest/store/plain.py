"""Plain texts, the full-text index of them, and the SQL views that show them: to people, to a shell, to that index.

The views are pure SQL, without a function of ours: other programs open the file, too. docs/SQL.md tells people of them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from digest.markup import readable
from digest.store.places import ROOM


class _Dialect(NamedTuple):
    """What the databases say in their own words: the date of a place, JSON as text, a number in JSON, and so on."""

    date: str
    json: str
    number: str
    position: str
    and_link: str
    first: str


# The date of a place: SQLite counts days as we do, from another first one on; CROSS JOIN tells it where to begin.
_SQLITE = _Dialect(
    *(f"date({{}} / {ROOM} + 1721424.5)", "{}", "json_extract(stored, '$.{}')"),
    *("instr", "CROSS JOIN", ""),
)
_POSTGRESQL = _Dialect(
    *(f"(DATE '0001-01-01' + CAST({{}} / {ROOM} - 1 AS integer))", "CAST({} AS text)"),
    *("CAST(stored ->> '{}' AS integer)", "strpos", "JOIN", " LIMIT 1"),
)


def _authors(its: _Dialect) -> str:
    names = its.json.format("authors")
    return f"""\
CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN {names} = '[]' THEN ''
    ELSE replace(substr({names}, 3, length({names}) - 4), '", "', ', ')
  END"""


AUTHORS = _authors(_SQLITE)
"""The names in a line; not by json_each, which is a virtual table: FTS5 allows none where it checks and rebuilds."""

ABSTRACT = "coalesce(abstract_text, abstract)"
COMMENTS = "coalesce(comments_text, comments)"

_IS_NEWEST = """\
place IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.arxiv_id = one.arxiv_id AND newer.place > one.place
)"""


def _revision_plain(its: _Dialect) -> str:
    return f"""\
SELECT
  place,
  title,
  {_authors(its)} AS authors,
  {ABSTRACT} AS abstract,
  {COMMENTS} AS comments
FROM revision
WHERE place IS NOT NULL
ORDER BY place"""  # noqa: S608 - here as below, nothing that anybody typed


def _papers(its: _Dialect) -> str:
    categories = its.json.format("categories")
    return f"""\
SELECT
  arxiv_id AS id,
  {its.date.format("(SELECT min(place) FROM revision AS older WHERE older.arxiv_id = one.arxiv_id)")} AS date,
  {its.date.format("place")} AS revised,
  title,
  {_authors(its)} AS authors,
  primary_category,
  replace(substr({categories}, 3, length({categories}) - 4), '", "', ' ') AS categories,
  {ABSTRACT} AS abstract,
  {COMMENTS} AS comments,
  'https://arxiv.org/abs/' || arxiv_id AS url,
  id AS revision_id,
  place
FROM revision AS one
WHERE {_IS_NEWEST}
ORDER BY place DESC"""  # noqa: S608


def _papers_with_code(its: _Dialect) -> str:
    codes = "SELECT link.url FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code' ORDER BY ordinal"
    return f"""\
SELECT
  id,
  date,
  revised,
  title,
  authors,
  primary_category,
  categories,
  ({codes}{its.first}) AS code,
  url,
  revision_id,
  place
FROM papers
WHERE EXISTS (SELECT 1 FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code')
ORDER BY place DESC"""  # noqa: S608


def _days(its: _Dialect) -> str:
    return f"""\
SELECT
  date,
  category,
  state,
  source,
  {its.number.format("new")} AS new,
  {its.number.format("cross")} AS cross_lists,
  {its.number.format("replacement")} AS replacements,
  id AS day_id
FROM day
ORDER BY date DESC, category"""  # noqa: S608


def _links(its: _Dialect) -> str:
    after_scheme = f"substr(url, {its.position}(url, '//') + 2)"
    return f"""\
SELECT
  arxiv_id AS id,
  {its.date.format("place")} AS date,
  kind,
  substr({after_scheme}, 1, {its.position}({after_scheme} || '/', '/') - 1) AS host,
  url,
  found_in,
  title,
  revision_id
FROM revision AS one
{its.and_link} link ON link.revision_id = one.id
WHERE {_IS_NEWEST}
ORDER BY place DESC, ordinal"""  # noqa: S608


def _views(its: _Dialect) -> dict[str, str]:
    return {
        "revision_plain": _revision_plain(its),
        "papers": _papers(its),
        "papers_with_code": _papers_with_code(its),
        "days": _days(its),
        "links": _links(its),
    }


VIEWS = _views(_SQLITE)
"""By name, the query of each. In ``papers`` each paper stands once, with its newest text and its first date."""

VIEWS_ON_POSTGRESQL = _views(_POSTGRESQL)


SEARCH_INDEX = "revision_text"
SEARCHED = "revision_plain"
"""The view that has its texts."""

MADE_BY = (
    f"CREATE VIRTUAL TABLE {SEARCH_INDEX} USING fts5(title, authors, abstract, comments, "
    f"content='{SEARCHED}', content_rowid='place', tokenize='unicode61 remove_diacritics 2')"
)
"""Its texts are those of the view; a row's number is its place."""

MADE_BY_POSTGRESQL = (
    "CREATE SEQUENCE revision_number AS integer OWNED BY revision.id",
    f"CREATE TABLE {SEARCH_INDEX} (place bigint PRIMARY KEY, words tsvector NOT NULL)",
    f"CREATE INDEX {SEARCH_INDEX}_words ON {SEARCH_INDEX} USING gin (words)",
)
"""What it has of its own: the numbers of revisions, which several hosts may ask for at once, and its index."""


def created(views: Mapping[str, str]) -> list[str]:
    """Return the statements that make views."""
    return [f"CREATE VIEW {name} AS\n{query}" for name, query in views.items()]


def plain_texts(authors: Sequence[str], abstract: str | None, comments: str | None) -> dict[str, str | None]:
    """Return plain texts by their columns, None where ``AUTHORS``, ``ABSTRACT`` and ``COMMENTS`` need none.

    Names are kept as JSON, which escapes all but plain ones; the others as HTML.
    """
    names = ", ".join(authors)
    is_same = names.isascii() and names.isprintable() and '"' not in names and "\\" not in names
    return {
        "authors_text": None if is_same else names,
        "abstract_text": _plain(abstract),
        "comments_text": _plain(comments),
    }


def _plain(line: str | None) -> str | None:
    return readable(line) if line and ("<" in line or "&" in line) else None
