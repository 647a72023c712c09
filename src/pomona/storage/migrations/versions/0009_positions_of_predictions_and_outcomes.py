"""positions of predictions and outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; rows that are there get their positions in the order in which they happened."""
    op.create_table(
        "append_books",
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("dataset_id", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("written_at", sa.BigInteger(), nullable=True),
        sa.Column("compacted_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("endpoint", "what"),
    )
    op.add_column("predictions", sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column("outcomes", sa.Column("endpoint", sa.String(length=100), nullable=True))
    op.add_column("outcomes", sa.Column("position", sa.BigInteger(), nullable=True))
    op.execute(
        "update predictions set position = numbered.n from (select id, row_number() over "
        "(partition by endpoint order by at_us, id) as n from predictions) as numbered "
        "where numbered.id = predictions.id"
    )
    op.execute(
        "update outcomes set endpoint = p.endpoint from predictions as p "
        "where p.id = outcomes.prediction_id and outcomes.status = 'matched'"
    )
    op.execute(
        "update outcomes set position = numbered.n from (select prediction_id, name, seq, row_number() over "
        "(partition by endpoint order by recorded_us, prediction_id, name, seq) as n from outcomes "
        "where endpoint is not null) as numbered where numbered.prediction_id = outcomes.prediction_id "
        "and numbered.name = outcomes.name and numbered.seq = outcomes.seq"
    )
    op.execute(
        "insert into append_books (endpoint, what, given, planned, written) "
        "select endpoint, 'predictions', max(position), 0, 0 from predictions group by endpoint"
    )
    op.execute(
        "insert into append_books (endpoint, what, given, planned, written) "
        "select endpoint, 'outcomes', max(position), 0, 0 from outcomes "
        "where endpoint is not null group by endpoint"
    )
    op.create_index("predictions_by_position", "predictions", ["endpoint", "position"])
    op.create_index("outcomes_by_position", "outcomes", ["endpoint", "position"])
