"""Traces and their spans as Arrow tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from pomona.training.traces import waterfall
from pomona.training.traces.records import Assessment, Span
from pomona.training.traces.shown import TraceSummary

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Literal["traces", "spans"]
Columns = dict[str, list[Any]]


class Growing(Protocol):
    """A table that grows by the traces of a page."""

    def add(self, found: Sequence[TraceSummary], spans: Mapping[str, Sequence[Span]]) -> None:
        """Append traces, or spans by the id of their trace: whichever it is a table of."""
        ...

    def table(self) -> "pa.Table":
        """All that was added."""
        ...


def begin(rows: Rows) -> Growing:
    """An empty table, of a row for each trace or for each span."""
    return _TraceRows() if rows == "traces" else _SpanRows()


_TRACE = (
    "trace_id", "experiment_id", "name", "state", "started_at", "duration_ms", "run_id", "model_id",
    "session", "user", "input_tokens", "output_tokens", "total_tokens", "cost_usd", "request", "response",
)  # fmt: skip
_SPAN = (
    "trace_id", "span_id", "parent_id", "depth", "name", "kind", "status", "error", "started_at",
    "duration_ms", "model", "total_tokens", "inputs", "outputs", "attributes",
)  # fmt: skip
_NUMBERS = ("duration_ms", "input_tokens", "output_tokens", "total_tokens", "depth")


class _TraceRows:
    """Columns ``trace_id`` ..., then ``feedback.*``, ``expectation.*`` (JSON) and ``tags.*``."""

    def __init__(self) -> None:
        self._fixed: Columns = {name: [] for name in _TRACE}
        self._wide: list[dict[str, str]] = []

    def add(self, found: Sequence[TraceSummary], _spans: Mapping[str, Sequence[Span]]) -> None:
        for line in found:
            tokens = line.tokens
            counts = (None,) * 3 if tokens is None else (tokens.input, tokens.output, tokens.total)
            values = (
                line.id, line.experiment, line.name, line.state, line.started_at, line.duration_ms, line.run,
                line.model, line.session, line.user, *counts, line.cost_usd, line.request, line.response,
            )  # fmt: skip
            for name, value in zip(_TRACE, values, strict=True):
                self._fixed[name].append(value)
            judged = {f"{item.kind}.{item.name}": _said(item) for item in line.assessments if item.valid}
            self._wide.append(judged | {f"tags.{key}": value for key, value in line.tags.items()})

    def table(self) -> "pa.Table":
        import pyarrow as pa  # not at start

        kinds = {"started_at": pa.timestamp("ms", "UTC"), "cost_usd": pa.float64()}
        kinds |= dict.fromkeys(_NUMBERS, pa.int64())
        columns = {name: pa.array(col, kinds.get(name, pa.string())) for name, col in self._fixed.items()}
        for name in sorted({name for row in self._wide for name in row}):
            columns[name] = pa.array([row.get(name) for row in self._wide], pa.string())
        return pa.table(columns)


def _said(item: Assessment) -> str:
    return item.value if item.error is None else item.error


class _SpanRows:
    """Columns ``trace_id``, ``span_id`` ...; inputs, outputs and other attributes are JSON texts."""

    def __init__(self) -> None:
        self._columns: Columns = {name: [] for name in _SPAN}

    def add(self, _found: Sequence[TraceSummary], spans: Mapping[str, Sequence[Span]]) -> None:
        for trace_id, held_by in spans.items():
            by_id = {span.span_id: span for span in held_by}
            for line in waterfall.lines(list(by_id.values())):
                span = by_id[line.span_id]
                held = waterfall.contents(span, line)
                total = None if line.tokens is None else line.tokens.total
                values = (
                    trace_id, line.span_id, span.parent, line.depth, line.name, line.kind, line.status,
                    line.error, span.start_ns // 1000, line.duration_ms, line.model, total,
                    *(_json(value) for value in (held.inputs, held.outputs, held.attributes)),
                )  # fmt: skip
                for name, value in zip(_SPAN, values, strict=True):
                    self._columns[name].append(value)

    def table(self) -> "pa.Table":
        import pyarrow as pa  # not at start

        kinds = {"started_at": pa.timestamp("us", "UTC"), "duration_ms": pa.float64()}
        kinds |= dict.fromkeys(("depth", "total_tokens"), pa.int64())
        return pa.table(
            {name: pa.array(col, kinds.get(name, pa.string())) for name, col in self._columns.items()}
        )


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
