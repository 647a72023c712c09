"""The quantile of chi-square, without SciPy, whose import alone takes a quarter of a second."""

import math
from functools import lru_cache

_STEPS = 1000
_PRECISION = 1e-15


@lru_cache(maxsize=4096)
def chi_square_quantile(degrees: int, level: float) -> float:
    """The value that chi-square with so many degrees of freedom stays below with probability ``level``.

    Args:
        degrees: 1 or more.
        level: Above 0 and below 1.
    Raises:
        ValueError: If either is out of its range.
    References:
        Press et al. (2007), Numerical Recipes, 3rd edition, 6.2: the incomplete gamma function.

    >>> round(chi_square_quantile(1, 0.95), 4), round(chi_square_quantile(10, 0.999), 4)
    (3.8415, 29.5883)
    """
    if degrees < 1 or not 0.0 < level < 1.0:
        raise ValueError(f"no quantile {level} of chi-square with {degrees} degrees of freedom")
    above = 1.0 - level
    low, high = 0.0, float(degrees)
    while _above(degrees / 2, high / 2) > above:
        low, high = high, 2 * high
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if _above(degrees / 2, middle / 2) > above else (low, middle)
    return high


def _above(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function."""
    if x <= 0.0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - scale * _series(a, x) if x < a + 1 else scale * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1.0 / a
    for step in range(1, _STEPS):
        term *= x / (a + step)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """A continued fraction, by Lentz's method."""
    b = x + 1.0 - a
    c, d = math.inf, 1.0 / b
    found = d
    for step in range(1, _STEPS):
        part = step * (a - step)
        b += 2.0
        d = 1.0 / (part * d + b)
        c = b + part / c
        found *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return found
