"""The frozen results of ``stats``. Loads no NumPy, so that the SDK and the CLI can show them cheaply."""

import math
from datetime import datetime
from typing import Literal

from pomona.core.records import Record

TOP = 50  # values a CategoryProfile names


class Moments(Record, frozen=True, kw_only=True):
    """What an average needs: how many, their mean, and the sum of squared distances from it.

    >>> Moments().add(1.0).add(3.0)
    Moments(n=2, mean=2.0, m2=2.0)

    References:
        Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247.
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @property
    def variance(self) -> float:
        """The unbiased sample variance; 0.0 for fewer than two values."""
        return self.m2 / (self.n - 1) if self.n > 1 else 0.0

    @property
    def total(self) -> float:
        """The sum of all values."""
        return self.n * self.mean

    def add(self, value: float) -> "Moments":
        """These values and one more."""
        return self.merge(Moments(n=1, mean=value))

    def merge(self, other: "Moments") -> "Moments":
        """These values and the others, as if they had been seen together."""
        n = self.n + other.n
        if self.n == 0 or other.n == 0:
            return self if other.n == 0 else other
        apart = other.mean - self.mean
        return Moments(
            n=n,
            mean=self.mean + apart * (other.n / n),
            m2=self.m2 + other.m2 + apart * apart * (self.n * (other.n / n)),
        )

    def without(self, other: "Moments") -> "Moments":
        """What is left when the others, which are among these values, are gone; up to rounding.

        >>> Moments().add(1.0).add(3.0).add(8.0).without(Moments().add(8.0))
        Moments(n=2, mean=2.0, m2=2.0)
        """
        n = self.n - other.n
        if n <= 0 or other.n == 0:
            return Moments() if other.n else self
        mean = self.mean - (other.mean - self.mean) * (other.n / n)
        apart = other.mean - mean
        m2 = self.m2 - other.m2 - apart * apart * (n * (other.n / self.n))
        return Moments(n=n, mean=mean, m2=max(0.0, m2))


class Interval(Record, frozen=True, kw_only=True):
    """Where the true value lies, with confidence ``level``."""

    low: float
    high: float
    level: float = 0.95


class DriftReading(Record, frozen=True, kw_only=True):
    """How far a window is from its reference, and how far chance alone would have put it."""

    measure: str
    score: float
    sample: int  # rows in the window
    bins: int = 0  # bins that hold anything on either side
    noise: float = 0.0  # score expected although nothing changed
    ceiling: float = 0.0  # score that an unchanged source exceeds once in a thousand windows

    @property
    def excess(self) -> float:
        """The score above what sampling noise explains, never negative."""
        return max(0.0, self.score - self.noise)


class NumericProfile(Record, frozen=True, kw_only=True, tag_field="kind", tag="numeric"):
    """A column of numbers.

    ``counts[0]`` holds the values below ``edges[0]``, ``counts[i]`` those in
    ``[edges[i - 1], edges[i])``, the last those at or above the last edge. Infinite values count in
    the outer bins; minimum, maximum, mean and m2 are of the finite ones (0.0 and None if there are none).
    """

    count: int  # numbers: neither missing nor NaN
    missing: int = 0
    nan: int = 0
    infinite: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float = 0.0
    m2: float = 0.0
    zeros: int = 0
    distinct: int | None = None  # None: not counted
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = (0,)

    @property
    def rows(self) -> int:
        """All rows, with and without a value."""
        return self.count + self.missing + self.nan

    @property
    def moments(self) -> Moments:
        """Number, mean and m2 of the finite values."""
        return Moments(n=self.count - self.infinite, mean=self.mean, m2=self.m2)

    @property
    def std(self) -> float:
        """The sample standard deviation of the finite values."""
        return math.sqrt(self.moments.variance)


class CategoryProfile(Record, frozen=True, kw_only=True, tag_field="kind", tag="category"):
    """A column of words: the most frequent by name (most frequent first), the others as one number.

    ``distinct`` is exact for up to 4,000 values (an estimate within 5 % above); a merge in which some
    values are only in ``other`` makes it a lower bound.
    """

    count: int  # values that are not missing
    missing: int = 0
    distinct: int = 0
    top: dict[str, int] = {}
    other: int = 0

    @property
    def rows(self) -> int:
        """All rows, with and without a value."""
        return self.count + self.missing


Per = Literal["day", "month", "year"]


class TimeProfile(Record, frozen=True, kw_only=True, tag_field="kind", tag="time"):
    """A column of instants (UTC); the bins are as in ``NumericProfile``.

    ``coverage`` counts the rows of each day that has any (``2026-01-31``); a column of more than 1,000
    days is counted by month (``2026-01``), one of more than 1,000 months by year.
    """

    count: int  # values that are not missing
    missing: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    distinct: int | None = None  # None: not counted
    edges: tuple[datetime, ...] = ()
    counts: tuple[int, ...] = (0,)
    per: Per = "day"
    coverage: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """All rows, with and without a value."""
        return self.count + self.missing


ColumnProfile = NumericProfile | CategoryProfile | TimeProfile


class Correlations(Record, frozen=True, kw_only=True):
    """Pearson coefficients of numeric columns; None where a column does not vary."""

    columns: tuple[str, ...]
    pearson: tuple[tuple[float | None, ...], ...]  # one row a column, symmetric


class TableProfile(Record, frozen=True, kw_only=True):
    """A table, column by column. Correlations are lost in a merge: they need the rows.

    Where rows were appended ``merged`` says how many were not there when all were last read: different
    values are lower bounds then, and the correlations those of the rows before.
    """

    rows: int
    columns: dict[str, ColumnProfile] = {}
    correlations: Correlations | None = None
    merged: int = 0
