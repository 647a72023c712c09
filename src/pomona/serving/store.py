"""Predictions, outcomes, daily sums of money and the fold's place in the journal, in SQL.

A prediction is columns, not one JSON body: there are millions, and sums are taken over them. Times are
microseconds since 1970 and money is whole millionths, so both are exact in any database.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from pomona.core.ports import Transaction
from pomona.serving.archive.store import positions
from pomona.serving.journal import JournalRow
from pomona.serving.money import money
from pomona.serving.records import JournalSegment, Outcome, Prediction
from pomona.sql import UtcTime, from_us, metadata

DAY_US = 86_400_000_000

predictions = Table(
    "predictions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(200)),
    Column("request", String(64), nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("release", String(64), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("arm", String(32), nullable=False),
    Column("probabilities", Text, nullable=False),
    Column("failure", Text),
    Column("unit", String(200), nullable=False),
    Column("input", Text, nullable=False),
    Column("output", Float),
    Column("output_json", Text),  # an output that is not a number
    Column("decision", Boolean),
    Column("at_us", BigInteger, nullable=False),
    Column("answered_us", BigInteger, nullable=False),
    Column("actual", Float),
    Column("actual_seq", Integer),
    Column("value", BigInteger),
    Column("value_without", BigInteger),
    Column("position", BigInteger),  # of its endpoint's, in the order in which they were folded
    Index("predictions_by_position", "endpoint", "position"),
    Index("predictions_by_endpoint", "endpoint", "at_us", "id"),
    Index("predictions_by_time", "at_us", "id"),
    Index("predictions_by_arm", "release", "arm", "at_us"),
)
_waiting = Column("status", String(8), nullable=False)
outcomes = Table(
    "outcomes",
    metadata,
    Column("prediction_id", String(64), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("value", Float, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    _waiting,
    Column("endpoint", String(100)),  # of its prediction, once that is known
    Column("position", BigInteger),  # of its endpoint's, in the order in which they were matched
    Index("outcomes_by_position", "endpoint", "position"),
    Index(
        "outcomes_waiting",
        "recorded_us",
        "prediction_id",
        sqlite_where=_waiting == "waiting",
        postgresql_where=_waiting == "waiting",
    ),
)
value_days = Table(
    "value_days",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("model_version", String(64), primary_key=True),
    Column("release", String(64), primary_key=True),
    Column("arm", String(32), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # of event time, since 1970
    Column("predictions", BigInteger, nullable=False),
    Column("matched", BigInteger, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("value_without", BigInteger, nullable=False),
)
journal_segments = Table(
    "journal_segments",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("folded_at", UtcTime, nullable=False),
)

DayKey = tuple[str, str, str, str, int]
DaySums = tuple[int, int, int, int]
"""Predictions, matched, value, value_without."""
_DAY_KEY = ("endpoint", "model_version", "release", "arm", "day")


def day_key(row: Any) -> DayKey:
    """The day a prediction's money is counted in."""
    return row.endpoint, row.model_version, row.release, row.arm, row.at_us // DAY_US


def insert_new(tx: Transaction, rows: Sequence[JournalRow], now: datetime) -> list[JournalRow]:
    """Add the rows whose ids are not there yet, each at the next position; returns those."""
    wanted = {row.id: row for row in reversed(rows)}
    there = set(tx.execute(select(predictions.c.id).where(predictions.c.id.in_(list(wanted)))).scalars())
    fresh = [row for row in rows if wanted.get(row.id) is row and row.id not in there]
    if fresh:
        places = positions(tx, "predictions", [row.endpoint for row in fresh], now)
        tx.execute(
            insert(predictions),
            [_columns(row) | {"position": place} for row, place in zip(fresh, places, strict=True)],
        )
    return fresh


