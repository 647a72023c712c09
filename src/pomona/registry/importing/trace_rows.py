"""Rows of MLflow's tables of traces as records, in any schema since version 2.14."""

import json
from typing import Any, get_args

import msgspec
import sqlalchemy as sa

from pomona.registry.importing.records import OldTrace
from pomona.registry.importing.rows import Reader
from pomona.training.traces.records import (
    COST_METADATA,
    NAME_TAG,
    SESSION_METADATA,
    USAGE_METADATA,
    Assessment,
    AssessmentKind,
    TraceInfo,
    TraceState,
)

_STATES: tuple[TraceState, ...] = get_args(TraceState)
_TOKENS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
)
_COSTS = ("input_cost", "output_cost", "total_cost")
_COLUMNS_LATER = ("trace_name", "session_id", *_TOKENS, *_COSTS)  # which were tags and metadata before
_KINDS: tuple[AssessmentKind, ...] = get_args(AssessmentKind)


def traces_of(reader: Reader, experiment: int, *, after: str, limit: int) -> list[OldTrace]:
    """The next traces of an experiment, in the order of their ids, without spans."""
    columns = ("request_id", "timestamp_ms", "execution_time_ms", "status", "client_request_id")
    chosen = reader.select("trace_info", *columns, "request_preview", "response_preview", *_COLUMNS_LATER)
    if chosen is None:
        return []
    query, table = chosen
    query = query.where(table.c.experiment_id == experiment, table.c.request_id > after)
    rows = list(reader.connection.execute(query.order_by(table.c.request_id).limit(limit)))
    ids = [row.request_id for row in rows]
    tags = reader.pairs("trace_tags", "request_id", ids, "key", "value")
    told = reader.pairs("trace_request_metadata", "request_id", ids, "key", "value")
    judged, tied, measured = _judged(reader, ids), _tied(reader, ids), _measured(reader, ids)
    return [
        OldTrace(
            info=TraceInfo(
                trace_id=row.request_id,
                experiment=str(experiment),
                started_ms=int(row.timestamp_ms),
                duration_ms=None if row.execution_time_ms is None else int(row.execution_time_ms),
                state=state_of_trace(row.status),
                client_request_id=row.client_request_id,
                request_preview=row.request_preview,
                response_preview=row.response_preview,
                tags=tags[row.request_id] | ({NAME_TAG: row.trace_name} if row.trace_name else {}),
                metadata=told[row.request_id] | _told(row),
                assessments=judged.get(row.request_id, []),
            ),
            measured=measured.get(row.request_id, ""),
            runs=tied.get((row.request_id, "run"), ()),
            prompts=tied.get((row.request_id, "prompt_version"), ()),
        )
        for row in rows
    ]


def state_of_trace(status: str | None) -> TraceState:
    """MLflow's word for it."""
    return next((state for state in _STATES if state == status), "STATE_UNSPECIFIED")


def _told(row: Any) -> dict[str, str]:
    """The metadata that newer schemas keep in columns."""
    found = {} if row.session_id is None else {SESSION_METADATA: row.session_id}
    for key, names in ((USAGE_METADATA, _TOKENS), (COST_METADATA, _COSTS)):
        sums = {name: getattr(row, name) for name in names if getattr(row, name) is not None}
        if sums:
            found[key] = json.dumps(sums)  # as its server writes them
    return found


def _measured(reader: Reader, ids: list[str]) -> dict[str, str]:
    """How many spans traces have, and when the last of them ended."""
    table = reader.table("spans")
    if table is None or not ids:
        return {}
    query = sa.select(table.c.trace_id, sa.func.count(), sa.func.max(table.c.end_time_unix_nano))
    found = reader.connection.execute(query.where(table.c.trace_id.in_(ids)).group_by(table.c.trace_id))
    return {row[0]: f"{row[1]} {row[2]}" for row in found}


def spans_of(reader: Reader, trace_id: str) -> list[str]:
    """The JSON of a trace's spans, as far as they lie in the database."""
    return [row.content for row in reader.where("spans", "trace_id", [trace_id], "content") if row.content]


def _tied(reader: Reader, ids: list[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """What traces are tied to, by their id and the kind of the other end."""
    columns = ("source_type", "source_id", "destination_type", "destination_id")
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in reader.where("entity_associations", "source_id", ids, *columns):
        if row.source_type == "trace":
            key = (row.source_id, row.destination_type)
            found[key] = (*found.get(key, ()), row.destination_id)
    return {key: tuple(sorted(others)) for key, others in found.items()}


def _judged(reader: Reader, ids: list[str]) -> dict[str, list[Assessment]]:
    columns = ("assessment_id", "trace_id", "name", "assessment_type", "value", "error", "rationale")
    more = ("created_timestamp", "last_updated_timestamp", "source_type", "source_id", "span_id")
    found: dict[str, list[Assessment]] = {}
    rows = reader.where(
        "assessments", "trace_id", ids, *columns, *more, "overrides", "valid", "assessment_metadata"
    )
    for row in sorted(rows, key=lambda row: (row.created_timestamp, row.assessment_id)):
        if row.assessment_type in _KINDS:
            found.setdefault(row.trace_id, []).append(_assessment(row))
    return found


def _assessment(row: Any) -> Assessment:
    value, told = _json(row.value), _json(row.assessment_metadata)
    issue = value.get("issue_name") if row.assessment_type == "issue" and isinstance(value, dict) else None
    return Assessment(
        id=row.assessment_id,
        trace_id=row.trace_id,
        name=issue or row.name or "",
        kind=row.assessment_type,
        source_type=row.source_type or "SOURCE_TYPE_UNSPECIFIED",
        source_id=row.source_id or "",
        value="null" if issue is not None else msgspec.json.encode(value).decode(),
        error=None if row.error is None else msgspec.json.encode(_json(row.error)).decode(),
        rationale=row.rationale,
        metadata={str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {},
        span_id=row.span_id,
        overrides=row.overrides,
        valid=row.valid is None or bool(row.valid),
        created_ms=int(row.created_timestamp or 0),
        updated_ms=int(row.last_updated_timestamp or row.created_timestamp or 0),
    )


def _json(text: str | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
