"""How much a result goes with each choice: one number a parameter, over runs that were tried."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_GROUPS = 5


@dataclass(frozen=True)
class Association:
    """How a result goes with one parameter."""

    share: float  # epsilon squared: of the ranks' variance, 0 (nothing) to 1 (all)
    direction: float | None  # Spearman's rank correlation, -1 to 1; None for words
    p_value: float  # how often chance alone would give as much
    groups: int


def association(values: Sequence[str], result: Floats) -> Association | None:
    """How much of a result's ranks goes with one parameter; None when it cannot be said.

    Values are groups: words and few numbers as they are, many numbers as five equally large ones, so that
    a best value in the middle is seen as well as "the more the better". The share is the effect size of
    the Kruskal-Wallis test, corrected for what chance would give:

        H = (n - 1) sum_g n_g (r_g - r)^2 / sum_i (r_i - r)^2;  e^2 = max(0, (H - k + 1) / (n - k))

    for n runs in k groups, mean ranks r_g and r. One parameter at a time: what two do only together is not
    seen, and a parameter that was changed along with another gets its share too.

    Args:
        values: The parameter of each run, as logged.
        result: The result of each run, shape (n,), finite.

    References:
        Kruskal and Wallis (1952), JASA 47, 583-621; Kelley (1935), PNAS 21, 554-559 (the correction).
    """
    ranks = _ranks(result)
    numbers = _numbers(values)
    groups = _grouped(values, numbers)
    count, kinds = len(ranks), int(groups.max()) + 1 if len(groups) else 0
    spread = ((ranks - ranks.mean()) ** 2).sum() if count else 0.0
    if kinds < 2 or count <= kinds or spread == 0:
        return None
    sizes = np.bincount(groups)
    means = np.bincount(groups, weights=ranks) / sizes
    h = (count - 1) * (sizes * (means - ranks.mean()) ** 2).sum() / spread
    from scipy.special import gammaincc  # slow to import, and only importances need it

    return Association(
        share=float(np.clip((h - kinds + 1) / (count - kinds), 0, 1)),
        direction=None if numbers is None else float(np.corrcoef(_ranks(numbers), ranks)[0, 1]),
        p_value=float(gammaincc((kinds - 1) / 2, h / 2)),  # of chi squared with k - 1 degrees of freedom
        groups=kinds,
    )


def _numbers(values: Sequence[str]) -> Floats | None:
    try:
        found = np.array([float(value) for value in values])
    except ValueError:
        return None
    return found if np.isfinite(found).all() else None


def _grouped(values: Sequence[str], numbers: Floats | None) -> NDArray[np.int64]:
    distinct, groups = np.unique(values if numbers is None else numbers, return_inverse=True)
    if numbers is not None and len(distinct) > _GROUPS:
        order = (_ranks(numbers) - 0.5) / len(numbers)  # 0 to 1; equal numbers stay together
        groups = np.unique(np.minimum((order * _GROUPS).astype(np.int64), _GROUPS - 1), return_inverse=True)[
            1
        ]
    return np.asarray(groups, np.int64)


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)
