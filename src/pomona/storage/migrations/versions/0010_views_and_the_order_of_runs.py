"""views that people keep, and the orders that runs are listed in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("saved_views_by_name", "saved_views", ["page", "name"], unique=True)
    op.create_index("runs_by_time", "runs", ["state", "started_ms", "run_id"])
    op.create_index("runs_by_name", "runs", ["state", "name"])
    op.create_index("runs_by_status", "runs", ["state", "status", "started_ms"])
