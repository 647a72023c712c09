"""Profiles: what they say of a column, and that their parts add up to the whole."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.records import from_json, to_json
from pomona.stats.profiles import (
    TOP,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    TableProfile,
    TimeProfile,
    merge,
    merge_tables,
    profile_categories,
    profile_like,
    profile_numeric,
    profile_times,
    quantile,
)

EDGES = [-10.0, 0.0, 0.5, 100.0]
odd = st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300, 0.0, 0.5])
numbers = st.lists(st.floats(-1e6, 1e6) | odd, max_size=60)
words = st.lists(st.none() | st.sampled_from("abcdefgh"), max_size=60)
times = st.lists(st.none() | st.datetimes(timezones=st.just(UTC)), max_size=40)


def _same(a: NumericProfile, b: NumericProfile) -> bool:
    close = math.isclose(a.mean, b.mean, rel_tol=1e-9, abs_tol=1e-6 * max(1.0, a.std))
    spread = math.isclose(a.m2, b.m2, rel_tol=1e-6, abs_tol=1e-6)
    rest = [name for name in a.__struct_fields__ if name not in ("mean", "m2")]
    return close and spread and all(getattr(a, name) == getattr(b, name) for name in rest)


@given(numbers, numbers, st.integers(0, 5), st.integers(0, 5))
def test_numeric_parts_merge_to_the_whole(x: list[float], y: list[float], m: int, n: int) -> None:
    parts = merge(profile_numeric(x, missing=m, edges=EDGES), profile_numeric(y, missing=n, edges=EDGES))
    whole = profile_numeric([*x, *y], missing=m + n, edges=EDGES)
    assert isinstance(parts, NumericProfile)
    assert _same(parts, whole)


@given(numbers)
def test_every_row_of_numbers_is_counted_once(x: list[float]) -> None:
    profile = profile_numeric(x, missing=3)
    assert len(profile.counts) == len(profile.edges) + 1
    assert sum(profile.counts) == profile.count
    assert profile.rows == len(x) + 3
    assert from_json(to_json(profile), NumericProfile) == profile


@given(words, words)
def test_category_parts_merge_to_the_whole(x: list[str | None], y: list[str | None]) -> None:
    assert merge(profile_categories(x), profile_categories(y)) == profile_categories([*x, *y])


@given(words, words, st.sets(st.sampled_from("abcz")))
def test_kept_values_merge_exactly_whatever_else_occurs(
    x: list[str | None], y: list[str | None], keep: set[str]
) -> None:
    parts = merge(profile_categories(x, keep=keep), profile_categories(y, keep=keep))
    whole = profile_categories([*x, *y], keep=keep)
    assert isinstance(parts, CategoryProfile)
    assert (parts.count, parts.missing) == (whole.count, whole.missing)
    assert (parts.top, parts.other) == (whole.top, whole.other)


@given(times, times)
def test_time_parts_merge_to_the_whole(x: list[datetime | None], y: list[datetime | None]) -> None:
    edges = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2013, 7, 1, tzinfo=UTC)]
    parts = merge(profile_times(x, edges=edges), profile_times(y, edges=edges))
    assert parts == profile_times([*x, *y], edges=edges)


def test_moments_are_those_of_numpy() -> None:
    x = np.random.default_rng(0).normal(5, 3, size=1000)
    profile = profile_numeric(x)
    assert profile.mean == pytest.approx(x.mean())
    assert profile.std == pytest.approx(x.std(ddof=1))
    assert (profile.minimum, profile.maximum) == (x.min(), x.max())


def test_default_bins_hold_about_the_same_number_of_rows() -> None:
    profile = profile_numeric(np.random.default_rng(0).lognormal(size=10_000))
    assert len(profile.counts) == 20
    assert min(profile.counts) >= 490
    assert max(profile.counts) <= 510


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([True, False, True], (0, 1, 2, 0)),
        ([7, 7, 7], (0, 3, 0)),
        ([0.0, 0.0], (0, 2, 0)),
        ([1, 2, 2, 9], (0, 1, 2, 1, 0)),
        ([math.inf, -math.inf, math.nan, 1.0], (1, 1, 1)),
        ([], (0,)),
    ],
)
def test_few_different_values_get_a_bin_each(values: list[float], counts: tuple[int, ...]) -> None:
    assert profile_numeric(values).counts == counts


def test_half_zeros_do_not_break_the_edges() -> None:
    x = np.concatenate([np.zeros(5000), np.random.default_rng(0).exponential(size=5000)])
    profile = profile_numeric(x)
    assert profile.zeros == 5000
    assert list(profile.edges) == sorted(set(profile.edges))


def test_infinite_and_huge_numbers_leave_the_mean_alone() -> None:
    profile = profile_numeric([1.0, 3.0, math.inf, 1e300])
    assert (profile.mean, profile.infinite, profile.count) == (2.0, 2, 4)


def test_edges_that_do_not_increase_are_refused() -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        profile_numeric([1.0], edges=[2.0, 2.0])


def test_other_edges_do_not_merge() -> None:
    with pytest.raises(ValueError, match="edges differ"):
        merge(profile_numeric([1.0], edges=[0.0]), profile_numeric([1.0], edges=[1.0]))


def test_an_empty_column_fits_any_edges() -> None:
    full = profile_numeric([1.0, 2.0])
    assert merge(profile_numeric([], missing=2), full).rows == 4
    assert merge(full, profile_numeric([])) == full


def test_kinds_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot be merged"):
        merge(profile_numeric([1.0]), profile_categories(["a"]))


def test_only_the_most_frequent_values_are_named() -> None:
    counts = {f"id{n:03d}": n + 1 for n in range(80)}
    profile = profile_categories(counts)
    assert len(profile.top) == TOP
    assert next(iter(profile.top)) == "id079"
    assert profile.distinct == 80
    assert sum(profile.top.values()) + profile.other == profile.count


def test_long_text_is_not_named() -> None:
    assert profile_categories(["x" * 500, "y"]).top == {"y": 1}


def test_nan_among_words_is_missing() -> None:
    profile = profile_categories(np.array(["a", math.nan, None], dtype=object))
    assert (profile.count, profile.missing) == (1, 2)


def test_numpy_times_and_datetimes_agree() -> None:
    start = datetime(2013, 1, 1, tzinfo=UTC)
    aware: list[datetime | None] = [start + timedelta(hours=n) for n in range(100)]
    array = np.datetime64("2013-01-01T00:00", "ns") + np.arange(100).astype("timedelta64[h]")
    profile = profile_times(aware)
    assert profile_times(array) == profile
    assert (profile.earliest, profile.latest) == (aware[0], aware[-1])
    assert len(profile.counts) == 20
    assert from_json(to_json(profile), TimeProfile) == profile


def test_nat_is_missing() -> None:
    assert profile_times(np.array(["NaT", "2013-01-01"], dtype="datetime64[D]")).missing == 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80), st.floats(0, 1))
def test_quantiles_stay_in_range_and_order(x: list[float], q: float) -> None:
    profile = profile_numeric(x)
    low, middle, high = quantile(profile, q / 2), quantile(profile, q), quantile(profile, 1.0)
    assert low is not None
    assert middle is not None
    assert high is not None
    assert min(x) <= low <= middle <= high <= max(x)


def test_quantiles_are_close_to_the_true_ones() -> None:
    x = np.random.default_rng(0).normal(size=20_000)
    for q in (0.05, 0.25, 0.5, 0.9):
        assert quantile(profile_numeric(x), q) == pytest.approx(float(np.quantile(x, q)), abs=0.05)


def test_an_empty_column_has_no_quantile() -> None:
    assert quantile(profile_numeric([]), 0.5) is None


def test_a_window_profiled_like_its_reference_merges_with_it() -> None:
    pairs: list[tuple[ColumnProfile, Any]] = [
        (profile_numeric(np.arange(1000)), np.arange(50)),
        (profile_times(np.arange(50).astype("datetime64[D]")), np.arange(9).astype("datetime64[D]")),
        (profile_categories({f"c{n}": 1000 - n for n in range(60)}), ["c1", "new", None]),
    ]
    for column, window in pairs:
        assert merge(column, profile_like(column, window)).rows == column.rows + len(window)


def test_tables_merge_column_by_column() -> None:
    a = TableProfile(
        rows=2, columns={"x": profile_numeric([1.0, 2.0]), "old": profile_categories(["u", "v"])}
    )
    b = TableProfile(
        rows=1, columns={"x": profile_like(a.columns["x"], [3.0]), "new": profile_numeric([5.0])}
    )
    both = merge_tables(a, b)
    assert both.rows == 3
    assert {name: column.rows for name, column in both.columns.items()} == {"x": 3, "old": 3, "new": 3}
    assert both.columns["old"].missing == 1
    assert from_json(to_json(both), TableProfile) == both


def test_the_records_load_without_numpy() -> None:
    import subprocess
    import sys

    code = "import sys, pomona.stats.records; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
