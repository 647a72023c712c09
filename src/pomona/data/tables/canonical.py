"""The form in which columns are kept: one type for each kind of value, one NaN, and what files hold of it.

*Canonical*: large strings, lists and binaries; dictionaries decoded; one NaN; times to the microsecond. So
the same content is the same, whatever library, chunks or encodings it came in. *Stored*: what a Delta
table has a word for; unsigned numbers become wider signed ones, durations and times of day whole numbers.
Every stored column is cast back when it is read.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pomona.core.errors import Invalid
from pomona.data.records import Field

_ZONE = "UTC"
_STORED = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.time32("ms"): pa.int32(),
}


class Widened(Exception):
    """A value does not fit the type its column had; the next base is written with the wider one."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def canonical(table: pa.Table) -> pa.Table:
    """``table`` in canonical form.

    Raises:
        Invalid: If a column has a type, or a time a precision, that cannot be kept.
    """
    columns = {name: _one_nan(_plain(name, table.column(name))) for name in table.column_names}
    return pa.table(columns, schema=canonical_schema(table.schema))


def canonical_schema(schema: pa.Schema) -> pa.Schema:
    """The canonical types of a table's columns, no metadata."""
    return pa.schema([(field.name, canonical_type(field.name, field.type)) for field in schema])


def canonical_type(name: str, kind: pa.DataType) -> pa.DataType:
    """The type a column is kept in.

    Raises:
        Invalid: If there is none, or the name holds a zero byte.
    """
    types = pa.types
    if "\0" in name:
        raise Invalid(
            f"column {name!r} has a zero byte in its name, which other engines cannot read",
            hint="rename the column",
            extra={"column": name},
        )
    if types.is_dictionary(kind):
        return canonical_type(name, kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.large_list(pa.field("item", canonical_type(name, kind.value_type)))
    if types.is_struct(kind) and kind.num_fields:
        return pa.struct([pa.field(f.name, canonical_type(f"{name}.{f.name}", f.type)) for f in kind.fields])
    unfit = types.is_nested(kind) or types.is_interval(kind) or isinstance(kind, pa.BaseExtensionType)
    if unfit or (types.is_decimal(kind) and kind.precision > 38):
        raise Invalid(
            f"column {name!r} has the type {kind}, which cannot be kept",
            hint="convert it to numbers, text, times, lists or structs",
            extra={"column": name, "type": str(kind)},
        )
    return _flat_type(kind)


def stored_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of a version's files; one that holds nothing but nulls is in none of them."""
    return pa.schema([(f.name, stored_type(f.type)) for f in schema if not pa.types.is_null(f.type)])


def stored_type(kind: pa.DataType) -> pa.DataType:
    """The type in files of a canonical type."""
    types = pa.types
    if types.is_large_list(kind):
        return pa.large_list(pa.field("item", stored_type(kind.value_type)))
    if types.is_struct(kind):
        return pa.struct([pa.field(f.name, stored_type(f.type)) for f in kind.fields])
    if types.is_timestamp(kind):
        return pa.timestamp("us", _ZONE if kind.tz else None)
    if types.is_duration(kind) or types.is_time64(kind):
        return pa.int64()
    if types.is_null(kind):
        return pa.large_string()  # inside a list or a struct
    return _STORED.get(kind, kind)


def convert(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema``, cast to its types; a column that ``table`` lacks is null."""
    columns = [
        _cast(table.column(field.name), field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A canonical table in the columns and types of the version before.

    Raises:
        Widened: If a value of a column does not survive that exactly.
    """
    columns = []
    for field in schema:
        column = table.column(field.name)
        if column.type != field.type:
            column = _exact(field.name, column, field.type)
        columns.append(column)
    return pa.table(columns, schema=schema)


def merged_schema(parent: pa.Schema | None, new: pa.Schema) -> tuple[pa.Schema, tuple[str, ...]]:
    """The schema of the next version, and the columns whose types do not go together.

    The parent's columns come first, in its order and with its types where values may fit them; those
    that are new stand behind.
    """
    if parent is None:
        return new, ()
    fields, clash = [], []
    for name in column_order(new.names, parent.names):
        field = new.field(name)
        if name in parent.names:
            was = parent.field(name).type
            if same_family(field.type, was):
                field = pa.field(name, was)
            elif not pa.types.is_null(was):
                clash.append(name)
        fields.append(field)
    return pa.schema(fields), tuple(clash)


def column_order(names: Sequence[str], parent: Sequence[str]) -> list[str]:
    """The parent's columns in its order, then the new ones in theirs."""
    return [*(name for name in parent if name in names), *(name for name in names if name not in parent)]


def same_family(one: pa.DataType, other: pa.DataType) -> bool:
    """May values of one type be values of the other?"""
    types = pa.types

    def number(kind: pa.DataType) -> bool:
        return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))

    if one == other:
        return True
    if types.is_null(other):
        return False  # it gets its type now
    if types.is_timestamp(one) and types.is_timestamp(other):
        return (one.tz is None) == (other.tz is None)
    if types.is_null(one):
        return True
    spans = (types.is_duration, types.is_time)  # of any unit: some libraries have but one
    return (number(one) and number(other)) or any(is_of(one) and is_of(other) for is_of in spans)


