"""Rare care of a PostgreSQL database: leave no copy of what was deleted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pomona.storage.postgres.connecting import WRITE_LOCK

if TYPE_CHECKING:
    import psycopg

_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY pg_table_size(c.oid)
"""


def scrub(connect: "Callable[[], psycopg.Connection[Any]]") -> None:
    """Write every table anew without its dead rows, and its statistics, which quote values, too.

    Writers may come in between two tables.
    """
    with connect() as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            connection.execute(f"SELECT pg_advisory_lock({WRITE_LOCK})")  # type: ignore[arg-type]
            try:
                connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
            finally:
                connection.execute(f"SELECT pg_advisory_unlock({WRITE_LOCK})")  # type: ignore[arg-type]
