"""Smoothing and bands of learning curves."""

import numpy as np
import pytest

from pomona.stats.curves import banded, smoothed


def test_smoothing_is_the_debiased_average_of_its_definition() -> None:
    y = np.random.default_rng(1).normal(size=50)
    weights = 0.8 ** np.arange(50)[::-1]
    expected = [(weights[-n:] * y[:n]).sum() / weights[-n:].sum() for n in range(1, 51)]
    assert np.allclose(smoothed(y, 0.8), expected)


def test_a_gap_stays_one_and_does_not_count() -> None:
    y = np.array([1.0, np.nan, 3.0])
    found = smoothed(y, 0.5)
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == smoothed(y[[0, 2]], 0.5).tolist()
    assert smoothed(y, 0) is y
    with pytest.raises(ValueError, match="weight"):
        smoothed(y, 1.0)


def test_a_band_is_mean_and_deviation_at_each_place() -> None:
    x = np.arange(4.0)
    band = banded([(x, x), (x, x + 2), (x[:2], x[:2] + 4)], 100)
    assert band.x.tolist() == [0, 1, 2, 3]
    assert band.mean.tolist() == [2, 3, 3, 4]
    assert band.curves.tolist() == [3, 3, 2, 2]
    assert np.allclose(
        band.high - band.mean, np.std([[0, 2, 4]] * 2, axis=1, ddof=1).tolist() + [np.sqrt(2)] * 2
    )
    assert np.allclose(band.mean - band.low, band.high - band.mean)


def test_places_that_differ_are_joined_by_straight_lines_on_a_grid() -> None:
    long = np.arange(1000.0)
    band = banded([(long, 2 * long), (long[::7], 2 * long[::7])], 50)
    assert len(band.x) <= 50
    assert np.allclose(band.mean, 2 * band.x)


def test_one_run_has_a_band_of_no_width_and_empty_curves_do_not_count() -> None:
    x = np.arange(3.0)
    band = banded([(x, x), (x, np.full(3, np.nan))], 10)
    assert band.low.tolist() == band.mean.tolist() == band.high.tolist() == [0, 1, 2]
