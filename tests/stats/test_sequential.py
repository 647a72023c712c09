"""Confidence sequences: however often one looks, they are wrong at most as often as they say."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pomona.stats.intervals import moments_from_sums, welch
from pomona.stats.records import Interval, Moments
from pomona.stats.sequential import boundary, confidence_sequence

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
Read = Callable[[Moments, Moments], Interval | None]

RUNS, ROWS, EVERY = 300, 4000, 40


def normal(rng: np.random.Generator, n: int) -> Floats:
    return rng.normal(size=n)


def warnings(rng: np.random.Generator, n: int) -> Floats:
    """Money per flight: mostly nothing, sometimes 40 for a right warning, -15 for a false one."""
    return rng.choice([0.0, 40.0, -15.0], p=[0.75, 0.1, 0.15], size=n)


def rare_losses(rng: np.random.Generator, n: int) -> Floats:
    return np.where(rng.random(n) < 0.02, -100.0, 1.0)


def _looks(
    rng: np.random.Generator, draw: Draw, share: float, effect: float
) -> list[tuple[Moments, Moments]]:
    treated = rng.random(ROWS) < share
    values = draw(rng, ROWS) + effect * treated
    arms: list[list[Moments]] = []
    for arm in (~treated, treated):
        sums = [np.cumsum(column * arm)[EVERY - 1 :: EVERY] for column in (np.ones(ROWS), values, values**2)]
        arms.append([moments_from_sums(int(n), float(s), float(q)) for n, s, q in zip(*sums, strict=True)])
    return list(zip(*arms, strict=True))


def _ever_wrong(draw: Draw, read: Read, *, share: float, effect: float = 0.0, seed: int = 1) -> float:
    rng = np.random.default_rng(seed)
    wrong = 0
    for _ in range(RUNS):
        seen = (read(control, treatment) for control, treatment in _looks(rng, draw, share, effect))
        wrong += any(x is not None and not x.low <= effect <= x.high for x in seen)
    return wrong / RUNS


def _sequence(control: Moments, treatment: Moments) -> Interval | None:
    return confidence_sequence(control, treatment, alpha=0.1, expected_n=2000, min_per_arm=50)


@pytest.mark.parametrize("draw", [normal, warnings, rare_losses])
@pytest.mark.parametrize(("share", "effect"), [(0.5, 0.0), (0.1, 0.0), (0.3, 0.5)])
def test_looking_all_the_time_is_wrong_at_most_alpha(draw: Draw, share: float, effect: float) -> None:
    assert _ever_wrong(draw, _sequence, share=share, effect=effect) <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / RUNS)


def test_a_fixed_interval_looked_at_all_the_time_is_not() -> None:
    assert _ever_wrong(normal, lambda a, b: welch(a, b, level=0.9), share=0.5) > 0.3


@pytest.mark.parametrize("effect", [0.3, -0.3])
def test_a_real_effect_is_found_and_has_the_right_sign(effect: float) -> None:
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(100):
        seen = [_sequence(*look) for look in _looks(rng, normal, 0.3, effect)]
        found += any(x is not None and (x.low > 0 if effect > 0 else x.high < 0) for x in seen)
    assert found >= 95


def test_an_arm_that_never_earns_anything_is_found_out() -> None:
    earning = moments_from_sums(9000, 9000 * 1.75, 9000 * 194.0)
    silent = Moments(n=1000, mean=0.0, m2=0.0)
    interval = confidence_sequence(earning, silent, expected_n=10_000)
    assert interval is not None
    assert interval.high < 0


def test_it_is_silent_until_both_arms_have_enough() -> None:
    small, large = moments_from_sums(99, 0.0, 99.0), moments_from_sums(5000, 0.0, 5000.0)
    assert confidence_sequence(large, small) is None
    assert confidence_sequence(large, small, min_per_arm=99) is not None
    assert confidence_sequence(Moments(), Moments(), min_per_arm=0) is None


def test_without_any_spread_it_says_nothing() -> None:
    same = Moments(n=500, mean=1.0, m2=0.0)
    assert confidence_sequence(same, same) is None


def test_the_boundary_is_lowest_where_it_was_tuned() -> None:
    at = {n: boundary(n, alpha=0.05, expected_n=2000) for n in (200, 1000, 2000, 4000, 20_000)}
    assert min(at, key=lambda n: at[n]) == 2000
    assert at[2000] > 1.96


@pytest.mark.parametrize(("alpha", "expected_n"), [(0.0, 10), (1.0, 10), (0.05, 0)])
def test_impossible_settings_are_refused(alpha: float, expected_n: int) -> None:
    with pytest.raises(ValueError, match="alpha"):
        confidence_sequence(Moments(), Moments(), alpha=alpha, expected_n=expected_n)
