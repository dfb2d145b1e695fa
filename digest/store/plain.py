"""Plain texts, and the SQL views that show them: to people, in Datasette or a shell, and to the full-text index.

The views are pure SQL, without a function of ours: other programs open the file, too. docs/SQL.md tells people of them.
"""

from collections.abc import Sequence

from digest.markup import readable
from digest.store.places import ROOM

AUTHORS = """\
CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN authors = '[]' THEN ''
    ELSE replace(substr(authors, 3, length(authors) - 4), '", "', ', ')
  END"""
"""The names in a line; not by json_each, which is a virtual table: FTS5 allows none where it checks and rebuilds."""

ABSTRACT = "coalesce(abstract_text, abstract)"
COMMENTS = "coalesce(comments_text, comments)"

_DATE = f"date({{}} / {ROOM} + 1721424.5)"
"""The date of a place: SQLite counts days as we do, from another first one on."""

_IS_NEWEST = """\
place IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.arxiv_id = one.arxiv_id AND newer.place > one.place
)"""

_REVISION_PLAIN = f"""\
SELECT
  place,
  title,
  {AUTHORS} AS authors,
  {ABSTRACT} AS abstract,
  {COMMENTS} AS comments
FROM revision
WHERE place IS NOT NULL
ORDER BY place"""  # noqa: S608 - here as below, nothing that anybody typed

_PAPERS = f"""\
SELECT
  arxiv_id AS id,
  {_DATE.format("(SELECT min(place) FROM revision AS older WHERE older.arxiv_id = one.arxiv_id)")} AS date,
  {_DATE.format("place")} AS revised,
  title,
  {AUTHORS} AS authors,
  primary_category,
  replace(substr(categories, 3, length(categories) - 4), '", "', ' ') AS categories,
  {ABSTRACT} AS abstract,
  {COMMENTS} AS comments,
  'https://arxiv.org/abs/' || arxiv_id AS url,
  id AS revision_id,
  place
FROM revision AS one
WHERE {_IS_NEWEST}
ORDER BY place DESC"""  # noqa: S608

_PAPERS_WITH_CODE = """\
SELECT
  id,
  date,
  revised,
  title,
  authors,
  primary_category,
  categories,
  (SELECT link.url FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code' ORDER BY ordinal) AS code,
  url,
  revision_id,
  place
FROM papers
WHERE EXISTS (SELECT 1 FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code')
ORDER BY place DESC"""

_DAYS = """\
SELECT
  date,
  category,
  state,
  source,
  json_extract(stored, '$.new') AS new,
  json_extract(stored, '$.cross') AS cross_lists,
  json_extract(stored, '$.replacement') AS replacements,
  id AS day_id
FROM day
ORDER BY date DESC, category"""

_AFTER_SCHEME = "substr(url, instr(url, '//') + 2)"

_LINKS = f"""\
SELECT
  arxiv_id AS id,
  {_DATE.format("place")} AS date,
  kind,
  substr({_AFTER_SCHEME}, 1, instr({_AFTER_SCHEME} || '/', '/') - 1) AS host,
  url,
  found_in,
  title,
  revision_id
FROM revision AS one
CROSS JOIN link ON link.revision_id = one.id
WHERE {_IS_NEWEST}
ORDER BY place DESC, ordinal"""  # noqa: S608

VIEWS = {
    "revision_plain": _REVISION_PLAIN,
    "papers": _PAPERS,
    "papers_with_code": _PAPERS_WITH_CODE,
    "days": _DAYS,
    "links": _LINKS,
}
"""By name, the query of each. In ``papers`` each paper stands once, with its newest text and its first date."""


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
