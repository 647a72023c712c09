"""Metrics as bare points, and back."""

from collections.abc import Sequence
from math import isfinite

from pomona.training.records.runs import LogBatch, Metric, Points


def points_of(batch: LogBatch) -> Points | None:
    """The metrics of a batch by name; None if it holds anything else, or a value that is not finite."""
    if batch.params or batch.tags:
        return None
    found: Points = {}
    for metric in batch.metrics:
        if metric.model_id or not isfinite(metric.value):
            return None
        found.setdefault(metric.key, []).append((metric.step, metric.timestamp, metric.value))
    return found


def metrics_of(points: Points) -> Sequence[Metric]:
    """The same as metrics of a run."""
    return [
        Metric(key=key, value=value, timestamp=at_ms, step=step)
        for key, values in points.items()
        for step, at_ms, value in values
    ]
