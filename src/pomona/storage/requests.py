"""Requests carried out under an ``Idempotency-Key``, with the answer each got."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pomona.core.errors import AnswerLost
from pomona.core.ports import Answer, Clock, Database, Transaction
from pomona.core.requests import current_claim
from pomona.sql import UtcTime, metadata

KEPT = timedelta(days=2)

requests = Table(
    "requests",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("status", Integer),  # null: carried out, its answer never stored
    Column("content_type", String(100)),
    Column("answer", LargeBinary),
    Index("requests_by_age", "at"),
)


def claim_key(tx: Transaction, now: datetime) -> None:
    """Store the current request's key with its first write.

    Raises:
        AnswerLost: If the same key was carried out meanwhile by another request.
    """
    claim = current_claim()
    if claim is None or claim.written:
        return
    try:
        tx.execute(insert(requests), {"key": claim.key, "at": now})
    except IntegrityError:
        raise _carried_out(claim.key) from None
    claim.written = True


class SqlRequests:
    """Requests in the table above."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def answer(self, key: str) -> Answer | None:
        found: Any = self._database.read(
            lambda tx: tx.execute(select(requests).where(requests.c.key == key)).one_or_none()
        )
        if found is None:
            return None
        if found.status is None:
            raise _carried_out(key)
        return Answer(status=found.status, content_type=found.content_type, body=found.answer)

    def keep(self, key: str, answer: Answer) -> None:
        values = {"status": answer.status, "content_type": answer.content_type, "answer": answer.body}
        old = self._clock.now() - KEPT

        def put(tx: Transaction) -> None:
            tx.execute(update(requests).where(requests.c.key == key).values(values))
            tx.execute(delete(requests).where(requests.c.at < old))

        self._database.write(put)

    def forget(self, speaks_of: Callable[[str], bool]) -> int:
        def drop(tx: Transaction) -> int:
            c = requests.c
            kept = select(c.key, c.answer).where(c.answer.is_not(None))
            rows = tx.execute(kept.execution_options(yield_per=100))  # each may be a megabyte
            keys = [row.key for row in rows if speaks_of(row.answer.decode(errors="replace"))]
            for key in keys:
                tx.execute(update(requests).where(c.key == key).values(status=None, answer=None))
            return len(keys)

        return self._database.write(drop)


def _carried_out(key: str) -> AnswerLost:
    return AnswerLost(
        f"request {key!r} was carried out already, but its answer was lost",
        hint="look the record up; it is there",
    )
