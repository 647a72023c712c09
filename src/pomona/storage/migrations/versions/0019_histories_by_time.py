"""Histories of metrics lie in the order in which they are read: by time.

In SQLite a table without row numbers is its primary key, so it is written anew: about a minute for twenty
million values, with as much free disk as they take.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KEY = ("run", "key", "at_ms", "step", "value", "nan")


def upgrade() -> None:
    """Forward."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("metric_history_pkey", "metric_history", type_="primary")
        op.create_primary_key("metric_history_pkey", "metric_history", list(_KEY))
        return
    op.rename_table("metric_history", "metric_history_by_step")
    op.create_table(
        "metric_history",
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("nan", sa.Boolean(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO metric_history (run, key, step, at_ms, value, nan)"
        " SELECT run, key, step, at_ms, value, nan FROM metric_history_by_step"
        " ORDER BY run, key, at_ms, step, value, nan"
    )
    op.drop_table("metric_history_by_step")
