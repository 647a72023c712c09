"""Traces as people look at them: pages, one trace with its tree, frames; and judging by hand."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Database, Transaction
from pomona.core.records import Page
from pomona.training.service.experiments import ExperimentService
from pomona.training.store import experiments
from pomona.training.store.statements import chunks
from pomona.training.traces import grammar, names, rules, search, store, tables, waterfall
from pomona.training.traces.assessing import AssessmentChange, AssessmentService
from pomona.training.traces.records import (
    NAME_TAG,
    RUN_METADATA,
    SIZE_METADATA,
    Assessment,
    Span,
    TraceCondition,
    TraceInfo,
)
from pomona.training.traces.shown import (
    EditedAssessment,
    NewAssessment,
    SpanDetail,
    TraceDetail,
    TraceNames,
    TraceSummary,
)

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 200_000


_Question = Callable[[Transaction, int, int], Sequence[Any]]  # limit, offset


class TraceReports:
    """What pages, tables and frames show of traces."""

    def __init__(
        self, database: Database, experiments_: ExperimentService, assessments: AssessmentService
    ) -> None:
        self._database = database
        self._experiments = experiments_
        self._assessments = assessments

    def page(
        self,
        *,
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[TraceSummary]:
        """Traces, newest first; ``experiment`` is an id or a name.

        Raises:
            Invalid: If filter, order, cursor or limit cannot be read.
            NotFound: If there is no such experiment.
        """
        if not 1 <= limit <= 500:
            raise Invalid(f"limit {limit} is not between 1 and 500", hint="ask for more pages instead")
        offset = _offset(cursor)
        ask = self._asked(experiment, run, filter, order_by)
        found = self._database.read(lambda tx: _summaries(tx, ask(tx, limit, offset)))
        return Page(items=found, next_cursor=str(offset + limit) if len(found) == limit else None)

    def _asked(
        self, experiment: str | None, run: str | None, text: str, order_by: Sequence[str]
    ) -> _Question:
        conditions = grammar.parse_trace_filter(text)
        if run:
            conditions = [*conditions, TraceCondition(entity="run", key=RUN_METADATA, op="=", value=run)]
        order = [grammar.parse_trace_order(item) for item in order_by]
        numbers = None if experiment is None else [self._number(experiment)]

        def ask(tx: Transaction, limit: int, offset: int) -> Sequence[Any]:
            return search.rows_of(tx, numbers, conditions, order, limit=limit, offset=offset)

        return ask

    def _number(self, ref: str) -> int:
        found = self._experiments.get(ref) if ref.isdecimal() else self._experiments.named(ref)
        return int(found.id)

    def names(self) -> TraceNames:
        """Names, tags and judgements that the newest traces have."""
        return self._database.read(names.names)

    def detail(self, trace_id: str) -> TraceDetail:
        """A trace, by its id or the beginning of it, what it is tied to, and the tree of its spans.

        Raises:
            NotFound: If there is no such trace.
        """

        def read(tx: Transaction) -> TraceDetail:
            info, trace, spans = _loaded(tx, trace_id)
            tied = store.targets(tx, trace)
            runs = dict.fromkeys([*filter(None, [info.metadata.get(RUN_METADATA)]), *tied["run"]])
            lines = waterfall.lines(spans)
            return TraceDetail(
                trace=waterfall.summary(info, lines[0].name if lines else None),
                experiment_name=experiments.get(tx, int(info.experiment)).name,
                runs=list(runs),
                prompts=tied["prompt"],
                spans=lines,
                whole=rules.is_whole(info.metadata.get(SIZE_METADATA), len(spans)),
                length_ms=waterfall.length_ms(lines),
            )

        return self._database.read(read)

    def span(self, trace_id: str, span_id: str) -> SpanDetail:
        """What one span holds.

        Raises:
            NotFound: If there is no such trace or span.
        """
        _, _, spans = self._database.read(lambda tx: _loaded(tx, trace_id))
        wanted = next((span for span in spans if span.span_id == span_id), None)
        if wanted is None:
            raise NotFound(f"trace {trace_id} has no span {span_id}", hint="its page lists its spans")
        line = next(line for line in waterfall.lines(spans) if line.span_id == span_id)
        return waterfall.contents(wanted, line)

    def model(self, trace_id: str) -> str | None:
        """The id of the logged model that answered, if it is known.

        Raises:
            NotFound: If there is no such trace.
        """
        return self._database.read(lambda tx: waterfall.summary(_loaded(tx, trace_id)[0]).model)

    def table(
        self,
        rows: tables.Rows = "traces",
        *,
        experiment: str | None = None,
        run: str | None = None,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        limit: int = 10_000,
    ) -> "pa.Table":
        """The traces of a search, a row for each of them, or for each of their spans.

        Raises:
            Invalid: If filter, order or limit cannot be read.
            NotFound: If there is no such experiment.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise Invalid(f"limit {limit} is not between 1 and {MOST_ROWS}", hint="filter by time instead")
        ask = self._asked(experiment, run, filter, order_by)

        def read(tx: Transaction) -> "pa.Table":
            made = tables.begin(rows)
            found = ask(tx, limit, 0)
            for part in chunks(list(found)):
                if rows == "traces":
                    made.add(_summaries(tx, part), {})
                else:
                    wanted = {row.id: row.trace_id for row in part}
                    made.add([], store.spans_of(tx, wanted))
            return made.table()

        return self._database.read(read)

    def assess(self, trace_id: str, new: NewAssessment) -> Assessment:
        """Keep what a person judges.

        Raises:
            NotFound: If there is no such trace, or span of it.
            Invalid: If it has no name, or nothing is said.
        """
        if not new.name.strip():
            raise Invalid("an assessment needs a name", hint="e.g. correct, helpful, tone")
        if new.value is None:
            raise Invalid("an assessment needs a value", hint="true, a number or a text")
        trace_id = self._whole(trace_id)
        if new.span_id:
            self.span(trace_id, new.span_id)
        made = Assessment(
            id="",
            trace_id=trace_id,
            name=new.name.strip(),
            kind=new.kind,
            source_type="HUMAN",
            source_id=current_actor(),
            value=msgspec.json.encode(new.value).decode(),
            rationale=new.rationale or None,
            span_id=new.span_id,
            created_ms=0,
            updated_ms=0,
        )
        return self._assessments.create(trace_id, made)

    def reassess(self, trace_id: str, assessment_id: str, edit: EditedAssessment) -> Assessment:
        """Change what was judged.

        Raises:
            NotFound: If there is no such trace or assessment.
            Invalid: If nothing is said.
        """
        if edit.value is None:
            raise Invalid("an assessment needs a value", hint="true, a number or a text")
        value = msgspec.json.encode(edit.value).decode()
        change = AssessmentChange(value=value, rationale=edit.rationale)
        return self._assessments.update(self._whole(trace_id), assessment_id, change)

    def withdraw(self, trace_id: str, assessment_id: str) -> Assessment:
        """Take back what was judged; what it had overridden is valid again.

        Raises:
            NotFound: If there is no such trace or assessment.
        """
        trace_id = self._whole(trace_id)
        found = self._assessments.get(trace_id, assessment_id)
        self._assessments.delete(trace_id, assessment_id)
        return found

    def _whole(self, trace_id: str) -> str:
        return str(self._database.read(lambda tx: _row(tx, trace_id)).trace_id)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid(f"{cursor[:40]!r} is no cursor", hint="use next_cursor of the page before")
    return int(cursor)


def _summaries(tx: Transaction, rows: Sequence[Any]) -> list[TraceSummary]:
    infos = store.loaded(tx, rows)
    unnamed = [row.id for row, info in zip(rows, infos, strict=True) if not info.tags.get(NAME_TAG)]
    roots = store.root_names(tx, unnamed)
    return [waterfall.summary(info, roots.get(row.id)) for row, info in zip(rows, infos, strict=True)]


def _loaded(tx: Transaction, trace_id: str) -> tuple[TraceInfo, int, list[Span]]:
    row = _row(tx, trace_id)
    spans = store.spans_of(tx, {row.id: row.trace_id})[row.trace_id]
    return store.loaded(tx, [row])[0], row.id, spans


def _row(tx: Transaction, trace_id: str) -> Any:
    row = store.row_like(tx, trace_id)
    if row is None:
        raise NotFound(f"no trace {trace_id}", hint="`pomona traces ls` lists them")
    return row
