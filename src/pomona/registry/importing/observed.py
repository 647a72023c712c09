"""Traces, evaluation datasets and webhooks of MLflow's own database."""

import threading
from collections.abc import Iterator

from pomona.core.errors import NotFound
from pomona.registry.importing.database import DatabaseOrigin
from pomona.registry.importing.door import Files
from pomona.registry.importing.evaluation_rows import evaluations_of, rows_of, webhooks_of
from pomona.registry.importing.records import OldEvaluation, OldExperiment, OldTrace, OldWebhook
from pomona.registry.importing.rules import Address
from pomona.registry.importing.spans import span_in, spans_in
from pomona.registry.importing.trace_rows import spans_of, traces_of
from pomona.training.evaluation.records import EvaluationRow
from pomona.training.traces.records import ARTIFACTS_TAG, Span

_PAGE = 200
_FILE = "traces.json"
_MAX_BYTES = 256 << 20  # of one trace


class DatabaseObserved:
    """See ``Observed``."""

    def __init__(self, origin: DatabaseOrigin) -> None:
        self._origin = origin
        self._turn = threading.Lock()  # of the one connection, when spans of several traces are asked for

    def traces(self, experiment: OldExperiment) -> Iterator[list[OldTrace]]:
        last = ""
        while True:
            with self._origin.reading() as reader:
                found = traces_of(reader, int(experiment.id), after=last, limit=_PAGE)
            if found:
                yield found
            if len(found) < _PAGE:
                return
            last = found[-1].info.trace_id

    def spans(self, trace: OldTrace, files: Files | None) -> list[Span]:
        with self._turn, self._origin.reading() as reader:
            rows = spans_of(reader, trace.info.trace_id)
        if rows:
            return [span_in(row, trace.info.trace_id) for row in rows]
        return in_file(trace, files)

    def evaluations(self) -> list[OldEvaluation]:
        with self._origin.reading() as reader:
            return evaluations_of(reader)

    def rows(self, dataset: OldEvaluation) -> Iterator[list[EvaluationRow]]:
        last = ""
        while True:
            with self._origin.reading() as reader:
                found = rows_of(reader, dataset.dataset.id, after=last, limit=_PAGE)
            if found:
                yield found
            if len(found) < _PAGE:
                return
            last = found[-1].id

    def webhooks(self) -> list[OldWebhook]:
        with self._origin.reading() as reader:
            return webhooks_of(reader)


def in_file(trace: OldTrace, files: Files | None) -> list[Span]:
    """The spans of a trace that keeps them in its artifacts.

    Raises:
        NotFound: If they are not there, or files stay behind.
    """
    address = Address(owner=trace.info.trace_id, uri=trace.info.tags.get(ARTIFACTS_TAG, ""))
    if files is None:
        raise NotFound("their files did not come along", hint="import with files")
    if not address.uri or _FILE not in {one.path for one in files.listed(address)}:
        raise NotFound(f"there is no {_FILE} where they are said to be", hint="say where with --artifacts")
    with files.open(address, _FILE) as stream:
        body = stream.read(_MAX_BYTES)
    return spans_in(body, trace.info.trace_id)
