"""Measures the metrics that ``pomona.stats.metrics`` names, on outcomes and predictions."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pomona.stats.metrics import MetricError, Payoffs, metric_named

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def measure(name: str, actual: ArrayLike, predicted: ArrayLike, *, payoffs: Payoffs | None = None) -> float:
    """The metric ``name`` of predictions whose outcome is known.

    NaN when the data cannot tell: no rows; one class only (roc_auc, average_precision without
    positives); nothing predicted or nothing there (precision, recall, f1); constant ``actual`` (r2).

    Args:
        actual: Shape (n,); 0 and 1 for classification.
        predicted: Shape (n,); the probability of 1 for classification.
        payoffs: Money per row; needed by ``value_per_prediction``. Its threshold also decides what
            counts as a yes for accuracy, precision, recall and f1 (0.5 without it).
    Raises:
        UnknownMetric: If there is no such metric.
        MetricError: If the values cannot be measured.

    >>> measure("roc_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    metric = metric_named(name)
    y, p = _pair(actual, predicted)
    if metric.kind == "classification" and not np.all((y == 0.0) | (y == 1.0)):
        raise MetricError(f"{name} needs labels 0 and 1", hint="turn the outcome into 0 (no) and 1 (yes)")
    if y.size == 0:
        return math.nan
    if name == "value_per_prediction":
        if payoffs is None:
            raise MetricError(
                "value_per_prediction needs payoffs", hint="say what right and false answers earn"
            )
        return float(payoff_of(p, y, payoffs).mean())
    if name in _AT_THRESHOLD:
        said = p > (payoffs.threshold if payoffs is not None else 0.5)
        return _AT_THRESHOLD[name](y == 1.0, said)
    return _DIRECT[name](y, p)


def payoff_of(predicted: ArrayLike, actual: ArrayLike, payoffs: Payoffs) -> Floats:
    """Money earned by each prediction, shape (n,).

    Args:
        predicted: Probabilities of 1, shape (n,).
        actual: What came true, 0 or 1, shape (n,).
    Raises:
        MetricError: If the shapes differ or a value is NaN.
    """
    y, p = _pair(actual, predicted)
    said, true = p > payoffs.threshold, y == 1.0
    right = np.where(said, payoffs.true_positive, payoffs.false_negative)
    wrong = np.where(said, payoffs.false_positive, payoffs.true_negative)
    return np.where(true, right, wrong).astype(np.float64)


def _pair(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise MetricError(f"one prediction for each outcome is needed, not {p.shape} for {y.shape}")
    if np.any(np.isnan(y)) or np.any(np.isnan(p)):
        raise MetricError(
            "outcomes and predictions must not be NaN", hint="leave out rows without an outcome"
        )
    return y, p


def _roc_auc(y: Floats, p: Floats) -> float:
    """The chance that a random positive is ranked above a random negative; ties count half."""
    positives = float(y.sum())
    negatives = y.size - positives
    if positives == 0 or negatives == 0:
        return math.nan
    _, place, times = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[place]
    return float((ranks[y == 1.0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _average_precision(y: Floats, p: Floats) -> float:
    """Precision summed over the steps of recall, rows of one score taken together."""
    positives = float(y.sum())
    if positives == 0:
        return math.nan
    order = np.argsort(-p, kind="stable")
    ranked, scores = y[order], p[order]
    last = np.append(scores[1:] != scores[:-1], True)  # the last row of each score
    hits, taken = np.cumsum(ranked)[last], (np.arange(y.size) + 1)[last]
    return float((np.diff(hits, prepend=0.0) * hits / taken).sum() / positives)


def _log_loss(y: Floats, p: Floats) -> float:
    from scipy import special  # a quarter of a second that a start need not take

    _check_probabilities(p)
    smallest = np.finfo(np.float64).eps  # a sure prediction that fails costs 36 nats, not infinitely many
    sure = np.clip(p, smallest, 1.0 - smallest)
    return float(-(special.xlogy(y, sure) + special.xlog1py(1.0 - y, -sure)).mean())


def _brier(y: Floats, p: Floats) -> float:
    _check_probabilities(p)
    return float(np.square(p - y).mean())


def _check_probabilities(p: Floats) -> None:
    if np.any((p < 0.0) | (p > 1.0)):
        raise MetricError("predictions are not probabilities", hint="serve predict_proba, not a raw score")


def _r2(y: Floats, p: Floats) -> float:
    spread = float(np.square(y - y.mean()).sum())
    return 1.0 - float(np.square(y - p).sum()) / spread if spread > 0 else math.nan


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _count(rows: Labels) -> int:
    return int(np.count_nonzero(rows))


_AT_THRESHOLD: dict[str, Callable[[Labels, Labels], float]] = {
    "accuracy": lambda true, said: float((true == said).mean()),
    "precision": lambda true, said: _ratio(_count(true & said), _count(said)),
    "recall": lambda true, said: _ratio(_count(true & said), _count(true)),
    "f1": lambda true, said: _ratio(2 * _count(true & said), _count(true) + _count(said)),
}

_DIRECT: dict[str, Callable[[Floats, Floats], float]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "brier": _brier,
    "rmse": lambda y, p: math.sqrt(float(np.square(y - p).mean())),
    "mae": lambda y, p: float(np.abs(y - p).mean()),
    "r2": _r2,
}
