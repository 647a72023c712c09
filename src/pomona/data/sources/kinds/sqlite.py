"""SQLite files: read in one transaction, after one pass that finds out what each column really holds."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

import pyarrow as pa

from pomona.core.errors import Invalid, Unavailable
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import sql
from pomona.data.sources.kinds.sql import bounded, double_quoted, now, parameters_of, to_batches, too_slow
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

_STEPS = 100_000  # of SQLite's machine between two looks at the clock
_TYPES = {
    frozenset(): pa.null(),
    frozenset({"integer"}): pa.int64(),
    frozenset({"real"}): pa.float64(),
    frozenset({"integer", "real"}): pa.float64(),
    frozenset({"text"}): pa.string(),
    frozenset({"blob"}): pa.binary(),
}


class Sqlite:
    """See ``SourceKind``."""

    info: ClassVar = SourceKindInfo(
        name="sqlite", title="SQLite", location="shop.db", credentials="none", takes="sql"
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        if "://" in location:
            raise Invalid("the location is no path", hint="the path of the file, e.g. shop.db")

    def ping(self, site: Site) -> str:
        with _opened(site) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return f"SQLite {sqlite3.sqlite_version}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _opened(site) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
                "ORDER BY name LIMIT 2000"
            ).fetchall()
            return [SourceTable(name=name, columns=_columns(connection, name)) for (name,) in found]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        with _opened(site) as connection:
            if ask.limit is not None:
                until = time.monotonic() + sql.LOOK_S
                connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            connection.execute("BEGIN")
            question, values, at = bounded(ask, double_quoted), _bindable(parameters_of(ask)), now()
            with _in_words():
                names = [part[0] for part in connection.execute(_first(question), values).description]
            _check_names(names)
            schema, total = _look(connection, question, names, values)
            rows = connection.execute(question, values)
            yield Stream(
                schema=schema,
                batches=_told(to_batches(rows, schema)),
                query=question,
                snapshot_at=at,
                total=total,
            )


@contextmanager
def _opened(site: Site) -> Iterator[sqlite3.Connection]:
    [path] = site.guard.files(site.location)[:1]
    with (
        _in_words(),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection,
    ):
        connection.isolation_level = None
        connection.set_authorizer(_only_this_file)
        yield connection


def _only_this_file(action: int, *_: object) -> int:
    return (
        sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK
    )


def _columns(connection: sqlite3.Connection, table: str) -> tuple[SourceColumn, ...]:
    found = connection.execute(f"PRAGMA table_info({double_quoted(table)})").fetchall()
    return tuple(SourceColumn(name=row[1], type=row[2] or "any") for row in found)


def _first(question: str) -> str:
    return f"SELECT * FROM (\n{question}\n) LIMIT 0"


def _look(
    connection: sqlite3.Connection, question: str, names: list[str], values: dict[str, Any]
) -> tuple[pa.Schema, int]:
    """SQLite keeps types with values, not columns: what does each column hold, and how many rows?"""
    seen = ", ".join(f"group_concat(DISTINCT typeof({double_quoted(name)}))" for name in names)
    sql = f"SELECT count(*), {seen} FROM (\n{question}\n)"
    total, *found = connection.execute(sql, values).fetchone()
    fields = []
    for name, kinds in zip(names, found, strict=True):
        held = frozenset((kinds or "").split(",")) - {"null", ""}
        if held not in _TYPES:
            raise Invalid(
                f"column {name!r} mixes {' and '.join(sorted(held))} values",
                hint=f'cast it in the query, e.g. CAST("{name}" AS TEXT)',
                extra={"column": name},
            )
        fields.append(pa.field(name, _TYPES[held]))
    return pa.schema(fields), total


def _check_names(names: list[str]) -> None:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise Invalid(f"the query has two columns {double[0]!r}", hint="rename one of them with AS")


def _bindable(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(" ") if hasattr(value, "isoformat") else value for name, value in values.items()
    }


def _told(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with _in_words():
        yield from batches


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if said == "interrupted":
            raise too_slow() from None
        if "unable to open" in said or "locked" in said or "busy" in said or "disk I/O" in said:
            raise Unavailable(
                f"SQLite cannot read the file now: {said}", hint="the newest version stays; try again later"
            ) from None
        if "not a database" in said or "malformed" in said:
            raise Invalid(
                f"the file is no whole SQLite database: {said}", hint="is it the right file?"
            ) from None
        raise Invalid(
            f"SQLite cannot answer the question: {said}",
            hint="`pomona sources tables` lists what is there; try the query with `pomona sources sample`",
        ) from None
