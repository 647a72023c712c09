"""Rare care of a PostgreSQL database: no copy of what was deleted; how it is, and what endangers it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pomona.core.ports import Condition
from pomona.storage.address import Address
from pomona.storage.postgres.connecting import WRITE_LOCK

if TYPE_CHECKING:
    import psycopg

    Connect = Callable[[], psycopg.Connection[Any]]

_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY pg_table_size(c.oid)
"""
_STATE = """
    SELECT split_part(current_setting('server_version'), ' ', 1),
        pg_size_pretty(pg_database_size(current_database())),
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int,
        pg_is_in_recovery(), current_setting('fsync'), current_setting('full_page_writes'),
        current_setting('synchronous_commit')
"""
_HOLDER = f"""
    SELECT a.pid, a.client_addr, extract(epoch FROM now() - a.xact_start)::float8
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND a.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND ((l.classid::bigint << 32) | l.objid::bigint) = {WRITE_LOCK}
"""  # noqa: S608 (the number is ours)
_LONG_S = 5.0


def scrub(connect: "Connect") -> None:
    """Write every table anew without its dead rows, and its statistics, which quote values, too.

    Writers may come in between two tables.
    """
    with connect() as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            connection.execute(f"SELECT pg_advisory_lock({WRITE_LOCK})")
            try:
                connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
            finally:
                connection.execute(f"SELECT pg_advisory_unlock({WRITE_LOCK})")


def condition(connect: "Connect", address: Address) -> Condition:
    """How the database is."""
    with connect() as connection:
        (state,) = connection.execute(_STATE).fetchall()
        holders = connection.execute(_HOLDER).fetchall()
    version, size, used, most, standby, *durable = state
    dangers = _unsafe(*durable)
    if standby:
        dangers["the server is a standby: nothing can be written"] = "use the primary's address"
    if used > 0.9 * most:
        dangers[f"{used} of {most} connections are in use"] = "raise max_connections of the server"
    for pid, where, seconds in holders:
        if seconds is None or seconds > _LONG_S:
            since = "" if seconds is None else f" for {seconds:.0f} s"
            who = f"backend {pid}" + (f" of {where}" if where else "")
            dangers[f"{who} keeps all writers waiting{since}"] = f"if it hangs: pg_terminate_backend({pid})"
    return Condition(
        where=f"PostgreSQL {version} at {address}, {size}, {used} of {most} connections in use",
        dangers=dangers,
    )


def _unsafe(fsync: str, full_pages: str, synchronous: str) -> dict[str, str]:
    found = {}
    for name, value in (("fsync", fsync), ("full_page_writes", full_pages)):
        if value == "off":
            found[f"{name} is off: a power cut may destroy the database"] = f"set {name} = on at the server"
    if synchronous == "off":
        hint = "set synchronous_commit = on for the database"
        found["synchronous_commit is off: a crash may lose the last acknowledged writes"] = hint
    return found
