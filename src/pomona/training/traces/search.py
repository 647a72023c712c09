"""Searching traces: the grammar's conditions and sort keys as SQL; nothing is filtered in Python."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from pomona.core.errors import Invalid
from pomona.core.ports import Transaction
from pomona.training.store.experiments import experiments
from pomona.training.store.statements import compare
from pomona.training.traces import store
from pomona.training.traces.records import (
    RUN_METADATA,
    SESSION_METADATA,
    FoundTraces,
    TraceCondition,
    TraceSort,
)

_traces, _spans, _judged = store.traces, store.spans, store.assessments
_ended = _traces.c.started_ms + func.coalesce(_traces.c.duration_ms, 0)
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "request_id": _traces.c.trace_id,
    "experiment_id": _traces.c.experiment,
    "status": _traces.c.state,
    "client_request_id": _traces.c.client_request_id,
    "timestamp_ms": _traces.c.started_ms,
    "execution_time_ms": _traces.c.duration_ms,
    "end_time_ms": _ended,
}
_PAIRS: dict[str, Table] = {"tag": store.tags, "metadata": store.metadata}


class JsonText(FunctionElement[str]):
    """A value of a JSON object in a text column, as text; arguments: column, key."""

    inherit_cache = True
    name = "json_text"
    type = String()


@compiles(JsonText)
def _postgres_json(element: Any, compiler: Any, **options: Any) -> str:
    column, key = element.clauses
    return f"(({compiler.process(column, **options)})::jsonb ->> {compiler.process(key, **options)})"


@compiles(JsonText, "sqlite")
def _sqlite_json(element: Any, compiler: Any, **options: Any) -> str:
    column, key = element.clauses
    # As a path in quotes: releases of SQLite before 3.45 take a dot in a bare key for a step downwards.
    path = f"""'$."' || replace({compiler.process(key, **options)}, '"', '') || '"'"""
    return f"({compiler.process(column, **options)} ->> ({path}))"


def search(
    tx: Transaction,
    numbers: Sequence[int] | None,
    conditions: Sequence[TraceCondition],
    order: Sequence[TraceSort],
    *,
    limit: int,
    offset: int,
) -> FoundTraces:
    """One page of traces, newest first unless ``order`` says otherwise; ``numbers`` None: of all experiments.

    Those of deleted experiments are found by their numbers only.
    """
    rows = rows_of(tx, numbers, conditions, order, limit=limit, offset=offset)
    more = offset + limit if len(rows) == limit else None
    return FoundTraces(traces=store.loaded(tx, rows), next_offset=more)


def rows_of(
    tx: Transaction,
    numbers: Sequence[int] | None,
    conditions: Sequence[TraceCondition],
    order: Sequence[TraceSort],
    *,
    limit: int,
    offset: int = 0,
) -> list[Any]:
    """The traces' own rows; ``store.loaded`` makes records of them."""
    query = select(_traces).where(*matching(numbers, conditions)).order_by(*_sorts(order))
    return list(tx.execute(query.limit(limit).offset(offset)))


def matching(
    numbers: Sequence[int] | None, conditions: Sequence[TraceCondition]
) -> list[ColumnElement[bool]]:
    """What a trace must fulfil to be found."""
    found = [_not_deleted() if numbers is None else _traces.c.experiment.in_(numbers)]
    found += [_condition(item) for item in conditions if item.entity != "span"]
    on_spans = [_span_condition(item) for item in conditions if item.entity == "span"]
    if on_spans:  # all of them speak of one and the same span
        found.append(exists().where(_spans.c.trace == _traces.c.id, *on_spans))
    return found


def _not_deleted() -> ColumnElement[bool]:
    gone = select(experiments.c.id).where(experiments.c.state != "active")
    return _traces.c.experiment.not_in(gone)


def _compare(column: ColumnElement[Any], op: str, value: Any) -> ColumnElement[Any]:
    if op == "RLIKE":
        return column.regexp_match(str(value))
    return compare(column, op, value)


