"""Fewer points that look the same: which points of a long curve a chart needs."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picks = NDArray[np.int64]


def min_max(y: Floats, points: int) -> Picks:
    """The first, the last, and of each stretch between them the lowest and the highest: no spike is lost.

    Args:
        y: Heights in order, shape (n,); not-a-number only stands for a stretch that has nothing else.
        points: At most this many are picked; at least 4.

    Returns:
        Indices, rising, shape (<= points,).

    >>> min_max(np.array([0.0, 1, 9, 1, 0, -5, 0, 0]), 6).tolist()
    [0, 1, 2, 4, 5, 7]
    """
    count = len(y)
    if count <= points:
        return np.arange(count)
    stretches = max(1, (points - 2) // 2)
    size = -(-(count - 2) // stretches)
    inner = np.full(-(-(count - 2) // size) * size, np.nan)
    inner[: count - 2] = y[1:-1]
    table = inner.reshape(-1, size)
    starts = 1 + np.arange(len(table)) * size
    low = starts + np.where(np.isnan(table), np.inf, table).argmin(axis=1)
    high = starts + np.where(np.isnan(table), -np.inf, table).argmax(axis=1)
    return np.unique(np.concatenate([[0], low, high, [count - 1]]))


def lttb(x: Floats, y: Floats, points: int) -> Picks:
    """Largest triangle, three buckets: the points that keep the line's shape to the eye.

    Of each bucket it takes the point that spans the largest triangle with the point taken before and the
    mean of the bucket after. Best for smooth lines; a spike beside a larger one may be lost.

    Args:
        x, y: Places and heights in order, shape (n,), finite.
        points: At most this many are picked; at least 3.

    Returns:
        Indices, rising, shape (min(n, points),).

    >>> lttb(np.arange(9.0), np.array([0.0, 0, 0, 0, 7, 0, 0, 0, 0]), 3).tolist()
    [0, 4, 8]

    References:
        Steinarsson (2013), Downsampling time series for visual representation, University of Iceland.
    """
    count = len(y)
    if count <= points:
        return np.arange(count)
    edges = np.linspace(1, count - 1, points - 1).astype(np.int64)
    sums_x, sums_y = (np.concatenate([[0.0], np.cumsum(one)]) for one in (x, y))
    ends = np.append(edges[1:], count)
    sizes = ends - edges
    mean_x = (sums_x[ends] - sums_x[edges]) / sizes
    mean_y = (sums_y[ends] - sums_y[edges]) / sizes
    picks = [0]
    for bucket in range(points - 2):
        first, last, before = edges[bucket], edges[bucket + 1], picks[-1]
        areas = np.abs(
            (x[before] - mean_x[bucket + 1]) * (y[first:last] - y[before])
            - (x[before] - x[first:last]) * (mean_y[bucket + 1] - y[before])
        )
        picks.append(int(first + areas.argmax()))
    return np.array([*picks, count - 1])
