"""The listing date that the first run asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table; an attempt older than all days, which only a run left, becomes a start."""
    op.create_table(
        "start",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("date", sa.Date, nullable=False),
    )
    op.execute(
        "INSERT INTO start (category, date) SELECT category, min(date) FROM attempt GROUP BY category HAVING min(date) "
        "< coalesce((SELECT min(day.date) FROM day WHERE day.category = attempt.category), '9999-12-31')"
    )
