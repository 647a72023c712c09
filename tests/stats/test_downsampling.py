"""Thinned curves keep what the eye would see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.stats.downsampling import lttb, min_max

HEIGHTS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(HEIGHTS, st.integers(4, 60))
def test_ends_extremes_and_the_limit_are_kept(heights: list[float], points: int) -> None:
    y = np.array(heights)
    picks = min_max(y, points)
    assert len(picks) <= max(points, 4)
    assert (np.diff(picks) > 0).all()
    assert (picks[0], picks[-1]) == (0, len(y) - 1)
    assert y[picks].min() == y.min()
    assert y[picks].max() == y.max()


@given(HEIGHTS, st.integers(3, 60))
def test_triangles_pick_exactly_as_many_in_order(heights: list[float], points: int) -> None:
    y = np.array(heights)
    picks = lttb(np.arange(len(y), dtype=float), y, points)
    assert len(picks) == min(points, len(y))
    assert (np.diff(picks) > 0).all()
    assert (picks[0], picks[-1]) == (0, len(y) - 1)


def test_one_spike_among_a_million_points_is_still_there() -> None:
    y = np.zeros(1_000_000)
    y[777_777] = 1.0
    assert 777_777 in min_max(y, 200)
    assert 777_777 in lttb(np.arange(1e6), y, 200)


def test_gaps_are_picked_only_where_there_is_nothing_else() -> None:
    y = np.full(1000, np.nan)
    y[::10] = np.sin(np.arange(100))
    assert np.isfinite(y[min_max(y, 50)][1:-1]).all()
    assert len(min_max(np.full(1000, np.nan), 50)) <= 50


@pytest.mark.parametrize("points", [3, 4, 5, 100])
def test_a_straight_line_stays_straight(points: int) -> None:
    x = np.arange(500.0)
    picks = lttb(x, 2 * x, points)
    assert np.allclose(np.interp(x, x[picks], 2 * x[picks]), 2 * x)