def _columns(row: JournalRow) -> dict[str, Any]:
    is_number = isinstance(row.output, (int, float))
    return {
        "id": row.id,
        "key": row.key,
        "request": row.request,
        "endpoint": row.endpoint,
        "release": row.release,
        "revision": row.revision,
        "model_version": row.model_version,
        "arm": row.arm,
        "probabilities": msgspec.json.encode(row.probabilities).decode(),
        "failure": row.failure,
        "unit": row.unit,
        "input": msgspec.json.encode(row.input).decode(),
        "output": float(row.output) if is_number else None,
        "output_json": None if is_number else msgspec.json.encode(row.output).decode(),
        "decision": row.decision,
        "at_us": row.at_us,
        "answered_us": row.answered_us,
    }


def prediction_of(row: Row[Any], told: list[Outcome]) -> Prediction:
    """The record in a row of the predictions table, with what came true."""
    return Prediction(
        id=row.id,
        key=row.key,
        request=row.request,
        endpoint=row.endpoint,
        release=row.release,
        revision=row.revision,
        model_version=row.model_version,
        arm=row.arm,
        probabilities=msgspec.json.decode(row.probabilities),
        failure=row.failure,
        unit=row.unit,
        input=msgspec.json.decode(row.input),
        output=row.output if row.output_json is None else msgspec.json.decode(row.output_json),
        decision=row.decision,
        at=from_us(row.at_us),
        answered_at=from_us(row.answered_us),
        actual=row.actual,
        value=None if row.value is None else money(row.value),
        value_without=None if row.value_without is None else money(row.value_without),
        outcomes=told,
    )


def outcome_of(row: Row[Any]) -> Outcome:
    """The record in a row of the outcomes table."""
    return Outcome(
        prediction_id=row.prediction_id,
        name=row.name,
        seq=row.seq,
        value=row.value,
        at=from_us(row.at_us),
        recorded_at=from_us(row.recorded_us),
        status=row.status,
    )


def find(tx: Transaction, prediction_id: str) -> Prediction | None:
    """One prediction with its outcomes, or None."""
    row = tx.execute(select(predictions).where(predictions.c.id == prediction_id)).one_or_none()
    return None if row is None else predictions_of(tx, [row])[0]


def predictions_of(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Prediction]:
    """The records in these rows of the predictions table, each with every outcome, oldest first."""
    told = defaultdict(list)
    query = select(outcomes).where(outcomes.c.prediction_id.in_([row.id for row in rows]))
    for row in tx.execute(query.order_by(outcomes.c.name, outcomes.c.seq)):
        told[row.prediction_id].append(outcome_of(row))
    return [prediction_of(row, told[row.id]) for row in rows]


def some(tx: Transaction, *where: ColumnElement[bool], limit: int) -> list[Row[Any]]:
    """Matching rows of the predictions table, newest event time first."""
    query = select(predictions).where(*where)
    return list(tx.execute(query.order_by(predictions.c.at_us.desc(), predictions.c.id.desc()).limit(limit)))


