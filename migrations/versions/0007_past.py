"""Harvested metadata, and days that are reconstructed from it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables of the harvest; all days that were stored before have files, and none was reconstructed."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "harvested",
        sa.Column("arxiv_id", _ID, primary_key=True),
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
    op.create_table(
        "version",
        sa.Column("arxiv_id", _ID, primary_key=True),
        sa.Column("v", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("submitted", moment, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("is_day", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "harvest",
        sa.Column("subset", sa.Text, primary_key=True),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("token", sa.Text),
        sa.Column("token_until", moment),
        sa.Column("datestamp", sa.Date),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("unread_since", sa.Date),
        sa.Column("unread_lists", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "gathered",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("has_unread", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("day", sa.Column("has_files", sa.Boolean, nullable=False, server_default=sa.true()))
    for name, condition in (("day_with_files", sa.true()), ("day_without_files", sa.false())):
        where = sa.column("has_files", sa.Boolean) == condition
        op.create_index(name, "day", ["category", "date"], sqlite_where=where, postgresql_where=where)
    for column in (
        sa.Column("basis", sa.Text),
        sa.Column("earliest", sa.Date),
        sa.Column("latest", sa.Date),
        sa.Column("text_version", sa.Integer),
    ):
        op.add_column("entry", column)
