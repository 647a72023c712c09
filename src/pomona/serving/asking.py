"""Questions about predictions: pages, money per version, evidence per arm, windows for monitoring."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ColumnElement, case, cast, func, select
from sqlalchemy import Float as SqlFloat

from pomona.core.errors import Invalid
from pomona.core.ports import Transaction
from pomona.core.records import Page, Record
from pomona.releases.records import (
    CANDIDATE,
    CHAMPION,
    ArmEvidence,
    CanaryEvidence,
    Endpoint,
    Measure,
    Release,
)
from pomona.serving import store
from pomona.serving.money import MICRO, money
from pomona.serving.records import LedgerPeriod, Prediction, ValueLedger, ValueRow
from pomona.sql import from_us, to_us
from pomona.stats.records import Moments

if TYPE_CHECKING:
    import pyarrow as pa

_RECENT = 20
_c = store.predictions.c


class PredictionFilter(Record, frozen=True, kw_only=True):
    """Which predictions; times are event times, ``since`` included, ``until`` not."""

    endpoint: str | None = None
    release: str | None = None
    model_version: str | None = None
    arm: str | None = None
    unit: str | None = None
    matched: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        where: list[ColumnElement[bool]] = [
            _c[name] == value
            for name in ("endpoint", "release", "model_version", "arm", "unit")
            if (value := getattr(self, name)) is not None
        ]
        if self.matched is not None:
            where.append(_c.actual.is_not(None) if self.matched else _c.actual.is_(None))
        if self.since is not None:
            where.append(_c.at_us >= to_us(self.since))
        if self.until is not None:
            where.append(_c.at_us < to_us(self.until))
        return where


@dataclass(frozen=True)
class Window:
    """Predictions of a stretch of event time as two Arrow tables with the same rows in the same order.

    ``inputs`` has the model's columns. ``answers`` has ``prediction_id``, ``at``, ``model_version``,
    ``release``, ``arm``, ``unit``, ``output``, ``decision``, ``actual`` (null: not known yet), ``value``
    and ``value_without`` (money, as floats).
    """

    inputs: "pa.Table"
    answers: "pa.Table"


def page(tx: Transaction, wanted: PredictionFilter, *, cursor: str | None, limit: int) -> Page[Prediction]:
    """One page, newest event time first."""
    if not 1 <= limit <= 1000:
        raise Invalid(f"limit {limit} is not between 1 and 1000", hint="ask for more pages instead")
    where = wanted.conditions()
    if cursor:
        at, _, last = cursor.partition(".")
        if not re.fullmatch(r"-?[0-9]{1,18}", at) or not last:
            raise Invalid(f"{cursor!r} is no cursor", hint="use next_cursor of the page before")
        older = (_c.at_us < int(at)) | ((_c.at_us == int(at)) & (_c.id < last))
        where.append(older)
    rows = store.some(tx, *where, limit=limit + 1)
    last_row = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=store.predictions_of(tx, rows[:limit]),
        next_cursor=None if last_row is None else f"{last_row.at_us}.{last_row.id}",
    )


def value_ledger(tx: Transaction, endpoint: Endpoint, period: LedgerPeriod) -> ValueLedger:
    """Money per period and model version, oldest first, and in all."""
    c = store.value_days.c
    sums: dict[tuple[date, str, str, str], list[int]] = {}
    for row in tx.execute(select(store.value_days).where(c.endpoint == endpoint.name).order_by(c.day)):
        day = date(1970, 1, 1) + timedelta(days=row.day)
        key = (day.replace(day=1) if period == "month" else day, row.model_version, row.arm, row.release)
        held = sums.setdefault(key, [0, 0, 0, 0])
        for index, name in enumerate(("predictions", "matched", "value", "value_without")):
            held[index] += getattr(row, name)
    rows = [
        ValueRow(
            period=key[0],
            model_version=key[1],
            arm=key[2],
            release=key[3],
            predictions=count,
            matched=matched,
            value=money(value),
            value_without=money(without),
            uplift=money(value - without),
        )
        for key, (count, matched, value, without) in sums.items()
    ]
    totals = [sum(part[index] for part in sums.values()) for index in range(4)]
    return ValueLedger(
        endpoint=endpoint.name,
        currency=endpoint.payoffs.currency if endpoint.payoffs else "",
        period=period,
        rows=rows,
        predictions=totals[0],
        matched=totals[1],
        value=money(totals[2]),
        value_without=money(totals[3]),
        uplift=money(totals[2] - totals[3]),
    )


def evidence(
    tx: Transaction,
    release: Release,
    endpoint: Endpoint,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CanaryEvidence:
    """What both arms of a release did, from its own predictions only."""
    measure: Measure = "money" if endpoint.payoffs else "right"
    where = PredictionFilter(release=release.id, since=since, until=until).conditions()
    first, last = tx.execute(select(func.min(_c.at_us), func.max(_c.at_us)).where(*where)).one()
    recent = release.policy.fuse_answers if release.policy else _RECENT
    return CanaryEvidence(
        champion=_arm(tx, where, CHAMPION, release.champion, measure, recent),
        candidate=_arm(tx, where, CANDIDATE, release.candidate or "", measure, recent),
        share=release.share,
        measure=measure,
        currency=endpoint.payoffs.currency if endpoint.payoffs else "",
        since=None if first is None else from_us(first),
        until=None if last is None else from_us(last),
    )


def _arm(
    tx: Transaction,
    where: list[ColumnElement[bool]],
    arm: str,
    model_version: str,
    measure: Measure,
    recent: int,
) -> ArmEvidence:
    answered = _c.failure.is_(None)
    if measure == "money":
        value: ColumnElement[Any] = cast(_c.value, SqlFloat) / MICRO
    else:
        value = case((_c.decision == (_c.actual > 0.5), 1.0), else_=0.0)
    counted = case((answered & _c.actual.is_not(None), value))
    mine = [*where, _c.arm == arm]
    sums = tx.execute(
        select(
            func.count().label("rows"),
            func.count(_c.unit.distinct()).label("units"),
            func.count(_c.failure).label("failures"),
            func.count(counted).label("n"),
            func.sum(counted).label("total"),
            func.sum(counted * counted).label("squares"),
        ).where(*mine)
    ).one()
    newest = select(_c.failure).where(*mine).order_by(_c.at_us.desc(), _c.id.desc()).limit(recent)
    failures = tx.execute(newest).scalars().all()
    n, total = sums.n, sums.total or 0.0
    mean = total / n if n else 0.0
    return ArmEvidence(
        arm=arm,
        model_version=model_version,
        predictions=sums.rows,
        units=sums.units,
        matured=n,
        value=Moments(n=n, mean=mean, m2=max(0.0, (sums.squares or 0.0) - total * mean)),
        failures=sums.failures,
        recent=len(failures),
        recent_failures=sum(failure is not None for failure in failures),
    )


def window(tx: Transaction, wanted: PredictionFilter, *, limit: int | None = None) -> Window:
    """The predictions as columns, oldest first."""
    import polars as pl

    query = (
        select(
            _c.id, _c.at_us, _c.model_version, _c.release, _c.arm, _c.unit, _c.output, _c.decision, _c.actual,
            _c.value, _c.value_without, _c.input,
        )
        .where(*wanted.conditions())
        .order_by(_c.at_us, _c.id)
        .limit(limit)
    )  # fmt: skip
    rows = tx.execute(query).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    text = "\n".join(columns[11]).encode()
    inputs = pl.read_ndjson(BytesIO(text), infer_schema_length=None) if rows else pl.DataFrame()
    answers = pl.DataFrame(
        {
            "prediction_id": pl.Series(columns[0], dtype=pl.String),
            "at": pl.Series(columns[1], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "model_version": pl.Series(columns[2], dtype=pl.String),
            "release": pl.Series(columns[3], dtype=pl.String),
            "arm": pl.Series(columns[4], dtype=pl.String),
            "unit": pl.Series(columns[5], dtype=pl.String),
            "output": pl.Series(columns[6], dtype=pl.Float64),
            "decision": pl.Series(columns[7], dtype=pl.Boolean),
            "actual": pl.Series(columns[8], dtype=pl.Float64),
            "value": pl.Series(columns[9], dtype=pl.Int64) / MICRO,
            "value_without": pl.Series(columns[10], dtype=pl.Int64) / MICRO,
        }
    )
    return Window(inputs=inputs.to_arrow(), answers=answers.to_arrow())


def span(tx: Transaction, endpoint: str) -> tuple[datetime, datetime] | None:
    """First and newest event time of an endpoint's predictions; None if there are none."""
    where = _c.endpoint == endpoint
    first, last = (
        tx.execute(select(_c.at_us).where(where).order_by(order).limit(1)).scalar()
        for order in (_c.at_us, _c.at_us.desc())
    )
    return None if first is None or last is None else (from_us(first), from_us(last))


def counts(tx: Transaction, endpoint: str, since: datetime, until: datetime) -> tuple[int, int]:
    """Predictions of a stretch of event time, and how many of them are matched."""
    where = PredictionFilter(endpoint=endpoint, since=since, until=until).conditions()
    row = tx.execute(select(func.count(), func.count(_c.actual)).where(*where)).one()
    return int(row[0]), int(row[1])


def per_day(tx: Transaction, endpoint: str) -> list[tuple[datetime, int, int]]:
    """Predictions and matched ones per day of event time."""
    c = store.value_days.c
    query = select(c.day, func.sum(c.predictions), func.sum(c.matched)).where(c.endpoint == endpoint)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        (epoch + timedelta(days=day), int(count), int(matched))
        for day, count, matched in tx.execute(query.group_by(c.day).order_by(c.day))
    ]


def revision_of(content: object) -> str:
    """A short name for content: equal content, equal name."""
    from blake3 import blake3

    return blake3(msgspec.json.encode(content)).hexdigest()[:16]
