"""evaluation datasets."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "evaluation_dataset_experiments",
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("experiment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "experiment"),
    )
    with op.batch_alter_table("evaluation_dataset_experiments", schema=None) as batch_op:
        batch_op.create_index("evaluation_datasets_by_experiment", ["experiment", "dataset"], unique=False)

    op.create_table(
        "evaluation_dataset_tags",
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "key"),
    )
    op.create_table(
        "evaluation_datasets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("schema_json", sa.Text(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("evaluation_datasets", schema=None) as batch_op:
        batch_op.create_index("evaluation_datasets_by_time", ["created_ms", "id"], unique=False)

    op.create_table(
        "evaluation_rows",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("input_key", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("evaluation_rows", schema=None) as batch_op:
        batch_op.create_index("evaluation_rows_by_input", ["dataset", "input_key"], unique=True)
        batch_op.create_index("evaluation_rows_by_time", ["dataset", "created_ms", "id"], unique=False)
