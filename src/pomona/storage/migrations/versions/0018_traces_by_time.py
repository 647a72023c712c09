"""traces by time."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("traces", schema=None) as batch_op:
        batch_op.create_index("traces_by_time", ["started_ms", "trace_id"], unique=False)
