"""DuckDB files: Arrow batches as the engine makes them; a query reads this file and nothing else."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import ClassVar

import duckdb
import pyarrow as pa

from pomona.core.errors import Invalid, Unavailable
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import sql
from pomona.data.sources.kinds.sql import (
    BATCH_ROWS,
    bare,
    bounded,
    double_quoted,
    now,
    parameters_of,
    rewritten,
    too_slow,
)
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

_AGAIN_S = 0.25
# Else `read_csv('/etc/passwd')` or an http URL in a query would reach around the guard.
_CLOSED = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "1GB",  # what does not fit is spilled to the scratch folder, never beside the file
    "max_temp_directory_size": "20GB",
}


class DuckDb:
    """See ``SourceKind``."""

    info: ClassVar = SourceKindInfo(
        name="duckdb", title="DuckDB", location="shop.duckdb", credentials="none", takes="sql"
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        if "://" in location:
            raise Invalid("the location is no path", hint="the path of the file, e.g. shop.duckdb")

    def ping(self, site: Site) -> str:
        with _opened(site) as connection:
            return f"DuckDB {connection.sql('SELECT version()').fetchall()[0][0]}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _opened(site) as connection:
            found = connection.execute(
                "SELECT schema_name, table_name, list(column_name ORDER BY column_index), "
                "list(data_type ORDER BY column_index) FROM duckdb_columns() WHERE NOT internal "
                "GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 2000"
            ).fetchall()
        return [
            SourceTable(
                name=table if schema == "main" else f"{schema}.{table}",
                columns=tuple(SourceColumn(name=n, type=t) for n, t in zip(names, types, strict=True)),
            )
            for schema, table, names, types in found
        ]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        with _opened(site) as connection, _in_time(connection, ask):
            values, at = parameters_of(ask), now()
            # The bare question is prepared first, so that the message points into the user's own text.
            connection.execute("BEGIN TRANSACTION")
            described = f"DESCRIBE {rewritten(bare(ask, double_quoted), values, '${}'.format)}"
            connection.execute(described, ask.parameters or None)
            question = bounded(ask, double_quoted)
            answer = connection.execute(rewritten(question, values, "${}".format), values or None)
            reader = answer.to_arrow_reader(BATCH_ROWS)
            yield Stream(schema=reader.schema, batches=_told(reader), query=question, snapshot_at=at)


@contextmanager
def _opened(site: Site) -> Iterator[duckdb.DuckDBPyConnection]:
    [path] = site.guard.files(site.location)[:1]
    config: dict[str, str | bool | int | float | list[str]] = {**_CLOSED, "temp_directory": str(site.scratch)}
    with _in_words(), closing(duckdb.connect(str(path), read_only=True, config=config)) as connection:
        yield connection


@contextmanager
def _in_time(connection: duckdb.DuckDBPyConnection, ask: Ask) -> Iterator[None]:
    """Stop a first look that takes too long."""
    done = Event()
    thread = Thread(target=_stop_late, args=(connection, done), name="source-watch", daemon=True)
    if ask.limit is not None:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.ident is not None:
            thread.join()


def _stop_late(connection: duckdb.DuckDBPyConnection, done: Event) -> None:
    late = not done.wait(sql.LOOK_S)
    while late and not done.wait(_AGAIN_S):  # a query that was just starting did not hear the first call
        connection.interrupt()


def _told(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with _in_words():
        yield from reader


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.ConnectionException) as error:
        raise Unavailable(
            f"DuckDB cannot read the file now: {error}",
            hint="another process may hold it for writing; the newest version stays, try again later",
        ) from None
    except duckdb.InterruptException:
        raise too_slow() from None
    except duckdb.Error as error:
        raise Invalid(
            f"DuckDB cannot answer the question: {error}",
            hint="`pomona sources tables` lists what is there; try the query with `pomona sources sample`",
        ) from None
