"""How spans become traces: stored span by span, and told to the trace they belong to."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pomona.core.ports import Transaction
from pomona.training.rules.paths import trace_uri
from pomona.training.store import experiments
from pomona.training.traces import conventions, rules, store
from pomona.training.traces.records import (
    ARTIFACTS_TAG,
    COST_METADATA,
    FINAL_METADATA,
    SESSION_METADATA,
    SPANS_TAG,
    USAGE_METADATA,
    USER_METADATA,
    Span,
    SpanBatch,
    TraceInfo,
)
from pomona.training.traces.rules import SpanSummary


def take_in(tx: Transaction, experiment: int, batches: Sequence[SpanBatch]) -> list[int]:
    """Keep spans; returns the numbers of traces whose root is among them."""
    spans: dict[str, list[Span]] = {}
    tags: dict[str, dict[str, str]] = {}
    for batch in batches:
        resource = rules.resource_tags(batch.resource)
        for span in batch.spans:
            spans.setdefault(span.trace_id, []).append(span)
            tags.setdefault(span.trace_id, {}).update(resource)
    finished: list[int] = []
    for trace_id in sorted(spans):
        said = rules.summary_of(spans[trace_id])
        row = store.row_of(tx, trace_id)
        trace = _begin(tx, experiment, trace_id, said) if row is None else int(row.id)
        store.set_spans(tx, trace, spans[trace_id])
        _tell(tx, trace, row, said, trace_id)
        store.set_tags(tx, trace, tags[trace_id] | said.tags | {SPANS_TAG: "TRACKING_STORE"})
        if said.root is not None:
            finished.append(trace)
    return finished


def _begin(tx: Transaction, experiment: int, trace_id: str, said: SpanSummary) -> int:
    home = experiments.active(tx, experiment)
    info = TraceInfo(
        trace_id=trace_id,
        experiment=str(experiment),
        started_ms=said.started_ms,
        duration_ms=None if said.ended_ms is None else said.ended_ms - said.started_ms,
        state=said.state or "IN_PROGRESS",
    )
    trace = store.add(tx, info)
    store.set_tags(tx, trace, {ARTIFACTS_TAG: trace_uri(home.artifact_location, trace_id)})
    return trace


def _tell(tx: Transaction, trace: int, row: Any, said: SpanSummary, trace_id: str) -> None:
    """Bring the trace up to date; what its client said of it as a whole goes before what spans say."""
    known = {} if row is None else store.metadata_of(tx, trace)
    values: dict[str, Any] = {}
    if row is not None:
        if FINAL_METADATA not in known:
            values |= _times(row, said)
        if row.state in ("IN_PROGRESS", "STATE_UNSPECIFIED") and said.state is not None:
            values["state"] = said.state
    if said.root is not None:
        for column, attribute, role in (
            ("request_preview", conventions.INPUTS, "user"),
            ("response_preview", conventions.OUTPUTS, "assistant"),
        ):
            if row is None or getattr(row, column) is None:
                values[column] = rules.preview(said.root.attributes.get(attribute), role=role)
    store.change(tx, trace, values)
    if row is not None and (said.usage or said.cost):
        # Spans may have come before: one that tells a sum hides what those below it tell.
        spans = store.spans_of(tx, {trace: trace_id})[trace_id]
        said = msgspec.structs.replace(said, usage=rules.usage_of(spans), cost=rules.cost_of(spans))
    store.set_metadata(tx, trace, _metadata(said, known))


def _times(row: Any, said: SpanSummary) -> dict[str, int]:
    started = min(row.started_ms, said.started_ms)
    found = {"started_ms": started}
    ended = [row.started_ms + row.duration_ms] if row.duration_ms is not None else []
    ended += [] if said.ended_ms is None else [said.ended_ms]
    return found | {"duration_ms": max(ended) - started} if ended else found


def _metadata(said: SpanSummary, known: dict[str, str]) -> dict[str, str]:
    about = {SESSION_METADATA: said.session, USER_METADATA: said.user}
    found = {key: value for key, value in about.items() if value and key not in known}
    final = FINAL_METADATA in known
    for key, sums in ((USAGE_METADATA, said.usage), (COST_METADATA, said.cost)):
        if sums and not (final and key in known):
            found[key] = msgspec.json.encode(sums).decode()
    return found
