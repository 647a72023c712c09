"""How a record becomes a row: the shared table catalogue and one small table class.

A row holds the whole record as JSON in ``body`` and repeats, as typed columns of their own, only the
fields that SQL filters, sorts or joins by. The same SQL runs on SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    delete,
    func,
    select,
    update,
)
from sqlalchemy import insert as sql_insert

from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.core.records import Page, Record, from_json, to_json

R = TypeVar("R", bound=Record)

_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999  # the years 1 to 9999
metadata = MetaData()
"""Every table of Pomona; each stage's ``store.py`` adds its own, migrations must equal it."""


class UtcTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time, stored as microseconds since 1970: sorts and compares everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_us(value)


def to_us(value: datetime) -> int:
    """Microseconds since 1970 of an aware time, exact.

    Raises:
        Invalid: If it has no time zone, or lies outside the years 1 to 9999 of UTC.
    """
    if value.tzinfo is None:
        raise Invalid(f"{value.isoformat()} has no time zone", hint="e.g. 2026-01-31T00:00:00Z")
    since = value - datetime(1970, 1, 1, tzinfo=UTC)
    found = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not _FIRST_US <= found <= _LAST_US:  # it could be stored, but never read back
        raise Invalid(f"{value.isoformat()} is outside the years 1 to 9999 of UTC", hint="a typo?")
    return found


def from_us(value: int) -> datetime:
    """The UTC time of microseconds since 1970, exact."""
    seconds, micros = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


class RecordTable(Generic[R]):
    """Rows that are records: insert, replace, get, find, page.

    Args:
        name: The table's name.
        kind: The record's class; needs an ``id`` field unless ``key`` names another.
        columns: Extra columns; each takes the record's attribute of the same name.
        key: The field that is the primary key.
        what: The record's name in error messages; ``hint`` how to find existing ones.
    """

    def __init__(
        self,
        name: str,
        kind: type[R],
        *columns: Any,
        key: str = "id",
        what: str | None = None,
        hint: str | None = None,
    ) -> None:
        own = [column for column in columns if isinstance(column, Column)]
        self.table = Table(
            name,
            metadata,
            Column(key, String(64), primary_key=True),
            *columns,
            Column("body", Text, nullable=False),
        )
        self.c = self.table.c
        self._kind = kind
        self._key = key
        self._names = [key, *(column.name for column in own)]
        self._what = what or kind.__name__.lower()
        self._hint = hint or "its id stands in the event log: `pomona events`"

    def insert(self, tx: Transaction, record: R) -> R:
        """Add a new row; returns the record for chaining."""
        tx.execute(sql_insert(self.table), self._row(record))
        return record

    def insert_many(self, tx: Transaction, records: Sequence[R]) -> None:
        """Add many rows with one statement."""
        if records:
            tx.execute(sql_insert(self.table), [self._row(record) for record in records])

    def replace(self, tx: Transaction, record: R) -> R:
        """Store a changed record under its old key.

        Raises:
            NotFound: If there is no such row.
        """
        row = self._row(record)
        done = tx.execute(update(self.table).where(self.c[self._key] == row[self._key]).values(row))
        if done.rowcount != 1:
            raise NotFound(f"no {self._what} {row[self._key]!r}", hint=self._hint)
        return record

    def remove(self, tx: Transaction, *where: ColumnElement[bool]) -> int:
        """Delete the rows that match; returns how many."""
        return int(tx.execute(delete(self.table).where(*where)).rowcount)

    def find(self, tx: Transaction, key: str) -> R | None:
        """The record with this key, or None."""
        return self.first(tx, self.c[self._key] == key)

    def get(self, tx: Transaction, key: str) -> R:
        """The record with this key.

        Raises:
            NotFound: If there is none.
        """
        found = self.find(tx, key)
        if found is None:
            raise NotFound(f"no {self._what} {key!r}", hint=self._hint)
        return found

    def first(self, tx: Transaction, *where: ColumnElement[bool], order_by: Sequence[Any] = ()) -> R | None:
        """The first match, or None."""
        found = self.all(tx, *where, order_by=order_by, limit=1)
        return found[0] if found else None

    def all(
        self,
        tx: Transaction,
        *where: ColumnElement[bool],
        order_by: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[R]:
        """Every match, in the order asked for (default: by key)."""
        query = select(self.c.body).where(*where).order_by(*(order_by or [self.c[self._key]])).limit(limit)
        return [from_json(body, self._kind) for body in tx.execute(query).scalars()]

    def count(self, tx: Transaction, *where: ColumnElement[bool]) -> int:
        """How many rows match."""
        return int(tx.execute(select(func.count()).select_from(self.table).where(*where)).scalar_one())

    def page(
        self, tx: Transaction, *where: ColumnElement[bool], cursor: str | None = None, limit: int = 50
    ) -> Page[R]:
        """One page, newest id first. ``cursor`` is the last key of the page before."""
        if not 1 <= limit <= 1000:
            raise Invalid(f"limit {limit} is not between 1 and 1000", hint="ask for more pages instead")
        key = self.c[self._key]
        more = [*where, key < cursor] if cursor else list(where)
        found = self.all(tx, *more, order_by=[key.desc()], limit=limit + 1)
        items = found[:limit]
        return Page(items=items, next_cursor=getattr(items[-1], self._key) if len(found) > limit else None)

    def unused(self, tx: Transaction, column: str, value: str) -> None:
        """Refuse a value that another row already has.

        Raises:
            Conflict: If a row has it.
        """
        if self.first(tx, self.c[column] == value) is not None:
            raise Conflict(
                f"a {self._what} with {column} {value!r} exists already",
                hint=f"choose another {column}, or use the existing {self._what}",
            )

    def _row(self, record: R) -> dict[str, Any]:
        return {name: getattr(record, name) for name in self._names} | {"body": to_json(record).decode()}
