"""The two calls that come by the thousand, in the form that nearly all of them have: plain metrics.

A body that holds anything else, or breaks a rule, is no plain one: it is read field by field (``forms``),
where the words are for what is wrong with it.
"""

import sys
from collections import defaultdict
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from pomona.training.records.runs import Point, Points
from pomona.training.rules import limits

_Key = Annotated[str, Meta(min_length=1)]
_Time = Annotated[int, Meta(ge=0, le=limits.MAX_TIME_MS)]
_Step = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Finite = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]


class _Point(Struct, forbid_unknown_fields=True, gc=False):
    key: _Key
    value: _Finite
    timestamp: _Time
    step: _Step = 0


class _Metric(Struct, forbid_unknown_fields=True, gc=False):
    run_id: str
    key: _Key
    value: _Finite
    timestamp: _Time
    step: _Step = 0
    run_uuid: str | None = None  # clients send the same id twice


class _Batch(Struct, forbid_unknown_fields=True):
    run_id: str
    metrics: Annotated[list[_Point], Meta(max_length=limits.MAX_METRICS)]
    params: Annotated[list[str], Meta(max_length=0)] = []
    tags: Annotated[list[str], Meta(max_length=0)] = []


_metric = msgspec.json.Decoder(_Metric, strict=False)
_batch = msgspec.json.Decoder(_Batch, strict=False)


def metric_in(body: bytes) -> tuple[str, Points] | None:
    """The run and the value in a body of ``log-metric``; None if it is no plain one."""
    try:
        found = _metric.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    if not found.run_id or not limits.is_metric_name(found.key):
        return None
    return found.run_id, {found.key: [(found.step, found.timestamp, found.value)]}


def metrics_in(body: bytes) -> tuple[str, Points] | None:
    """The run and the values in a body of ``log-batch``; None if it is no plain one."""
    try:
        found = _batch.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    points: defaultdict[str, list[Point]] = defaultdict(list)
    for point in found.metrics:
        points[point.key].append((point.step, point.timestamp, point.value))
    if not found.run_id or not all(map(limits.is_metric_name, points)):
        return None
    return found.run_id, points
