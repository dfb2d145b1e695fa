"""Places of revisions, plain texts, views; the full-text index can show what it found."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ROOM = 2**20
_BATCH = 1000
_ANCHOR = re.compile(
    r'<a (?=[^>]*href="(?P<address>[^"]*)")(?:(?=[^>]*data-doi="(?P<doi>[^"]*)"))?[^>]*>(?P<shown>[^<]*)</a>'
)
_VIEWS = {
    "revision_plain": """\
SELECT
  place,
  title,
  CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN authors = '[]' THEN ''
    ELSE replace(substr(authors, 3, length(authors) - 4), '", "', ', ')
  END AS authors,
  coalesce(abstract_text, abstract) AS abstract,
  coalesce(comments_text, comments) AS comments
FROM revision
WHERE place IS NOT NULL
ORDER BY place""",
    "papers": """\
SELECT
  arxiv_id AS id,
  date((SELECT min(place) FROM revision AS older WHERE older.arxiv_id = one.arxiv_id) / 1048576 + 1721424.5) AS date,
  date(place / 1048576 + 1721424.5) AS revised,
  title,
  CASE
    WHEN authors_text IS NOT NULL THEN authors_text
    WHEN authors = '[]' THEN ''
    ELSE replace(substr(authors, 3, length(authors) - 4), '", "', ', ')
  END AS authors,
  primary_category,
  replace(substr(categories, 3, length(categories) - 4), '", "', ' ') AS categories,
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
  (SELECT link.url FROM link WHERE link.revision_id = papers.revision_id AND kind = 'code' ORDER BY ordinal) AS code,
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
  json_extract(stored, '$.new') AS new,
  json_extract(stored, '$.cross') AS cross_lists,
  json_extract(stored, '$.replacement') AS replacements,
  id AS day_id
FROM day
ORDER BY date DESC, category""",
    "links": """\
SELECT
  arxiv_id AS id,
  date(place / 1048576 + 1721424.5) AS date,
  kind,
  substr(substr(url, instr(url, '//') + 2), 1, instr(substr(url, instr(url, '//') + 2) || '/', '/') - 1) AS host,
  url,
  found_in,
  title,
  revision_id
FROM revision AS one
CROSS JOIN link ON link.revision_id = one.id
WHERE place IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.arxiv_id = one.arxiv_id AND newer.place > one.place
)
ORDER BY place DESC, ordinal""",
}
_FULL_TEXT = (
    "CREATE VIRTUAL TABLE revision_text USING fts5(title, authors, abstract, comments, "
    "content='revision_plain', content_rowid='place', tokenize='unicode61 remove_diacritics 2')"
)


def upgrade() -> None:
    """Add the columns and fill them; on SQLite, make the views, and the full-text index anew."""
    op.add_column("revision", sa.Column("place", sa.BigInteger))
    for name in ("authors_text", "abstract_text", "comments_text"):
        op.add_column("revision", sa.Column(name, sa.Text))
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:  # damage may have made something of a text that is none; `digest verify` finds it
        raw = connection.connection.driver_connection
        raw.text_factory = lambda data: data.decode(errors="replace")
    _write(connection, "place = :place", _places(connection))
    texts = "authors_text = :authors, abstract_text = :abstract, comments_text = :comments"
    _write(connection, texts, _texts(connection))
    op.create_index("revision_place", "revision", ["place"], unique=True)
    if is_sqlite:
        raw.text_factory = str
        op.execute("DROP TABLE revision_text")
        for name, query in _VIEWS.items():
            op.execute(f"DROP VIEW IF EXISTS {name}")
            op.execute(f"CREATE VIEW {name} AS\n{query}")
        op.execute(_FULL_TEXT)
        columns = "title, authors, abstract, comments"
        op.execute(f"INSERT INTO revision_text (rowid, {columns}) SELECT place, {columns} FROM revision_plain")  # noqa: S608 - our own names


def _places(connection: sa.Connection) -> Iterator[dict[str, object]]:
    """Yield the place of each revision that a day shows: later dates are greater, and those of a date fall."""
    query = (
        "SELECT revision_id, CAST(date AS TEXT) FROM entry JOIN day ON day.id = day_id ORDER BY date, day.id, position"
    )
    placed: set[int] = set()
    current, least = "", 0
    for number, when in connection.execute(sa.text(query)).all():
        if number in placed:
            continue
        if when != current:
            with suppress(ValueError):
                current, least = when, (date.fromisoformat(when).toordinal() + 1) * _ROOM
        if when == current:
            placed.add(number)
            least -= 1
            yield {"id": number, "place": least}


def _texts(connection: sa.Connection) -> Iterator[dict[str, object]]:
    """Yield the plain texts of each revision where they are not what SQL makes of the stored ones by itself."""
    query = (
        "SELECT id, CAST(authors AS TEXT), abstract, comments FROM revision WHERE id > :last ORDER BY id LIMIT :most"
    )
    last = -1
    while rows := connection.execute(sa.text(query), {"last": last, "most": _BATCH}).all():
        last = rows[-1][0]
        for number, names, abstract, comments in rows:
            texts = {"authors": _names(names), "abstract": _plain(abstract), "comments": _plain(comments)}
            if any(text is not None for text in texts.values()):
                yield {"id": number, **texts}


def _names(as_json: str) -> str | None:
    with suppress(ValueError, TypeError):
        names = ", ".join(json.loads(as_json))
        if not names.isascii() or not names.isprintable() or '"' in names or "\\" in names:
            return names
    return None


def _plain(line: str | None) -> str | None:
    """Return the text that one line of HTML shows, with addresses as they were typed where arXiv shows others."""
    if not line or ("<" not in line and "&" not in line):
        return None
    return html.unescape(re.sub("<[^>]*>", "", _ANCHOR.sub(_typed, line)))


def _typed(anchor: re.Match[str]) -> str:
    if re.fullmatch("this [a-z]+ URL", anchor["shown"]):
        return anchor["address"].removeprefix("http://")
    return anchor["doi"] or anchor["shown"]


def _write(connection: sa.Connection, what: str, rows: Iterator[dict[str, object]]) -> None:
    statement = sa.text(f"UPDATE revision SET {what} WHERE id = :id")  # noqa: S608 - as above
    batch: list[dict[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)
