"""Mergeable one-pass summaries of columns: what a version looks like, and what drift is measured against.

Two profiles of the same bins (``edges``) or the same named values (``keep``) merge exactly, so a
window can be summed from its parts. ``profile_like`` makes a profile that fits a reference.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pomona.stats.coverage import coverage_of, merge_coverage, without_coverage
from pomona.stats.histograms import (
    LARGEST,
    bin_counts,
    finite_part,
    instants,
    numeric_edges,
    time_edges,
    to_datetime,
    to_micros,
)
from pomona.stats.records import (
    TOP,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    TableProfile,
    TimeProfile,
)

__all__ = [
    "TOP",
    "CategoryProfile",
    "ColumnProfile",
    "NumericProfile",
    "TableProfile",
    "TimeProfile",
    "merge",
    "merge_tables",
    "profile_categories",
    "profile_like",
    "profile_numeric",
    "profile_times",
    "quantile",
    "without",
]

Binned = TypeVar("Binned", NumericProfile, TimeProfile)

_LONGEST = 200  # characters; a longer value is text, not a category, and counts as other


def profile_numeric(
    values: ArrayLike, *, missing: int = 0, edges: Sequence[float] | None = None
) -> NumericProfile:
    """Summary of a column of numbers (floats, integers, booleans, decimals).

    Args:
        values: The values that are not missing, shape (n,); NaN is counted apart.
        missing: How many more rows have no value.
        edges: Bin edges, strictly increasing; by default about 20 bins of equal frequency, or one
            for each value when there are at most 20 of them.
    Raises:
        ValueError: If the edges are not finite and strictly increasing.

    >>> profile_numeric([1, 1, 2, 4], edges=[2.0, 3.0]).counts
    (2, 1, 1)
    """
    column = np.asarray(values, dtype=np.float64).ravel()
    numbers, finite = _numbers_of(column)
    bins = tuple(float(edge) for edge in edges) if edges is not None else numeric_edges(finite)
    mean = float(finite.mean()) if finite.size else 0.0
    return NumericProfile(
        count=int(numbers.size),
        missing=missing,
        nan=int(column.size - numbers.size),
        infinite=int(numbers.size - finite.size),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
        mean=mean,
        m2=float(np.square(finite - mean).sum()),
        zeros=int(np.count_nonzero(finite == 0.0)),
        edges=bins,
        counts=bin_counts(numbers, np.asarray(bins, dtype=np.float64)),
    )


def profile_categories(
    values: Iterable[str | None] | Mapping[str, int],
    *,
    missing: int = 0,
    keep: Collection[str] | None = None,
) -> CategoryProfile:
    """Summary of a column of words.

    Args:
        values: The values (None and NaN count as missing), or how often each occurs.
        missing: How many more rows have no value.
        keep: The values to name; by default the 50 most frequent. All others count as ``other``.

    >>> profile_categories(["a", "b", "a", None], keep=["a"])
    CategoryProfile(count=3, missing=1, distinct=2, top={'a': 2}, other=1)
    """
    seen: Counter[Any] = Counter(values)
    absent = sum(times for value, times in seen.items() if _is_absent(value))
    named: Counter[str] = Counter()
    for value, times in seen.items():
        if times > 0 and not _is_absent(value):
            named[str(value)] += int(times)
    top = _top(named if keep is None else {value: named[value] for value in keep if value in named})
    count = sum(named.values())
    return CategoryProfile(
        count=count,
        missing=missing + absent,
        distinct=len(named),
        top=top,
        other=count - sum(top.values()),
    )


def profile_times(
    values: NDArray[Any] | Sequence[datetime | None],
    *,
    missing: int = 0,
    edges: Sequence[datetime] | None = None,
) -> TimeProfile:
    """Summary of a column of instants; those without a time zone are taken as UTC.

    Args:
        values: ``datetime64`` array or datetimes; NaT and None count as missing.
        missing: How many more rows have no value.
        edges: Bin edges, strictly increasing; by default 20 bins of equal length.
    Raises:
        ValueError: If the edges are not strictly increasing.
    """
    micros, absent = instants(values)
    bins = (
        np.array([to_micros(edge) for edge in edges], dtype=np.int64)
        if edges is not None
        else time_edges(micros)
    )
    per, coverage = coverage_of(micros)
    return TimeProfile(
        count=int(micros.size),
        missing=missing + absent,
        earliest=to_datetime(int(micros.min())) if micros.size else None,
        latest=to_datetime(int(micros.max())) if micros.size else None,
        edges=tuple(to_datetime(int(edge)) for edge in bins),
        counts=bin_counts(micros, bins),
        per=per,
        coverage=coverage,
    )


def profile_like(reference: ColumnProfile, values: Any, *, missing: int = 0) -> ColumnProfile:
    """Summary of ``values`` in the bins (or with the named values) of ``reference``.

    Such a profile merges with others made so, and ``drift_of`` compares it with ``reference``.
    """
    if isinstance(reference, NumericProfile):
        edges = reference.edges if reference.count else None
        return profile_numeric(values, missing=missing, edges=edges)
    if isinstance(reference, TimeProfile):
        return profile_times(values, missing=missing, edges=reference.edges if reference.count else None)
    # While nothing was pooled, new values may still be named; a full list stays as it is.
    keep = reference.top if reference.other else None
    return profile_categories(values, missing=missing, keep=keep)


def merge(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    """The profile of both columns put one after the other.

    Counts are exact, moments up to rounding. A category profile stays exact while both name all their
    values or were made with the same ``keep``; else ``top`` holds lower bounds, and ``distinct`` too.

    Raises:
        ValueError: If the kinds differ, or the edges do (an empty column fits any edges).
    """
    if isinstance(a, NumericProfile) and isinstance(b, NumericProfile):
        return _merge_numeric(a, b)
    if isinstance(a, CategoryProfile) and isinstance(b, CategoryProfile):
        return _merge_categories(a, b)
    if isinstance(a, TimeProfile) and isinstance(b, TimeProfile):
        return _merge_times(a, b)
    raise ValueError(f"a {type(a).__name__} and a {type(b).__name__} cannot be merged")


def without(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    """The profile of what is left of ``a`` when the values of ``b``, which are among them, are gone.

    Counts are exact, moments up to rounding. Minimum, maximum, distinct values and names stay those of
    ``a``: what they are now, the two profiles do not tell.

    Raises:
        ValueError: If the kinds or the edges differ.
    """
    if isinstance(a, CategoryProfile) and isinstance(b, CategoryProfile):
        return msgspec.structs.replace(a, count=a.count - b.count, missing=a.missing - b.missing)
    if isinstance(a, NumericProfile) and isinstance(b, NumericProfile):
        moments = a.moments.without(b.moments)
        return msgspec.structs.replace(
            a,
            count=a.count - b.count,
            missing=a.missing - b.missing,
            nan=a.nan - b.nan,
            infinite=a.infinite - b.infinite,
            mean=moments.mean,
            m2=moments.m2,
            zeros=a.zeros - b.zeros,
            counts=_fewer(a, b),
        )
    if isinstance(a, TimeProfile) and isinstance(b, TimeProfile):
        per, coverage = without_coverage((a.per, a.coverage), (b.per, b.coverage))
        return msgspec.structs.replace(
            a,
            count=a.count - b.count,
            missing=a.missing - b.missing,
            counts=_fewer(a, b),
            per=per,
            coverage=coverage,
        )
    raise ValueError(f"a {type(b).__name__} cannot be taken away from a {type(a).__name__}")


def merge_tables(a: TableProfile, b: TableProfile) -> TableProfile:
    """The profile of both tables, one below the other; a column of only one is missing in the other.

    Raises:
        ValueError: If a column's kinds or edges differ.
    """
    columns: dict[str, ColumnProfile] = {}
    for name in chain(a.columns, (name for name in b.columns if name not in a.columns)):
        left = a.columns.get(name) or _empty_like(b.columns[name], a.rows)
        right = b.columns.get(name) or _empty_like(a.columns[name], b.rows)
        columns[name] = merge(left, right)
    return TableProfile(rows=a.rows + b.rows, columns=columns)


def quantile(profile: NumericProfile, q: float) -> float | None:
    """The ``q`` quantile read from the histogram, linear inside a bin; None for an empty column.

    The error is at most the width of the bin that holds it.

    Raises:
        ValueError: If ``q`` is outside 0..1.

    >>> quantile(profile_numeric([0, 1, 2, 3, 4], edges=[2.0]), 0.4)
    2.0
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"a quantile is between 0 and 1, not {q}")
    if profile.minimum is None or profile.maximum is None:
        return None
    bounds = np.clip([profile.minimum, *profile.edges, profile.maximum], profile.minimum, profile.maximum)
    heights = np.concatenate([[0], np.cumsum(profile.counts)])
    place = int(np.clip(np.searchsorted(heights, q * heights[-1], side="left"), 1, len(profile.counts)))
    below, inside = heights[place - 1], heights[place] - heights[place - 1]
    share = (q * heights[-1] - below) / inside if inside else 0.0
    low, high = bounds[place - 1], bounds[place]
    return float(min(high, low + share * (high - low)))


