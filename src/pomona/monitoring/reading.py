"""Turns the rows of a window into readings: pure once the rows are there."""

import math
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pomona.business.records import Payoffs
from pomona.core.errors import PomonaError
from pomona.monitoring import rules
from pomona.monitoring.profiling import profile_column_like
from pomona.monitoring.records import PREDICTION, ColumnReading, Monitor, QualityReading
from pomona.monitoring.references import Reference
from pomona.serving.asking import Window as Rows
from pomona.stats import metrics, scores
from pomona.stats.intervals import moments_of
from pomona.stats.records import ColumnProfile, Interval, TimeProfile

_Z95 = 1.959964


def read_columns(reference: Reference, rows: Rows, monitor: Monitor) -> tuple[ColumnReading, ...]:
    """Drift of every input column and of the champion's answers, furthest first.

    Columns of times are left out: they move by nature.
    """
    found = [
        _reading(name, expected, rows.inputs.column(name), monitor, natural=reference.natural.get(name, 0.0))
        for name, expected in reference.columns.items()
        if name in rows.inputs.column_names
        and name not in monitor.ignore
        and not isinstance(expected, TimeProfile)
    ]
    own = rows.answers.filter(_answered_by(reference.model_version, rows)).column("output").drop_null()
    if reference.prediction is not None and len(own) >= monitor.thresholds.min_rows:
        found.append(_reading(PREDICTION, reference.prediction, own, monitor))
    readings = [reading for reading in found if reading is not None]
    return tuple(sorted(readings, key=lambda r: (-rules.strain(r), r.column)))


def _reading(
    name: str, expected: ColumnProfile, column: pa.ChunkedArray, monitor: Monitor, *, natural: float = 0.0
) -> ColumnReading | None:
    try:
        seen = profile_column_like(expected, column)
        return rules.column_reading(name, expected, seen, natural=natural, limits=monitor.thresholds)
    except (TypeError, ValueError):
        return None  # a column that became words where numbers were: the gateway refuses those already


def read_quality(
    reference: Reference,
    rows: Rows,
    monitor: Monitor,
    *,
    metric: str,
    payoffs: Payoffs | None,
    floor: float | None,
) -> QualityReading:
    """How good the champion's own answers were, on those whose outcome is known."""
    own = rows.answers.filter(_answered_by(reference.model_version, rows))
    actual, output = _floats(own.column("actual")), _floats(own.column("output"))
    known = ~np.isnan(actual) & ~np.isnan(output)
    actual, output = actual[known], output[known]
    amounts = amounts_of(payoffs)
    value = _measured(metric, actual, output, amounts)
    baseline = monitor.baseline if monitor.baseline is not None else hold_out(reference.metrics, metric)
    earned = scores.payoff_of(output, actual, amounts) if amounts is not None and actual.size else None
    return QualityReading(
        metric=metric,
        value=value,
        baseline=baseline,
        drop=rules.drop_of(metric, value, baseline),
        floor=floor,
        matured=int(known.sum()),
        rows=own.num_rows,
        value_per_prediction=None if earned is None else float(earned.mean()),
        interval=None if earned is None else _interval(earned),
        currency=payoffs.currency if payoffs is not None else "",
    )


def hold_out(logged: Mapping[str, float], metric: str) -> float | None:
    """What the model's run measured on data it was not trained on; None if it did not."""
    names = (f"{prefix}{metric}" for prefix in ("holdout_", "test_", "eval_", "val_", ""))
    return next((logged[name] for name in names if name in logged), None)


def amounts_of(payoffs: Payoffs | None) -> metrics.Payoffs | None:
    """The payoffs of a hypothesis as plain numbers, for statistics."""
    if payoffs is None:
        return None
    return metrics.Payoffs(
        true_positive=float(payoffs.true_positive),
        false_positive=float(payoffs.false_positive),
        true_negative=float(payoffs.true_negative),
        false_negative=float(payoffs.false_negative),
        threshold=payoffs.threshold,
    )


def _measured(
    metric: str, actual: NDArray[np.float64], output: NDArray[np.float64], payoffs: metrics.Payoffs | None
) -> float | None:
    try:
        value = scores.measure(metric, actual, output, payoffs=payoffs)
    except PomonaError:
        return None  # e.g. outcomes that are not yes or no
    return value if math.isfinite(value) else None


def _interval(earned: NDArray[np.float64]) -> Interval | None:
    seen = moments_of(earned)
    if seen.n < 2:
        return None
    reach = _Z95 * math.sqrt(seen.variance / seen.n)
    return Interval(low=seen.mean - reach, high=seen.mean + reach)


def _answered_by(model_version: str, rows: Rows) -> pa.BooleanArray:
    return pc.equal(rows.answers.column("model_version"), model_version)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
