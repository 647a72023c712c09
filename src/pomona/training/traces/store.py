"""Traces, their spans, tags, metadata, assessments and links in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from pomona.core.errors import Conflict, NotFound
from pomona.core.ports import Transaction
from pomona.sql import metadata as tables
from pomona.training.store.experiments import BigKey
from pomona.training.store.statements import chunks, insert_new, upsert
from pomona.training.traces.records import Assessment, Span, TraceInfo

traces = Table(
    "traces",
    tables,
    Column("id", BigKey, primary_key=True),
    Column("trace_id", String(100), nullable=False, unique=True),
    Column("experiment", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("duration_ms", BigInteger),
    Column("state", String(20), nullable=False),
    Column("client_request_id", Text),
    Column("request_preview", Text),
    Column("response_preview", Text),
    Index("traces_by_start", "experiment", "started_ms", "trace_id"),
    Index("traces_by_time", "started_ms", "trace_id"),
)


def _pairs(name: str) -> Table:
    return Table(
        name,
        tables,
        Column("trace", BigInteger, primary_key=True, autoincrement=False),
        Column("key", String(250), primary_key=True),
        Column("value", Text, nullable=False),
        sqlite_with_rowid=False,
    )


tags, metadata = _pairs("trace_tags"), _pairs("trace_metadata")
spans = Table(
    "trace_spans",
    tables,
    Column("trace", BigInteger, primary_key=True, autoincrement=False),
    Column("span_id", String(32), primary_key=True),
    Column("parent", String(32)),
    Column("name", Text, nullable=False),
    Column("type", Text),
    Column("status", String(8), nullable=False),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger),
    Column("attributes", Text, nullable=False),  # JSON object
    Column("rest", Text, nullable=False),  # JSON object: status message, events, links
)
assessments = Table(
    "trace_assessments",
    tables,
    Column("trace", BigInteger, primary_key=True, autoincrement=False),
    Column("assessment_id", String(64), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("name", String(250), nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("number", Double),  # the value, where it is one
    Column("valid", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("trace_assessments_by_name", "name", "kind"),
)
links = Table(
    "trace_links",
    tables,
    Column("trace", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),  # run | prompt
    Column("target", String(300), primary_key=True),
    Index("trace_links_by_target", "kind", "target"),
    sqlite_with_rowid=False,
)
_set_tag, _set_metadata, _set_span = upsert(tags), upsert(metadata), upsert(spans)
_set_assessment, _add_link = upsert(assessments), insert_new(links)
_SHORTEST = 8
_NOT_YET, _MAX_TARGET = 0, 300  # the number of no trace; characters of a link's target
_CHILDREN = (tags, metadata, spans, assessments, links)


def number(tx: Transaction, trace_id: str) -> int | None:
    """The number of the trace with this id."""
    found = tx.execute(select(traces.c.id).where(traces.c.trace_id == trace_id)).scalar()
    return None if found is None else int(found)


def existing(tx: Transaction, trace_id: str) -> int:
    """As ``number``, but there must be one.

    Raises:
        NotFound: If there is no such trace.
    """
    found = number(tx, trace_id)
    if found is None:
        raise NotFound(f"Trace with ID '{trace_id}' not found.")
    return found


def row_of(tx: Transaction, trace_id: str) -> Any:
    """The trace's own row, or None."""
    return tx.execute(select(traces).where(traces.c.trace_id == trace_id)).first()


def row_like(tx: Transaction, ref: str) -> Any:
    """The row of the one trace whose id is ``ref``, or begins so (8 characters or more); or None.

    Raises:
        Conflict: If several begin so.
    """
    exact = row_of(tx, ref)
    if exact is not None or len(ref) < _SHORTEST:
        return exact
    after = f"{ref}\U0010ffff"
    where = (traces.c.trace_id > ref, traces.c.trace_id < after)
    found = list(tx.execute(select(traces).where(*where).limit(2)))
    if len(found) > 1:
        raise Conflict(f"several traces begin with {ref!r}", hint="write more of the id")
    return found[0] if found else None


def add(tx: Transaction, info: TraceInfo) -> int:
    """A new trace, without tags and metadata, tied to runs it was promised to; returns its number."""
    made = int(tx.execute(insert(traces), _row(info)).inserted_primary_key[0])
    begins = f"{info.trace_id}/"  # which no id holds
    early = (links.c.kind == "early", links.c.target > begins, links.c.target < f"{info.trace_id}0")
    promised = list(tx.execute(select(links.c.target).where(*early)).scalars())
    if promised:
        add_links(tx, [made], "run", [target.removeprefix(begins) for target in promised])
        tx.execute(delete(links).where(*early))
    return made


