"""Positions of predictions and outcomes, and how far their append tables have come, in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Row, String, Table, Text, insert, select, update

from pomona.core.ports import Transaction
from pomona.serving.archive.records import Book, TableKind
from pomona.sql import UtcTime, metadata

books = Table(
    "append_books",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("what", String(16), primary_key=True),
    Column("given", BigInteger, nullable=False),
    Column("planned", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("waiting_since", UtcTime),
    Column("dataset_id", String(64)),
    Column("version", String(64)),
    Column("written_at", UtcTime),
    Column("compacted_at", UtcTime),
    Column("failed_at", UtcTime),
    Column("problem", Text),
)
_c = books.c


def all_books(tx: Transaction, endpoint: str | None = None) -> list[Book]:
    """Every book, or those of an endpoint."""
    where = [] if endpoint is None else [_c.endpoint == endpoint]
    return [
        _book(row) for row in tx.execute(select(books).where(*where).order_by(_c.endpoint, _c.what.desc()))
    ]


def book(tx: Transaction, endpoint: str, what: TableKind) -> Book:
    """One book; an empty one if no row was given a position yet."""
    row = tx.execute(select(books).where(_c.endpoint == endpoint, _c.what == what)).one_or_none()
    return Book(endpoint=endpoint, what=what) if row is None else _book(row)


def change(tx: Transaction, changed: Book, **values: Any) -> None:
    """Change some fields of a book that is there."""
    where = (_c.endpoint == changed.endpoint, _c.what == changed.what)
    tx.execute(update(books).where(*where).values(values))


def positions(tx: Transaction, what: TableKind, endpoints: Sequence[str], now: datetime) -> Iterator[int]:
    """The next positions for rows of these endpoints (one each, in order), given in this transaction.

    The book's row is written first, so no other transaction gives the same ones, and who sees a position
    sees all that are lower.
    """
    counters = {
        name: iter(_give(tx, what, name, endpoints.count(name), now)) for name in dict.fromkeys(endpoints)
    }
    return (next(counters[name]) for name in endpoints)


def _give(tx: Transaction, what: TableKind, endpoint: str, count: int, now: datetime) -> range:
    where = (_c.endpoint == endpoint, _c.what == what)
    done = tx.execute(update(books).where(*where).values(given=_c.given + count))
    if done.rowcount == 0:
        fresh = {"endpoint": endpoint, "what": what, "given": count, "planned": 0, "written": 0}
        tx.execute(insert(books), fresh | {"waiting_since": now})
        return range(1, count + 1)
    given, planned = tx.execute(select(_c.given, _c.planned).where(*where)).one()
    if given - count <= planned:  # all before them are on their way
        tx.execute(update(books).where(*where).values(waiting_since=now))
    return range(given - count + 1, given + 1)


def _book(row: Row[Any]) -> Book:
    return Book(**{name: getattr(row, name) for name in Book.__struct_fields__})
