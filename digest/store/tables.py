"""The tables, in SQLAlchemy Core, portable between SQLite and PostgreSQL.

A new database gets them from here; ``migrations/`` brings older ones to the same shape, which a test compares.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from digest.store.plain import MADE_BY, MADE_BY_POSTGRESQL, VIEWS, VIEWS_ON_POSTGRESQL, created

metadata = sa.MetaData()


class Moment(sa.TypeDecorator[datetime]):
    """A time with its zone: SQLite keeps none, so that what is stored is always UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """Return what is stored."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """Return what was stored."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""An arXiv id, sorted by its bytes, as SQLite does: those of one archive stand in the order of their months."""


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *columns)


raw_page = _table(
    "raw_page",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("fetched_at", Moment, nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False, server_default=""),
)


def _by_files(column: str) -> Iterator[sa.Index]:
    """Yield indexes of the days with files, which every night reads, and of those without, which are many more."""
    for name, condition in (("day_with_files", sa.true()), ("day_without_files", sa.false())):
        where = sa.column(column, sa.Boolean) == condition
        yield sa.Index(name, "category", "date", sqlite_where=where, postgresql_where=where)


# declared: what arXiv said that each section has, as JSON; stored: how many entries of each are here. has_files:
# whether its record, digest and place in indexes are written; most reconstructed days are in the database alone.
day = _table(
    "day",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("declared", sa.JSON, nullable=False),
    sa.Column("stored", sa.JSON, nullable=False),
    sa.Column("pages", sa.JSON, nullable=False),
    sa.Column("parser_version", sa.Integer, nullable=False),
    sa.Column("link_rules", sa.Integer, nullable=False, server_default="1"),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("has_files", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.UniqueConstraint("category", "date", name="day_category_date"),
    *_by_files("has_files"),
)

PLACE_INDEX = "revision_place"

# text_hash covers title and abstract: what makes a revision another text. fields_hash covers the other
# fields, so that a changed comment is neither lost nor written over what was announced. raw: the texts as their
# authors typed them, as sa.JSON, where the source shows them so. place: see places.py. The last three hold plain texts
# where these are not what the stored ones are by themselves (see plain.py).
revision = _table(
    "revision",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("arxiv_id", sa.Text, nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False),
    sa.Column("fields_hash", sa.String(64), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("abstract", sa.Text),
    sa.Column("authors", sa.JSON, nullable=False),
    sa.Column("comments", sa.Text),
    sa.Column("journal_ref", sa.Text),
    sa.Column("primary_category", sa.Text, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("raw", sa.JSON(none_as_null=True)),
    sa.Column("place", sa.BigInteger),
    sa.Column("authors_text", sa.Text),
    sa.Column("abstract_text", sa.Text),
    sa.Column("comments_text", sa.Text),
    sa.Index(PLACE_INDEX, "place", unique=True),
    sa.UniqueConstraint("arxiv_id", "text_hash", "fields_hash", name="revision_text_fields"),
)

# The last four are of a reconstructed day: what it was dated by, which dates are possible, which version the text is.
entry = _table(
    "entry",
    sa.Column("day_id", sa.Integer, sa.ForeignKey("day.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("arxiv_id", sa.Text, nullable=False, index=True),
    sa.Column("section", sa.Text, nullable=False),
    sa.Column("revision_id", sa.Integer, sa.ForeignKey("revision.id"), nullable=False),
    sa.Column("basis", sa.Text),
    sa.Column("earliest", sa.Date),
    sa.Column("latest", sa.Date),
    sa.Column("text_version", sa.Integer),
    sa.UniqueConstraint("day_id", "arxiv_id", name="entry_day_arxiv_id"),
)

link = _table(
    "link",
    sa.Column("revision_id", sa.Integer, sa.ForeignKey("revision.id"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("found_in", sa.Text, nullable=False),
)

file = _table(
    "file",
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("inputs_hash", sa.String(64), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("template_version", sa.String(64), nullable=False),
)

run = _table(
    "run",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("exit_code", sa.Integer),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False, server_default=""),
)

# One row, in seconds since 1970, by the machine's clock or the database server's: when any arXiv host was last asked
# for anything, and until when a throttling one wants no request. Of a server, besides: the host that asked last, when
# it had its answer, and until when it may still wait for it.
politeness = _table(
    "politeness",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last_request", sa.Float),
    sa.Column("not_before", sa.Float),
    sa.Column("asking", sa.Text),
    sa.Column("answered_at", sa.Float),
    sa.Column("asking_until", sa.Float),
)

# What hosts that share a database server are at work on; fence: how often it was taken.
lease = _table(
    "lease",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
)

# Whether arXiv was seen to have a listing of a date: of all categories, because an announcement is of all.
correction = _table(
    "correction",
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("has_listing", sa.Boolean, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)

decision = _table(
    "decision",
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
)

# Looks at dates that are not settled yet; they are forgotten with the proof.
reading = _table(
    "reading",
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("seen_at", Moment, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
)

# The listing date that the first run asked for: from then on, a category has to be whole.
start = _table("start", sa.Column("category", sa.Text, primary_key=True), sa.Column("date", sa.Date, nullable=False))

# When arXiv was last asked for a date in vain, so that it is not asked every hour.
attempt = _table(
    "attempt",
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)

# What OAI-PMH or its Kaggle snapshot tells of a paper today, in the words of the source; datestamp: when that was last
# changed; version: which one the texts are of, if it tells; run: the number of the job that stored the row as it is.
# The short columns come first: of long rows SQLite reads only as far as it has to.
harvested = _table(
    "harvested",
    sa.Column("arxiv_id", Id, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("datestamp", sa.Date, nullable=False),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("categories", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("authors", sa.Text, nullable=False),
    sa.Column("comments", sa.Text),
    sa.Column("journal_ref", sa.Text),
    sa.Column("abstract", sa.Text, nullable=False),
)

# When each version of a paper was submitted; is_day: the source tells the day alone, and submitted is its first moment.
# Of papers outside of the configured categories, only the first is stored: all of arXiv's ids together tell mailings.
paper_version = _table(
    "version",
    sa.Column("arxiv_id", Id, primary_key=True),
    sa.Column("v", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("submitted", Moment, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("is_day", sa.Boolean, nullable=False, server_default=sa.false()),
)

# How far the harvest of a set of OAI-PMH came. since: what its list was asked from, NULL for all; token: what continues
# it, until token_until; datestamp: the last one read; records: how many were read; finished_at: when the list ended;
# unread_since: the datestamp of the first record that could not be read; unread_lists: how many lists were begun at it.
harvest = _table(
    "harvest",
    sa.Column("subset", sa.Text, primary_key=True),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("token", sa.Text),
    sa.Column("token_until", Moment),
    sa.Column("datestamp", sa.Date),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("unread_since", sa.Date),
    sa.Column("unread_lists", sa.Integer, nullable=False, server_default="0"),
)

# Of which categories metadata was asked for or loaded from a file; finished_at: when all of it had come; has_unread:
# but for records that could not be read.
gathered = _table(
    "gathered",
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("has_unread", sa.Boolean, nullable=False, server_default=sa.false()),
)


def _annotation_keys() -> Iterator[sa.Column[object]]:
    """Yield which program was asked about which paper, announced on which date; about: the hash of the paper's text."""
    yield sa.Column("date", sa.Date, primary_key=True)
    yield sa.Column("name", sa.Text, primary_key=True)
    yield sa.Column("arxiv_id", Id, primary_key=True)
    yield sa.Column("about", sa.String(64), nullable=False)
    yield sa.Column("version", sa.Text, nullable=False)


# What programs of the user's own said of papers, as JSON.
annotation = _table(
    "annotation",
    *_annotation_keys(),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Index("annotation_arxiv_id", "arxiv_id"),
)

# The hash of all that one program said of the papers of a date: what files are made from.
annotated = _table(
    "annotated",
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
)

# Of which papers they said nothing; tries: how often they were asked in vain.
unanswered = _table(
    "unanswered",
    *_annotation_keys(),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("failed_at", Moment, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)

_MADE_LAST = [
    *(("sqlite", statement) for statement in (*created(VIEWS), MADE_BY)),
    *(("postgresql", statement) for statement in (*created(VIEWS_ON_POSTGRESQL), *MADE_BY_POSTGRESQL)),
]
for _dialect, _statement in _MADE_LAST:
    _made = sa.DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    sa.event.listen(metadata, "after_create", _made)

# Alembic's own table, which tells the schema of a database; made here for a new one.
version = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
