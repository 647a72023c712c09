"""Traces as people look at them: a line of a list, one trace with the tree of its spans."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record
from pomona.training.traces.records import Assessment, SpanStatus, TraceState


class Tokens(Record, frozen=True, kw_only=True):
    """How many tokens language models read and wrote for a trace or a span."""

    input: int = 0
    output: int = 0
    total: int = 0


class TraceSummary(Record, frozen=True, kw_only=True):
    """A trace as a line of a list. Previews are the first 1,000 characters of what went in and came out."""

    id: str
    experiment: str
    name: str
    named: bool = True  # False: the name is that of its first span
    state: TraceState
    started_at: datetime
    duration_ms: int | None = None
    request: str | None = None
    response: str | None = None
    run: str | None = None
    model: str | None = None  # the logged model that answered
    session: str | None = None
    user: str | None = None
    tokens: Tokens | None = None
    cost_usd: float | None = None
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}
    assessments: list[Assessment] = []


class SpanLine(Record, frozen=True, kw_only=True):
    """A span as a line of the waterfall: lines stand in the order of the tree, ``depth`` deep.

    ``start_ms`` counts from the start of the trace's first span; ``duration_ms`` is None while it runs.
    """

    span_id: str
    parent: str | None = None
    depth: int = 0
    children: int = 0
    name: str
    kind: str
    status: SpanStatus = "UNSET"
    error: str | None = None
    start_ms: float
    duration_ms: float | None = None
    tokens: Tokens | None = None
    model: str | None = None


class TraceDetail(Record, frozen=True, kw_only=True):
    """One trace: its summary, what it is tied to, and its spans without their contents.

    ``whole`` is False while spans are missing that its client says it made.
    """

    trace: TraceSummary
    experiment_name: str
    runs: list[str] = []
    prompts: list[str] = []  # name/version
    spans: list[SpanLine] = []
    whole: bool = True
    length_ms: float = 0.0  # from the first span's start to the last one's end


class SpanEvent(Record, frozen=True, kw_only=True):
    """What happened within a span, ``at_ms`` after the trace's first span began; an exception, for one."""

    name: str
    at_ms: float
    attributes: dict[str, Any] = {}


class SpanDetail(Record, frozen=True, kw_only=True):
    """What one span holds: JSON values as they were sent."""

    span: SpanLine
    inputs: Any = None
    outputs: Any = None
    attributes: dict[str, Any] = {}  # all others
    events: list[SpanEvent] = []
    links: list[dict[str, Any]] = []


class NewAssessment(Record, frozen=True, kw_only=True):
    """What a person judges of a trace, or of one of its spans: feedback, or the answer that is right."""

    name: str
    value: Any
    kind: Literal["feedback", "expectation"] = "feedback"
    rationale: str | None = None
    span_id: str | None = None


class EditedAssessment(Record, frozen=True, kw_only=True):
    """What is to be changed; what is not sent stays."""

    value: Any
    rationale: str | None = None


class TraceNames(Record, frozen=True, kw_only=True):
    """Names that traces have: to complete a filter, and to offer columns."""

    names: list[str] = []
    tags: list[str] = []
    feedback: list[str] = []
    expectations: list[str] = []
