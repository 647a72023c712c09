"""The order in which spans are shown, and what a trace's lines say; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pomona.training.traces import conventions
from pomona.training.traces.records import (
    ARTIFACTS_TAG,
    COST_METADATA,
    NAME_TAG,
    RUN_METADATA,
    SESSION_METADATA,
    SPANS_TAG,
    USAGE_METADATA,
    USER_METADATA,
    Span,
    TraceInfo,
)
from pomona.training.traces.shown import SpanDetail, SpanEvent, SpanLine, Tokens, TraceSummary

MODEL_METADATA = "mlflow.modelId"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_000  # the end of the year 9999
_HIDDEN_TAGS = (NAME_TAG, ARTIFACTS_TAG, SPANS_TAG)
_NS = 1_000_000


def summary(info: TraceInfo, root: str | None = None) -> TraceSummary:
    """A trace as a line of a list; one without a name is called as its first span, ``root``."""
    told = info.metadata
    cost = conventions.plain(told.get(COST_METADATA))
    total = cost.get("total_cost") if isinstance(cost, dict) else None
    return TraceSummary(
        id=info.trace_id,
        experiment=info.experiment,
        name=info.tags.get(NAME_TAG) or root or "",
        named=bool(info.tags.get(NAME_TAG)),
        state=info.state,
        started_at=_EPOCH + timedelta(milliseconds=max(0, min(info.started_ms, _LAST_MS))),
        duration_ms=info.duration_ms,
        request=info.request_preview,
        response=info.response_preview,
        run=told.get(RUN_METADATA),
        model=told.get(MODEL_METADATA),
        session=told.get(SESSION_METADATA),
        user=told.get(USER_METADATA),
        tokens=_tokens(told.get(USAGE_METADATA)),
        cost_usd=float(total) if isinstance(total, int | float) else None,
        tags={key: value for key, value in info.tags.items() if key not in _HIDDEN_TAGS},
        metadata=told,
        assessments=info.assessments,
    )


def _tokens(text: Any) -> Tokens | None:
    told = conventions.plain(text)
    if not isinstance(told, dict) or not told:
        return None
    read, written = _count(told.get("input_tokens")), _count(told.get("output_tokens"))
    return Tokens(input=read, output=written, total=_count(told.get("total_tokens")) or read + written)


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**53 else 0


def lines(spans: Sequence[Span]) -> list[SpanLine]:
    """Spans in the order of their tree: each after its parent, siblings by their start.

    A span whose parent is not there stands at the top, as does the first one of a ring.

    >>> made = [Span(trace_id="t", span_id=i, parent=p, start_ns=s)
    ...         for i, p, s in (("c", "a", 2), ("b", "a", 1), ("a", None, 0), ("x", "gone", 3))]
    >>> [(line.span_id, line.depth, line.children) for line in lines(made)]
    [('a', 0, 2), ('b', 1, 0), ('c', 1, 0), ('x', 0, 0)]
    """
    ordered = sorted(spans, key=lambda span: (span.start_ns, span.span_id))
    known = {span.span_id for span in ordered}
    below: dict[str | None, list[Span]] = {}
    for span in ordered:
        below.setdefault(span.parent if span.parent in known else None, []).append(span)
    zero = ordered[0].start_ns if ordered else 0
    found: list[SpanLine] = []
    seen: set[str] = set()
    for top in [*below.get(None, []), *ordered]:  # what no top leads to stands in a ring
        stack = [(top, 0)]
        while stack:
            span, depth = stack.pop()
            if span.span_id in seen:
                continue
            seen.add(span.span_id)
            children = below.get(span.span_id, [])
            parent = span.parent if depth else None
            found.append(_line(span, parent, depth, len(children), zero))
            stack += [(child, depth + 1) for child in reversed(children)]
    return found


def _line(span: Span, parent: str | None, depth: int, children: int, zero: int) -> SpanLine:
    model = span.attributes.get(conventions.MODEL)
    return SpanLine(
        span_id=span.span_id,
        parent=parent,
        depth=depth,
        children=children,
        name=span.name,
        kind=span.type or "UNKNOWN",
        status=span.status,
        error=_error(span) if span.status == "ERROR" else None,
        start_ms=(span.start_ns - zero) / _NS,
        duration_ms=None if span.end_ns is None else (span.end_ns - span.start_ns) / _NS,
        tokens=_tokens(span.attributes.get(conventions.USAGE)),
        model=model if isinstance(model, str) else None,
    )


def _error(span: Span) -> str:
    """What went wrong, in a line: the status' message, else the last exception's."""
    if span.status_message:
        return span.status_message[:500]
    for event in reversed(span.events):
        about = event.get("attributes") or {}
        told = [str(about[key]) for key in ("exception.type", "exception.message") if about.get(key)]
        if told:
            return ": ".join(told)[:500]
    return "failed"


def length_ms(found: Sequence[SpanLine]) -> float:
    """From the first start to the last end; of spans that run still, to the last start."""
    return max((line.start_ms + (line.duration_ms or 0.0) for line in found), default=0.0)


def contents(span: Span, line: SpanLine) -> SpanDetail:
    """What a span holds, its inputs and outputs apart from its other attributes."""
    own = (conventions.INPUTS, conventions.OUTPUTS, conventions.TYPE, conventions.REQUEST_ID)
    rest: Mapping[str, Any] = {key: value for key, value in span.attributes.items() if key not in own}
    return SpanDetail(
        span=line,
        inputs=conventions.plain(span.attributes.get(conventions.INPUTS)),
        outputs=conventions.plain(span.attributes.get(conventions.OUTPUTS)),
        attributes={key: conventions.plain(value) for key, value in rest.items()},
        events=[_event(event, span, line) for event in span.events],
        links=span.links,
    )


def _event(event: Mapping[str, Any], span: Span, line: SpanLine) -> SpanEvent:
    after_ns = int(event.get("time_ns") or span.start_ns) - span.start_ns
    return SpanEvent(
        name=str(event.get("name", "")),
        at_ms=line.start_ms + after_ns / _NS,
        attributes=event.get("attributes") or {},
    )
