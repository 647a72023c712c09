"""Metrics in SQL: the whole history clustered by (run, key, step), the newest value beside it.

SQL has no not-a-number: it is kept as 0 with ``nan`` set; infinities as the largest double.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Table, func, select

from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.records.runs import Metric, MetricPoint
from pomona.training.store.runs import keys, runs
from pomona.training.store.statements import KEEP, chunks, into, overwrite

history = Table(
    "metric_history",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double, primary_key=True, autoincrement=False),
    Column("nan", Boolean, primary_key=True, autoincrement=False),
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
_Point = tuple[int, int, int, int, float, bool]
"""Run, key, step, time, value, whether it is not a number: the columns of both tables, in order."""


def add(tx: Transaction, run: int, metrics: Sequence[Metric], ids: Mapping[str, int]) -> None:
    """Store values; the same value at the same step and time is stored once."""
    rows = [_row(run, ids[metric.key], metric) for metric in metrics]
    newest: dict[int, _Point] = {}
    for row in rows:
        other = newest.get(row[1])
        if other is None or row > other:  # of one run and key: by step, then time, then value
            newest[row[1]] = row
    tx.insert_rows(_INTO_HISTORY, rows, KEEP)
    tx.insert_rows(_INTO_LATEST, list(newest.values()), _IF_NEWER)


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


def history_of(
    tx: Transaction, run: int, name: str, *, limit: int | None = None, offset: int = 0
) -> list[MetricPoint]:
    """Values in order of time, then step; as many as ``limit``."""
    query = _points(run, name).order_by(history.c.at_ms, history.c.step, history.c.value)
    return _read(tx, query.limit(limit).offset(offset) if limit is not None or offset else query)


def steps_of(
    tx: Transaction, run: int, name: str, *, start: int | None = None, end: int | None = None
) -> list[MetricPoint]:
    """Values in order of step, then time, between two steps (both included)."""
    query = _points(run, name)
    if start is not None and end is not None:
        query = query.where(history.c.step.between(start, end))
    return _read(tx, query.order_by(history.c.step, history.c.at_ms, history.c.value, history.c.nan))


def count(tx: Transaction, run: int, name: str) -> int:
    """How many values are stored."""
    query = select(func.count()).select_from(_points(run, name).subquery())
    return int(tx.execute(query).scalar_one())


def run_numbers(tx: Transaction, run_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of those runs that exist."""
    query = select(runs.c.run_id, runs.c.id).where(runs.c.run_id.in_(run_ids))
    return {row.run_id: row.id for row in tx.execute(query)}


def _points(run: int, name: str) -> Any:
    key = select(keys.c.id).where(keys.c.name == name).scalar_subquery()
    columns = (history.c.step, history.c.at_ms, history.c.value, history.c.nan)
    return select(*columns).where(history.c.run == run, history.c.key == key)


def _read(tx: Transaction, query: Any) -> list[MetricPoint]:
    found = tx.execute(query)
    rows = found.cursor.fetchall()  # as the driver gives them: a history may have a million values
    found.close()
    return [MetricPoint(step, at_ms, None if nan else value) for step, at_ms, value, nan in rows]


def _row(run: int, key: int, metric: Metric) -> _Point:
    value = metric.value
    if value != value:
        return run, key, metric.step, metric.timestamp, 0.0, True
    return run, key, metric.step, metric.timestamp, max(-_LARGEST, min(_LARGEST, value)), False
