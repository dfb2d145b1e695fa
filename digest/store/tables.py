"""The tables, in SQLAlchemy Core, portable between SQLite and PostgreSQL.

A new database gets them from here; ``migrations/`` brings older ones to the same shape, which a test compares.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
)

SCHEMA = "0005"
"""The newest migration; a database of any other, unknown one was made by a newer digest."""

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time with its zone: SQLite keeps none, so that what is stored is always UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return what is stored."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return what was stored."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


raw_page = Table(
    "raw_page",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("path", Text, nullable=False),
)

# declared: what arXiv said that each section has, as JSON; stored: how many entries of each are here.
day = Table(
    "day",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("category", Text, nullable=False),
    Column("date", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("declared", JSON, nullable=False),
    Column("stored", JSON, nullable=False),
    Column("pages", JSON, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("link_rules", Integer, nullable=False, server_default="1"),
    Column("content_hash", String(64), nullable=False),
    UniqueConstraint("category", "date", name="day_category_date"),
)

# text_hash covers title and abstract: what makes a revision another text. fields_hash covers the other
# fields, so that a changed comment is neither lost nor written over what was announced. raw: the texts as their
# authors typed them, as JSON, where the source shows them so.
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("arxiv_id", Text, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("fields_hash", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("abstract", Text),
    Column("authors", JSON, nullable=False),
    Column("comments", Text),
    Column("journal_ref", Text),
    Column("primary_category", Text, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("raw", JSON(none_as_null=True)),
    UniqueConstraint("arxiv_id", "text_hash", "fields_hash", name="revision_text_fields"),
)

entry = Table(
    "entry",
    metadata,
    Column("day_id", Integer, ForeignKey("day.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("arxiv_id", Text, nullable=False, index=True),
    Column("section", Text, nullable=False),
    Column("revision_id", Integer, ForeignKey("revision.id"), nullable=False),
    UniqueConstraint("day_id", "arxiv_id", name="entry_day_arxiv_id"),
)

link = Table(
    "link",
    metadata,
    Column("revision_id", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("found_in", Text, nullable=False),
)

file = Table(
    "file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("inputs_hash", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("template_version", String(64), nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("exit_code", Integer),
    Column("requests", Integer, nullable=False),
    Column("run_id", Text, nullable=False, server_default=""),
)

# One row, in seconds since 1970 by the machine's clock: when any arXiv host was last asked for anything,
# and until when a throttling one wants no request.
politeness = Table(
    "politeness",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_request", Float),
    Column("not_before", Float),
)

# Whether arXiv was seen to have a listing of a date: of all categories, because an announcement is of all.
correction = Table(
    "correction",
    metadata,
    Column("date", Date, primary_key=True),
    Column("has_listing", Boolean, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("category", Text, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
)

# Looks at dates that are not settled yet; they are forgotten with the proof.
reading = Table(
    "reading",
    metadata,
    Column("category", Text, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("seen_at", Moment, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

# The listing date that the first run asked for: from then on, a category has to be whole.
start = Table(
    "start",
    metadata,
    Column("category", Text, primary_key=True),
    Column("date", Date, nullable=False),
)

# When arXiv was last asked for a date in vain, so that it is not asked every hour.
attempt = Table(
    "attempt",
    metadata,
    Column("category", Text, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("at", Moment, nullable=False),
)

SEARCH_INDEX = "revision_text"
SEARCH_SHADOWS = ("data", "idx", "docsize", "config")
"""What FTS5 keeps its index in: tables of its own, by the ends of their names (https://www.sqlite.org/fts5.html, 9)."""

# The full-text index. SQLite's is contentless: the texts stand in "revision" already; a row's id is its revision's.
event.listen(
    metadata,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        "CREATE VIRTUAL TABLE revision_text USING fts5("
        "title, authors, abstract, comments, content='', tokenize='unicode61 remove_diacritics 2')"
    ).execute_if(dialect="sqlite"),
)
event.listen(
    metadata,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]  # as above
        "CREATE INDEX revision_text ON revision USING gin (to_tsvector('simple', "
        "title || ' ' || coalesce(abstract, '') || ' ' || coalesce(comments, '')))"
    ).execute_if(dialect="postgresql"),
)

# Alembic's own table, which tells the schema of a database; made here for a new one.
version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
