"""File sets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "file_set_versions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("file_set_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("file_set_versions", schema=None) as batch_op:
        batch_op.create_index("file_set_versions_by_digest", ["digest"], unique=False)
        batch_op.create_index("file_set_versions_by_number", ["file_set_id", "number"], unique=True)

    op.create_table(
        "file_sets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
