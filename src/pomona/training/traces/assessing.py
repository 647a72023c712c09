"""Use cases of assessments: judge a trace, change or withdraw the judgement."""

import secrets
from collections.abc import Mapping

import msgspec

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Record
from pomona.sql import to_us
from pomona.training.rules.limits import check_length
from pomona.training.traces import store
from pomona.training.traces.records import Assessment, AssessmentKind

_MAX_NAME = 250


class AssessmentChange(Record, frozen=True, kw_only=True):
    """What is to be changed; None: it stays. Metadata is added to what is there."""

    name: str | None = None
    kind: AssessmentKind | None = None  # of the new value
    value: str | None = None
    error: str | None = None
    rationale: str | None = None
    metadata: Mapping[str, str] | None = None


class AssessmentService:
    """What people, programs and models judged of traces."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new(self, item: Assessment, trace_id: str) -> Assessment:
        """The assessment with an id, a trace and times, where they are missing.

        Raises:
            Invalid: If its name or its id is too long.
        """
        check_length("assessment_name", item.name, _MAX_NAME)
        check_length("assessment_id", item.id, 64)
        now_us = to_us(self._clock.now())
        now_ms = now_us // 1000
        return msgspec.structs.replace(
            item,
            id=item.id or f"a-{now_us:016x}{secrets.token_hex(8)}",  # in the order in which they came
            trace_id=trace_id,
            created_ms=item.created_ms or now_ms,
            updated_ms=item.updated_ms or now_ms,
        )

    def create(self, trace_id: str, item: Assessment) -> Assessment:
        """Keep a judgement; the one it overrides is no longer valid.

        Raises:
            NotFound: If the trace, or what it overrides, does not exist.
        """
        made = self.new(item, trace_id)

        def work(tx: Transaction) -> Assessment:
            trace = store.existing(tx, trace_id)
            if made.overrides:
                before = _found(tx, trace, trace_id, made.overrides)
                store.set_assessment(tx, trace, msgspec.structs.replace(before, valid=False))
            store.set_assessment(tx, trace, made)
            return made

        return self._database.write(work)

    def get(self, trace_id: str, assessment_id: str) -> Assessment:
        """One judgement of a trace.

        Raises:
            NotFound: If the trace or the assessment does not exist.
        """
        return self._database.read(lambda tx: _of_trace(tx, trace_id, assessment_id)[1])

    def update(self, trace_id: str, assessment_id: str, change: AssessmentChange) -> Assessment:
        """Change a judgement.

        Raises:
            NotFound: If the trace or the assessment does not exist.
            Invalid: If the new value is of another kind.
        """
        now_ms = to_us(self._clock.now()) // 1000
        check_length("assessment_name", change.name or "", _MAX_NAME)

        def work(tx: Transaction) -> Assessment:
            trace, before = _of_trace(tx, trace_id, assessment_id)
            after = msgspec.structs.replace(_changed(before, change), updated_ms=now_ms)
            store.set_assessment(tx, trace, after)
            return after

        return self._database.write(work)

    def delete(self, trace_id: str, assessment_id: str) -> None:
        """Withdraw a judgement; what it had overridden is valid again. Nothing happens if it is not there."""

        def work(tx: Transaction) -> None:
            trace = store.number(tx, trace_id)
            before = None if trace is None else store.assessment(tx, trace, assessment_id)
            if trace is None or before is None:
                return
            hidden = store.assessment(tx, trace, before.overrides) if before.overrides else None
            if hidden is not None:
                store.set_assessment(tx, trace, msgspec.structs.replace(hidden, valid=True))
            store.remove_assessment(tx, trace, assessment_id)

        self._database.write(work)


def _changed(before: Assessment, change: AssessmentChange) -> Assessment:
    if change.kind is not None and change.kind != before.kind:
        raise Invalid(
            f"Cannot update {change.kind} value on {_an(before.kind)} assessment.",
            hint="delete it and log another",
        )
    values: dict[str, object] = {}
    if change.name is not None:
        values["name"] = change.name
    if change.value is not None:
        values |= {"value": change.value, "error": change.error}
    if change.rationale is not None:
        values["rationale"] = change.rationale
    if change.metadata is not None:
        values["metadata"] = {**before.metadata, **change.metadata}
    return msgspec.structs.replace(before, **values)


def _an(kind: AssessmentKind) -> str:
    return "an Expectation" if kind == "expectation" else f"a {kind.capitalize()}"


def _of_trace(tx: Transaction, trace_id: str, assessment_id: str) -> tuple[int, Assessment]:
    trace = store.number(tx, trace_id)
    if trace is None:
        raise NotFound(f"Trace with request_id '{trace_id}' not found")
    return trace, _found(tx, trace, trace_id, assessment_id)


def _found(tx: Transaction, trace: int, trace_id: str, assessment_id: str) -> Assessment:
    found = store.assessment(tx, trace, assessment_id)
    if found is None:
        raise NotFound(f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'")
    return found