def change(tx: Transaction, trace: int, values: Mapping[str, Any]) -> None:
    """Overwrite columns of one trace."""
    if values:
        tx.execute(update(traces).where(traces.c.id == trace).values(**values))


def replace(tx: Transaction, trace: int, info: TraceInfo) -> None:
    """Overwrite a trace's own fields; previews that are not told stay."""
    previews = ("request_preview", "response_preview")
    change(tx, trace, {k: v for k, v in _row(info).items() if k not in previews or v is not None})


def _row(info: TraceInfo) -> dict[str, Any]:
    return {
        "trace_id": info.trace_id,
        "experiment": int(info.experiment),
        "started_ms": info.started_ms,
        "duration_ms": info.duration_ms,
        "state": info.state,
        "client_request_id": info.client_request_id,
        "request_preview": info.request_preview,
        "response_preview": info.response_preview,
    }


def set_tags(tx: Transaction, trace: int, values: Mapping[str, str]) -> None:
    """Add or overwrite tags."""
    if values:
        tx.execute(_set_tag, [{"trace": trace, "key": key, "value": value} for key, value in values.items()])


def remove_tag(tx: Transaction, trace: int, key: str) -> bool:
    """Drop a tag; False if it was not there."""
    return bool(tx.execute(delete(tags).where(tags.c.trace == trace, tags.c.key == key)).rowcount)


def set_metadata(tx: Transaction, trace: int, values: Mapping[str, str]) -> None:
    """Add or overwrite metadata."""
    if values:
        tx.execute(
            _set_metadata, [{"trace": trace, "key": key, "value": value} for key, value in values.items()]
        )


def metadata_of(tx: Transaction, trace: int) -> dict[str, str]:
    """All metadata of one trace."""
    return _grouped(tx, metadata, [trace])[trace]


def set_spans(tx: Transaction, trace: int, new: Sequence[Span]) -> None:
    """Add or overwrite spans of one trace."""
    by_id = {span.span_id: span for span in new}  # a statement may not write one row twice
    if by_id:
        tx.execute(_set_span, [_span_row(trace, span) for span in by_id.values()])


def _span_row(trace: int, span: Span) -> dict[str, Any]:
    rest = {"status_message": span.status_message, "events": span.events, "links": span.links}
    return {
        "trace": trace,
        "span_id": span.span_id,
        "parent": span.parent,
        "name": span.name,
        "type": span.type,
        "status": span.status,
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
        "attributes": msgspec.json.encode(span.attributes).decode(),
        "rest": msgspec.json.encode({key: value for key, value in rest.items() if value}).decode(),
    }


def spans_of(tx: Transaction, wanted: Mapping[int, str]) -> dict[str, list[Span]]:
    """The spans of traces: trace number -> its id -> spans."""
    found: dict[str, list[Span]] = {trace_id: [] for trace_id in wanted.values()}
    for part in chunks(list(wanted)):
        for row in tx.execute(select(spans).where(spans.c.trace.in_(part))):
            trace_id = wanted[row.trace]
            found[trace_id].append(_span(trace_id, row))
    return found


def _span(trace_id: str, row: Any) -> Span:
    rest = msgspec.json.decode(row.rest)
    return Span(
        trace_id=trace_id,
        span_id=row.span_id,
        parent=row.parent,
        name=row.name,
        type=row.type,
        status=row.status,
        start_ns=row.start_ns,
        end_ns=row.end_ns,
        attributes=msgspec.json.decode(row.attributes),
        **rest,
    )


