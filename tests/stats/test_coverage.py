"""Rows are counted by day; many days by month, many months by year; a merge equals the whole."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pomona.stats.coverage import MOST, coverage_of, merge_coverage
from pomona.stats.histograms import to_micros

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001


def micros(days: range) -> np.ndarray:
    return np.array(days, dtype=np.int64) * 86_400_000_000


def test_a_long_column_is_counted_by_a_longer_period() -> None:
    assert coverage_of(micros(range(MOST)))[0] == "day"
    assert coverage_of(micros(range(MOST + 1)))[0] == "month"
    assert coverage_of(micros(range(0, 40_000, 29)))[0] == "year"
    assert coverage_of(micros(range(0))) == ("day", {})


@given(st.lists(MOMENTS, max_size=30), st.lists(MOMENTS, max_size=30))
def test_a_merge_equals_the_whole(a: list[datetime], b: list[datetime]) -> None:
    one, other = ([to_micros(at.replace(tzinfo=UTC)) for at in side] for side in (a, b))
    apart = merge_coverage(coverage_of(np.array(one, np.int64)), coverage_of(np.array(other, np.int64)))
    assert apart == coverage_of(np.array(one + other, np.int64))


def test_a_merge_of_many_days_equals_the_whole() -> None:
    days = micros(range(0, 5_000, 3))
    apart = merge_coverage(coverage_of(days[:700]), coverage_of(days[700:]))
    assert apart == coverage_of(days)
