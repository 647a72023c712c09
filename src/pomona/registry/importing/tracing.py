"""Taking over traces: spans, tags, assessments and ties, some dozen a transaction."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from pomona.core.errors import Invalid, PomonaError
from pomona.core.ports import Database, Transaction
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.door import Files, Observed
from pomona.registry.importing.records import OldExperiment, OldTrace
from pomona.training.rules.limits import check_length, check_time
from pomona.training.rules.paths import trace_uri
from pomona.training.store import experiments
from pomona.training.traces import rules as trace_rules
from pomona.training.traces import store as traces
from pomona.training.traces.records import ARTIFACTS_TAG, SPANS_TAG, Assessment, Span

_THREADS = 8
_AT_ONCE = 25  # traces of one transaction: their spans are in memory together
_HAVE_SPANS = "spans"


@dataclass(frozen=True)
class _Ready:
    """A trace that is about to be written; ``spans`` is None where they could not be read."""

    old: OldTrace
    spans: list[Span] | None
    mark: store.Mark


class TakingTraces:
    """Takes the traces of experiments over.

    Args:
        files: Where spans are read that lie in files; None: those stay behind.
    """

    def __init__(self, database: Database, observed: Observed, files: Files | None) -> None:
        self._database = database
        self._observed = observed
        self._files = files

    def experiment(
        self, number: int, old: OldExperiment, counting: Counting, told: Callable[[int], None]
    ) -> None:
        """Every trace in it that is new or changed."""
        done = 0
        for batch in self._observed.traces(old):
            for part in _parts(batch):
                self._part(number, part, counting)
                done += len(part)
                told(done)

    def _part(self, number: int, batch: list[OldTrace], counting: Counting) -> None:
        ids = [one.info.trace_id for one in batch]

        def seen(tx: Transaction) -> tuple[dict[str, store.Mark], Mapping[str, object]]:
            return store.marks(tx, [_name(one) for one in ids]), traces.ids(tx, ids)

        marks, here = self._database.read(seen)
        wanted = []
        for one in batch:
            before = marks.get(_name(one.info.trace_id))
            if before is None and one.info.trace_id in here:
                counting.left.add(
                    "traces that are here already, and that no import brought", one.info.trace_id
                )
            elif before != (rules.mark_of(one), _HAVE_SPANS) and _may_come(one, counting):
                wanted.append(one)
        if ready := self._ready(wanted, marks, counting):
            self._write(number, ready, counting)

    def _ready(
        self, wanted: list[OldTrace], marks: Mapping[str, store.Mark], counting: Counting
    ) -> list[_Ready]:
        with ThreadPoolExecutor(_THREADS) as pool:
            read = list(pool.map(self._spans, wanted))
        ready = []
        for one, (spans, error) in zip(wanted, read, strict=True):
            mark = (rules.mark_of(one), _HAVE_SPANS if spans is not None else "")
            if error is not None:
                reason = f"spans: {error.detail}{f' ({error.hint})' if error.hint else ''}"
                counting.left.add(reason, one.info.trace_id)
            if mark != marks.get(_name(one.info.trace_id)):
                ready.append(_Ready(old=one, spans=spans, mark=mark))
        return ready

    def _spans(self, one: OldTrace) -> tuple[list[Span] | None, PomonaError | None]:
        try:
            return self._observed.spans(one, self._files), None
        except PomonaError as error:
            if error.status >= 500:
                raise
            return None, error

    def _write(self, number: int, ready: list[_Ready], counting: Counting) -> None:
        def work(tx: Transaction) -> None:
            location = experiments.get(tx, number).artifact_location
            for one in ready:
                _put(tx, number, location, one)
            store.mark(tx, {_name(one.old.info.trace_id): one.mark for one in ready})
            counting.keep(tx, traces=len(ready))

        self._database.write(work)


def _name(trace_id: str) -> str:
    return f"trace {trace_id}"


def _parts(batch: list[OldTrace]) -> Iterator[list[OldTrace]]:
    for start in range(0, len(batch), _AT_ONCE):
        yield batch[start : start + _AT_ONCE]


def _may_come(one: OldTrace, counting: Counting) -> bool:
    """Whether the trace breaks no rule that traces have here; if it does, that is told."""
    try:
        trace_rules.check_trace_id(one.info.trace_id)
        check_time("request_time", one.info.started_ms)
        check_time("execution_duration", one.info.duration_ms or 0)
        trace_rules.metadata(one.info.metadata)
        for item in one.info.assessments:
            check_length("assessment_name", item.name, 250)
            check_length("assessment_id", item.id, 64)
    except Invalid as error:
        counting.left.add(f"traces: {error.detail}", one.info.trace_id)
        return False
    odd = one.info.tags.keys() - trace_rules.good_tags(one.info.tags).keys()
    for key in sorted(odd):
        counting.lost.add("tags of traces whose name may not be", f"{one.info.trace_id} {key[:40]}")
    return True


def _put(tx: Transaction, number: int, location: str, ready: _Ready) -> None:
    info = msgspec.structs.replace(ready.old.info, experiment=str(number))
    trace = traces.number(tx, info.trace_id)
    if trace is None:
        trace = traces.add(tx, info)
    else:
        traces.replace(tx, trace, info)
    tags = trace_rules.good_tags(info.tags) | {ARTIFACTS_TAG: trace_uri(location, info.trace_id)}
    if ready.spans is not None:
        tags |= {SPANS_TAG: "TRACKING_STORE"}
        traces.set_spans(tx, trace, ready.spans)
    traces.set_tags(tx, trace, tags)
    traces.set_metadata(tx, trace, info.metadata)
    for item in info.assessments:
        traces.set_assessment(tx, trace, _whole(item, info.trace_id))
    traces.add_links(tx, [trace], "run", ready.old.runs)
    traces.add_links(tx, [trace], "prompt", [target[:300] for target in ready.old.prompts])


def _whole(item: Assessment, trace_id: str) -> Assessment:
    return msgspec.structs.replace(item, trace_id=trace_id)
