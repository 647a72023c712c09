"""Params and tags by the beginning of their value: one that few runs have is found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    for table in ("run_params", "run_tags"):
        op.create_index(f"{table}_by_value", table, ["key", sa.text("substr(value, 1, 64)"), "run"])
