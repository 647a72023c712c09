"""What changed between a reference (a model's training version) and a window of what it now sees."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pomona.stats.chi_square import chi_square_quantile
from pomona.stats.records import (
    TOP,
    CategoryProfile,
    ColumnProfile,
    DriftReading,
    NumericProfile,
    TimeProfile,
)

__all__ = [
    "DriftReading",
    "drift_of",
    "drifted",
    "jensen_shannon",
    "noise_ceiling",
    "noise_floor",
    "psi",
    "total_variation",
]

_FEWEST = 5  # expected rows below which a category is pooled with the others (Cochran, 1954)


def psi(expected: ArrayLike, observed: ArrayLike) -> float:
    """Population stability index of two histograms, in nats: sum_k (o_k - e_k) ln(o_k / e_k).

    Bins empty on both sides add nothing; one that is empty on one side makes the index infinite.

    Args:
        expected, observed: Bin shares of the two windows, shape (K,), each summing to 1.
    Raises:
        ValueError: If the two shapes differ, or the shares are negative or do not sum to 1.
    References:
        Jeffreys (1946), Proc. R. Soc. A 186, 453-461.

    >>> round(psi([0.5, 0.5], [0.4, 0.6]), 4)
    0.0405
    """
    e, o = _shares(expected, observed)
    return float((_relative_entropies(o, e) + _relative_entropies(e, o)).sum())


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """Jensen-Shannon distance: the square root of the divergence in bits; 0 = equal, 1 = disjoint.

    Args:
        p, q: Bin shares, shape (K,), each summing to 1.
    Raises:
        ValueError: If the two shapes differ, or the shares are negative or do not sum to 1.
    References:
        Endres, Schindelin (2003), IEEE Trans. Inf. Theory 49(7), 1858-1860.

    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0])
    1.0
    """
    a, b = _shares(p, q)
    middle = (a + b) / 2
    nats = float((_relative_entropies(a, middle) + _relative_entropies(b, middle)).sum()) / 2
    return math.sqrt(min(1.0, max(0.0, nats / math.log(2))))


def total_variation(p: ArrayLike, q: ArrayLike) -> float:
    """Total variation distance, half of sum_k |p_k - q_k|: the share of rows that would have to move bin.

    Args:
        p, q: Bin shares, shape (K,), each summing to 1.
    Raises:
        ValueError: If the two shapes differ, or the shares are negative or do not sum to 1.
    """
    a, b = _shares(p, q)
    return float(np.abs(a - b).sum()) / 2


def noise_floor(bins: int, n_reference: int, n_window: int) -> float:
    """The index two samples of one source have on average: (K - 1) (1/n + 1/m); 0.0 without rows.

    References:
        Yurdakul, Naranjo (2020), J. Risk Model Validation 14(4), 89-100.

    >>> round(noise_floor(20, 10_000, 200), 4)
    0.0969
    """
    return max(0, bins - 1) * _spread(n_reference, n_window)


def noise_ceiling(bins: int, n_reference: int, n_window: int, *, level: float = 0.999) -> float:
    """The index that two samples of one source exceed with probability 1 - ``level``.

    The index of K bins is distributed as (1/n + 1/m) chi^2 with K - 1 degrees of freedom.

    References:
        Yurdakul, Naranjo (2020), J. Risk Model Validation 14(4), 89-100.
    """
    if bins < 2:
        return 0.0
    return chi_square_quantile(bins - 1, level) * _spread(n_reference, n_window)


def drift_of(reference: ColumnProfile, window: ColumnProfile) -> DriftReading:
    """How far the column ``window`` is from ``reference``: the population stability index of its bins.

    Missing values (and NaN) are a bin of their own. Numbers and times use the reference's edges; make
    the window with ``profile_like(reference, ...)``. Words use the reference's top values, with all
    others, and those too rare to expect 5 of in the window, as one bin. Bins empty on both sides are
    left out; half a row is added to each of the rest, so that one empty bin is not infinitely far.

    A side without rows gives a score of 0.0.

    Raises:
        ValueError: If the kinds of the columns or the edges differ.
    """
    expected, observed = _aligned(reference, window)
    used = (expected + observed) > 0
    bins = int(used.sum())
    n, m = reference.rows, window.rows
    if n == 0 or m == 0:
        return DriftReading(measure="psi", score=0.0, sample=m, bins=bins)
    return DriftReading(
        measure="psi",
        score=psi(_smooth(expected[used]), _smooth(observed[used])),
        sample=m,
        bins=bins,
        noise=noise_floor(bins, n, m),
        ceiling=noise_ceiling(bins, n, m),
    )


def drifted(reading: DriftReading, *, threshold: float) -> bool:
    """Whether the column changed by ``threshold`` beyond what sampling noise explains."""
    return reading.excess >= threshold and reading.score > reading.ceiling


def _aligned(a: ColumnProfile, b: ColumnProfile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(a, CategoryProfile) and isinstance(b, CategoryProfile):
        return _aligned_categories(a, b)
    if isinstance(a, NumericProfile) and isinstance(b, NumericProfile):
        return _aligned_bins(a, b, (a.missing + a.nan, b.missing + b.nan))
    if isinstance(a, TimeProfile) and isinstance(b, TimeProfile):
        return _aligned_bins(a, b, (a.missing, b.missing))
    raise ValueError(f"a {type(b).__name__} cannot be compared with a {type(a).__name__}")


def _aligned_bins(
    a: NumericProfile | TimeProfile, b: NumericProfile | TimeProfile, absent: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if a.count == 0 or b.count == 0:  # no edges to agree on: only "missing or not" can be compared
        return np.array([a.count, absent[0]], dtype=float), np.array([b.count, absent[1]], dtype=float)
    if a.edges != b.edges:
        raise ValueError("the edges differ; profile the window with profile_like(reference, values)")
    return np.array([*a.counts, absent[0]], dtype=float), np.array([*b.counts, absent[1]], dtype=float)


def _aligned_categories(
    a: CategoryProfile, b: CategoryProfile
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # A full list may have no place left for a value that occurs: then it hides in "other".
    full = b.other > 0 and len(b.top) >= TOP
    named = [value for value in a.top if value in b.top or not full]
    enough = _FEWEST * a.rows / max(1, b.rows)
    kept = [value for value in named if a.top[value] >= enough]
    sides = []
    for side in (a, b):
        counts = [side.top.get(value, 0) for value in kept]
        sides.append(np.array([*counts, side.count - sum(counts), side.missing], dtype=float))
    return sides[0], sides[1]


def _smooth(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = (counts + 0.5) / (counts.sum() + 0.5 * counts.size)
    return shares


def _relative_entropies(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """p ln(p / q), bin by bin: 0 where p is 0, infinite where q alone is."""
    found = np.where(p > 0, np.inf, 0.0)
    both = (p > 0) & (q > 0)
    found[both] = p[both] * (np.log(p[both]) - np.log(q[both]))
    return found


def _shares(p: ArrayLike, q: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"two lists of shares of one length are needed, not {a.shape} and {b.shape}")
    for side in (a, b):
        if np.any(side < 0) or not math.isclose(float(side.sum()), 1.0, abs_tol=1e-6):
            raise ValueError("shares are not negative and sum to 1")
    return a, b


def _spread(n: int, m: int) -> float:
    return 1.0 / n + 1.0 / m if n > 0 and m > 0 else 0.0
