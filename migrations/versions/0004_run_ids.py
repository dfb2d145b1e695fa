"""The identifier that the log lines of a run bear."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add one column; the runs of before have none."""
    op.add_column("run", sa.Column("run_id", sa.Text, nullable=False, server_default=""))
