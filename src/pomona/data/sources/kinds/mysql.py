"""MySQL and MariaDB: rows stream unbuffered, from one consistent snapshot, in UTC."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pymysql
from pymysql.constants import FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor

from pomona.core.errors import Invalid, PomonaError, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import sql
from pomona.data.sources.kinds.sql import (
    CONNECT_S,
    back_quoted,
    bare,
    bounded,
    check_url,
    parameters_of,
    rewritten,
    to_batches,
    too_slow,
)
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

_EXAMPLE = "mysql://reader@db.example:3306/shop"
_READ_S = 600
_BINARY = 63  # the character set of what is no text
_TABLES = """
SELECT c.table_name, t.table_rows, c.column_name, c.column_type
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position LIMIT 20000"""
_TYPES = {
    FIELD_TYPE.TINY: pa.int64(),
    FIELD_TYPE.SHORT: pa.int64(),
    FIELD_TYPE.INT24: pa.int64(),
    FIELD_TYPE.LONG: pa.int64(),
    FIELD_TYPE.YEAR: pa.int64(),
    FIELD_TYPE.FLOAT: pa.float64(),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.NEWDATE: pa.date32(),
    FIELD_TYPE.DATETIME: pa.timestamp("us"),
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
    FIELD_TYPE.TIME: pa.duration("us"),
    FIELD_TYPE.BIT: pa.binary(),
    FIELD_TYPE.JSON: pa.string(),
    FIELD_TYPE.NULL: pa.null(),
}
_DENIED = {1044, 1045, 1142, 1143, 1227, 1698}
_TOO_SLOW = {1969, 3024}
_AWAY = {1040, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 2002, 2003, 2006, 2013, 2026, 2055}


class MySql:
    """See ``SourceKind``."""

    info: ClassVar = SourceKindInfo(
        name="mysql",
        title="MySQL, MariaDB",
        location=_EXAMPLE,
        credentials="the user's password",
        takes="sql",
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        check_url(location, ("mysql", "mariadb"), _EXAMPLE)
        if not urlsplit(location).path.strip("/"):
            raise Invalid(
                "the location names no database", hint=f"e.g. {_EXAMPLE}", extra={"field": "location"}
            )

    def ping(self, site: Site) -> str:
        with _opened(site) as connection, connection.cursor(pymysql.cursors.Cursor) as cursor:
            cursor.execute("SELECT version()")
            version = str((cursor.fetchone() or ("",))[0])
        return f"{'MariaDB' if 'maria' in version.lower() else 'MySQL'} {version}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _opened(site) as connection, connection.cursor(pymysql.cursors.Cursor) as cursor:
            cursor.execute(_TABLES)
            found: dict[str, tuple[int | None, list[SourceColumn]]] = {}
            for table, rows, column, kind in cursor.fetchall():
                found.setdefault(table, (rows, []))[1].append(SourceColumn(name=column, type=kind))
        return [
            SourceTable(name=name, columns=tuple(cols), rows=rows) for name, (rows, cols) in found.items()
        ]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        with _opened(site) as connection:
            values = parameters_of(ask)
            with connection.cursor(pymysql.cursors.Cursor) as first:
                if ask.limit is not None:
                    _bound(first)
                first.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                first.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                first.execute("SELECT UTC_TIMESTAMP(6)")
                [at] = first.fetchone() or (None,)
                # The bare question first: a message then speaks of the user's own text.
                first.execute(f"EXPLAIN {_written(bare(ask, back_quoted), values)}", values)
            question = bounded(ask, back_quoted)
            cursor = connection.cursor(SSCursor)
            cursor.execute(_written(question, values), values)
            try:
                schema = _schema(cursor)
                rows = to_batches(cursor, schema)
                yield Stream(
                    schema=schema, batches=_told(rows, site), query=question, snapshot_at=rules.utc(at)
                )
            finally:
                _let_go(cursor)


@contextmanager
def _opened(site: Site) -> Iterator[Any]:
    parts = urlsplit(site.location)
    with _in_words(site):
        connection = pymysql.connect(
            host=parts.hostname or "",
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=site.secret.reveal() if site.secret else "",
            database=unquote(parts.path.strip("/")),
            charset="utf8mb4",
            connect_timeout=CONNECT_S,
            read_timeout=_READ_S,
            init_command="SET SESSION time_zone = '+00:00'",
        )
        with connection:
            yield connection


def _bound(cursor: Any) -> None:
    """Let the server stop what takes too long: MariaDB counts seconds, MySQL milliseconds."""
    settings = (f"max_statement_time = {sql.LOOK_S:g}", f"max_execution_time = {round(sql.LOOK_S * 1000)}")
    for setting in settings:
        with suppress(pymysql.err.OperationalError):  # the other's
            cursor.execute(f"SET SESSION {setting}")


def _written(text: str, values: dict[str, Any]) -> str:
    return rewritten(text.replace("%", "%%"), values, "%({})s".format)


def _schema(cursor: SSCursor) -> pa.Schema:
    columns = cursor._result.fields  # noqa: SLF001 - the description leaves sign and character set out
    return pa.schema([pa.field(column.name, _type(column)) for column in columns])


def _type(column: Any) -> pa.DataType:
    code = column.type_code
    unsigned = bool(column.flags & FLAG.UNSIGNED)
    if code == FIELD_TYPE.LONGLONG:
        return pa.uint64() if unsigned else pa.int64()
    if code in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL):
        digits = column.length - (column.scale > 0) - (not unsigned)
        return pa.decimal128(digits, column.scale) if 0 < digits <= 38 else pa.float64()
    if code in _TYPES:
        return _TYPES[code]
    return pa.binary() if column.charsetnr == _BINARY else pa.string()


def _let_go(cursor: SSCursor) -> None:
    """Leave an unread answer: the driver would read it to its end, however long that is."""
    result = cursor._result  # noqa: SLF001
    if result is not None and result.unbuffered_active:
        result.unbuffered_active = False
        cursor.connection._force_close()  # noqa: SLF001
    cursor.connection = None


def _told(batches: Iterator[pa.RecordBatch], site: Site) -> Iterator[pa.RecordBatch]:
    with _in_words(site):
        yield from batches


@contextmanager
def _in_words(site: Site) -> Iterator[None]:
    try:
        yield
    except pymysql.err.Error as error:
        raise _explained(error, site) from None


def _explained(error: pymysql.err.Error, site: Site) -> PomonaError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = rules.redact(
        str(error.args[-1] if error.args else error), site.secret.reveal() if site.secret else None
    )
    if number in _DENIED:
        return Refused(
            f"the database refused: {said}",
            hint="are the user and what the credentials refer to right, and may it read this?",
        )
    if number in _TOO_SLOW:
        return too_slow()
    if number in _AWAY or isinstance(error, pymysql.err.InterfaceError) or not number:
        return Unavailable(
            f"the database does not answer, or not any more: {said}",
            hint="nothing was stored, the newest version stays; is the host right, and the server running?",
        )
    return Invalid(
        f"the database cannot answer the question: {said}",
        hint="`pomona sources tables` lists what is there; try the query with `pomona sources sample`",
    )