def known(tx: Transaction, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """What matching needs to know of these predictions, by id."""
    c = predictions.c
    query = select(
        c.id, c.endpoint, c.release, c.arm, c.model_version, c.at_us, c.decision, c.actual_seq, c.value,
        c.value_without,
    )  # fmt: skip
    return {row.id: row for row in tx.execute(query.where(c.id.in_(list(ids))))}


def told(tx: Transaction, ids: Iterable[str]) -> dict[tuple[str, str, int], float]:
    """Values of the outcomes already kept for these predictions, by (prediction, name, seq)."""
    c = outcomes.c
    query = select(c.prediction_id, c.name, c.seq, c.value).where(c.prediction_id.in_(list(ids)))
    return {(row.prediction_id, row.name, row.seq): row.value for row in tx.execute(query)}


def add_outcomes(tx: Transaction, rows: list[dict[str, Any]], now: datetime) -> None:
    """Keep new outcomes; those whose ``endpoint`` is known get their position."""
    if rows:
        matched = [row for row in rows if row["endpoint"] is not None]
        places = positions(tx, "outcomes", [row["endpoint"] for row in matched], now)
        for row, place in zip(matched, places, strict=True):
            row["position"] = place
        tx.execute(insert(outcomes), [{"position": None} | row for row in rows])


def waiting_for(tx: Transaction, ids: Sequence[str]) -> list[Row[Any]]:
    """Outcomes that came before these predictions."""
    if (
        not ids
        or tx.execute(select(outcomes.c.seq).where(outcomes.c.status == "waiting").limit(1)).first() is None
    ):
        return []
    query = select(outcomes).where(outcomes.c.status == "waiting", outcomes.c.prediction_id.in_(list(ids)))
    return list(tx.execute(query))


def waiting(tx: Transaction, *, limit: int) -> list[Outcome]:
    """Outcomes without a prediction, newest first."""
    query = select(outcomes).where(outcomes.c.status == "waiting").order_by(outcomes.c.recorded_us.desc())
    return [outcome_of(row) for row in tx.execute(query.limit(limit))]


def mark_matched(
    tx: Transaction, rows: Sequence[Row[Any]], endpoint_of: Mapping[str, str], now: datetime
) -> None:
    """These outcomes have found their prediction, whose endpoint is given by its id."""
    if rows:
        c = outcomes.c
        endpoints = [endpoint_of[row.prediction_id] for row in rows]
        places = positions(tx, "outcomes", endpoints, now)
        statement = (
            update(outcomes)
            .where(c.prediction_id == bindparam("p"), c.name == bindparam("n"), c.seq == bindparam("s"))
            .values(status="matched", endpoint=bindparam("e"), position=bindparam("at"))
        )
        changes = [
            {"p": row.prediction_id, "n": row.name, "s": row.seq, "e": endpoint, "at": place}
            for row, endpoint, place in zip(rows, endpoints, places, strict=True)
        ]
        tx.execute(statement, changes)


def set_actuals(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Write what came true, and its worth, onto predictions: ``p`` and the four columns each."""
    if rows:
        statement = (
            update(predictions)
            .where(predictions.c.id == bindparam("p"))
            .values(
                actual=bindparam("actual"),
                actual_seq=bindparam("actual_seq"),
                value=bindparam("value"),
                value_without=bindparam("value_without"),
            )
        )
        tx.execute(statement, rows)


def add_to_days(tx: Transaction, sums: dict[DayKey, DaySums]) -> None:
    """Add counts and money to the daily sums."""
    c = value_days.c
    for key, (count, matched, value, without) in sums.items():
        where = [c[name] == part for name, part in zip(_DAY_KEY, key, strict=True)]
        changed = tx.execute(
            update(value_days)
            .where(*where)
            .values(
                predictions=c.predictions + count,
                matched=c.matched + matched,
                value=c.value + value,
                value_without=c.value_without + without,
            )
        )
        if changed.rowcount == 0:
            row = dict(zip(_DAY_KEY, key, strict=True))
            sums_of = {"predictions": count, "matched": matched, "value": value, "value_without": without}
            tx.execute(insert(value_days), row | sums_of)


def segments(tx: Transaction) -> dict[str, JournalSegment]:
    """Every segment the fold has seen and not yet deleted, by name."""
    rows = tx.execute(select(journal_segments).order_by(journal_segments.c.name))
    return {
        row.name: JournalSegment(
            name=row.name, offset=row.offset, rows=row.rows, state=row.state, folded_at=row.folded_at
        )
        for row in rows
    }


def advance(tx: Transaction, before: JournalSegment, after: JournalSegment) -> bool:
    """Move the fold's place from ``before`` to ``after``; False if somebody else moved it meanwhile."""
    c = journal_segments.c
    values = {name: getattr(after, name) for name in ("offset", "rows", "state", "folded_at")}
    moved = tx.execute(
        update(journal_segments)
        .where(c.name == before.name, c.offset == before.offset, c.state == before.state)
        .values(values)
    )
    if moved.rowcount == 1:
        return True
    if before.offset > 0 or tx.execute(select(c.name).where(c.name == before.name)).first() is not None:
        return False
    tx.execute(insert(journal_segments), {"name": after.name} | values)
    return True


def forget_segment(tx: Transaction, name: str) -> None:
    """The segment's file is gone."""
    tx.execute(delete(journal_segments).where(journal_segments.c.name == name))