def set_assessment(tx: Transaction, trace: int, item: Assessment) -> None:
    """Add or overwrite an assessment."""
    value = msgspec.json.decode(item.value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    row = {
        "trace": trace,
        "assessment_id": item.id,
        "kind": item.kind,
        "name": item.name,
        "value": item.value,
        "number": float(value) if is_number else None,
        "valid": item.valid,
        "created_ms": item.created_ms,
        "body": msgspec.json.encode(item).decode(),
    }
    tx.execute(_set_assessment, row)


def assessment(tx: Transaction, trace: int, assessment_id: str) -> Assessment | None:
    """One assessment, or None."""
    where = (assessments.c.trace == trace, assessments.c.assessment_id == assessment_id)
    body = tx.execute(select(assessments.c.body).where(*where)).scalar()
    return None if body is None else msgspec.json.decode(body, type=Assessment)


def remove_assessment(tx: Transaction, trace: int, assessment_id: str) -> None:
    """Drop an assessment, if it is there."""
    where = (assessments.c.trace == trace, assessments.c.assessment_id == assessment_id)
    tx.execute(delete(assessments).where(*where))


def add_links(tx: Transaction, numbers: Sequence[int], kind: str, targets: Sequence[str]) -> None:
    """Tie traces to runs or prompts; a link that is there stays."""
    rows = [{"trace": trace, "kind": kind, "target": target} for trace in numbers for target in targets]
    if rows:
        tx.execute(_add_link, rows)


def promise(tx: Transaction, trace_ids: Sequence[str], run_id: str) -> None:
    """Tie traces to a run once they are there: who logs in the background links first."""
    wanted = [f"{trace_id}/{run_id}" for trace_id in trace_ids]
    add_links(tx, [_NOT_YET], "early", [target for target in wanted if len(target) <= _MAX_TARGET])


def root_names(tx: Transaction, numbers: Sequence[int]) -> dict[int, str]:
    """The names of traces' first spans, where there are any: trace number -> name."""
    found: dict[int, str] = {}
    for part in chunks(list(numbers)):
        where = (spans.c.trace.in_(part), spans.c.parent.is_(None))
        query = select(spans.c.trace, spans.c.name).where(*where)
        found |= {row.trace: row.name for row in tx.execute(query)}
    return found


def targets(tx: Transaction, trace: int) -> dict[str, list[str]]:
    """What a trace is tied to, by kind: ``run``, ``prompt``."""
    query = select(links.c.kind, links.c.target).where(links.c.trace == trace).order_by(links.c.target)
    found: dict[str, list[str]] = {"run": [], "prompt": []}
    for kind, target in tx.execute(query):
        found.setdefault(kind, []).append(target)
    return found


def ids(tx: Transaction, trace_ids: Sequence[str]) -> dict[str, Any]:
    """The rows of those traces that exist, by id, in the order asked for."""
    found: dict[str, Any] = {}
    for part in chunks(list(dict.fromkeys(trace_ids))):
        found |= {row.trace_id: row for row in tx.execute(select(traces).where(traces.c.trace_id.in_(part)))}
    return {trace_id: found[trace_id] for trace_id in dict.fromkeys(trace_ids) if trace_id in found}


def remove(
    tx: Transaction, experiment: int, *, until_ms: int | None, trace_ids: Sequence[str], limit: int | None
) -> list[str]:
    """Delete traces of an experiment, oldest first, with all that hangs on them; returns their ids."""
    query = select(traces.c.id, traces.c.trace_id).where(traces.c.experiment == experiment)
    if until_ms is not None:
        query = query.where(traces.c.started_ms <= until_ms)
    query = query.order_by(traces.c.started_ms, traces.c.trace_id)
    found: list[Any] = []
    for part in chunks(list(dict.fromkeys(trace_ids))) if trace_ids else [None]:
        found += tx.execute(query if part is None else query.where(traces.c.trace_id.in_(part)))
    found = found if limit is None else found[:limit]
    for numbers in chunks([row.id for row in found]):
        for table in _CHILDREN:
            tx.execute(delete(table).where(table.c.trace.in_(numbers)))
        tx.execute(delete(traces).where(traces.c.id.in_(numbers)))
    return [row.trace_id for row in found]


def count(tx: Transaction, trace: int) -> int:
    """How many spans of a trace are stored."""
    return int(tx.execute(select(func.count()).select_from(spans).where(spans.c.trace == trace)).scalar_one())


def loaded(tx: Transaction, rows: Sequence[Any]) -> list[TraceInfo]:
    """Rows as records, with tags, metadata and assessments."""
    numbers = [row.id for row in rows]
    found_tags, found_metadata = _grouped(tx, tags, numbers), _grouped(tx, metadata, numbers)
    judged: dict[int, list[Assessment]] = {trace: [] for trace in numbers}
    for part in chunks(numbers):
        order = (assessments.c.created_ms, assessments.c.assessment_id)
        query = select(assessments.c.trace, assessments.c.body).where(assessments.c.trace.in_(part))
        for row in tx.execute(query.order_by(*order)):
            judged[row.trace].append(msgspec.json.decode(row.body, type=Assessment))
    return [
        TraceInfo(
            trace_id=row.trace_id,
            experiment=str(row.experiment),
            started_ms=row.started_ms,
            duration_ms=row.duration_ms,
            state=row.state,
            client_request_id=row.client_request_id,
            request_preview=row.request_preview,
            response_preview=row.response_preview,
            tags=found_tags[row.id],
            metadata=found_metadata[row.id],
            assessments=judged[row.id],
        )
        for row in rows
    ]


def _grouped(tx: Transaction, table: Table, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {trace: {} for trace in numbers}
    for part in chunks(list(numbers)):
        for row in tx.execute(select(table).where(table.c.trace.in_(part))):
            found[row.trace][row.key] = row.value
    return found
