"""Figures over many traces in the protocol, and the whole of one as a file."""

from typing import Any

import msgspec
from msgspec import Struct

from pomona.core.errors import NotFound
from pomona.server.mlflow import trace_shapes
from pomona.server.mlflow.wire import MlflowError, Request, Response, answer
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paths import SHARED, ArtifactAddress, safe_path
from pomona.training.service.artifacts import ArtifactService
from pomona.training.traces.correlation import Together
from pomona.training.traces.measures import (
    MAX_POINTS,
    VIEWS,
    WAYS,
    Aggregation,
    Point,
    Question,
    check_aggregation,
    narrowing_from,
)
from pomona.training.traces.service import TraceService

_FILE = "traces.json"
_PLAIN = b"text/plain"


class AggregationForm(Struct):
    aggregation_type: str | int | None = None
    percentile_value: float | None = None


class MeasureForm(Struct):
    experiment_ids: list[str] | None = None
    view_type: str | int | None = None
    metric_name: str | None = None
    aggregations: list[AggregationForm] | None = None
    dimensions: list[str] | None = None
    filters: list[str] | None = None
    time_interval_seconds: int | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    max_results: int | None = None
    page_token: str | None = None


class CorrelationForm(Struct):
    experiment_ids: list[str] | None = None
    filter_string1: str | None = None
    filter_string2: str | None = None
    base_filter: str | None = None


class TraceAnalytics:
    """Handlers of ``/mlflow/traces/metrics``, ``calculate-filter-correlation`` and ``get-trace-artifact``."""

    def __init__(self, traces: TraceService, artifacts: ArtifactService) -> None:
        self._traces = traces
        self._artifacts = artifacts

    def correlation(self, request: Request) -> Response:
        form = request.form(CorrelationForm, "experiment_ids", "filter_string1", "filter_string2")
        found = self._traces.together(
            form.experiment_ids or [],
            form.filter_string1 or "",
            form.filter_string2 or "",
            base=form.base_filter or None,
        )
        return answer(_together(found))

    def metrics(self, request: Request) -> Response:
        form = request.form(MeasureForm, "experiment_ids", "view_type", "metric_name", "aggregations")
        found = self._traces.measure(form.experiment_ids or [], _question(form))
        return answer({"data_points": [_point(item) for item in found]} if found else {})

    def artifact(self, request: Request) -> Response:
        """A trace's spans as the file that clients of old stored, or a file that was attached to it."""
        query = dict(request.query)
        trace_id, path = query.get("request_id"), query.get("path")
        if not trace_id:
            raise MlflowError("BAD_REQUEST", 400, 'Request must include the "request_id" query parameter.')
        if path:
            return self._attachment(trace_id, path)
        spans = self._traces.trace(trace_id, partial=True).spans
        if spans:
            body = msgspec.json.encode({"spans": [trace_shapes.stored_span(span) for span in spans]})
            return _file(body, _FILE)
        return _file(self._read(trace_id, _FILE), _FILE)

    def _attachment(self, trace_id: str, path: str) -> Response:
        clean = safe_path(path)
        return _file(self._read(trace_id, f"attachments/{clean}"), clean)

    def _read(self, trace_id: str, path: str) -> bytes:
        info = self._traces.info(trace_id)
        place = f"{info.experiment}/traces/{trace_id}/artifacts/{path}"
        try:
            return self._artifacts.read(ArtifactAddress(root=SHARED, path=place))
        except NotFound:
            raise NotFound(f"trace {trace_id} has no {path}", hint="its client stored none") from None


def _question(form: MeasureForm) -> Question:
    return Question(
        view=_named(form.view_type, VIEWS, "view_type"),
        metric=form.metric_name or "",
        aggregations=[_aggregation(item) for item in form.aggregations or []],
        dimensions=form.dimensions or [],
        narrowed=[narrowing_from(text) for text in form.filters or []],
        interval_s=form.time_interval_seconds,
        start_ms=form.start_time_ms,
        end_ms=form.end_time_ms,
        limit=_limit(form.max_results),
    )


def _limit(asked: int | None) -> int:
    if asked is None:
        return MAX_POINTS
    if not 0 <= asked < 2**31:
        raise invalid_value("max_results", asked)
    return asked


def _aggregation(form: AggregationForm) -> Aggregation:
    way = _named(form.aggregation_type, WAYS, "aggregation_type")
    made = Aggregation(way=way, percent=form.percentile_value)
    check_aggregation(made)
    return made


def _named(value: str | int | None, known: tuple[str, ...], path: str) -> Any:
    """A value of an enumeration, by its name or its number from 1 on."""
    if isinstance(value, int) and 1 <= value <= len(known):
        return known[value - 1]
    if value in known:
        return value
    raise invalid_value(path, value, f" Hint: one of {', '.join(known)}.")


def _together(found: Together) -> dict[str, float | int]:
    told = {"npmi": found.npmi, "npmi_smoothed": found.npmi_smoothed}
    shape: dict[str, float | int] = {name: value for name, value in told.items() if value is not None}
    counts = {"filter1_count": found.first, "filter2_count": found.second}
    return shape | counts | {"joint_count": found.both, "total_count": found.total}


def _point(found: Point) -> dict[str, object]:
    shape: dict[str, object] = {"metric_name": found.metric, "values": found.values}
    return shape | ({"dimensions": found.dimensions} if found.dimensions else {})


def _file(body: bytes, name: str) -> Response:
    leaf = name.rsplit("/", 1)[-1].replace('"', "")
    disposition = f"attachment; filename={leaf}".encode("latin-1", "replace")
    headers = ((b"content-disposition", disposition), (b"x-content-type-options", b"nosniff"))
    return Response(body, media=_PLAIN, headers=headers)
