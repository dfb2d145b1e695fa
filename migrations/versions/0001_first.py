"""The first schema: raw pages, days, revisions, entries, links, files, runs, politeness, full text."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _make_evidence()
    _make_days()
    _make_housekeeping()
    _make_full_text()


def _make_evidence() -> None:
    op.create_table(
        "raw_page",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("path", sa.Text, nullable=False),
    )


def _make_days() -> None:
    op.create_table(
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
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("category", "date", name="day_category_date"),
    )
    op.create_table(
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
        sa.UniqueConstraint("arxiv_id", "text_hash", "fields_hash", name="revision_text_fields"),
    )
    op.create_table(
        "entry",
        sa.Column("day_id", sa.Integer, sa.ForeignKey("day.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("arxiv_id", sa.Text, nullable=False, index=True),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revision.id"), nullable=False),
        sa.UniqueConstraint("day_id", "arxiv_id", name="entry_day_arxiv_id"),
    )
    op.create_table(
        "link",
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revision.id"), primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("found_in", sa.Text, nullable=False),
    )


def _make_housekeeping() -> None:
    op.create_table(
        "file",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("inputs_hash", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("template_version", sa.String(64), nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("exit_code", sa.Integer),
        sa.Column("requests", sa.Integer, nullable=False),
    )
    op.create_table(
        "politeness",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_request", sa.Float),
        sa.Column("not_before", sa.Float),
    )


def _make_full_text() -> None:
    # Contentless: the texts stand in "revision" already; a row's id is its revision's.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE revision_text USING fts5("
            "title, authors, abstract, comments, content='', tokenize='unicode61 remove_diacritics 2')"
        )
    else:
        op.execute(
            "CREATE INDEX revision_text ON revision USING gin (to_tsvector('simple', "
            "title || ' ' || coalesce(abstract, '') || ' ' || coalesce(comments, '')))"
        )