def is_wider(now: pa.DataType, was: pa.DataType) -> bool:
    """Does ``now`` hold every value of ``was`` exactly, and more?

    >>> is_wider(pa.int64(), pa.int32()), is_wider(pa.float64(), pa.int64())
    (True, False)
    """
    types = pa.types
    if types.is_decimal(now) and types.is_decimal(was):
        whole = now.precision - now.scale >= was.precision - was.scale
        return bool(now.scale >= was.scale and whole)
    if types.is_integer(now) and types.is_integer(was):
        same_sign = types.is_signed_integer(now) == types.is_signed_integer(was)
        return bool(now.bit_width > was.bit_width and (same_sign or types.is_signed_integer(now)))
    if types.is_floating(now):
        exact = types.is_integer(was) and was.bit_width <= now.bit_width // 2
        return bool(exact or (types.is_floating(was) and now.bit_width > was.bit_width))
    if types.is_time(now) and types.is_time(was):
        return bool(now.bit_width > was.bit_width or (now.unit == "ns" and was.unit != "ns"))
    return bool(types.is_timestamp(now) and types.is_timestamp(was) and now.unit == "us")


def missing(column: pa.ChunkedArray) -> int:
    """How many values are null or NaN."""
    nan = pc.sum(pc.is_nan(column)).as_py() if pa.types.is_floating(column.type) else 0
    return int(column.null_count + (nan or 0))


def fields_of(schema: pa.Schema) -> tuple[Field, ...]:
    """The columns as records."""
    return tuple(Field(name=field.name, type=str(field.type).replace("large_", "")) for field in schema)


def check_time_column(schema: pa.Schema, time_column: str | None) -> None:
    """Refuse a time column that holds no times."""
    if time_column is None:
        return
    kind = schema.field(time_column).type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise Invalid(
            f"the time column {time_column!r} holds {str(kind).replace('large_', '')}, not times",
            hint="convert it to timestamps (in UTC, if you can) or dates first",
            extra={"column": time_column, "type": str(kind)},
        )


def check_key_types(schema: pa.Schema, key: Sequence[str]) -> None:
    """Refuse a key whose values have no order."""
    for name in key:
        kind = schema.field(name).type
        if pa.types.is_nested(kind):
            raise Invalid(
                f"the key column {name!r} holds {str(kind).replace('large_', '')}",
                hint="a key is made of numbers, text, times or yes/no",
                extra={"column": name, "type": str(kind)},
            )


def _flat_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_string(kind) or types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary(kind) or types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        return pa.large_binary()
    if types.is_timestamp(kind) and kind.unit in ("s", "ns"):  # Parquet knows no seconds, Delta no nanos
        return pa.timestamp("ms" if kind.unit == "s" else "us", kind.tz)
    if types.is_decimal(kind):
        return pa.decimal128(kind.precision, kind.scale)
    return {pa.float16(): pa.float32(), pa.date64(): pa.timestamp("ms"), pa.time32("s"): pa.time32("ms")}.get(
        kind, kind
    )


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    wanted = canonical_type(name, column.type)
    if column.type == wanted:
        return column
    try:
        return column.cast(wanted)
    except pa.ArrowInvalid as error:
        raise Invalid(
            f"column {name!r} has times finer than a microsecond",
            hint="round them, e.g. `.dt.round('us')`, or keep them as whole numbers",
            extra={"column": name, "type": str(column.type), "why": str(error)[:200]},
        ) from error


def _exact(name: str, column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_null(column.type):
        return pa.chunked_array([pa.nulls(len(column), wanted)])  # most types cannot be cast back to null
    try:
        found = column.cast(wanted, safe=True)
        if pa.types.is_timestamp(wanted) or found.cast(column.type).equals(column):
            return found
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    raise Widened(name)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == wanted else column.cast(wanted)


def _one_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # 0/0 and float("nan") differ in their sign bit: the same content must have the same bytes.
    if not pa.types.is_floating(column.type) or not pc.any(pc.is_nan(column)).as_py():
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(float("nan"), column.type), column)
