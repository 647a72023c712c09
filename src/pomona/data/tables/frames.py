"""Small helpers for tables: Arrow to Polars, rows as JSON, the range of their times."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.compute as pc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_BYTES = 256
_MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def to_polars(table: pa.Table) -> pl.DataFrame:
    """The table as Polars, without copying where possible."""
    return pl.DataFrame(pl.from_arrow(table, rechunk=False))


def series(table: pa.Table, name: str) -> pl.Series:
    """One column as Polars."""
    return values_of(table.column(name))


def values_of(column: pa.ChunkedArray) -> pl.Series:
    """A column as Polars, without its name: methods of a series named ``^x$`` would look for a pattern."""
    return to_polars(pa.table({"value": column})).to_series()


def keys_of(table: pa.Table, key: Sequence[str]) -> pl.DataFrame:
    """The columns of a key, named by their places."""
    return to_polars(pa.table({str(place): table.column(name) for place, name in enumerate(key)}))


def named(*names: str) -> pl.Expr:
    """The columns of exactly these names: ``pl.col`` takes ``*`` and ``^x$`` for patterns."""
    return cs.by_name(*names).as_expr()


def json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON values, for errors and examples; JSON has no infinity and no bytes: they are text.

    >>> json_rows(pl.DataFrame({"x": [float("inf")], "b": [b"ok"]}))
    [{'x': 'Infinity', 'b': '0x6f6b'}]
    """
    return [_json(row) for row in frame.to_dicts()]


def time_range(table: pa.Table, time_column: str | None) -> tuple[datetime | None, datetime | None]:
    """Earliest and latest value of the time column, in UTC."""
    if time_column is None or table.num_rows == 0:
        return None, None
    column = table.column(time_column)
    bounds = pc.min_max(column)
    nanos = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
    slack = timedelta(microseconds=1 if nanos else 0)  # nanoseconds are cut off: stay outside them
    low, high = (_utc(bounds[end]) for end in ("min", "max"))
    return low, high + slack if high is not None else None


def _utc(value: pa.Scalar) -> datetime | None:
    if not value.is_valid:
        return None
    if pa.types.is_date(value.type):
        day: date = value.as_py()
        return datetime.combine(day, time(0), UTC)
    # By its number: `cast` and `as_py` would load pandas.
    micros = value.value // 1000 if value.type.unit == "ns" else value.value * _MICROS[value.type.unit]
    return _EPOCH + timedelta(microseconds=micros)


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        more = f"... ({len(value):,} bytes)" if len(value) > _SHOWN_BYTES else ""
        return f"0x{value[:_SHOWN_BYTES].hex()}{more}"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
