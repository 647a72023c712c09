"""Traces of applications from Python. They are made with ``mlflow``, or with OpenTelemetry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pomona.sdk.frames import save_frame
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session, part
from pomona.training.traces.records import Assessment
from pomona.training.traces.shown import (
    EditedAssessment,
    NewAssessment,
    SpanDetail,
    TraceDetail,
    TraceNames,
    TraceSummary,
)

_PATH = "/api/v1/traces"


class Traces:
    """``client.traces``: what each call of an application did, span by span, and what was judged of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TraceSummary]:
        """Traces, newest first. ``filter`` and ``order_by`` as in MLflow: ``trace.status = 'ERROR'``."""
        query = _search(experiment, run, filter, order_by)
        return self._session.all(_PATH, TraceSummary, limit=limit, **query)

    def get(self, trace_id: str) -> TraceDetail:
        """One trace, by its id or the beginning of it; its spans stand in the order of their tree."""
        return self._session.get(f"{_PATH}/{part(trace_id)}", TraceDetail)

    def span(self, trace_id: str, span_id: str) -> SpanDetail:
        """What one span holds: inputs, outputs, attributes, events."""
        return self._session.get(f"{_PATH}/{part(trace_id)}/spans/{part(span_id)}", SpanDetail)

    def frame(
        self,
        *,
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        limit: int = 10_000,
    ) -> Rows:
        """Traces as a table: ``.to_polars()``, ``.to_arrow()``, ``.to_pandas()``; at most 200,000 of them.

        Columns are ``trace_id``, ``name``, ``state``, ``started_at``, ``duration_ms``, tokens, ``request``,
        ``response``, ... then ``feedback.*`` and ``expectation.*`` (JSON texts) and ``tags.*``.
        """
        query = _search(experiment, run, filter, order_by) | {"limit": limit}
        return Rows(self._session, f"{_PATH}/frame", query)

    def spans(
        self,
        *,
        trace: str | None = None,
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        limit: int = 10_000,
    ) -> Rows:
        """The spans of one trace, or of the traces of a search, as a table; ``limit`` counts traces.

        Columns are ``trace_id``, ``span_id``, ``parent_id``, ``depth``, ``name``, ``kind``, ``status``,
        ``started_at``, ``duration_ms``, ... ``inputs``, ``outputs`` and ``attributes`` are JSON texts.
        """
        if trace is not None:
            only = f"trace.request_id = '{trace}'"
            filter = f"{filter} AND {only}" if filter else only  # noqa: A001
        query = _search(experiment, run, filter, None) | {"limit": limit, "rows": "spans"}
        return Rows(self._session, f"{_PATH}/frame", query)

    def export(
        self,
        to: str | Path,
        *,
        rows: Literal["traces", "spans"] = "traces",
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        limit: int = 10_000,
    ) -> Path:
        """Write ``frame`` (or ``spans``) to a file; its end says how: .csv, .parquet or .jsonl.

        Raises:
            Invalid: If the file's end is none of these.
        """
        query = _search(experiment, run, filter, order_by) | {"limit": limit, "rows": rows}
        return save_frame(self._session, f"{_PATH}/frame", query, to)

    def names(self) -> TraceNames:
        """Names, tags and judgements that the newest traces have."""
        return self._session.get(f"{_PATH}/names", TraceNames)

    def judge(
        self,
        trace_id: str,
        name: str,
        value: Any,
        *,
        kind: Literal["feedback", "expectation"] = "feedback",
        rationale: str | None = None,
        span: str | None = None,
    ) -> Assessment:
        """Say how good a trace is (feedback), or what would have been right (an expectation).

        Raises:
            NotFound: If there is no such trace, or span of it.
            Invalid: If it has no name or no value.
        """
        new = NewAssessment(name=name, value=value, kind=kind, rationale=rationale, span_id=span)
        return self._session.post(f"{_PATH}/{part(trace_id)}/assessments", new, Assessment)

    def rejudge(
        self, trace_id: str, assessment_id: str, value: Any, *, rationale: str | None = None
    ) -> Assessment:
        """Change what was judged."""
        path = f"{_PATH}/{part(trace_id)}/assessments/{part(assessment_id)}"
        return self._session.patch(path, EditedAssessment(value=value, rationale=rationale), Assessment)

    def withdraw(self, trace_id: str, assessment_id: str) -> None:
        """Take back what was judged."""
        self._session.delete(f"{_PATH}/{part(trace_id)}/assessments/{part(assessment_id)}")


def _search(experiment: str | None, run: str | None, text: str, order_by: str | None) -> dict[str, Any]:
    return {"experiment": experiment, "run": run, "filter": text or None, "order_by": order_by}
