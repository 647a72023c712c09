"""Bins of a column: where to put the edges, how many values fall between them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 20
LARGEST = 1e140  # the square of anything larger no longer fits a float: it counts as infinite
_SAMPLE = 1_000_000  # rows that edges are chosen from; counts are always of all rows
_BLOCK = 65_536
_MANY_EDGES = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def finite_part(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values small enough to be squared (magnitude at most 1e140)."""
    return numbers[np.abs(numbers) <= LARGEST]


def bin_counts(values: NDArray[Any], edges: NDArray[Any]) -> tuple[int, ...]:
    """How many values lie below the first edge, in each ``[edge, next edge)``, at or above the last.

    Raises:
        ValueError: If the edges are not finite and strictly increasing.
    """
    if not np.all(np.isfinite(edges)) or np.any(edges[1:] <= edges[:-1]):
        raise ValueError("bin edges must be finite and strictly increasing")
    if len(edges) > _MANY_EDGES:
        places = np.searchsorted(edges, values, side="right")
        return tuple(int(n) for n in np.bincount(places, minlength=len(edges) + 1))
    # One comparison an edge, on blocks that stay in the cache: seven times faster than searching.
    above = np.zeros(len(edges) + 2, dtype=np.int64)
    above[0] = len(values)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        for place, edge in enumerate(edges, start=1):
            above[place] += np.count_nonzero(block >= edge)
    return tuple(int(n) for n in above[:-1] - above[1:])


def numeric_edges(finite: NDArray[np.float64], *, bins: int = BINS) -> tuple[float, ...]:
    """Edges for about ``bins`` bins of equal frequency.

    With at most ``bins`` different values each gets a bin of its own, between empty outer bins that
    catch what was never seen; so a constant has two edges, just around it. No values, no edges.
    """
    sample = finite[:: max(1, finite.size // _SAMPLE)]
    distinct = np.unique(sample)
    if distinct.size == 0:
        return ()
    if distinct.size <= bins:
        return _edges_between(distinct)
    quantiles = np.quantile(sample, np.arange(1, bins) / bins, method="higher")
    edges = np.unique(quantiles)
    return tuple(float(edge) for edge in edges[edges > distinct[0]])


def _edges_between(distinct: NDArray[np.float64]) -> tuple[float, ...]:
    if distinct.size == 1:
        near = abs(float(distinct[0])) * 1e-9 or 1e-9
        return (float(distinct[0]) - near, float(distinct[0]) + near)
    half = np.diff(distinct) / 2
    middle = distinct[:-1] + half
    edges = np.unique([distinct[0] - half[0], *middle, distinct[-1] + half[-1]])
    return tuple(float(edge) for edge in edges)


def time_edges(micros: NDArray[np.int64], *, bins: int = BINS) -> NDArray[np.int64]:
    """Edges of ``bins`` bins of equal length from the earliest to the latest; none for one instant."""
    if micros.size == 0 or micros.min() == micros.max():
        return np.array([], dtype=np.int64)
    return np.unique(np.linspace(micros.min(), micros.max(), bins + 1)[1:-1].astype(np.int64))


def instants(values: NDArray[Any] | Sequence[datetime | None]) -> tuple[NDArray[np.int64], int]:
    """Microseconds since 1970 of the values that are there, and how many are not."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        column = values.astype("datetime64[us]")
        present = column[~np.isnat(column)].astype(np.int64)
        return np.clip(present, *_SPAN), int(column.size - present.size)
    known = [to_micros(value) for value in values if value is not None and value == value]
    return np.array(known, dtype=np.int64), len(values) - len(known)


def to_micros(at: datetime) -> int:
    """Microseconds since 1970; without a time zone, ``at`` is taken as UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def to_datetime(micros: int) -> datetime:
    """The instant ``micros`` microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


# What a datetime can hold.
_SPAN = (to_micros(datetime.min.replace(tzinfo=UTC)), to_micros(datetime.max.replace(tzinfo=UTC)))
