"""Drift: found when it is there, not found when only chance differs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance

from pomona.stats.drift import (
    drift_of,
    drifted,
    jensen_shannon,
    noise_ceiling,
    noise_floor,
    psi,
    total_variation,
)
from pomona.stats.profiles import profile_categories, profile_like, profile_numeric, profile_times

weights = st.lists(st.integers(1, 1000), min_size=5, max_size=5)


def _shares(raw: list[int]) -> list[float]:
    return [float(x) for x in np.asarray(raw) / sum(raw)]


@given(weights, weights)
def test_measures_are_symmetric_and_bounded(a: list[int], b: list[int]) -> None:
    p, q = _shares(a), _shares(b)
    for measure in (psi, jensen_shannon, total_variation):
        assert measure(p, q) == pytest.approx(measure(q, p), abs=1e-12)
        assert measure(p, p) == pytest.approx(0.0, abs=1e-7)
        assert measure(p, q) >= 0
    assert jensen_shannon(p, q) <= 1
    assert total_variation(p, q) <= 1


@given(weights, weights)
def test_jensen_shannon_is_that_of_scipy(a: list[int], b: list[int]) -> None:
    p, q = _shares(a), _shares(b)
    assert jensen_shannon(p, q) == pytest.approx(float(distance.jensenshannon(p, q, base=2)), abs=1e-6)


def test_a_bin_empty_on_one_side_only_is_infinitely_far() -> None:
    assert psi([0.5, 0.5, 0.0], [0.4, 0.6, 0.0]) == pytest.approx(0.1 * math.log(1.5))
    assert psi([1.0, 0.0], [0.5, 0.5]) == math.inf


@pytest.mark.parametrize("q", [[0.5, 0.3, 0.2], [0.5, 0.6], [1.5, -0.5]])
def test_what_is_not_a_pair_of_shares_is_refused(q: list[float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        psi([0.5, 0.5], q)


def test_the_same_data_has_no_drift() -> None:
    for column in (
        profile_numeric(np.arange(500.0), missing=20),
        profile_categories({"a": 5, "b": 9}, missing=1),
        profile_times(np.arange(50).astype("datetime64[D]")),
    ):
        assert drift_of(column, column).score == pytest.approx(0.0)


def test_a_shifted_column_drifts() -> None:
    rng = np.random.default_rng(3)
    reference = profile_numeric(rng.normal(size=10_000))
    reading = drift_of(reference, profile_like(reference, rng.normal(0.6, 1, size=400)))
    assert drifted(reading, threshold=0.2)
    assert reading.score == pytest.approx(0.36, abs=0.15)  # two unit normals 0.6 apart: 0.6^2 nats
    assert reading.sample == 400


def test_a_month_never_seen_before_is_drift() -> None:
    reference = profile_numeric([1] * 500 + [2] * 500)
    assert drifted(drift_of(reference, profile_like(reference, [3] * 100)), threshold=0.25)


def test_a_constant_that_changes_is_drift() -> None:
    reference = profile_numeric([5.0] * 1000)
    assert drifted(drift_of(reference, profile_like(reference, [5.1] * 100)), threshold=0.25)


def test_values_that_go_missing_are_drift() -> None:
    reference = profile_numeric(np.arange(1000.0))
    gone = profile_like(reference, [], missing=200)
    half = profile_like(reference, np.arange(0.0, 1000.0, 10.0), missing=100)
    assert drifted(drift_of(reference, gone), threshold=0.25)
    assert drifted(drift_of(reference, half), threshold=0.25)


def test_a_new_category_is_drift_even_unnamed() -> None:
    reference = profile_categories({f"c{n}": 100 for n in range(60)})
    window = profile_like(reference, {"new": 300, "c1": 20})
    assert drifted(drift_of(reference, window), threshold=0.25)


def test_rare_categories_are_pooled_not_called_drift() -> None:
    reference = profile_categories({f"c{n}": 10 for n in range(50)})
    reading = drift_of(reference, profile_categories({f"c{n}": 1 for n in range(25)}))
    assert reading.bins == 1
    assert not drifted(reading, threshold=0.1)


def test_a_side_without_rows_says_nothing() -> None:
    reference = profile_numeric([1.0, 2.0])
    reading = drift_of(reference, profile_like(reference, []))
    assert (reading.score, reading.sample) == (0.0, 0)
    assert not drifted(reading, threshold=0.1)


def test_other_kinds_and_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        drift_of(profile_numeric([1.0]), profile_categories(["a"]))
    with pytest.raises(ValueError, match="profile_like"):
        drift_of(profile_numeric([1.0]), profile_numeric([2.0]))


@pytest.mark.parametrize("window", [60, 200, 2000])
def test_noise_alone_scores_what_the_floor_says(window: int) -> None:
    rng = np.random.default_rng(window)
    reference = profile_numeric(rng.gamma(2.0, size=5000))
    readings = [drift_of(reference, profile_like(reference, rng.gamma(2.0, size=window))) for _ in range(400)]
    mean = float(np.mean([reading.score for reading in readings]))
    # The reference is one and the same, so the mean over windows has its own luck in it.
    assert mean == pytest.approx(noise_floor(20, 5000, window), rel=0.3)
    beyond = sum(reading.score > noise_ceiling(20, 5000, window, level=0.99) for reading in readings)
    assert beyond <= 400 * 0.01 + 3 * math.sqrt(400 * 0.01)
    assert not any(drifted(reading, threshold=0.1) for reading in readings)


def test_noise_in_categories_is_not_drift() -> None:
    rng = np.random.default_rng(11)
    names = np.array([f"c{n:02d}" for n in range(80)])
    shares = rng.dirichlet(np.full(80, 0.5))
    reference = profile_categories(rng.choice(names, size=20_000, p=shares))
    readings = [
        drift_of(reference, profile_like(reference, rng.choice(names, size=150, p=shares)))
        for _ in range(300)
    ]
    assert float(np.mean([r.score for r in readings])) <= 1.3 * float(np.mean([r.noise for r in readings]))
    assert sum(drifted(reading, threshold=0.1) for reading in readings) <= 3


def test_a_floor_needs_two_bins_and_rows() -> None:
    assert noise_floor(1, 10, 10) == noise_ceiling(1, 10, 10) == noise_floor(9, 0, 10) == 0.0
