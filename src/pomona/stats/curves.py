"""Learning curves: smoothed, and many drawn together as one mean with its band."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smoothed(y: Floats, weight: float) -> Floats:
    """Exponential moving average without the pull of its start towards zero.

        s_t = w s_(t-1) + (1 - w) y_t,  s_0 = 0;  shown is s_t / (1 - w^t)

    Args:
        y: Heights in order, shape (n,); not-a-number stays a gap and does not count.
        weight: w, from 0 (as it is) to less than 1.

    >>> smoothed(np.array([1.0, 1, 1]), 0.9).round(9).tolist()
    [1.0, 1.0, 1.0]

    Raises:
        ValueError: If the weight lies outside [0, 1).
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight {weight} is not in [0, 1)")
    if weight == 0:
        return y
    real = ~np.isnan(y)
    sums = np.fromiter(
        accumulate(y[real], lambda s, one: weight * s + (1 - weight) * one, initial=0.0), float
    )
    shown = np.full(len(y), np.nan)
    shown[real] = sums[1:] / (1 - weight ** np.arange(1, len(sums)))
    return shown


@dataclass(frozen=True)
class Band:
    """Many curves as one: at each place the mean, and one standard deviation below and above; shape (n,)."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    curves: NDArray[np.int64]  # how many reach this place


def banded(curves: Sequence[tuple[Floats, Floats]], points: int) -> Band:
    """The mean of curves over their places, which may differ: between its points a curve is a straight line.

    A curve counts from its first place to its last, not beyond, so the mean may step where one ends.

    Args:
        curves: Places (rising) and heights of each; at least one point in all.
        points: Places of the answer at most.
    """
    places = np.unique(np.concatenate([x for x, _ in curves]))
    if len(places) > points:
        places = np.linspace(places[0], places[-1], points)
    heights = np.stack([_at(places, x, y) for x, y in curves])
    reached = ~np.isnan(heights)
    count = reached.sum(axis=0)
    some = count > 0
    places, heights, reached, count = places[some], heights[:, some], reached[:, some], count[some]
    mean = np.where(reached, heights, 0).sum(axis=0) / count
    spread = np.where(reached, heights - mean, 0)
    deviation = np.sqrt((spread**2).sum(axis=0) / np.maximum(count - 1, 1))
    return Band(x=places, mean=mean, low=mean - deviation, high=mean + deviation, curves=count)


def _at(places: Floats, x: Floats, y: Floats) -> Floats:
    real = ~np.isnan(y)
    if not real.any():
        return np.full(len(places), np.nan)
    return np.interp(places, x[real], y[real], left=np.nan, right=np.nan)
