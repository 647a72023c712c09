"""Traces and their assessments as MLflow's REST API writes them, as records."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from pomona.core.errors import Invalid
from pomona.registry.importing.records import OldTrace
from pomona.registry.importing.trace_rows import state_of_trace
from pomona.sql import to_us
from pomona.training.traces.records import PROMPTS_TAG, SIZE_METADATA, Assessment, TraceInfo

_DURATION = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?s")


def trace_from(one: Mapping[str, Any]) -> OldTrace:
    """A trace of version 3; what spans it has is told by its metadata.

    Raises:
        Invalid: If it is none.
    """
    try:
        place = one.get("trace_location") or {}
        tags, told = dict(one.get("tags") or {}), dict(one.get("trace_metadata") or {})
        info = TraceInfo(
            trace_id=str(one["trace_id"]),
            experiment=str((place.get("mlflow_experiment") or {}).get("experiment_id") or ""),
            started_ms=_time(one.get("request_time")),
            duration_ms=_took(one),
            state=state_of_trace(one.get("state")),
            client_request_id=one.get("client_request_id"),
            request_preview=one.get("request_preview"),
            response_preview=one.get("response_preview"),
            tags=tags,
            metadata=told,
            assessments=[_assessment(item) for item in one.get("assessments") or []],
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Invalid(f"traces that MLflow did not write: {error!r:.100}", hint="mend them there") from None
    return OldTrace(info=info, measured=told.get(SIZE_METADATA, ""), prompts=_prompts(tags))


def old_trace_from(one: Mapping[str, Any]) -> OldTrace:
    """A trace as servers before version 3 write it."""
    tags, told = pairs_of(one.get("tags")), pairs_of(one.get("request_metadata"))
    took = one.get("execution_time_ms")
    info = TraceInfo(
        trace_id=str(one["request_id"]),
        experiment=str(one.get("experiment_id") or ""),
        started_ms=int(one.get("timestamp_ms") or 0),
        duration_ms=None if took is None else int(took),
        state=state_of_trace(one.get("status")),
        tags=tags,
        metadata=told,
    )
    return OldTrace(info=info, measured=told.get(SIZE_METADATA, ""), prompts=_prompts(tags))


def _prompts(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Prompt versions that a trace says it used."""
    try:
        named = msgspec.json.decode(tags.get(PROMPTS_TAG, "[]"), type=list[dict[str, str]])
    except msgspec.DecodeError:
        return ()
    return tuple(
        sorted(f"{one['name']}/{one['version']}" for one in named if {"name", "version"} <= one.keys())
    )


def _assessment(one: Mapping[str, Any]) -> Assessment:
    source, error = one.get("source") or {}, None
    issue = one.get("issue")
    if issue is not None:
        kind, value = "issue", None
    elif "expectation" in one:
        kind, value = "expectation", _expected(one["expectation"])
    else:
        kind, told = "feedback", one.get("feedback") or {}
        value, error = told.get("value"), told.get("error")
    created = _time(one.get("create_time"))
    return Assessment(
        id=str(one["assessment_id"]),
        trace_id=str(one.get("trace_id") or ""),
        name=(issue or {}).get("issue_name") or one.get("assessment_name") or "",
        kind=kind,  # type: ignore[arg-type]
        source_type=source.get("source_type") or "SOURCE_TYPE_UNSPECIFIED",
        source_id=source.get("source_id") or "",
        value=msgspec.json.encode(value).decode(),
        error=None if error is None else msgspec.json.encode(error).decode(),
        rationale=one.get("rationale"),
        metadata={str(key): str(item) for key, item in (one.get("metadata") or {}).items()},
        span_id=one.get("span_id"),
        overrides=one.get("overrides") or None,
        valid=one.get("valid") is not False,
        created_ms=created,
        updated_ms=_time(one.get("last_update_time")) or created,
    )


def _expected(told: Mapping[str, Any]) -> Any:
    packed = told.get("serialized_value")
    return told.get("value") if packed is None else msgspec.json.decode(packed["value"])


def _time(text: str | datetime | None) -> int:
    if not text:
        return 0
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return to_us(at if at.tzinfo else at.replace(tzinfo=UTC)) // 1000


def _took(one: Mapping[str, Any]) -> int | None:
    """Milliseconds, which files say otherwise than the API does."""
    told = one.get("execution_duration_ms")
    return _millis(one.get("execution_duration")) if told is None else int(told)


def _millis(text: str | None) -> int | None:
    match = _DURATION.fullmatch(text or "")
    return None if match is None else int(match[1]) * 1000 + int((match[2] or "").ljust(9, "0")[:3])


def pairs_of(found: list[dict[str, str]] | None) -> dict[str, str]:
    """Tags or metadata, as lists of pairs."""
    return {one["key"]: one.get("value") or "" for one in found or []}
