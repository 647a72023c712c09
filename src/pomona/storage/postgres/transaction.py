"""A unit of work on PostgreSQL; what differs from others is how many rows are sent."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary

from pomona.sql import metadata
from pomona.storage.ledger import SqlTransaction

_FEW = 4  # below that a list of values is as fast


class PostgresTransaction(SqlTransaction):
    """Transaction over one SQLAlchemy connection to PostgreSQL."""

    mark = "%s"

    def insert_rows(self, into: str, rows: Sequence[tuple[Any, ...]], otherwise: str = "", /) -> None:
        if len(rows) < _FEW:
            super().insert_rows(into, rows, otherwise)
            return
        columns = tuple(_array(column) for column in zip(*rows, strict=True))
        self._connection.exec_driver_sql(_from_arrays(into, otherwise), columns)


@cache
def _from_arrays(into: str, otherwise: str) -> str:
    """One statement for any number of rows, which is prepared once: a parameter for each column."""
    name, _, names = into.removeprefix("INSERT INTO ").partition(" (")
    columns = metadata.tables[name].c
    arrays = ", ".join(f"%s::{_type_of(columns[column])}[]" for column in names.rstrip(")").split(", "))
    return f"{into} SELECT * FROM unnest({arrays}) {otherwise}"  # noqa: S608 (names are ours)


def _type_of(column: Any) -> str:
    if isinstance(column.type, Boolean):
        return "boolean"
    if isinstance(column.type, Float):
        return "float8"
    if isinstance(column.type, LargeBinary):
        return "bytea"
    return "bigint" if isinstance(column.type, Integer | BigInteger) else "text"


def _array(values: tuple[Any, ...]) -> Any:
    """Plain numbers as PostgreSQL writes an array: a tenth of what the driver takes for a list."""
    kinds = {*map(type, values)}
    if kinds <= {int, float}:
        return f"{{{','.join(map(repr, values))}}}"
    return f"{{{','.join('t' if value else 'f' for value in values)}}}" if kinds == {bool} else list(values)
