"""How long each model version took to answer, counted as predictions are folded, in SQL."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, Integer, String, Table, func, select

from pomona.core.latency import Latency, latency_of, step_of
from pomona.core.ports import Transaction
from pomona.serving.journal import JournalRow
from pomona.sql import metadata

latencies = Table(
    "served_latencies",
    metadata,
    Column("model_version", String(64), primary_key=True),
    Column("endpoint", String(100), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("predictions", BigInteger, nullable=False),
)
_INTO = "INSERT INTO served_latencies (model_version, endpoint, step, predictions)"
_ADD = (
    "ON CONFLICT (model_version, endpoint, step)"
    " DO UPDATE SET predictions = served_latencies.predictions + excluded.predictions"
)


def count(tx: Transaction, rows: Iterable[JournalRow]) -> None:
    """Count answers; those the champion gave in place of a candidate that failed say nothing of either."""
    found = Counter(
        (row.model_version, row.endpoint, step_of(row.took_us))
        for row in rows
        if row.took_us is not None and row.failure is None
    )
    if found:
        tx.insert_rows(_INTO, [(*key, number) for key, number in sorted(found.items())], _ADD)


def of_version(tx: Transaction, model_version: str) -> Latency | None:
    """The latency of a version over all endpoints; None if it answered nothing since it is counted."""
    c = latencies.c
    query = select(c.step, func.sum(c.predictions)).where(c.model_version == model_version).group_by(c.step)
    return latency_of({int(step): int(number) for step, number in tx.execute(query)})
