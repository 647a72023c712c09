"""PostgreSQL: rows stream as binary COPY straight into Arrow (ADBC), from one repeatable-read snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

import adbc_driver_manager as adbc
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from psycopg import sql as pg

from pomona.core.errors import Invalid, PomonaError, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import sql
from pomona.data.sources.kinds.sql import (
    CONNECT_S,
    bare,
    bounded,
    check_url,
    double_quoted,
    parameters_of,
    rewritten,
    too_slow,
    with_password,
)
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

_EXAMPLE = "postgresql://reader@db.example:5432/shop"
_TABLES = """
SELECT n.nspname, c.relname, c.reltuples::bigint,
       array_agg(a.attname::text ORDER BY a.attnum),
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
  AND has_table_privilege(c.oid, 'SELECT')
GROUP BY 1, 2, 3 ORDER BY 1, 2 LIMIT 2000"""


class PostgreSql:
    """See ``SourceKind``."""

    info: ClassVar = SourceKindInfo(
        name="postgresql",
        title="PostgreSQL",
        location=_EXAMPLE,
        credentials="the user's password",
        takes="sql",
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        check_url(location, ("postgresql", "postgres"), _EXAMPLE)

    def ping(self, site: Site) -> str:
        with _cursor(site) as cursor:
            [[version]] = _rows(cursor, "SELECT current_setting('server_version')")
            return f"PostgreSQL {version}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _cursor(site) as cursor:
            found = _rows(cursor, _TABLES)
        return [
            SourceTable(
                name=table if schema == "public" else f"{schema}.{table}",
                columns=tuple(
                    SourceColumn(name=name, type=kind) for name, kind in zip(columns, types, strict=True)
                ),
                rows=rows if rows >= 0 else None,
            )
            for schema, table, rows, columns, types in found
        ]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        with _cursor(site) as cursor:
            if ask.limit is not None:
                cursor.execute(f"SET statement_timeout = {round(sql.LOOK_S * 1000)}")
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            at: datetime = _rows(cursor, "SELECT clock_timestamp()")[0][0]  # takes the snapshot, too
            values = parameters_of(ask)
            # The bare question is described first: a message then points into the user's own text.
            described = cursor.adbc_execute_schema(_literal(bare(ask, double_quoted), values))
            question = bounded(ask, double_quoted, columns=_columns(described))
            cursor.execute(_literal(question, values))
            reader = cursor.fetch_record_batch()
            schema = pa.schema([_kept(field) for field in reader.schema])
            yield Stream(
                schema=schema,
                batches=_batches(reader, schema, site),
                query=question,
                snapshot_at=rules.utc(at),
            )


@contextmanager
def _cursor(site: Site) -> Iterator[Any]:
    with _in_words(site):
        uri = with_password(site)
        mark = "&" if "?" in uri else "?"
        connection = dbapi.connect(
            f"{uri}{mark}connect_timeout={CONNECT_S}&application_name=pomona", autocommit=True
        )
        with connection, connection.cursor() as cursor:
            yield cursor


def _rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _literal(sql: str, values: dict[str, Any]) -> str:
    # COPY takes no parameters: they are written into the text, quoted by the driver.
    return rewritten(sql, values, lambda name: pg.Literal(values[name]).as_string(None))


def _columns(described: pa.Schema) -> str:
    """``*``, or each column by name where the database must write some as text."""
    odd = [_as_text(field.type) for field in described]
    if not any(odd) or len(set(described.names)) != len(described):
        return "*"
    names = [double_quoted(name) for name in described.names]
    return ", ".join(
        f"{name}::text AS {name}" if text else name for name, text in zip(names, odd, strict=True)
    )


def _as_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.OpaqueType):
        return bool(kind.type_name != "numeric")
    return isinstance(kind, pa.UuidType) or pa.types.is_interval(kind)


def _kept(field: pa.Field) -> pa.Field:
    kind = field.type
    if isinstance(kind, pa.OpaqueType) and kind.type_name == "numeric":
        kind = _number(int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1")))
    elif isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return pa.field(field.name, kind)


def _number(modifier: int) -> pa.DataType:
    """numeric(p, s) keeps its digits; numeric without bounds has no fixed scale, so it is a double."""
    if modifier < 4:
        return pa.float64()
    precision, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
    return pa.decimal128(precision, scale) if 0 < precision <= 38 and scale <= precision else pa.float64()


def _batches(reader: pa.RecordBatchReader, schema: pa.Schema, site: Site) -> Iterator[pa.RecordBatch]:
    with _in_words(site):
        for batch in reader:
            columns = [_column(column, field) for column, field in zip(batch.columns, schema, strict=True)]
            yield pa.record_batch(columns, schema=schema)


def _column(column: pa.Array, field: pa.Field) -> pa.Array:
    plain = column.storage if isinstance(column, pa.ExtensionArray) else column
    if plain.type == field.type:
        return plain
    try:
        return pc.cast(plain, field.type)
    except pa.ArrowInvalid:
        raise Invalid(
            f"column {field.name!r} holds values that are not {field.type} (NaN or Infinity?)",
            hint=f'cast it in the query, e.g. "{field.name}"::float8',
            extra={"column": field.name},
        ) from None


@contextmanager
def _in_words(site: Site) -> Iterator[None]:
    try:
        yield
    except (adbc.Error, pa.ArrowException, OSError) as error:  # a stream that breaks is one of Arrow's
        raise _explained(error, site) from None


def _explained(error: Exception, site: Site) -> PomonaError:
    text = rules.redact(str(error), site.secret.reveal() if site.secret else None)
    said = text.partition("ERROR:")[2] or text.partition("FATAL:")[2] or text
    said = said.partition("\n\nQuery was:")[0].partition(". SQLSTATE:")[0].strip()
    state = getattr(error, "sqlstate", None) or ("22" if "ERROR:" in text else "")
    if "statement timeout" in said:
        return too_slow()
    if "authentication" in text or state.startswith("28") or "no password supplied" in text:
        return Refused(
            f"PostgreSQL refused to log in: {said}",
            hint="is the user in the URL right, and the text that the credentials refer to?",
        )
    if state.startswith("42") and state != "42501":
        return Invalid(
            f"PostgreSQL cannot answer the question: {said}",
            hint="`pomona sources tables` lists what is there; try the query with `pomona sources sample`",
        )
    if state == "42501" or state.startswith("3D"):
        return Refused(f"PostgreSQL refuses: {said}", hint="has the user the right to read this?")
    if state[:2] in ("22", "0A", "25"):
        return Invalid(f"PostgreSQL cannot answer the question: {said}", hint="a query must only read")
    return Unavailable(
        f"PostgreSQL does not answer, or not any more: {said}",
        hint="nothing was stored, the newest version stays; is the host right, and the server running?",
    )
