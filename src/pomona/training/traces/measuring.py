"""Measuring traces, spans and judgements: questions as one SQL statement, the same on every database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from pomona.core.ports import Transaction
from pomona.training.traces import conventions, store
from pomona.training.traces.measures import (
    COSTS,
    TIME_BUCKET,
    TOKENS,
    Aggregation,
    Narrowing,
    Point,
    Question,
)
from pomona.training.traces.records import NAME_TAG, RUN_METADATA, SESSION_METADATA, USAGE_METADATA
from pomona.training.traces.search import JsonText

_traces, _spans, _judged = store.traces, store.spans, store.assessments
_NUMBER = r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_PAIR = rf'"[A-Za-z_]+" *: *({_NUMBER}|null) *'
_FLAT = rf"^\{{ *({_PAIR}(, *{_PAIR})*)?\}}$"  # what clients sent may be no JSON at all
_NS = 1_000_000


def measure(tx: Transaction, numbers: Sequence[int], asked: Question) -> list[Point]:
    """The points of a question, by time, then by the other dimensions."""
    dimensions = _dimensions(asked)
    value = _value(asked)
    query: Select[Any] = select(
        *(column.label(f"d{at}") for at, column in enumerate(dimensions)), value.label("v")
    )
    query = _source(query, asked).where(_traces.c.experiment.in_(numbers), value.is_not(None))
    query = query.where(*(column.is_not(None) for column in dimensions), *_within(asked))
    query = query.where(*(_narrowed(item, asked) for item in asked.narrowed))
    ranked = _ranked(query, len(dimensions)) if _percentiles(asked) else query.subquery()
    keys = [ranked.c[f"d{at}"] for at in range(len(dimensions))]
    sums = [_summed(item, ranked, asked) for item in asked.aggregations]
    grouped = select(*keys, *sums).select_from(ranked).group_by(*keys).order_by(*keys).limit(asked.limit)
    names = ([TIME_BUCKET] if asked.interval_s else []) + asked.dimensions
    labels = [item.label for item in asked.aggregations]
    points = (_point(asked.metric, names, labels, row) for row in tx.execute(grouped))
    return [point for point in points if point.values]


def _source(query: Select[Any], asked: Question) -> Select[Any]:
    if asked.view == "SPANS":
        return query.select_from(_traces.join(_spans, _spans.c.trace == _traces.c.id))
    if asked.view == "ASSESSMENTS":
        judged = _traces.join(_judged, _judged.c.trace == _traces.c.id)
        return query.select_from(judged).where(_judged.c.valid.is_(True))
    return query.select_from(_traces)


def _value(asked: Question) -> ColumnElement[Any]:
    if asked.metric in TOKENS:
        usage = _metadata(USAGE_METADATA)
        return _number_in(usage, asked.metric)
    if asked.metric in COSTS:
        return _number_in(_attribute(conventions.COST), asked.metric)
    if asked.metric == "session_count":
        return _metadata(SESSION_METADATA)
    if asked.metric == "latency":
        took_ns = _spans.c.end_ns - _spans.c.start_ns
        whole_ms = (took_ns - took_ns % literal(_NS)) / literal(_NS)
        return _traces.c.duration_ms if asked.view == "TRACES" else whole_ms
    if asked.metric == "assessment_value":
        said = func.lower(_judged.c.value)
        yes_no = case((said.in_(["true", '"yes"']), 1.0), (said.in_(["false", '"no"']), 0.0))
        return func.coalesce(_judged.c.number, yes_no)
    return literal(1)


def _metadata(key: str) -> ColumnElement[Any]:
    where = (store.metadata.c.trace == _traces.c.id, store.metadata.c.key == key)
    return select(store.metadata.c.value).where(*where).scalar_subquery()


def _attribute(name: str) -> ColumnElement[str]:
    return cast(JsonText(_spans.c.attributes, literal(name, String)), String)


def _number_in(text: ColumnElement[Any], key: str) -> ColumnElement[Any]:
    number = cast(JsonText(text, literal(key, String)), Double)
    return case((text.regexp_match(_FLAT), number))


def _dimensions(asked: Question) -> list[ColumnElement[Any]]:
    name = select(store.tags.c.value).where(store.tags.c.trace == _traces.c.id, store.tags.c.key == NAME_TAG)
    known: dict[str, ColumnElement[Any]] = {
        "trace_name": name.scalar_subquery(),
        "trace_status": _traces.c.state,
        "span_name": _spans.c.name,
        "span_type": func.coalesce(_spans.c.type, "UNKNOWN"),
        "span_status": _spans.c.status,
        "span_model_name": _attribute(conventions.MODEL),
        "span_model_provider": _attribute(conventions.PROVIDER),
        "assessment_name": _judged.c.name,
        "assessment_value": _judged.c.value,
    }
    return ([_bucket(asked)] if asked.interval_s else []) + [known[item] for item in asked.dimensions]


def _bucket(asked: Question) -> ColumnElement[Any]:
    """The start of the step of time that a row falls into, in Unix milliseconds."""
    if asked.view == "SPANS":
        at_ms = (_spans.c.start_ns - _spans.c.start_ns % literal(_NS)) / literal(_NS)
    else:
        at_ms = _traces.c.started_ms + literal(0)
    return at_ms - at_ms % literal((asked.interval_s or 1) * 1000)


def _within(asked: Question) -> list[ColumnElement[bool]]:
    """Costs are those of spans that began in the time; everything else goes by when its trace began."""
    if asked.metric in COSTS:
        at: ColumnElement[Any] = _spans.c.start_ns
        start = None if asked.start_ms is None else asked.start_ms * _NS
        end = None if asked.end_ms is None else asked.end_ms * _NS + _NS - 1
    else:
        at, start, end = _traces.c.started_ms, asked.start_ms, asked.end_ms
    most = 2**63 - 1
    found = [] if start is None else [at >= max(-most, min(start, most))]
    return found if end is None else [*found, at <= max(-most, min(end, most))]


def _narrowed(item: Narrowing, asked: Question) -> ColumnElement[bool]:
    if item.of == "span":
        columns = {
            "name": _spans.c.name,
            "status": _spans.c.status,
            "type": func.coalesce(_spans.c.type, "UNKNOWN"),
        }
        return columns[item.what] == item.value
    if item.of == "assessment":
        return (_judged.c.name if item.what == "name" else _judged.c.kind) == item.value
    if item.what == "status":
        return _traces.c.state == item.value
    table = store.tags if item.what == "tag" else store.metadata
    where = (table.c.trace == _traces.c.id, table.c.key == item.key, table.c.value == item.value)
    told = exists().where(*where)
    if (item.what, item.key) != ("metadata", RUN_METADATA):
        return told
    links = store.links
    tied = (links.c.trace == _traces.c.id, links.c.kind == "run", links.c.target == item.value)
    return or_(told, exists().where(*tied))


def _percentiles(asked: Question) -> bool:
    return any(item.way == "PERCENTILE" for item in asked.aggregations)


def _ranked(query: Select[Any], dimensions: int) -> Any:
    """Each value with its place among those of its group, and how many these are."""
    rows = query.subquery()
    keys = [rows.c[f"d{at}"] for at in range(dimensions)]
    place = func.row_number().over(partition_by=keys or None, order_by=rows.c.v)
    count = func.count().over(partition_by=keys or None)
    return select(*keys, rows.c.v, (place - 1).label("place"), count.label("size")).subquery()


def _summed(item: Aggregation, rows: Any, asked: Question) -> ColumnElement[Any]:
    value = rows.c.v
    if item.way == "COUNT":
        return func.count(value.distinct()) if asked.metric == "session_count" else func.count()
    if item.way != "PERCENTILE":
        found: ColumnElement[Any] = getattr(func, item.way.lower())(cast(value, Double))
        return found
    # Linear between the two values beside the place p (n - 1): each weighs 1 - its distance from there.
    away = func.abs(rows.c.place - literal((item.percent or 0.0) / 100, Double) * (rows.c.size - 1))
    return func.sum(case((and_(away < 1), cast(value, Double) * (1 - away)), else_=0.0))


def _point(metric: str, names: Sequence[str], labels: Sequence[str], row: Any) -> Point:
    told = dict(zip(names, row[: len(names)], strict=True))
    if TIME_BUCKET in told:
        told[TIME_BUCKET] = datetime.fromtimestamp(int(told[TIME_BUCKET]) / 1000, UTC).isoformat()
    values = zip(labels, row[len(names) :], strict=True)
    return Point(
        metric=metric,
        dimensions={name: str(value) for name, value in told.items()},
        values={label: float(value) for label, value in values if value is not None},
    )
