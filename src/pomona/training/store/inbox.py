"""Metrics that are logged, but not in their tables yet: a short row a call, durable at once.

Histories are clustered by run and metric, so that a page of one is one stretch of the table; but a hundred
values of ten metrics then touch ten pages far apart. Here they touch one. They get to their places later,
many calls at once and in order.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, Table, delete, select

from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.records.runs import Point, Points
from pomona.training.store import metrics
from pomona.training.store.experiments import BigKey
from pomona.training.store.runs import key_ids

inbox = Table(
    "metric_inbox",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("run", BigInteger, nullable=False),
    Column("points", LargeBinary, nullable=False),
)
_INTO = f"INSERT INTO {inbox.name} (run, points)"
_any = select(inbox.c.id).limit(1)
_all = select(inbox.c.run, inbox.c.points).order_by(inbox.c.id)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Points)


def packed(points: Points) -> bytes:
    """What one call logged, as it is kept here."""
    return _encoder.encode(points)


def put(tx: Transaction, calls: Sequence[tuple[int, bytes]]) -> None:
    """Keep calls: the run's number and the ``packed`` points of each."""
    tx.insert_rows(_INTO, calls)


def is_empty(tx: Transaction) -> bool:
    """Whether every metric is where it is looked for."""
    return tx.execute(_any).first() is None


def settle(tx: Transaction, known: Mapping[str, int]) -> dict[str, int]:
    """Bring all metrics to their tables; returns the numbers of their names. ``known`` saves look-ups."""
    calls = tx.execute(_all).all()
    if not calls:
        return {}
    histories: defaultdict[tuple[int, str], list[Point]] = defaultdict(list)
    for run, packed_points in calls:
        for name, points in _decoder.decode(packed_points).items():
            histories[run, name] += points
    ids = key_ids(tx, list(dict.fromkeys(name for _, name in histories)), known)
    placed = sorted((run, ids[name], points) for (run, name), points in histories.items())
    metrics.add_points(tx, placed)
    tx.execute(delete(inbox))  # no other writer came between: they exclude each other
    return ids
