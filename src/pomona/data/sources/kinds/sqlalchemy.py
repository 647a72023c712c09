"""Any database that SQLAlchemy has a dialect for: rows as its driver gives them, types as they look.

Slower than the kinds of their own, and a snapshot only as good as the driver's default transaction.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pomona.core.errors import Invalid, PomonaError, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds.sql import SINCE, bare, guessed, now, parameters_of, to_batches
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

_EXAMPLE = "oracle+oracledb://reader@db.example:1521/?service_name=shop"
_OWN = {"sqlite": "sqlite", "duckdb": "duckdb"}  # files: only these kinds look where they lie
# Settings by which a driver reads this machine's files: with the first two a server may ask for any of them.
_LOCAL_FILES = frozenset(
    {"local_infile", "allow_local_infile", "read_default_file", "defaults_file", "option_files"}
)
_LOOK_ROWS = 10_000
_FETCH_ROWS = 10_000
_DENIED = ("denied", "authentication", "password", "login", "logon", "permission", "privilege")
_PLAIN = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    date: pa.date32(),
    time: pa.time64("us"),
}


class SqlAlchemy:
    """See ``SourceKind``."""

    info: ClassVar = SourceKindInfo(
        name="sqlalchemy",
        title="Any other database",
        location=_EXAMPLE,
        credentials="the user's password",
        takes="sql",
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        url = _url(location)
        _check_settings(url)
        backend = url.get_backend_name()
        if backend in _OWN:
            raise Invalid(
                f"{backend} files have a kind of their own", hint=f"kind={_OWN[backend]}, location=the path"
            )

    def ping(self, site: Site) -> str:
        with _opened(site) as connection:
            found = connection.dialect
            version = ".".join(map(str, found.server_version_info or ())) or "(no version)"
            return f"{found.name} {version} through {found.driver}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _opened(site) as connection:
            inspector = sa.inspect(connection)
            names = [*inspector.get_table_names(), *inspector.get_view_names()][:2000]
            return [
                SourceTable(
                    name=name,
                    columns=tuple(
                        SourceColumn(name=column["name"], type=str(column["type"]))
                        for column in inspector.get_columns(name)
                    ),
                )
                for name in names
            ]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        with _opened(site) as connection:
            at = now()
            quote = connection.dialect.identifier_preparer.quote_identifier
            question = _bounded(ask, bare(ask, quote), quote)
            streaming = connection.execution_options(stream_results=True, max_row_buffer=_FETCH_ROWS)
            result = streaming.execute(sa.text(question), parameters_of(ask))
            rows: Iterator[Sequence[Any]] = iter(result.yield_per(_FETCH_ROWS))
            if ask.limit is not None:
                rows = itertools.islice(rows, ask.limit)
            first = list(itertools.islice(rows, _LOOK_ROWS))
            schema = _schema(list(result.keys()), first, _declared(connection, ask))
            batches = to_batches(itertools.chain(first, rows), schema)
            yield Stream(schema=schema, batches=_told(batches, site), query=question, snapshot_at=at)


def _check_settings(url: sa.URL) -> None:
    """Refuse settings that open this machine's files to the database's server."""
    found = sorted(name for name in url.query if name.lower() in _LOCAL_FILES)
    if found:
        raise Refused(
            f"the setting {found[0]!r} would let the driver read files of this machine",
            hint="leave it out of the location",
            extra={"field": "location"},
        )


def _url(location: str) -> sa.URL:
    try:
        return sa.make_url(location)
    except (ArgumentError, ValueError):
        raise Invalid(
            "the location is no URL that SQLAlchemy knows",
            hint=f"e.g. {_EXAMPLE}",
            extra={"field": "location"},
        ) from None


@contextmanager
def _opened(site: Site) -> Iterator[sa.Connection]:
    url = _url(site.location)
    _check_settings(url)
    if site.secret is not None:
        url = url.set(password=site.secret.reveal())
    with _in_words(site):
        try:
            engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise Invalid(
                f"no driver for {url.drivername} is installed: {error}",
                hint="pip install the driver beside Pomona, then try again",
            ) from None
        with engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()  # whatever the query did
        engine.dispose()


def _bounded(ask: Ask, asked: str, quote: Any) -> str:
    if ask.since is None:
        return asked
    sign = ">=" if ask.inclusive else ">"
    return f"SELECT * FROM (\n{asked}\n) pomona_source WHERE {quote(ask.since.column)} {sign} :{SINCE}"


def _declared(connection: sa.Connection, ask: Ask) -> dict[str, pa.DataType]:
    """The types a table declares; a query declares none."""
    if ask.table is None:
        return {}
    schema, _, table = ask.table.rpartition(".")
    columns = sa.inspect(connection).get_columns(table, schema=schema or None)
    found = {column["name"]: _type(column["type"]) for column in columns}
    return {name: kind for name, kind in found.items() if kind is not None}


def _type(kind: sa.types.TypeEngine[Any]) -> pa.DataType | None:
    if isinstance(kind, sa.Numeric) and kind.asdecimal:
        known = kind.precision is not None and kind.scale is not None and kind.precision <= 38
        return pa.decimal128(kind.precision, kind.scale) if known else None
    try:
        python = kind.python_type
    except RuntimeError:  # SQLAlchemy has no Python type for it
        return None
    if python is datetime:
        return pa.timestamp("us", "UTC") if getattr(kind, "timezone", False) else pa.timestamp("us")
    return _PLAIN.get(python)


def _schema(names: list[str], rows: list[Sequence[Any]], declared: dict[str, pa.DataType]) -> pa.Schema:
    fields = []
    for place, name in enumerate(names):
        found = declared.get(name)
        if found is None:
            found = guessed(name, (row[place] for row in rows))
            # No value among the first rows: text holds whatever comes, or says that it does not fit.
            found = pa.string() if pa.types.is_null(found) else _roomy(found, rows, place)
        fields.append(pa.field(name, found))
    return pa.schema(fields)


def _roomy(found: pa.DataType, rows: list[Sequence[Any]], place: int) -> pa.DataType:
    """Decimals of later rows may have more digits before the point."""
    if not pa.types.is_decimal(found):
        return found
    values = [row[place] for row in rows if isinstance(row[place], Decimal)]
    exponents = [value.as_tuple().exponent for value in values]
    scale = max((-e for e in exponents if isinstance(e, int)), default=0)
    return pa.decimal128(38, max(0, min(scale, 18)))


def _told(batches: Iterator[pa.RecordBatch], site: Site) -> Iterator[pa.RecordBatch]:
    with _in_words(site):
        yield from batches


@contextmanager
def _in_words(site: Site) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise _explained(error, site) from None


def _explained(error: SQLAlchemyError, site: Site) -> PomonaError:
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = rules.redact(str(origin).strip(), site.secret.reveal() if site.secret else None)
    away = isinstance(error, DBAPIError) and error.connection_invalidated
    kind = type(origin).__name__
    if any(word in said.lower() for word in _DENIED):
        return Refused(
            f"the database refused: {said}", hint="are the user, its password and its rights right?"
        )
    if away or kind in ("OperationalError", "InterfaceError"):
        return Unavailable(
            f"the database does not answer, or not any more: {said}",
            hint="nothing was stored, the newest version stays; is the host right, and the server running?",
        )
    if isinstance(error, NoSuchTableError):
        said = f"no table {said}"
    return Invalid(
        f"the database cannot answer the question: {said}",
        hint="`pomona sources tables` lists what is there; try the query with `pomona sources sample`",
    )
