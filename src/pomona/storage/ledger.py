"""Events and links: written inside a transaction, read back, and verified as a hash chain."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
from blake3 import blake3
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    insert,
    or_,
    select,
)

from pomona.core.actors import current_actor
from pomona.core.errors import Tampered
from pomona.core.events import Event, body_of, type_of
from pomona.core.links import Relation
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Entry, Link
from pomona.sql import UtcTime, metadata, to_us

GENESIS = "0" * 64

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("type", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("data", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("events_by_subject", "subject", "seq"),
    Index("events_by_type", "type", "seq"),
)

links = Table(
    "links",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("relation", String(32), primary_key=True),
    Column("target", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("links_by_target", "target", "source"),
)


def entry_hash(
    *, seq: int, kind: str, subject: str, actor: str, at_us: int, data: str, prev_hash: str
) -> str:
    """BLAKE3 over the previous hash and the entry's fields as one canonical JSON array."""
    body = msgspec.json.encode([prev_hash, seq, kind, subject, actor, at_us, data])
    return blake3(body).hexdigest()


# A driver lets other threads run before each statement, and gets its turn back late: a hundred rows one
# by one may wait a hundred times. Few sizes keep the number of statements that it must prepare small.
_ROWS_AT_ONCE = (512, 64, 8, 1)


@cache
def _insert_sql(into: str, otherwise: str, mark: str, columns: int, rows: int) -> str:
    row = f"({', '.join([mark] * columns)})"
    return f"{into} VALUES {', '.join([row] * rows)} {otherwise}"


class SqlTransaction:
    """Transaction over one SQLAlchemy connection.

    Attributes:
        mark: What stands for a value in the driver's SQL.
    """

    mark = "?"

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def execute(self, statement: Any, parameters: Any = None, /) -> Any:
        return self._connection.execute(statement, parameters)

    def insert_rows(self, into: str, rows: Sequence[tuple[Any, ...]], otherwise: str = "", /) -> None:
        start = 0
        for size in _ROWS_AT_ONCE:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                sql = _insert_sql(into, otherwise, self.mark, len(part[0]), size)
                self._driver(sql, tuple(chain.from_iterable(part)))
                start += size

    def insert_groups(
        self,
        into: str,
        groups: Sequence[tuple[tuple[Any, ...], Sequence[tuple[Any, ...]]]],
        otherwise: str = "",
        /,
    ) -> None:
        self.insert_rows(into, [(*same, *row) for same, rows in groups for row in rows], otherwise)

    def select_rows(self, select: str, values: Sequence[Any], /) -> list[tuple[Any, ...]]:
        marks = ", ".join([self.mark] * len(values))
        rows: list[tuple[Any, ...]] = self._driver(f"{select} ({marks})", tuple(values)).fetchall()
        return rows

    def _driver(self, sql: str, values: tuple[Any, ...]) -> Any:
        return self._connection.exec_driver_sql(sql, values)

    def emit(self, event: Event) -> None:
        newest = self._connection.execute(
            select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
        ).one_or_none()
        seq, prev_hash = (newest.seq + 1, newest.hash) if newest else (1, GENESIS)
        at = self._clock.now()
        kind, actor = type_of(event), current_actor()
        data = msgspec.json.encode(body_of(event)).decode()
        digest = entry_hash(
            seq=seq,
            kind=kind,
            subject=event.subject,
            actor=actor,
            at_us=to_us(at),
            data=data,
            prev_hash=prev_hash,
        )
        row = {"seq": seq, "type": kind, "subject": event.subject, "actor": actor, "at": at, "data": data}
        self._connection.execute(insert(events), row | {"prev_hash": prev_hash, "hash": digest})

    def link(self, source: str, relation: Relation, target: str) -> None:
        found = self._connection.execute(
            select(links.c.at).where(
                links.c.source == source, links.c.relation == relation, links.c.target == target
            )
        ).first()
        if found is None:
            row = {"source": source, "relation": relation, "target": target, "at": self._clock.now()}
            self._connection.execute(insert(links), row)


class SqlLedger:
    """Ledger read from the events and links tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        types: Sequence[str] = (),
        subject: str | None = None,
    ) -> list[Entry]:
        query = select(events).limit(limit)
        if newest_first:
            query = query.order_by(events.c.seq.desc())
            query = query.where(events.c.seq < after) if after else query
        else:
            query = query.order_by(events.c.seq).where(events.c.seq > after)
        if types:
            query = query.where(events.c.type.in_(list(types)))
        if subject:
            query = query.where(events.c.subject == subject)
        return self._database.read(lambda tx: [_entry(row) for row in tx.execute(query)])

    def last_seq(self) -> int:
        query = select(events.c.seq).order_by(events.c.seq.desc()).limit(1)
        return self._database.read(lambda tx: tx.execute(query).scalar() or 0)

    def links(self, record_ids: Sequence[str]) -> list[Link]:
        wanted = list(record_ids)
        query = select(links).where(or_(links.c.source.in_(wanted), links.c.target.in_(wanted)))
        return self._database.read(
            lambda tx: [
                Link(source=row.source, relation=row.relation, target=row.target, at=row.at)
                for row in tx.execute(query)
            ]
        )

    def verify(self) -> int:
        return self._database.read(_verify)


def _verify(tx: Transaction) -> int:
    everything = select(events).order_by(events.c.seq).execution_options(yield_per=1000)
    with tx.execute(everything) as rows:
        return _verified(rows)


def _verified(rows: Iterable[Any]) -> int:
    prev_hash, count = GENESIS, 0
    for row in rows:
        expected = entry_hash(
            seq=count + 1,
            kind=row.type,
            subject=row.subject,
            actor=row.actor,
            at_us=to_us(row.at),
            data=row.data,
            prev_hash=prev_hash,
        )
        if row.hash != expected or row.prev_hash != prev_hash:
            raise Tampered(
                f"the ledger's chain breaks at entry {row.seq} ({row.type} of {row.subject})",
                hint="someone changed or removed an entry; restore the database from a backup",
            )
        prev_hash, count = row.hash, count + 1
    return count


def _entry(row: Any) -> Entry:
    return Entry(
        seq=row.seq,
        type=row.type,
        subject=row.subject,
        actor=row.actor,
        at=row.at,
        data=msgspec.json.decode(row.data),
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
