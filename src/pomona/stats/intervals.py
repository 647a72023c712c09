"""Intervals read once, at a size fixed beforehand; for looking again and again see ``sequential``."""

import math
from typing import TYPE_CHECKING

from pomona.stats.records import Interval, Moments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Interval", "Moments", "moments_from_sums", "moments_of", "relative_lift", "welch", "wilson"]


def moments_of(values: "ArrayLike") -> Moments:
    """The moments of finite values, shape (n,).

    >>> moments_of([1.0, 2.0, 3.0])
    Moments(n=3, mean=2.0, m2=2.0)
    """
    import numpy as np  # only here: whoever adds up sums in SQL needs none of it

    column = np.asarray(values, dtype=np.float64).ravel()
    mean = float(column.mean()) if column.size else 0.0
    return Moments(n=int(column.size), mean=mean, m2=float(np.square(column - mean).sum()))


def moments_from_sums(n: int, total: float, squares: float) -> Moments:
    """The moments of ``n`` values with the sums of them and of their squares (as SQL can add them up).

    Loses digits when the mean is far larger than the spread; fine for money per row.

    >>> moments_from_sums(3, 6.0, 14.0)
    Moments(n=3, mean=2.0, m2=2.0)
    """
    if n == 0:
        return Moments()
    return Moments(n=n, mean=total / n, m2=max(0.0, squares - total * (total / n)))


def welch(control: Moments, treatment: Moments, *, level: float = 0.95) -> Interval | None:
    """Interval of the difference of means, treatment - control, without assuming equal variances.

    None while it cannot be told: fewer than two values on a side, or no spread on either.

    References:
        Welch (1947), Biometrika 34(1/2), 28-35.
    """
    from scipy import special  # a quarter of a second that a start need not take

    _check_level(level)
    error = standard_error(control, treatment)
    if error is None:
        return None
    a, b = control.variance / control.n, treatment.variance / treatment.n
    freedom = (a + b) ** 2 / (a * a / (control.n - 1) + b * b / (treatment.n - 1))
    reach = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    apart = treatment.mean - control.mean
    return Interval(low=apart - reach, high=apart + reach, level=level)


def wilson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Interval of a rate; 0 to 1 when nothing was seen.

    Raises:
        ValueError: If ``successes`` is not between 0 and ``n``.
    References:
        Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.

    >>> seen = wilson(0, 10)
    >>> seen.low, round(seen.high, 3)
    (0.0, 0.278)
    """
    from scipy import special  # a quarter of a second that a start need not take

    _check_level(level)
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} are impossible")
    if n == 0:
        return Interval(low=0.0, high=1.0, level=level)
    z = float(special.ndtri((1 + level) / 2))
    rate, shrink = successes / n, 1 + z * z / n
    middle = (rate + z * z / (2 * n)) / shrink
    reach = z / shrink * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, middle - reach)
    high = 1.0 if successes == n else min(1.0, middle + reach)
    return Interval(low=low, high=high, level=level)


def relative_lift(control: Moments, treatment: Moments, *, level: float = 0.95) -> Interval | None:
    """Interval of the lift (treatment - control) / |control|, by the delta method.

    None while it cannot be told: fewer than two values on a side, no spread, or a control mean so
    near to zero (less than three standard errors) that the ratio means nothing.

    References:
        Deng, Knoblich, Lu (2018), KDD, 233-242 (equation 2).
    """
    from scipy import special  # a quarter of a second that a start need not take

    _check_level(level)
    if standard_error(control, treatment) is None:
        return None
    a, b = control.variance / control.n, treatment.variance / treatment.n
    base = control.mean
    if abs(base) < 3 * math.sqrt(a) or base == 0.0:
        return None
    lift = (treatment.mean - base) / abs(base)
    ratio = treatment.mean / base
    reach = float(special.ndtri((1 + level) / 2)) * math.sqrt(b + ratio * ratio * a) / abs(base)
    return Interval(low=lift - reach, high=lift + reach, level=level)


def standard_error(control: Moments, treatment: Moments) -> float | None:
    """Standard error of the difference of two means; None while there is no spread to tell it from."""
    if control.n < 2 or treatment.n < 2:
        return None
    error = math.sqrt(control.variance / control.n + treatment.variance / treatment.n)
    return error if error > 0 else None


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise ValueError(f"a confidence level is between 0 and 1, not {level}")
