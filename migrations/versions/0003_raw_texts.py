"""Texts as their authors typed them; the version of the rules that found a day's links."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add two columns; the links of the days stored so far were found by the first rules."""
    op.add_column("revision", sa.Column("raw", sa.JSON))
    op.add_column("day", sa.Column("link_rules", sa.Integer, nullable=False, server_default="1"))
