"""Judges a candidate and the champion on the same newest labelled rows, which neither was trained on."""

import math
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.errors import Invalid
from pomona.data.records import Dataset, DataVersion
from pomona.loop.records import Comparison, RetrainPlan
from pomona.monitoring.reading import amounts_of
from pomona.monitoring.scoring import Scorer, labels
from pomona.registry.records import ModelVersion, Score
from pomona.releases.records import Endpoint
from pomona.stats import metrics, scores

Floats = NDArray[np.float64]
_LATE_LABELS = timedelta(days=60)  # labels may be missing at the very end: so much more is read


class Data(Protocol):
    """Data versions and their rows."""

    def dataset(self, ref: str) -> Dataset: ...

    def resolve(self, ref: str) -> DataVersion: ...

    def read(
        self,
        ref: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        purpose: str | None = None,
    ) -> pa.Table: ...


class Evaluation:
    """Scores model versions on hold-outs."""

    def __init__(self, data: Data, scorer: Scorer) -> None:
        self._data = data
        self._scorer = scorer

    def compare(
        self,
        endpoint: Endpoint,
        candidate: ModelVersion,
        champion: ModelVersion | None,
        *,
        plan: RetrainPlan,
        metric: str,
    ) -> Comparison:
        """The metric of both on the newest days (as many as the recipe keeps back) that have a label.

        Raises:
            Invalid: If the dataset has no time or label column, or no row has a label.
        """
        rows, actual, times = self._hold_out(endpoint, plan)
        new = self._answers(endpoint, candidate, rows)
        old = self._answers(endpoint, champion, rows) if champion is not None else None
        payoffs = payoffs_of(endpoint)
        error = _standard_error(metric, actual, new, old, payoffs)

        def score(answers: Floats, error: float | None) -> Score:
            value = scores.measure(metric, actual, answers, payoffs=payoffs)
            return Score(
                metric=metric,
                value=value,
                rows=len(actual),
                data_version=plan.data_version,
                standard_error=error,
            )

        return Comparison(
            data_version=plan.data_version,
            since=min(times),
            until=max(times),
            rows=len(actual),
            candidate=score(new, error),
            champion=None if old is None else score(old, None),
        )

    def boundary(self, endpoint: Endpoint, plan: RetrainPlan) -> datetime:
        """Where the hold-out begins: a model trained on rows before it has seen none of the hold-out.

        Raises:
            Invalid: As ``compare``.
        """
        _, _, times = self._hold_out(endpoint, plan)
        return min(times)

    def _hold_out(self, endpoint: Endpoint, plan: RetrainPlan) -> tuple[pa.Table, Floats, list[datetime]]:
        version = self._data.resolve(plan.data_version)
        column = self._data.dataset(version.dataset_id).time_column
        if column is None or version.until is None:
            raise Invalid(
                f"{version.dataset} has no time column, so nothing says which rows are the newest",
                hint="declare the dataset with a time column",
            )
        length = timedelta(days=plan.recipe.holdout_days)
        early = version.until - length - _LATE_LABELS
        rows = self._data.read(version.id, since=early, purpose=plan.recipe.purpose)
        actual = _labels(rows, plan.recipe.label, endpoint, version)
        times = rows.column(column).cast(pa.timestamp("us")).to_numpy()
        known = ~np.isnan(actual) & ~np.isnat(times)
        if not known.any():
            raise Invalid(
                f"no row of {version.dataset}@v{version.number} has a label yet", hint="wait for outcomes"
            )
        newest = known & (times > times[known].max() - np.timedelta64(length))
        kept = rows.filter(pa.array(newest))
        moments = kept.column(column).cast(pa.timestamp("us", tz="UTC")).to_pylist()
        return kept, actual[newest], moments

    def _answers(self, endpoint: Endpoint, version: ModelVersion, rows: pa.Table) -> Floats:
        return self._scorer.score(
            version,
            rows,
            probability=endpoint.threshold is not None,
            positive_class=endpoint.positive_class,
        )


def payoffs_of(endpoint: Endpoint) -> metrics.Payoffs | None:
    """An endpoint's payoffs as plain numbers, with the threshold it really decides by."""
    amounts = amounts_of(endpoint.payoffs)
    if amounts is None or endpoint.threshold is None:
        return amounts
    return msgspec.structs.replace(amounts, threshold=endpoint.threshold)


def _labels(rows: pa.Table, label: str, endpoint: Endpoint, version: DataVersion) -> Floats:
    if label not in rows.column_names:
        raise Invalid(
            f"{version.dataset} has no column {label!r}",
            hint=f"the label is one of: {', '.join(rows.column_names)}",
        )
    return labels(rows.column(label), positive_class=endpoint.positive_class)


def _standard_error(
    metric: str, actual: Floats, new: Floats, old: Floats | None, payoffs: metrics.Payoffs | None
) -> float | None:
    """Of the paired difference in money per row: both models answered the same rows."""
    if metric != "value_per_prediction" or payoffs is None or old is None or actual.size < 2:
        return None
    apart = scores.payoff_of(new, actual, payoffs) - scores.payoff_of(old, actual, payoffs)
    return float(apart.std(ddof=1) / math.sqrt(apart.size))
