"""What programs of the user's own say of papers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _keys() -> list[sa.Column]:
    return [
        sa.Column("date", sa.Date, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("arxiv_id", _ID, primary_key=True),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    """Make their tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "annotation",
        *_keys(),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("annotation_arxiv_id", "annotation", ["arxiv_id"])
    op.create_table(
        "annotated",
        sa.Column("date", sa.Date, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "unanswered",
        *_keys(),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failed_at", moment, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
