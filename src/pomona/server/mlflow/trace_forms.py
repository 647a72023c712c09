"""The fields of requests about traces, and the records they stand for."""

import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from msgspec import Struct

from pomona.core.errors import Invalid
from pomona.server.mlflow.forms import Pair
from pomona.sql import to_us
from pomona.training.rules.limits import invalid_value
from pomona.training.traces.assessing import AssessmentChange
from pomona.training.traces.records import Assessment, AssessmentKind, TraceInfo, TraceState

_STATES: tuple[TraceState, ...] = get_args(TraceState)
_SOURCES = ("SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE", "AI_JUDGE")
_DURATION = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?s")
_JSON_FORMAT = "JSON_FORMAT"


class ExperimentPlace(Struct):
    experiment_id: str | None = None


class LocationForm(Struct):
    type: str | int | None = None
    mlflow_experiment: ExperimentPlace | None = None


class SourceForm(Struct):
    source_type: str | int | None = None
    source_id: str | None = None


class FeedbackForm(Struct):
    value: Any = None
    error: dict[str, str] | None = None


class SerializedForm(Struct):
    serialization_format: str | None = None
    value: str | None = None


class ExpectationForm(Struct):
    value: Any = None
    serialized_value: SerializedForm | None = None


class IssueForm(Struct):
    issue_name: str | None = None


class AssessmentForm(Struct):
    assessment_id: str | None = None
    assessment_name: str | None = None
    span_id: str | None = None
    source: SourceForm | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: FeedbackForm | None = None
    expectation: ExpectationForm | None = None
    issue: IssueForm | None = None
    rationale: str | None = None
    metadata: dict[str, str] | None = None
    overrides: str | None = None
    valid: bool | None = None


class TraceInfoForm(Struct):
    trace_id: str | None = None
    client_request_id: str | None = None
    trace_location: LocationForm | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: str | int | None = None
    trace_metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    assessments: list[AssessmentForm] | None = None


class WholeTraceForm(Struct):
    trace_info: TraceInfoForm | None = None


class StartForm(Struct):
    trace: WholeTraceForm | None = None


class OldTraceForm(Struct):
    experiment_id: str | None = None
    timestamp_ms: int | None = None
    status: str | int | None = None
    request_metadata: list[Pair] | None = None
    tags: list[Pair] | None = None


class TraceForm(Struct):
    trace_id: str | None = None
    trace_ids: list[str] | None = None
    experiment_ids: list[str] | None = None
    allow_partial: bool | None = None
    run_id: str | None = None
    key: str | None = None
    value: str | None = None
    prompt_versions: list[dict[str, str]] | None = None


class TraceSearchForm(Struct):
    locations: list[LocationForm] | None = None
    experiment_ids: list[str] | None = None
    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class DeleteTracesForm(Struct):
    experiment_id: str | None = None
    max_timestamp_millis: int | None = None
    max_traces: int | None = None
    request_ids: list[str] | None = None


class AssessForm(Struct):
    assessment: AssessmentForm | None = None
    update_mask: str | dict[str, list[str]] | None = None


def trace_info(form: TraceInfoForm) -> TraceInfo:
    """What a client says of a whole trace."""
    place = form.trace_location.mlflow_experiment if form.trace_location else None
    if place is None or not place.experiment_id:
        raise Invalid(
            "Missing value for required parameter 'trace.trace_info.trace_location'.",
            hint="only experiments keep traces here",
        )
    return TraceInfo(
        trace_id=form.trace_id or "",
        experiment=place.experiment_id,
        started_ms=_time(form.request_time, "request_time"),
        duration_ms=None if form.execution_duration is None else _millis(form.execution_duration),
        state=state_of(form.state),
        client_request_id=form.client_request_id,
        request_preview=form.request_preview,
        response_preview=form.response_preview,
        tags=form.tags or {},
        metadata=form.trace_metadata or {},
        assessments=[assessment(item) for item in form.assessments or []],
    )


def state_of(value: str | int | None) -> TraceState:
    """The state with this name or number.

    Raises:
        Invalid: If there is none.
    """
    text = str(value or "STATE_UNSPECIFIED")
    for number, state in enumerate(_STATES):
        if text in (state, str(number), "TRACE_STATUS_UNSPECIFIED" if not number else ""):
            return state
    raise invalid_value("state", value)


def assessment(form: AssessmentForm) -> Assessment:
    """A judgement; an id and times are given later where they are missing.

    Raises:
        Invalid: If it says nothing.
    """
    kind, value, error = _judged(form)
    source = form.source or SourceForm()
    return Assessment(
        id=form.assessment_id or "",
        trace_id="",
        name=(form.issue.issue_name if form.issue else None) or form.assessment_name or "",
        kind=kind,
        source_type=_source(source.source_type),
        source_id=source.source_id or "",
        value=value,
        error=error,
        rationale=form.rationale,
        metadata=form.metadata or {},
        span_id=form.span_id,
        overrides=form.overrides or None,
        valid=form.valid is not False,
        created_ms=_time(form.create_time, "create_time"),
        updated_ms=_time(form.last_update_time, "last_update_time"),
    )


def change(form: AssessForm) -> AssessmentChange:
    """What an update asks for: only what its mask names."""
    sent = form.assessment or AssessmentForm()
    mask = form.update_mask
    paths = mask.split(",") if isinstance(mask, str) else [p for part in (mask or {}).values() for p in part]
    wanted = {path.strip().replace("_", "").lower() for path in paths}
    values: dict[str, Any] = {}
    if "assessmentname" in wanted:
        values["name"] = sent.assessment_name or ""
    if wanted & {"feedback", "expectation"}:
        values["kind"], values["value"], values["error"] = _judged(sent)
    if "rationale" in wanted:
        values["rationale"] = sent.rationale
    if "metadata" in wanted:
        values["metadata"] = sent.metadata or {}
    return AssessmentChange(**values)


def _judged(form: AssessmentForm) -> tuple[AssessmentKind, str, str | None]:
    if form.feedback is not None:
        error = form.feedback.error
        return "feedback", _json(form.feedback.value), None if error is None else _json(error)
    if form.expectation is not None:
        packed = form.expectation.serialized_value
        return "expectation", _json(form.expectation.value) if packed is None else _checked(packed), None
    if form.issue is not None:
        return "issue", "null", None
    raise Invalid("Unknown assessment type: None", hint="send feedback, an expectation or an issue")


def _checked(packed: SerializedForm) -> str:
    if packed.serialization_format not in (None, _JSON_FORMAT):
        raise Invalid(
            f"Unknown serialization format: {packed.serialization_format}. Only {_JSON_FORMAT} is supported."
        )
    try:
        return _json(msgspec.json.decode(packed.value or "null"))
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("the serialized value is no JSON") from None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _source(value: str | int | None) -> str:
    text = str(value or _SOURCES[0])
    for number, name in enumerate(_SOURCES):
        if text in (name, str(number)):
            return "LLM_JUDGE" if name == "AI_JUDGE" else name
    raise invalid_value("source_type", value)


def _time(text: str | None, path: str) -> int:
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
        return to_us(at if at.tzinfo else at.replace(tzinfo=UTC)) // 1000
    except (ValueError, OverflowError):
        raise invalid_value(path, text, "not a time, e.g. 2026-01-31T00:00:00.000Z") from None


def _millis(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid_value("execution_duration", text, "not a duration, e.g. 1.5s")
    fraction = int((match[2] or "").ljust(9, "0")[:3] or 0)
    whole = int(match[1]) * 1000
    return whole - fraction if text.startswith("-") else whole + fraction
