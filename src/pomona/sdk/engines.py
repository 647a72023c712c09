"""Versions in other engines: DuckDB relations and Polars queries."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pomona.core.errors import Invalid, MissingExtra

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

    from pomona.sdk.versions import Version

_TO_NANOS = {"ms": 1_000_000, "us": 1_000, "ns": 1}


def duckdb_relation(
    rows: "pa.RecordBatchReader", connection: "duckdb.DuckDBPyConnection | None"
) -> "duckdb.DuckDBPyRelation":
    """Rows as a relation that reads them while it is queried."""
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise MissingExtra("duckdb", "server") from error
    return connection.from_arrow(rows) if connection is not None else duckdb.from_arrow(rows)


def scan(version: "Version") -> "pl.LazyFrame":
    """The selected part of a version as a Polars query."""
    import polars as pl

    place = version.location
    here = (Path(place.path) / "_delta_log" / f"{place.version:020d}.json").is_file()
    if not here or find_spec("deltalake") is None:
        return version.to_polars().lazy()
    found = pl.scan_delta(place.path, version=place.version)
    stored, whole = found.collect_schema(), version.whole().schema
    kinds = pl.DataFrame(pl.from_arrow(whole.empty_table())).schema
    found = found.select(
        _as_it_was(name, stored.get(name), kinds[name], whole.field(name).type) for name in whole.names
    )
    return _selected(version, found, kinds)


def _as_it_was(name: str, stored: Any, wanted: Any, kind: "pa.DataType") -> "pl.Expr":
    """A stored column in the type of the version; one that holds nothing but nulls is not stored."""
    import polars as pl
    import polars.selectors as cs

    column = cs.by_name(name).as_expr()  # pl.col takes "*" and "^x$" for patterns
    if stored is None:
        return pl.lit(None, dtype=wanted).alias(name)
    if stored == wanted:
        return column
    if wanted == pl.Time:
        return (column.cast(pl.Int64) * _TO_NANOS[kind.unit]).cast(pl.Time)
    return column.cast(wanted)


def _selected(version: "Version", found: "pl.LazyFrame", kinds: Any) -> "pl.LazyFrame":
    import polars as pl
    import polars.selectors as cs

    chosen = version.selection
    if chosen.since is not None or chosen.until is not None:
        name = version.time_column
        if name is None:
            raise Invalid("this dataset has no time column", hint="read it without since and until")
        at = cs.by_name(name).as_expr()
        if kinds[name] == pl.Date:
            at = at.cast(pl.Datetime("us"))
        aware = getattr(kinds[name], "time_zone", None) is not None
        at = at.dt.convert_time_zone("UTC") if aware else at.dt.replace_time_zone("UTC")
        if chosen.since is not None:
            found = found.filter(at >= chosen.since)
        if chosen.until is not None:
            found = found.filter(at < chosen.until)
    return found if chosen.columns is None else found.select(cs.by_name(*chosen.columns))
