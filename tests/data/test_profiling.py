"""Every kind of column has a profile."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.records import from_json, to_json
from pomona.data.profiling import Profiler, profile_table
from pomona.data.tables.canonical import canonical
from pomona.data.tables.sampling import Sample
from pomona.stats.records import CategoryProfile, NumericProfile, TableProfile, TimeProfile

COLUMNS = {
    "number": ([1.5, None], NumericProfile),
    "whole": ([1, None], NumericProfile),
    "flag": ([True, None], NumericProfile),
    "money": ([Decimal("1.50"), None], NumericProfile),
    "long": ([timedelta(seconds=2), None], NumericProfile),
    "word": (["a", None], CategoryProfile),
    "clock": ([time(12), None], CategoryProfile),
    "bytes": ([b"x", None], CategoryProfile),
    "list": ([[1], None], CategoryProfile),
    "struct": ([{"x": 1}, None], CategoryProfile),
    "moment": ([datetime(2026, 1, 1, tzinfo=UTC), None], TimeProfile),
    "naive": ([datetime(2026, 1, 1), None], TimeProfile),  # noqa: DTZ001
    "day": ([date(2026, 1, 1), None], TimeProfile),
    "nothing": ([None, None], CategoryProfile),
}


def test_every_kind_of_column_has_a_profile_that_survives_json() -> None:
    table = canonical(pa.table({name: values for name, (values, _) in COLUMNS.items()}))
    profile = profile_table(table)
    assert from_json(to_json(profile), TableProfile) == profile
    for name, (_, kind) in COLUMNS.items():
        column = profile.columns[name]
        assert isinstance(column, kind), name
        if name != "nothing":
            assert (column.count, column.missing) == (1, 1), name


def test_an_instant_is_profiled_in_utc() -> None:
    berlin = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("ns", "Europe/Berlin"))
    column = profile_table(pa.table({"at": berlin})).columns["at"]
    assert isinstance(column, TimeProfile)
    assert column.earliest == datetime(2026, 1, 1, tzinfo=UTC)


def rows(count: int, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    present = rng.random(count) > 0.2
    at = rng.integers(1_600_000_000, 1_700_000_000, count) * 1_000_000
    return pa.table(
        {
            "x": pa.array(np.where(rng.random(count) < 0.1, np.nan, rng.normal(5, 2, count)), mask=~present),
            "n": rng.integers(0, 9, count),
            "word": pa.array(rng.choice(["pear", "apple", "fig", "x" * 300], count), mask=~present),
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "flag": rng.random(count) < 0.3,
            "raw": pa.array([b"x"] * count, pa.large_binary()),
        }
    )


@given(st.integers(0, 200), st.lists(st.integers(0, 200), max_size=5))
def test_chunks_give_the_profile_of_the_whole(count: int, cuts: list[int]) -> None:
    like = profile_table(rows(300, seed=1))
    table = rows(count)
    whole = profile_table(table, like)
    profiler = Profiler(like)
    bounds = [0, *sorted(min(cut, count) for cut in cuts), count]
    for start, end in pairwise(bounds):
        profiler.add(table.slice(start, end - start))
    found = profiler.finish()
    assert found.rows == whole.rows == count
    assert found.correlations == whole.correlations
    for name, column in found.columns.items():
        other = whole.columns[name]
        if isinstance(column, NumericProfile) and isinstance(other, NumericProfile):
            assert column.mean == pytest.approx(other.mean)
            assert column.m2 == pytest.approx(other.m2)
            column = msgspec.structs.replace(column, mean=other.mean, m2=other.m2)
        assert column == other


def test_a_profile_like_another_has_its_bins_unless_it_outgrew_them() -> None:
    like = profile_table(rows(100, seed=1))
    same, longer = profile_table(rows(900), like), profile_table(rows(5_000), like)
    for name in ("x", "n", "at"):
        before = like.columns[name]
        assert not isinstance(before, CategoryProfile)
        assert same.columns[name].edges == before.edges  # type: ignore[union-attr]
    assert longer.columns["x"].edges != like.columns["x"].edges  # type: ignore[union-attr]


def test_many_different_values_are_estimated_and_the_frequent_ones_named() -> None:
    rng = np.random.default_rng(3)
    words = np.where(rng.random(200_000) < 0.1, "often", [f"id-{i}" for i in range(200_000)])
    profiler = Profiler()
    for start in range(0, len(words), 70_000):
        profiler.add(
            pa.table({"id": words[start : start + 70_000], "i": np.arange(200_000)[start : start + 70_000]})
        )
    profile = profiler.finish()
    word, number = profile.columns["id"], profile.columns["i"]
    assert isinstance(word, CategoryProfile)
    assert isinstance(number, NumericProfile)
    assert word.top["often"] == int((words == "often").sum())
    assert word.other == word.count - sum(word.top.values())
    assert word.distinct == pytest.approx(180_000, rel=0.07)
    assert number.distinct == pytest.approx(200_000, rel=0.07)
    assert sum(number.counts) == 200_000


def test_numeric_columns_are_correlated_and_days_counted() -> None:
    profile = profile_table(rows(500))
    assert profile.correlations is not None
    assert profile.correlations.columns == ("x", "n")
    at = profile.columns["at"]
    assert isinstance(at, TimeProfile)
    assert at.per == "day"
    assert sum(at.coverage.values()) == 500


def test_bins_are_chosen_from_a_sample_of_rows_that_come_in_order() -> None:
    numbers, words = np.arange(300_000), ["x"] * 300_000
    table = pa.table({"i": numbers, "at": pa.array(numbers * 10**9, pa.timestamp("us")), "w": words})
    sample = Sample()
    for start in range(0, 300_000, 50_000):
        sample.add(table.slice(start, 50_000))
    profiler = Profiler(sample=sample.table)
    for start in range(0, 300_000, 50_000):
        profiler.add(table.slice(start, 50_000))
    for column in profiler.finish().columns.values():
        if not isinstance(column, CategoryProfile):
            assert column.counts == pytest.approx([15_000] * 20, rel=0.01)
