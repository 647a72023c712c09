"""A unit of work on SQLite; what differs from others is how rows by the thousand get to the driver."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pomona.storage.ledger import SqlTransaction

_GROUP_SIZES = (256, 128, 64, 32, 16, 8)  # rows of one statement; few sizes, so that all stay prepared
_FEW = _GROUP_SIZES[-1]  # fewer rows are not worth a statement of their own


class SqliteTransaction(SqlTransaction):
    """Transaction over one SQLAlchemy connection to SQLite that has begun."""

    def insert_groups(
        self,
        into: str,
        groups: Sequence[tuple[tuple[Any, ...], Sequence[tuple[Any, ...]]]],
        otherwise: str = "",
        /,
    ) -> None:
        single: list[tuple[Any, ...]] = []
        for same, rows in groups:
            start = 0
            for size in _GROUP_SIZES:
                while len(rows) - start >= size:
                    part = rows[start : start + size]
                    sql = _group_sql(into, otherwise, len(same), len(part[0]), size)
                    self._driver(sql, (*same, *chain.from_iterable(part)))
                    start += size
            single += [(*same, *row) for row in rows[start:]]
        self.insert_rows(into, single, otherwise)

    def _driver(self, sql: str, values: tuple[Any, ...]) -> Any:
        return run_by_driver(self._connection, sql, values)


def run_by_driver(connection: Connection, sql: str, values: tuple[Any, ...] = ()) -> Any:
    """Run one statement without what SQLAlchemy does around it: that takes longer than a small one.

    Raises:
        DBAPIError: As SQLAlchemy does.
    """
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error) from error


@cache
def _group_sql(into: str, otherwise: str, same: int, columns: int, rows: int) -> str:
    """What rows have in common is a parameter once: half the work for rows of six columns."""
    row = f"({', '.join('?' * columns)})"
    names = [*("?" * same), *(f"column{i}" for i in range(1, columns + 1))]
    values = f"VALUES {', '.join([row] * rows)}"
    return f"{into} SELECT {', '.join(names)} FROM ({values}) WHERE true {otherwise}"  # noqa: S608 (ours)
