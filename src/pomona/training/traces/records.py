"""A trace, its spans, and what was judged of it."""

from typing import Any, Literal

from pomona.core.records import Record

TraceState = Literal["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"]
SpanStatus = Literal["UNSET", "OK", "ERROR"]
AssessmentKind = Literal["feedback", "expectation", "issue"]

NAME_TAG = "mlflow.traceName"
ARTIFACTS_TAG = "mlflow.artifactLocation"
SPANS_TAG = "mlflow.trace.spansLocation"
PROMPTS_TAG = "mlflow.linkedPrompts"
RUN_METADATA = "mlflow.sourceRun"
SESSION_METADATA = "mlflow.trace.session"
USER_METADATA = "mlflow.trace.user"
USAGE_METADATA = "mlflow.trace.tokenUsage"
COST_METADATA = "mlflow.trace.cost"
SIZE_METADATA = "mlflow.trace.sizeStats"
FINAL_METADATA = "mlflow.trace.infoFinalized"


class Span(Record, frozen=True, kw_only=True):
    """One step of a trace. Times are Unix nanoseconds; ids are hex digits; attributes are JSON values."""

    trace_id: str
    span_id: str
    parent: str | None = None
    name: str = ""
    type: str | None = None
    status: SpanStatus = "UNSET"
    status_message: str = ""
    start_ns: int
    end_ns: int | None = None
    attributes: dict[str, Any] = {}
    events: list[dict[str, Any]] = []  # name, time_ns, attributes
    links: list[dict[str, Any]] = []  # trace_id, span_id, attributes


class SpanBatch(Record, frozen=True, kw_only=True):
    """Spans that one process sent, and what it says of itself."""

    spans: list[Span]
    resource: dict[str, Any] = {}


class Assessment(Record, frozen=True, kw_only=True):
    """What a person, a program or a model judged of a trace. ``value`` and ``error`` are JSON texts."""

    id: str
    trace_id: str
    name: str
    kind: AssessmentKind
    source_type: str
    source_id: str = ""
    value: str = "null"
    error: str | None = None
    rationale: str | None = None
    metadata: dict[str, str] = {}
    span_id: str | None = None
    overrides: str | None = None
    valid: bool = True
    created_ms: int
    updated_ms: int


class TraceInfo(Record, frozen=True, kw_only=True):
    """A trace without its spans. Times and durations are milliseconds."""

    trace_id: str
    experiment: str
    started_ms: int
    duration_ms: int | None = None
    state: TraceState = "STATE_UNSPECIFIED"
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}
    assessments: list[Assessment] = []


class Trace(Record, frozen=True, kw_only=True):
    """A trace and its spans, the root first, then by their start."""

    info: TraceInfo
    spans: list[Span]


class TraceCondition(Record, frozen=True, kw_only=True):
    """One condition of a search: ``entity.key op value``."""

    entity: Literal[
        "attribute", "tag", "metadata", "span", "feedback", "expectation", "issue", "prompt", "run"
    ]
    key: str
    op: str
    value: str | float | int | tuple[str, ...] | None = None


class TraceSort(Record, frozen=True, kw_only=True):
    """One key of an ORDER BY."""

    entity: Literal["attribute", "tag", "metadata"]
    key: str
    ascending: bool = True


class FoundTraces(Record, frozen=True, kw_only=True):
    """One page of a search."""

    traces: list[TraceInfo]
    next_offset: int | None = None
