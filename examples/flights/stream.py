"""The flights as they happened: what departs, what has landed, which export has arrived, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from flights import HOME_ZONE, KEY, KNOWN, TIME, exported_at


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stretch of event time: at its beginning news is in, then its flights ask for a prediction."""

    since: datetime
    until: datetime
    exports: tuple[int, ...]  # months whose export arrived in the step before
    landed: pl.DataFrame  # flights that landed in the step before: their outcome is known now
    departing: pl.DataFrame  # flights scheduled to depart in this step


def served(flights: pl.DataFrame, *, first_month: int, last_month: int) -> pl.DataFrame:
    """The flights of these months of 2013, New York time."""
    month = pl.col(TIME).dt.convert_time_zone(HOME_ZONE).dt.month()
    return flights.filter(month.is_between(first_month, last_month))


def steps(flights: pl.DataFrame, *, hours: int = 12) -> Iterator[Step]:
    """Every step from the first departure until the last flight has landed.

    Args:
        flights: As ``served`` gives them.
        hours: Length of a step; a divisor of 24.
    """
    length = timedelta(hours=hours)
    departing = _by_step(flights.sort(TIME, KEY), TIME, hours)
    landed = _by_step(flights.filter(pl.col(KNOWN).is_not_null()).sort(KNOWN, KEY), KNOWN, hours)
    nothing = flights.clear()
    at, last = min(departing), max([*departing, max(landed) + length])
    while at <= last:
        yield Step(
            since=at,
            until=at + length,
            exports=tuple(month for month in range(1, 13) if at - length < exported_at(month) <= at),
            landed=landed.get(at - length, nothing),
            departing=departing.get(at, nothing),
        )
        at += length


def _by_step(flights: pl.DataFrame, column: str, hours: int) -> dict[datetime, pl.DataFrame]:
    start = pl.col(column).dt.truncate(f"{hours}h")
    groups = flights.group_by(start, maintain_order=True)
    return {at: rows for (at,), rows in groups if isinstance(at, datetime)}
