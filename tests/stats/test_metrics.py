"""Metrics: equal to scikit-learn's where it has them, honest where the data cannot tell."""

import importlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.stats.metrics import (
    METRICS,
    MetricError,
    Payoffs,
    UnknownMetric,
    better,
)
from pomona.stats.scores import measure, payoff_of

oracle: Any = importlib.import_module("sklearn.metrics")  # has no types
PAYOFFS = Payoffs(true_positive=40.0, false_positive=-15.0, false_negative=-1.0, threshold=0.4)

rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=60)


def _binary(data: list[tuple[int, int]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    y = np.array([label for label, _ in data])
    assume(0 < y.sum() < y.size)
    return y, np.array([score / 20 for _, score in data])


@given(rows)
def test_scores_are_those_of_scikit_learn(data: list[tuple[int, int]]) -> None:
    y, p = _binary(data)
    assert measure("roc_auc", y, p) == pytest.approx(oracle.roc_auc_score(y, p))
    assert measure("average_precision", y, p) == pytest.approx(oracle.average_precision_score(y, p))
    assert measure("log_loss", y, p) == pytest.approx(oracle.log_loss(y, p))
    assert measure("brier", y, p) == pytest.approx(oracle.brier_score_loss(y, p))


@given(rows)
def test_answers_at_the_threshold_are_those_of_scikit_learn(data: list[tuple[int, int]]) -> None:
    y, p = _binary(data)
    said = p > 0.5
    assume(said.any())
    assert measure("accuracy", y, p) == pytest.approx(oracle.accuracy_score(y, said))
    assert measure("precision", y, p) == pytest.approx(oracle.precision_score(y, said))
    assert measure("recall", y, p) == pytest.approx(oracle.recall_score(y, said))
    assert measure("f1", y, p) == pytest.approx(oracle.f1_score(y, said))


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=40))
def test_regression_is_that_of_scikit_learn(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    assert measure("rmse", y, p) == pytest.approx(oracle.root_mean_squared_error(y, p))
    assert measure("mae", y, p) == pytest.approx(oracle.mean_absolute_error(y, p))
    if np.ptp(y) > 1e-6:
        assert measure("r2", y, p) == pytest.approx(oracle.r2_score(y, p))


def test_money_is_what_each_answer_earned() -> None:
    predicted, actual = [0.9, 0.9, 0.1, 0.1], [1, 0, 1, 0]
    assert payoff_of(predicted, actual, PAYOFFS).tolist() == [40.0, -15.0, -1.0, 0.0]
    assert measure("value_per_prediction", actual, predicted, payoffs=PAYOFFS) == 6.0


def test_the_payoffs_threshold_decides_what_a_yes_is() -> None:
    assert measure("recall", [1, 1], [0.45, 0.9]) == 0.5
    assert measure("recall", [1, 1], [0.45, 0.9], payoffs=PAYOFFS) == 1.0


def test_money_needs_payoffs() -> None:
    with pytest.raises(MetricError, match="payoffs"):
        measure("value_per_prediction", [1], [0.5])


@pytest.mark.parametrize(
    ("name", "actual", "predicted"),
    [
        ("roc_auc", [1, 1], [0.2, 0.3]),
        ("average_precision", [0, 0], [0.2, 0.3]),
        ("precision", [0, 1], [0.1, 0.1]),
        ("recall", [0, 0], [0.9, 0.1]),
        ("f1", [0, 0], [0.1, 0.1]),
        ("r2", [2.0, 2.0], [1.0, 3.0]),
    ],
)
def test_what_the_data_cannot_tell_is_nan(name: str, actual: list[float], predicted: list[float]) -> None:
    assert math.isnan(measure(name, actual, predicted))


@pytest.mark.parametrize("name", METRICS)
def test_no_rows_tell_nothing(name: str) -> None:
    assert math.isnan(measure(name, [], [], payoffs=PAYOFFS))


@pytest.mark.parametrize(
    ("name", "actual", "predicted"),
    [
        ("roc_auc", [0, 2], [0.1, 0.2]),
        ("brier", [0, 1], [0.1, 1.2]),
        ("rmse", [0, 1], [0.1]),
        ("mae", [0, math.nan], [0.1, 0.2]),
    ],
)
def test_what_cannot_be_measured_is_refused(name: str, actual: list[float], predicted: list[float]) -> None:
    with pytest.raises(MetricError):
        measure(name, actual, predicted)


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(UnknownMetric, match=r"roc_auc.*rmse") as caught:
        measure("auc", [0, 1], [0.1, 0.2])
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, Invalid)


def test_better_follows_the_direction_and_never_trusts_nan() -> None:
    assert better("log_loss", 0.4, 0.5)
    assert better("roc_auc", 0.8, 0.7)
    assert not better("roc_auc", 0.8, 0.75, margin=0.1)
    assert not better("roc_auc", math.nan, 0.5)
    assert not better("roc_auc", 0.9, math.nan)
