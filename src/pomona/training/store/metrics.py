"""Metrics in SQL: the whole history clustered by (run, key, time), the newest value beside it.

SQL has no not-a-number: it is kept as 0 with ``nan`` set; infinities as the largest double.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from itertools import chain

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, PrimaryKeyConstraint, Table, select

from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.records.runs import Metric, Point
from pomona.training.store.runs import keys, runs
from pomona.training.store.statements import KEEP, chunks, into, overwrite

history = Table(
    "metric_history",
    metadata,
    Column("run", BigInteger, autoincrement=False),
    Column("key", BigInteger, autoincrement=False),
    Column("step", BigInteger, autoincrement=False),
    Column("at_ms", BigInteger, autoincrement=False),
    Column("value", Double, autoincrement=False),
    Column("nan", Boolean, autoincrement=False),
    PrimaryKeyConstraint("run", "key", "at_ms", "step", "value", "nan"),  # in the order pages are read in
    sqlite_with_rowid=False,
)
latest = Table(
    "latest_metrics",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
    Column("nan", Boolean, nullable=False),
    Index("latest_metrics_by_value", "key", "value"),
    sqlite_with_rowid=False,
)
_INTO_HISTORY, _INTO_LATEST = into(history), into(latest)
_IF_NEWER = overwrite(
    latest,
    only_if="(excluded.step, excluded.at_ms, excluded.value)"
    " > (latest_metrics.step, latest_metrics.at_ms, latest_metrics.value)",
)
_LARGEST = sys.float_info.max
_INTO_GROUPS = "INSERT INTO metric_history (run, key, nan, step, at_ms, value)"
_Row = tuple[int, int, int, int, float, bool]
"""Run, key, step, time, value, whether it is not a number: the columns of both tables, in order."""


def add(tx: Transaction, run: int, metrics: Sequence[Metric], ids: Mapping[str, int]) -> None:
    """Store values; the same value at the same step and time is stored once."""
    rows: dict[int, list[_Row]] = {}
    for metric in metrics:
        key = ids[metric.key]
        rows.setdefault(key, []).append(_row(run, key, metric))
    tx.insert_rows(_INTO_HISTORY, list(chain.from_iterable(rows.values())), KEEP)
    _add_latest(tx, [max(group) for group in rows.values()])


def add_points(tx: Transaction, histories: Sequence[tuple[int, int, list[Point]]]) -> None:
    """As ``add``, for many runs at once: run, key and points of each."""
    groups = [((run, key, False), points) for run, key, points in histories]
    tx.insert_groups(_INTO_GROUPS, groups, KEEP)
    _add_latest(tx, [(run, key, *max(points), False) for run, key, points in histories])


def _add_latest(tx: Transaction, rows: Sequence[_Row]) -> None:
    """The newest value of each run and key is that of the last step, there the last, there the largest."""
    tx.insert_rows(_INTO_LATEST, rows, _IF_NEWER)


def latest_of(tx: Transaction, numbers: list[int]) -> dict[int, list[Metric]]:
    """The newest value of each metric of many runs."""
    found: dict[int, list[Metric]] = {number: [] for number in numbers}
    for part in chunks(numbers):
        query = (
            select(latest.c.run, keys.c.name, latest.c.value, latest.c.at_ms, latest.c.step, latest.c.nan)
            .join(keys, keys.c.id == latest.c.key)
            .where(latest.c.run.in_(part))
            .order_by(latest.c.run, latest.c.key)
        )
        for run, name, value, at_ms, step, nan in tx.execute(query):
            found[run].append(Metric(key=name, value=math.nan if nan else value, timestamp=at_ms, step=step))
    return found


def run_numbers(tx: Transaction, run_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of those runs that exist."""
    query = select(runs.c.run_id, runs.c.id).where(runs.c.run_id.in_(run_ids))
    return {row.run_id: row.id for row in tx.execute(query)}


def _row(run: int, key: int, metric: Metric) -> _Row:
    value = metric.value
    if value != value:
        return run, key, metric.step, metric.timestamp, 0.0, True
    return run, key, metric.step, metric.timestamp, max(-_LARGEST, min(_LARGEST, value)), False