def _condition(item: TraceCondition) -> ColumnElement[bool]:
    if item.entity == "attribute":
        return _compare(_COLUMNS[item.key], item.op, item.value)
    if item.entity in _PAIRS:
        return _pair(_PAIRS[item.entity], item)
    if item.entity == "prompt":
        return _linked("prompt", str(item.value))
    if item.entity == "run":
        told = TraceCondition(entity="metadata", key=RUN_METADATA, op="=", value=item.value)
        return or_(_linked("run", str(item.value)), _pair(store.metadata, told))
    return _judgement(item)


def _pair(table: Table, item: TraceCondition) -> ColumnElement[bool]:
    there = exists().where(table.c.trace == _traces.c.id, table.c.key == item.key)
    if item.op == "IS NULL":
        return not_(there)
    return there if item.op == "IS NOT NULL" else there.where(_compare(table.c.value, item.op, item.value))


def _linked(kind: str, target: str) -> ColumnElement[bool]:
    links = store.links
    return exists().where(links.c.trace == _traces.c.id, links.c.kind == kind, links.c.target == target)


def _judgement(item: TraceCondition) -> ColumnElement[bool]:
    if item.entity == "issue":
        return _on_trace(_judged.c.kind == "issue", _judged.c.name == item.value)
    where = [_judged.c.kind == item.entity, _judged.c.name == item.key, _judged.c.valid.is_(True)]
    if item.op in ("IS NULL", "IS NOT NULL"):
        found = or_(_on_trace(*where), _on_session(*where))
        return found if item.op == "IS NOT NULL" else not_(found)
    where.append(_judged_value(item))
    return or_(_on_trace(*where), _on_session(*where))


def _on_trace(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return _traces.c.id.in_(select(_judged.c.trace).where(*where))


def _on_session(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The judgement was made of the whole session: it counts for each of its traces."""
    theirs, mine = store.metadata.alias(), store.metadata.alias()
    sessions = select(theirs.c.value).where(
        theirs.c.key == SESSION_METADATA,
        theirs.c.trace == _judged.c.trace,
        _judged.c.body.contains(f'"{SESSION_METADATA}":', autoescape=True),
        *where,
    )
    return exists().where(
        mine.c.trace == _traces.c.id, mine.c.key == SESSION_METADATA, mine.c.value.in_(sessions)
    )


def _judged_value(item: TraceCondition) -> ColumnElement[bool]:
    if item.op in (">", ">=", "<", "<="):
        return and_(_judged.c.number.is_not(None), _compare(_judged.c.number, item.op, item.value))
    if item.op in ("=", "!="):
        text = str(item.value)
        same = _judged.c.value.in_([text, msgspec.json.encode(text).decode()])
        return same if item.op == "=" else not_(same)
    return _compare(_judged.c.value, item.op, item.value)


def _span_condition(item: TraceCondition) -> ColumnElement[bool]:
    if item.key == "content":
        places = (_spans.c.name, _spans.c.attributes, _spans.c.rest)
        return or_(*(_compare(place, item.op, item.value) for place in places))
    if item.key.startswith("attributes."):
        name = item.key.removeprefix("attributes.")
        return _compare(
            cast(JsonText(_spans.c.attributes, literal(name, String)), String), item.op, item.value
        )
    return _compare(_spans.c[item.key], item.op, item.value)


def _sorts(order: Sequence[TraceSort]) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    seen: set[tuple[str, str]] = set()
    for key in order:
        if (key.entity, key.key) in seen:
            raise Invalid(f"`order_by` contains duplicate fields: {key.key}")
        seen.add((key.entity, key.key))
        column = _COLUMNS[key.key] if key.entity == "attribute" else _pair_column(key)
        found += [case((column.is_(None), 1), else_=0), column.asc() if key.ascending else column.desc()]
    if ("attribute", "timestamp_ms") not in seen:
        found.append(_traces.c.started_ms.desc())
    return found if ("attribute", "request_id") in seen else [*found, _traces.c.trace_id]


def _pair_column(key: TraceSort) -> ColumnElement[Any]:
    table = _PAIRS[key.entity]
    where = (table.c.trace == _traces.c.id, table.c.key == key.key)
    return select(table.c.value).where(*where).scalar_subquery()
