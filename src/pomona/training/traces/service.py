"""Use cases of traces: take spans in, finish a trace, find, tag, tie, delete."""

import secrets
from collections.abc import Mapping, Sequence

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Clock, Database, Transaction
from pomona.sql import to_us
from pomona.training.rules import limits
from pomona.training.rules.paging import check_page_size
from pomona.training.rules.paths import SHARED, trace_uri
from pomona.training.service.experiments import ExperimentService
from pomona.training.store import artifacts, experiments
from pomona.training.traces import grammar, rules, search, store
from pomona.training.traces.assessing import AssessmentService
from pomona.training.traces.correlation import Together, together
from pomona.training.traces.intake import take_in
from pomona.training.traces.measures import Point, Question, check_question
from pomona.training.traces.measuring import measure
from pomona.training.traces.records import (
    ARTIFACTS_TAG,
    FINAL_METADATA,
    SIZE_METADATA,
    FoundTraces,
    SpanBatch,
    Trace,
    TraceInfo,
    TraceState,
)
from pomona.training.traces.reports import TraceReports

MAX_PAGE = 500


class TraceService:
    """Traces of experiments.

    ``assessments`` holds what was judged of them, ``reports`` what people look at.
    """

    def __init__(self, database: Database, clock: Clock, experiments_: ExperimentService) -> None:
        self._database = database
        self._clock = clock
        self._experiments = experiments_
        self.assessments = AssessmentService(database, clock)
        self.reports = TraceReports(database, experiments_, self.assessments)

    def ingest(self, experiment: str, batches: Sequence[SpanBatch], *, run_id: str | None = None) -> None:
        """Keep spans, all or none; a trace that is new begins with them.

        Raises:
            NotFound: If the experiment of a new trace does not exist.
            Invalid: If it is deleted, or a span cannot be stored.
        """
        number = limits.experiment_number(experiment)
        for batch in batches:
            for span in batch.spans:
                rules.check_span(span)
        self._experiments.prepare()

        def work(tx: Transaction) -> None:
            finished = take_in(tx, number, batches)
            if run_id and finished:
                store.add_links(tx, finished, "run", [run_id])

        self._database.write(work)

    def finish(self, info: TraceInfo) -> TraceInfo:
        """Keep what a client says of its trace as the last word; new, or over what spans told.

        Raises:
            NotFound: If the experiment does not exist.
            Invalid: If it is deleted, or an id, key or time breaks a rule.
        """
        rules.check_trace_id(info.trace_id)
        limits.check_time("request_time", info.started_ms)
        limits.check_time("execution_duration", info.duration_ms or 0)
        told = rules.metadata(info.metadata) | {FINAL_METADATA: "true"}
        tags = dict(rules.tag(key, value) for key, value in info.tags.items())
        number = limits.experiment_number(info.experiment)
        self._experiments.prepare()

        def work(tx: Transaction) -> TraceInfo:
            home = experiments.active(tx, number)
            trace = store.number(tx, info.trace_id)
            if trace is None:
                trace = store.add(tx, info)
            else:
                store.replace(tx, trace, info)
            place = {ARTIFACTS_TAG: trace_uri(home.artifact_location, info.trace_id)}
            store.set_tags(tx, trace, tags | place)
            store.set_metadata(tx, trace, told)
            for item in info.assessments:
                store.set_assessment(tx, trace, self.assessments.new(item, info.trace_id))
            return _info(tx, info.trace_id)

        return self._database.write(work)

    def begin(
        self, experiment: str, started_ms: int, metadata: Mapping[str, str], tags: Mapping[str, str]
    ) -> TraceInfo:
        """A trace under way, as clients before version 3 start one."""
        limits.check_time("timestamp_ms", started_ms)
        number = limits.experiment_number(experiment)
        told = rules.metadata(metadata)
        kept = dict(rules.tag(key, value) for key, value in tags.items())
        trace_id = secrets.token_hex(16)
        info = TraceInfo(
            trace_id=trace_id, experiment=str(number), started_ms=started_ms, state="IN_PROGRESS"
        )
        self._experiments.prepare()

        def work(tx: Transaction) -> TraceInfo:
            home = experiments.active(tx, number)
            trace = store.add(tx, info)
            store.set_metadata(tx, trace, told)
            place = {ARTIFACTS_TAG: trace_uri(home.artifact_location, trace_id)}
            store.set_tags(tx, trace, kept | place)
            return _info(tx, trace_id)

        return self._database.write(work)

    def end(
        self,
        trace_id: str,
        ended_ms: int,
        state: TraceState,
        metadata: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> TraceInfo:
        """The end of a trace that ``begin`` began.

        Raises:
            NotFound: If there is no such trace.
        """
        limits.check_time("timestamp_ms", ended_ms)
        told = rules.metadata(metadata)
        kept = dict(rules.tag(key, value) for key, value in tags.items())

        def work(tx: Transaction) -> TraceInfo:
            before = _info(tx, trace_id)
            trace = store.existing(tx, trace_id)
            store.change(tx, trace, {"duration_ms": ended_ms - before.started_ms, "state": state})
            store.set_metadata(tx, trace, told)
            store.set_tags(tx, trace, kept)
            return _info(tx, trace_id)

        return self._database.write(work)

    def info(self, trace_id: str) -> TraceInfo:
        """A trace without its spans.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: _info(tx, trace_id))

    def infos(self, trace_ids: Sequence[str], experiment_ids: Sequence[str] | None = None) -> list[TraceInfo]:
        """Those traces that exist, in the order asked for; only of some experiments, if they are named."""
        allowed = (
            None if experiment_ids is None else {limits.experiment_number(item) for item in experiment_ids}
        )

        def read(tx: Transaction) -> list[TraceInfo]:
            rows = store.ids(tx, trace_ids).values()
            return store.loaded(tx, [row for row in rows if allowed is None or row.experiment in allowed])

        return self._database.read(read)

    def trace(self, trace_id: str, *, partial: bool = False) -> Trace:
        """A trace with its spans.

        Raises:
            NotFound: If there is none, or (unless ``partial``) some of its spans are not there yet.
        """
        found = self.traces([trace_id], partial=True)
        if not found:
            raise NotFound(f"Trace with ID {trace_id} is not found.")
        if not partial and not _is_whole(found[0]):
            raise NotFound(f"Trace with ID {trace_id} is not fully exported yet, please try again later.")
        return found[0]

    def traces(
        self, trace_ids: Sequence[str], experiment_ids: Sequence[str] | None = None, *, partial: bool = False
    ) -> list[Trace]:
        """Those traces that exist, with their spans; without ``partial`` only those that are whole."""
        infos = self.infos(trace_ids, experiment_ids)

        def read(tx: Transaction) -> list[Trace]:
            rows = store.ids(tx, [info.trace_id for info in infos])
            spans = store.spans_of(tx, {row.id: trace_id for trace_id, row in rows.items()})
            found = [(info, spans.get(info.trace_id, [])) for info in infos]
            return [Trace(info=info, spans=rules.in_order(of_it)) for info, of_it in found]

        found = self._database.read(read)
        return [trace for trace in found if partial or (trace.spans and _is_whole(trace))]

    def search(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        limit: int = 100,
        offset: int = 0,
    ) -> FoundTraces:
        """One page of traces, newest first.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(limit, most=MAX_PAGE)
        conditions = grammar.parse_trace_filter(filter)
        order = [grammar.parse_trace_order(item) for item in order_by]
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        return self._database.read(
            lambda tx: search.search(tx, numbers, conditions, order, limit=limit, offset=offset)
        )

    def together(
        self, experiment_ids: Sequence[str], first: str, second: str, *, base: str | None = None
    ) -> Together:
        """How two filters go together, among the traces that fulfil ``base``.

        Raises:
            Invalid: If a filter cannot be read.
        """
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        return self._database.read(lambda tx: together(tx, numbers, first, second, base))

    def measure(self, experiment_ids: Sequence[str], asked: Question) -> list[Point]:
        """Figures over many traces, their spans, or what was judged of them.

        Raises:
            Invalid: If it asks for what cannot be measured.
        """
        check_question(asked)
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        return self._database.read(lambda tx: measure(tx, numbers, asked))

    def set_tag(self, trace_id: str, key: str, value: str) -> None:
        """Add or overwrite a tag.

        Raises:
            NotFound: If there is no such trace.
        """
        kept = dict([rules.tag(key, value)])
        self._database.write(lambda tx: store.set_tags(tx, store.existing(tx, trace_id), kept))

    def delete_tag(self, trace_id: str, key: str) -> None:
        """Drop a tag.

        Raises:
            NotFound: If the trace does not have it.
        """

        def work(tx: Transaction) -> None:
            trace = store.number(tx, trace_id)
            if trace is None or not store.remove_tag(tx, trace, key):
                raise NotFound(f"No trace tag with key '{key}' for trace with ID '{trace_id}'")

        self._database.write(work)

    def link_run(self, trace_ids: Sequence[str], run_id: str) -> None:
        """Tie traces to a run, those that are still on their way as soon as they arrive.

        Raises:
            Invalid: If they are too many, or an id is odd.
        """
        if len(trace_ids) > rules.MAX_LINKS:
            raise Invalid(
                f"Cannot link more than {rules.MAX_LINKS} traces to a run in a single request. "
                f"Provided {len(trace_ids)} traces."
            )
        limits.check_run_id(run_id)
        for trace_id in trace_ids:
            rules.check_trace_id(trace_id)

        def work(tx: Transaction) -> None:
            found = store.ids(tx, trace_ids)
            store.add_links(tx, [row.id for row in found.values()], "run", [run_id])
            store.promise(tx, [trace_id for trace_id in trace_ids if trace_id not in found], run_id)

        self._database.write(work)

    def link_prompts(self, trace_id: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Tie prompt versions (name, version) to a trace.

        Raises:
            NotFound: If there is no such trace.
        """
        targets = [f"{name[:256]}/{version[:32]}" for name, version in prompts]
        self._database.write(
            lambda tx: store.add_links(tx, [store.existing(tx, trace_id)], "prompt", targets)
        )

    def delete(
        self,
        experiment: str,
        *,
        until_ms: int | None = None,
        trace_ids: Sequence[str] = (),
        limit: int | None = None,
    ) -> int:
        """Delete traces of an experiment: those named, or the oldest; returns how many.

        Raises:
            Invalid: If it is not said which.
        """
        _check_deletion(until_ms, trace_ids, limit)
        number = limits.experiment_number(experiment)

        def work(tx: Transaction) -> int:
            gone = store.remove(tx, number, until_ms=until_ms, trace_ids=trace_ids, limit=limit)
            for trace_id in gone:
                artifacts.remove(tx, SHARED, f"{number}/traces/{trace_id}")
            return len(gone)

        return self._database.write(work)

    def now_ms(self) -> int:
        """Now, in Unix milliseconds."""
        return to_us(self._clock.now()) // 1000


def _info(tx: Transaction, trace_id: str) -> TraceInfo:
    row = store.row_of(tx, trace_id)
    if row is None:
        raise NotFound(f"Trace with ID '{trace_id}' not found.")
    return store.loaded(tx, [row])[0]


def _is_whole(trace: Trace) -> bool:
    return rules.is_whole(trace.info.metadata.get(SIZE_METADATA), len(trace.spans))


def _check_deletion(until_ms: int | None, trace_ids: Sequence[str], limit: int | None) -> None:
    if until_ms is None and not trace_ids:
        raise Invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.")
    if until_ms is not None and trace_ids:
        raise Invalid("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
    if trace_ids and limit is not None:
        raise Invalid("`max_traces` can't be specified if `trace_ids` is specified.")
    if limit is not None and limit <= 0:
        raise Invalid(f"`max_traces` must be a positive integer, received {limit}.")
