"""Histories of metrics, read: in order of time page by page, or whole in order of step.

The table is clustered by (run, key) and then by time, so that a page is one stretch of it: nothing is
sorted, and nothing before the page is read.
"""

from itertools import starmap
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Double, case, literal, null, select, tuple_

from pomona.core.ports import Transaction
from pomona.training.records.runs import MetricPoint
from pomona.training.store.metrics import history
from pomona.training.store.runs import keys

_NUMBER = case((history.c.nan.is_(True), null()), else_=history.c.value)
_BY_TIME = (history.c.at_ms, history.c.step, history.c.value, history.c.nan)


def page(
    tx: Transaction,
    run: int,
    name: str,
    *,
    limit: int | None = None,
    after: MetricPoint | None = None,
    offset: int = 0,
) -> list[MetricPoint]:
    """Values in order of time, then step: those after a point, as many as ``limit``."""
    query = _points(run, name)
    if after is not None:
        query = query.where(tuple_(*_BY_TIME) > tuple_(*_place(after)))
    if offset:
        query = query.offset(offset)
    return list(starmap(MetricPoint, _rows(tx, query if limit is None else query.limit(limit))))


def in_steps(
    tx: Transaction, run: int, name: str, *, start: int | None = None, end: int | None = None
) -> list[MetricPoint]:
    """Values in order of step, then time, between two steps (both included)."""
    query = _points(run, name)
    if start is not None and end is not None:
        query = query.where(history.c.step.between(start, end))
    rows = _rows(tx, query)
    rows.sort(key=itemgetter(0))  # they come by time, which nearly always is this order, too
    return list(starmap(MetricPoint, rows))


def _points(run: int, name: str) -> Any:
    """Step, time and value (none: not a number), in order of time."""
    key = select(keys.c.id).where(keys.c.name == name).scalar_subquery()
    query = select(history.c.step, history.c.at_ms, _NUMBER)
    return query.where(history.c.run == run, history.c.key == key).order_by(*_BY_TIME)


def _place(point: MetricPoint) -> tuple[Any, ...]:
    value = 0.0 if point.value is None else point.value  # as it is stored
    nan = literal(point.value is None, Boolean)
    return (literal(point.timestamp), literal(point.step), literal(value, Double), nan)


def _rows(tx: Transaction, query: Any) -> list[tuple[int, int, float | None]]:
    found = tx.execute(query)
    rows: list[tuple[int, int, float | None]] = found.cursor.fetchall()  # as the driver gives them: there
    found.close()  # may be a million
    return rows
