"""Traces, spans and assessments as the protocol's JSON."""

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec

from pomona.server.mlflow.shapes import pairs
from pomona.training.traces.records import Assessment, Span, Trace, TraceInfo

_STATUS = {"OK": "STATUS_CODE_OK", "ERROR": "STATUS_CODE_ERROR"}


def timestamp(at_ms: int) -> str:
    """Unix milliseconds as protobuf's JSON writes a time.

    >>> timestamp(0), timestamp(1_500)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500Z')
    """
    seconds, millis = divmod(at_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis:03}Z" if millis else f"{text}Z"


def duration(took_ms: int) -> str:
    """Milliseconds as protobuf's JSON writes a duration.

    >>> duration(447), duration(2000), duration(-5)
    ('0.447s', '2s', '-0.005s')
    """
    seconds, millis = divmod(abs(took_ms), 1000)
    sign = "-" if took_ms < 0 else ""
    return f"{sign}{seconds}.{millis:03}s" if millis else f"{sign}{seconds}s"


def info(found: TraceInfo) -> dict[str, Any]:
    """A trace without its spans, version 3."""
    shape: dict[str, Any] = {
        "trace_id": found.trace_id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": found.experiment},
        },
        "request_time": timestamp(found.started_ms),
        "state": found.state,
        "trace_metadata": {key: value[:250] for key, value in found.metadata.items()},
        "tags": {key: value[:4096] for key, value in found.tags.items()},
    }
    if found.duration_ms is not None:
        shape["execution_duration"] = duration(found.duration_ms)
    for name in ("client_request_id", "request_preview", "response_preview"):
        if (value := getattr(found, name)) is not None:
            shape[name] = value
    if found.assessments:
        shape["assessments"] = [assessment(item) for item in found.assessments]
    return shape


def info_v2(found: TraceInfo) -> dict[str, Any]:
    """A trace without its spans, as clients before version 3 read it."""
    return {
        "request_id": found.trace_id,
        "experiment_id": found.experiment,
        "timestamp_ms": found.started_ms,
        "execution_time_ms": found.duration_ms or 0,
        "status": "TRACE_STATUS_UNSPECIFIED" if found.state == "STATE_UNSPECIFIED" else found.state,
        "request_metadata": pairs({key: value[:250] for key, value in found.metadata.items()}),
        "tags": pairs({key: value[:4096] for key, value in found.tags.items()}),
    }


def trace(found: Trace) -> dict[str, Any]:
    """A trace and its spans."""
    return {"trace_info": info(found.info), "spans": [span(item) for item in found.spans]}


def span(found: Span) -> dict[str, Any]:
    """A span, as OpenTelemetry's protobuf in JSON."""
    shape: dict[str, Any] = {
        "trace_id": _bytes(found.trace_id.removeprefix("tr-")),
        "span_id": _bytes(found.span_id),
        "name": found.name,
        "start_time_unix_nano": found.start_ns,
        "attributes": _attributes(found.attributes),
        "status": {},
    }
    if found.parent is not None:
        shape["parent_span_id"] = _bytes(found.parent)
    if found.end_ns is not None:
        shape["end_time_unix_nano"] = found.end_ns
    if found.status in _STATUS:
        shape["status"]["code"] = _STATUS[found.status]
    if found.status_message:
        shape["status"]["message"] = found.status_message
    if found.events:
        shape["events"] = [_event(event) for event in found.events]
    if found.links:
        shape["links"] = [_link(link) for link in found.links]
    return shape


def stored_span(found: Span) -> dict[str, Any]:
    """A span as clients write it into a file: each attribute is a JSON text."""
    return {
        "trace_id": _bytes(found.trace_id.removeprefix("tr-")),
        "span_id": _bytes(found.span_id),
        "parent_span_id": None if found.parent is None else _bytes(found.parent),
        "name": found.name,
        "start_time_unix_nano": found.start_ns,
        "end_time_unix_nano": found.end_ns,
        "events": [
            {
                "name": event["name"],
                "time_unix_nano": event["time_ns"],
                "attributes": event["attributes"] or {},
            }
            for event in found.events
        ],
        "status": {
            "code": _STATUS.get(found.status, "STATUS_CODE_UNSET"),
            "message": found.status_message,
        },
        "attributes": {key: msgspec.json.encode(value).decode() for key, value in found.attributes.items()},
        "links": found.links,
    }


def _event(event: dict[str, Any]) -> dict[str, Any]:
    shape = {"time_unix_nano": event["time_ns"], "name": event["name"]}
    return shape | {"attributes": _attributes(event["attributes"])} if event["attributes"] else shape


def _link(link: dict[str, Any]) -> dict[str, Any]:
    shape = {"trace_id": _bytes(link["trace_id"]), "span_id": _bytes(link["span_id"])}
    return shape | {"attributes": _attributes(link["attributes"])} if link["attributes"] else shape


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key} | ({} if value is None else {"value": _value(value)}) for key, value in values.items()
    ]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, str):
        return {"string_value": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"int_value": value}
    if isinstance(value, int | float):
        return {"double_value": float(value)}
    if isinstance(value, list):
        return {"array_value": {"values": [{} if item is None else _value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlist_value": {"values": _attributes(value)}}
    return {}


def _bytes(digits: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(digits)).decode()
    except ValueError:  # a trace that did not come by OpenTelemetry
        return base64.b64encode(digits.encode()).decode()


def assessment(found: Assessment) -> dict[str, Any]:
    """What was judged."""
    shape: dict[str, Any] = {
        "assessment_id": found.id,
        "assessment_name": found.name,
        "trace_id": found.trace_id,
        "source": {"source_type": found.source_type}
        | ({"source_id": found.source_id} if found.source_id else {}),
        "create_time": timestamp(found.created_ms),
        "last_update_time": timestamp(found.updated_ms),
        found.kind: _judged(found),
        "valid": found.valid,
    }
    for name in ("span_id", "rationale", "metadata", "overrides"):
        if value := getattr(found, name):
            shape[name] = value
    return shape


def _judged(found: Assessment) -> dict[str, Any]:
    if found.kind == "issue":
        return {"issue_name": found.name}
    value = msgspec.json.decode(found.value)
    if found.kind == "expectation" and isinstance(value, list | dict):
        return {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": found.value}}
    shape = {"value": value}
    return shape if found.error is None else shape | {"error": msgspec.json.decode(found.error)}
