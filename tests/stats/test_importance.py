"""What a result goes with: the effect size of Kruskal and Wallis, by hand, by scipy and by simulation."""

import numpy as np
import pytest
from scipy.stats import kruskal, spearmanr

from pomona.stats.importance import association

RANDOM = np.random.default_rng(3)


def test_it_is_the_test_that_scipy_has() -> None:
    words = np.array(["adam", "sgd", "lion"])[RANDOM.integers(3, size=200)]
    result = (words == "sgd") + RANDOM.normal(size=200).round(1)  # ties, too
    found = association(words.tolist(), result)
    h, p_value = kruskal(*(result[words == one] for one in ("adam", "sgd", "lion")))
    assert found is not None
    assert found.share == pytest.approx((h - 2) / 197)
    assert found.p_value == pytest.approx(p_value)
    assert (found.groups, found.direction) == (3, None)


def test_the_best_value_in_the_middle_is_seen_though_no_line_rises() -> None:
    rates = RANDOM.uniform(-5, 0, 300)
    found = association([f"{10**rate:.4g}" for rate in rates], -((rates + 2.5) ** 2))
    assert found is not None
    assert found.share > 0.6
    assert found.direction == pytest.approx(spearmanr(rates, -((rates + 2.5) ** 2))[0], abs=1e-6)
    assert abs(found.direction or 0) < 0.2


def test_what_has_no_influence_gets_nothing_on_average_and_is_named_chance() -> None:
    shares, alarms = [], 0
    for _ in range(400):
        found = association([str(one) for one in RANDOM.integers(1000, size=60)], RANDOM.normal(size=60))
        assert found is not None
        shares.append(found.share)
        alarms += found.p_value < 0.05
    assert np.mean(shares) < 0.03
    assert 4 <= alarms <= 40  # 20 expected


def test_nothing_is_said_where_nothing_can_be() -> None:
    assert association(["1", "1", "1"], np.array([1.0, 2, 3])) is None
    assert association(["a", "b"], np.array([1.0, 2.0])) is None
    assert association(["a", "b", "a", "b"], np.ones(4)) is None
    assert association([], np.array([])) is None
