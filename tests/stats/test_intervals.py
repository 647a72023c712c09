"""Intervals and moments: equal to SciPy's, and right as often as they say."""

import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.records import from_json, to_json
from pomona.stats.intervals import (
    Moments,
    moments_from_sums,
    moments_of,
    relative_lift,
    welch,
    wilson,
)

oracle: Any = importlib.import_module("scipy.stats")
values = st.lists(st.floats(-1e4, 1e4), max_size=30)


@given(values, values)
def test_moments_of_parts_merge_to_those_of_the_whole(x: list[float], y: list[float]) -> None:
    parts, whole = moments_of(x).merge(moments_of(y)), moments_of([*x, *y])
    assert parts.n == whole.n
    assert parts.mean == pytest.approx(whole.mean, abs=1e-8)
    assert parts.m2 == pytest.approx(whole.m2, rel=1e-9, abs=1e-4)


@given(values)
def test_moments_grow_one_value_at_a_time(x: list[float]) -> None:
    grown = Moments()
    for value in x:
        grown = grown.add(value)
    summed = moments_from_sums(len(x), sum(x), sum(value * value for value in x))
    for other in (moments_of(x), summed):
        assert grown.n == other.n
        assert grown.total == pytest.approx(other.total, abs=1e-6)
        assert grown.m2 == pytest.approx(other.m2, rel=1e-6, abs=1e-4)
    assert from_json(to_json(grown), Moments) == grown


def test_welch_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 40), rng.normal(2, 3, 15)
    expected = oracle.ttest_ind(b, a, equal_var=False).confidence_interval(0.9)
    found = welch(moments_of(a), moments_of(b), level=0.9)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (500, 1000)])
def test_wilson_is_that_of_scipy(successes: int, n: int) -> None:
    expected = oracle.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    found = wilson(successes, n)
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])


def test_wilson_knows_nothing_of_nothing_and_refuses_the_impossible() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="impossible"):
        wilson(3, 2)


def test_too_few_values_tell_nothing() -> None:
    one, many = moments_of([1.0]), moments_of([1.0, 2.0, 3.0])
    assert welch(one, many) is None
    assert welch(moments_of([1.0, 1.0]), moments_of([2.0, 2.0])) is None
    assert relative_lift(many, one) is None


def test_lift_on_a_base_near_zero_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    assert relative_lift(moments_of(rng.normal(0, 1, 50)), moments_of(rng.normal(1, 1, 50))) is None


def test_lift_on_a_loss_is_positive_when_the_loss_shrinks() -> None:
    rng = np.random.default_rng(0)
    lift = relative_lift(moments_of(rng.normal(-10, 1, 500)), moments_of(rng.normal(-5, 1, 500)))
    assert lift is not None
    assert 0.47 < lift.low < lift.high < 0.53


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(7)
    held, held_lift, runs = 0, 0, 1500
    for _ in range(runs):
        a, b = moments_of(rng.exponential(2.0, 150)), moments_of(rng.exponential(2.5, 60))
        difference, lift = welch(a, b), relative_lift(a, b)
        assert difference is not None
        assert lift is not None
        held += difference.low <= 0.5 <= difference.high
        held_lift += lift.low <= 0.25 <= lift.high
    assert held / runs == pytest.approx(0.95, abs=0.025)
    assert held_lift / runs == pytest.approx(0.95, abs=0.025)
