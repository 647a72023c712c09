"""Triggers, reactions and the loop's place in the ledger, in SQL."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, insert, select, update

from pomona.core.ports import Transaction
from pomona.loop.records import Reaction, Trigger
from pomona.sql import RecordTable, UtcTime, metadata

triggers = RecordTable(
    "triggers",
    Trigger,
    Column("name", String(100), nullable=False, unique=True),
    Column("endpoint", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("enabled", Boolean, nullable=False),
    hint="`pomona loop triggers` lists them",
)
reactions = RecordTable(
    "reactions",
    Reaction,
    Column("trigger", String(64), nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("event", BigInteger().with_variant(Integer, "sqlite")),
    Column("fired", Boolean, nullable=False),
    Column("job", String(64)),
    Column("at", UtcTime, nullable=False),
    # The promise that a trigger reacts to an event once.
    Index("reactions_once", "trigger", "event", unique=True),
    Index("reactions_by_endpoint", "endpoint", "id"),
    Index("reactions_by_job", "job"),
    hint="`pomona loop reactions` lists them",
)
cursors = Table(
    "loop_cursors",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
)


def cursor(tx: Transaction, name: str) -> int:
    """The newest ledger entry that was dealt with; 0 for none."""
    return int(tx.execute(select(cursors.c.seq).where(cursors.c.name == name)).scalar() or 0)


def advance(tx: Transaction, name: str, seq: int) -> None:
    """Everything up to ``seq`` has been dealt with."""
    moved = tx.execute(update(cursors).where(cursors.c.name == name).values(seq=seq))
    if moved.rowcount == 0:
        tx.execute(insert(cursors), {"name": name, "seq": seq})


def triggers_of(tx: Transaction, endpoint: str) -> list[Trigger]:
    """Every trigger of an endpoint (by name), oldest first."""
    return triggers.all(tx, triggers.c.endpoint == endpoint)


def fired(tx: Transaction, endpoint: str) -> list[Reaction]:
    """Every reaction of an endpoint that started a retraining, newest first."""
    where = (reactions.c.endpoint == endpoint, reactions.c.fired.is_(True))
    return reactions.all(tx, *where, order_by=[reactions.c.id.desc()])


def reaction_of(tx: Transaction, job: str) -> Reaction | None:
    """The reaction that started a job."""
    return reactions.first(tx, reactions.c.job == job)


def due(tx: Transaction, now: datetime) -> list[Trigger]:
    """Schedules of the wall clock whose tick has come."""
    found = triggers.all(tx, triggers.c.kind == "schedule", triggers.c.enabled.is_(True))
    return [trigger for trigger in found if trigger.next_at is not None and trigger.next_at <= now]
