"""Imports."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "imported",
        sa.Column("what", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.String(length=64), nullable=False),
        sa.Column("files", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("what"),
        sqlite_with_rowid=False,
    )
