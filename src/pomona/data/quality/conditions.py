"""Checks on rows as Polars expressions: true where a row breaks the check, so that all are one pass."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
from polars.exceptions import PolarsError

from pomona.data.quality import expressions
from pomona.data.records import Check
from pomona.data.rules import columns_of
from pomona.data.tables.frames import named


def columns_needed(check: Check) -> tuple[str, ...]:
    """The columns a check on rows reads."""
    return expressions.columns_in(check.expression) if check.kind == "expression" else columns_of(check)


def obstacle(check: Check, schema: pa.Schema) -> str:
    """Why a check on rows cannot be asked of a table; empty if it can."""
    needed = columns_needed(check)
    for name in needed:
        if name not in schema.names:
            return f"no column {name!r}"
        unfit = _unfit(check, schema.field(name).type)
        if unfit:
            return f"column {name!r} holds {_said(schema.field(name).type)}, {unfit}"
    if check.kind == "expression":
        try:
            empty = pl.DataFrame(pl.from_arrow(pa.schema([schema.field(n) for n in needed]).empty_table()))
            kind = empty.select(expressions.parse(check.expression)).to_series().dtype
        except PolarsError as error:
            return f"{check.expression}: {str(error).splitlines()[0]}"
        if kind not in (pl.Boolean, pl.Null):
            return f"{check.expression} gives {kind}, not true or false"
    return ""


def failing(check: Check, known: pl.DataFrame | None = None) -> pl.Expr:
    """True in the rows that break a check; never null. Floats come with NaN as null.

    Args:
        check: Of any kind on rows but ``unique``, which no row can break alone.
        known: The rows of the other dataset, for ``exists``.
    """
    return _breaks(check, known).fill_null(value=False)


def without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """NaN as null, as the checks see it."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(named(*floats).fill_nan(None)) if floats else frame


def _breaks(check: Check, known: pl.DataFrame | None) -> pl.Expr:
    if check.kind == "expression":
        return ~expressions.parse(check.expression)
    if check.kind == "exists":
        return _is_unknown(columns_of(check), known if known is not None else pl.DataFrame())
    column = named(columns_of(check)[0])
    if check.kind == "not_null":
        return column.is_null()
    if check.kind == "allowed":
        return ~column.is_in(list(check.values))
    if check.kind == "pattern":
        return ~column.str.contains(check.pattern)
    measured = column.str.len_chars() if check.kind == "length" else column
    outside = pl.lit(value=False)
    if check.min is not None:
        outside = outside | (measured < check.min)
    if check.max is not None:
        outside = outside | (measured > check.max)
    return outside


def _is_unknown(columns: Sequence[str], known: pl.DataFrame) -> pl.Expr:
    there = pl.all_horizontal(named(name).is_not_null() for name in columns)
    if len(columns) == 1:
        return there & ~named(columns[0]).is_in(
            known.to_series().alias("value").drop_nulls().unique().implode()
        )
    renamed = known.drop_nulls().unique().rename(dict(zip(known.columns, columns, strict=True)))
    row = pl.struct(named(*columns))
    values = renamed.select(row.alias("row")).to_series()
    return there & ~row.is_in(values.implode())


def _unfit(check: Check, kind: pa.DataType) -> str:
    types = pa.types
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    text = types.is_large_string(kind) or types.is_string(kind)
    suits = {str: text, bool: types.is_boolean(kind)}
    if types.is_null(kind):
        return ""
    if check.kind == "range" and not number:
        return "not numbers"
    if check.kind in ("pattern", "length") and not text:
        return "not text"
    if check.kind == "allowed" and not all(suits.get(type(value), number) for value in check.values):
        return f"not values like {check.values[0]!r}"
    if check.kind in ("unique", "exists") and types.is_nested(kind):
        return "whose values cannot be told apart"
    return ""


def _said(kind: pa.DataType) -> str:
    return str(kind).replace("large_", "")
