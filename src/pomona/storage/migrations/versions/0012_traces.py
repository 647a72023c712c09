"""traces."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "trace_assessments",
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("assessment_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("trace", "assessment_id"),
    )
    with op.batch_alter_table("trace_assessments", schema=None) as batch_op:
        batch_op.create_index("trace_assessments_by_name", ["name", "kind"], unique=False)

    op.create_table(
        "trace_links",
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("trace", "kind", "target"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("trace_links", schema=None) as batch_op:
        batch_op.create_index("trace_links_by_target", ["kind", "target"], unique=False)

    op.create_table(
        "trace_metadata",
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("trace", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_spans",
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("span_id", sa.String(length=32), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("trace", "span_id"),
    )
    op.create_table(
        "trace_tags",
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("trace", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "traces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trace_id", sa.String(length=100), nullable=False),
        sa.Column("experiment", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("client_request_id", sa.Text(), nullable=True),
        sa.Column("request_preview", sa.Text(), nullable=True),
        sa.Column("response_preview", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trace_id"),
    )
    with op.batch_alter_table("traces", schema=None) as batch_op:
        batch_op.create_index("traces_by_start", ["experiment", "started_ms", "trace_id"], unique=False)
