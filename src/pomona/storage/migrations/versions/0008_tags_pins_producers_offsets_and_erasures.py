"""tags pins producers offsets and erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "data_erasure_subjects",
        sa.Column("erasure", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("erasure"),
    )
    op.create_table(
        "data_erasures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "data_offsets",
        sa.Column("dataset_id", sa.String(length=64), nullable=False),
        sa.Column("producer", sa.String(length=200), nullable=False),
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "producer", "offset"),
    )
    op.create_table(
        "data_pins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("data_pins", schema=None) as batch_op:
        batch_op.create_index("data_pins_by_version", ["version"], unique=False)

    op.create_table(
        "data_tags",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("dataset_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("data_tags", schema=None) as batch_op:
        batch_op.create_index("data_tags_by_name", ["dataset_id", "name"], unique=True)
        batch_op.create_index("data_tags_by_version", ["version"], unique=False)
