"""Several hosts share a database server: leases, whose turn it is to ask arXiv, which host keeps a raw page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table of leases; what was kept before is kept on this host."""
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("politeness", sa.Column("asking", sa.Text))
    for name in ("answered_at", "asking_until"):
        op.add_column("politeness", sa.Column(name, sa.Float))
    op.add_column("raw_page", sa.Column("host", sa.Text, nullable=False, server_default=""))
