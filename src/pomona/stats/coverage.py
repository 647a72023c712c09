"""Rows per day, month or year: where a column of times has gaps."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pomona.stats.records import Per

MOST = 1000  # days (or months) that are told apart; more are counted by the next longer period
_DAY = 86_400_000_000
_LENGTH: dict[Per, int] = {"day": 10, "month": 7, "year": 4}  # of 2026-01-31, 2026-01, 2026
_LONGER: dict[Per, Per] = {"day": "month", "month": "year"}

Coverage = tuple[Per, dict[str, int]]


def coverage_of(micros: NDArray[np.int64]) -> Coverage:
    """Rows of each period that has any, in order.

    Args:
        micros: Microseconds since 1970 (UTC), shape (n,).

    >>> coverage_of(np.array([0, 1, 86_400_000_000]))
    ('day', {'1970-01-01': 2, '1970-01-02': 1})
    """
    if micros.size == 0:
        return "day", {}
    days = micros // _DAY
    first = int(days.min())
    span = int(days.max()) - first + 1
    if span <= 4_000_000:  # 10,000 years
        counted = np.bincount(days - first, minlength=span)
        places = np.flatnonzero(counted)
        found, rows = places + first, counted[places]
    else:
        found, rows = np.unique(days, return_counts=True)
    names = np.datetime_as_string(found.astype("datetime64[D]"))
    return _bounded("day", dict(zip(map(str, names), map(int, rows), strict=True)))


def merge_coverage(a: Coverage, b: Coverage) -> Coverage:
    """The rows of both, by the longer of the two periods."""
    per = max(a[0], b[0], key=lambda one: -_LENGTH[one])
    both = Counter(_coarser(a[1], per))
    both.update(_coarser(b[1], per))
    return _bounded(per, dict(sorted(both.items())))


def without_coverage(a: Coverage, b: Coverage) -> Coverage:
    """The rows of ``a`` when those of ``b``, which are among them, are gone; by the period of ``a``."""
    left = Counter(a[1])
    left.subtract(_coarser(b[1], a[0]))
    return a[0], {name: rows for name, rows in left.items() if rows > 0}


def _bounded(per: Per, rows: dict[str, int]) -> Coverage:
    while len(rows) > MOST and per in _LONGER:
        per = _LONGER[per]
        rows = _coarser(rows, per)
    return per, rows


def _coarser(rows: Mapping[str, int], per: Per) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, times in rows.items():
        found[name[: _LENGTH[per]]] += times
    return dict(found)
