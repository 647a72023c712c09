"""How good a model is: the metrics a hypothesis, a gate and a monitor may name.

``pomona.stats.scores`` measures them. A metric that the data cannot tell (no rows, only one class where
two are needed) is NaN, never a made-up number; compare with ``better``, which never takes NaN for an
improvement.
"""

from typing import Literal

from pomona.core.errors import Invalid
from pomona.core.records import Record

Direction = Literal["higher", "lower"]
Kind = Literal["classification", "regression"]


class Payoffs(Record, frozen=True, kw_only=True):
    """Money per scored row, by what was said and what came true.

    A row is said to be positive when its predicted probability is above ``threshold``.
    """

    true_positive: float
    false_positive: float
    true_negative: float = 0.0
    false_negative: float = 0.0
    threshold: float = 0.5


class KnownMetric(Record, frozen=True, kw_only=True):
    """A named measure of a model."""

    name: str
    direction: Direction  # which way is better
    kind: Kind
    what: str


class MetricError(Invalid, ValueError):
    """These values cannot be measured: shapes differ, labels are not 0 and 1, payoffs are missing."""


class UnknownMetric(MetricError):
    """No metric has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown metric {name!r}", hint=f"known: {', '.join(METRICS)}")


def metric_named(name: str) -> KnownMetric:
    """The metric of that name.

    Raises:
        UnknownMetric: If there is none; its hint lists the known names.
    """
    if name not in METRICS:
        raise UnknownMetric(name)
    return METRICS[name]


def better(name: str, value: float, than: float, *, margin: float = 0.0) -> bool:
    """Whether ``value`` is better than ``than`` by more than ``margin``; NaN is never better.

    >>> better("rmse", 1.0, 2.0), better("roc_auc", 0.8, 0.8), better("roc_auc", float("nan"), 0.5)
    (True, False, False)
    """
    gain = value - than if metric_named(name).direction == "higher" else than - value
    return gain > margin


def _named(name: str, direction: Direction, kind: Kind, what: str) -> tuple[str, KnownMetric]:
    return name, KnownMetric(name=name, direction=direction, kind=kind, what=what)


METRICS: dict[str, KnownMetric] = dict(
    [
        _named("roc_auc", "higher", "classification", "chance that a positive ranks above a negative"),
        _named("average_precision", "higher", "classification", "precision averaged over recall"),
        _named("log_loss", "lower", "classification", "mean surprise of the probabilities, in nats"),
        _named("brier", "lower", "classification", "mean squared error of the probabilities"),
        _named("accuracy", "higher", "classification", "share of right answers at the threshold"),
        _named("precision", "higher", "classification", "share of yes answers that come true"),
        _named("recall", "higher", "classification", "share of positives that get a yes"),
        _named("f1", "higher", "classification", "harmonic mean of precision and recall"),
        _named("value_per_prediction", "higher", "classification", "money earned per scored row"),
        _named("rmse", "lower", "regression", "root of the mean squared error"),
        _named("mae", "lower", "regression", "mean absolute error"),
        _named("r2", "higher", "regression", "share of the variance explained"),
    ]
)