def _numbers_of(column: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if column.size and column.min() >= -LARGEST and column.max() <= LARGEST:  # false if there is a NaN
        return column, column
    numbers = column[~np.isnan(column)]
    return numbers, finite_part(numbers)


def _merge_numeric(a: NumericProfile, b: NumericProfile) -> NumericProfile:
    edges, counts = _same_bins(a, b)
    moments = a.moments.merge(b.moments)
    return NumericProfile(
        count=a.count + b.count,
        missing=a.missing + b.missing,
        nan=a.nan + b.nan,
        infinite=a.infinite + b.infinite,
        minimum=min((x for x in (a.minimum, b.minimum) if x is not None), default=None),
        maximum=max((x for x in (a.maximum, b.maximum) if x is not None), default=None),
        mean=moments.mean,
        m2=moments.m2,
        zeros=a.zeros + b.zeros,
        distinct=_at_least(a, b),
        edges=edges,
        counts=counts,
    )


def _merge_categories(a: CategoryProfile, b: CategoryProfile) -> CategoryProfile:
    both = dict(Counter(a.top) + Counter(b.top))
    top = _top(both)
    count = a.count + b.count
    return CategoryProfile(
        count=count,
        missing=a.missing + b.missing,
        distinct=max(len(both) + (a.other + b.other > 0), a.distinct, b.distinct),
        top=top,
        other=count - sum(top.values()),
    )


def _merge_times(a: TimeProfile, b: TimeProfile) -> TimeProfile:
    edges, counts = _same_bins(a, b)
    per, coverage = merge_coverage((a.per, a.coverage), (b.per, b.coverage))
    return TimeProfile(
        count=a.count + b.count,
        missing=a.missing + b.missing,
        earliest=min((x for x in (a.earliest, b.earliest) if x is not None), default=None),
        latest=max((x for x in (a.latest, b.latest) if x is not None), default=None),
        distinct=_at_least(a, b),
        edges=edges,
        counts=counts,
        per=per,
        coverage=coverage,
    )


def _at_least(a: Binned, b: Binned) -> int | None:
    if a.count and b.count:
        return None if a.distinct is None or b.distinct is None else max(a.distinct, b.distinct)
    return a.distinct if a.count else b.distinct


def _same_bins(a: Binned, b: Binned) -> tuple[Any, tuple[int, ...]]:
    if a.edges != b.edges:
        if a.count and b.count:
            raise ValueError("the edges differ; profile the second column with edges=first.edges")
        filled = a if a.count else b
        return filled.edges, filled.counts
    return a.edges, tuple(x + y for x, y in zip(a.counts, b.counts, strict=True))


def _fewer(a: Binned, b: Binned) -> tuple[int, ...]:
    if not b.count:
        return a.counts
    if a.edges != b.edges:
        raise ValueError("the edges differ; profile the values with edges=first.edges")
    return tuple(x - y for x, y in zip(a.counts, b.counts, strict=True))


def _empty_like(profile: ColumnProfile, rows: int) -> ColumnProfile:
    return type(profile)(count=0, missing=rows)


def _top(counts: Mapping[str, int]) -> dict[str, int]:
    short = ((value, times) for value, times in counts.items() if len(value) <= _LONGEST)
    return dict(sorted(short, key=lambda item: (-item[1], item[0]))[:TOP])


def _is_absent(value: object) -> bool:
    return value is None or value != value  # NaN is the one value unequal to itself
