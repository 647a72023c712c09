"""The canonical form of a table, its Parquet bytes, and reading those back.

Canonical: large strings, lists and binaries; dictionaries decoded; no metadata; one NaN; columns in the
order of the version before (new ones behind); rows of a keyed dataset ordered by time, then key. So the
same content gives the same bytes, whatever library, chunks, row groups or encodings it came in. Rows
of a dataset without a key keep their order: there it is content.

Parquet bytes also carry the writing library's version, so after an upgrade of pyarrow an equal table
may get another digest; ``changes`` compares the content itself, so no version is made of that.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.data.records import DataFile, Field, TimeWindow

ROW_GROUP_ROWS = 131_072  # small enough for a day's window to skip most, large enough to scan fast


def canonical(table: pa.Table, parent: pa.Schema | None, *, order: Sequence[str] = ()) -> pa.Table:
    """``table`` in canonical form, its columns cast to the parent's types where nothing is lost.

    Args:
        parent: The Arrow schema of the version before.
        order: Columns that order the rows: time, then key. Empty: rows stay as they are.

    Raises:
        Invalid: If a column has a type that cannot be kept.
    """
    names = column_order(table.column_names, parent.names if parent else ())
    columns = {}
    for name in names:
        column = _plain(name, table.column(name))
        if parent is not None and name in parent.names:
            column = _fit(column, parent.field(name).type)
        columns[name] = _one_nan(column)
    plain = pa.table(columns, schema=pa.schema([(name, column.type) for name, column in columns.items()]))
    return _ordered(plain, order).combine_chunks()


def column_order(names: Sequence[str], parent: Sequence[str]) -> list[str]:
    """The parent's columns in its order, then the new ones in theirs."""
    return [*(name for name in parent if name in names), *(name for name in names if name not in parent)]


def canonical_type(name: str, kind: pa.DataType) -> pa.DataType:
    """The type a column is kept in.

    Raises:
        Invalid: If Parquet or Polars cannot hold it.
    """
    types = pa.types
    if types.is_dictionary(kind):
        return canonical_type(name, kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.large_list(pa.field("item", canonical_type(name, kind.value_type)))
    if types.is_struct(kind):
        return pa.struct([pa.field(f.name, canonical_type(f"{name}.{f.name}", f.type)) for f in kind.fields])
    if types.is_nested(kind) or types.is_interval(kind) or isinstance(kind, pa.BaseExtensionType):
        raise Invalid(
            f"column {name!r} has the type {kind}, which cannot be kept",
            hint="convert it to numbers, text, times, lists or structs",
            extra={"column": name, "type": str(kind)},
        )
    return _flat_type(kind)


def fields_of(schema: pa.Schema) -> tuple[Field, ...]:
    """The columns as records."""
    return tuple(Field(name=field.name, type=str(field.type).replace("large_", "")) for field in schema)


def key_faults(table: pa.Table, key: Sequence[str]) -> tuple[dict[str, int], int, list[Any]]:
    """Null key values per column; rows with a key that is there twice, and a few of those keys."""
    nulls = {name: table.column(name).null_count for name in key}
    if not key or any(nulls.values()):
        return nulls, 0, []
    keys = to_polars(table.select(list(key)))
    distinct = keys.n_unique()
    if distinct == keys.height:
        return nulls, 0, []
    repeated = keys.group_by(list(key), maintain_order=True).len().filter(pl.col("len") > 1)
    examples = repeated.head(5).drop("len").to_dicts()
    return nulls, int(repeated["len"].sum()), [_json(example) for example in examples]


def to_parquet(table: pa.Table, time_column: str | None) -> tuple[bytes, DataFile]:
    """The table's Parquet bytes and their description."""
    out = BytesIO()
    # A dictionary of floats or times costs eight times the writing and saves nothing.
    coded = [
        f.name for f in table.schema if not (pa.types.is_floating(f.type) or pa.types.is_temporal(f.type))
    ]
    pq.write_table(table, out, row_group_size=ROW_GROUP_ROWS, compression="zstd", use_dictionary=coded)
    body = out.getvalue()
    since, until = time_range(table, time_column)
    digest = blake3(body).hexdigest()
    return body, DataFile(digest=digest, size=len(body), rows=table.num_rows, since=since, until=until)


def version_digest(fields: Iterable[Field], files: Iterable[DataFile]) -> str:
    """BLAKE3 root over the schema and the files' digests, in order."""
    root = blake3(b"pomona table 1\n")
    for field in fields:
        root.update(f"column {len(field.name)} {field.name} {field.type}\n".encode())
    for file in files:
        root.update(f"file {file.digest}\n".encode())
    return str(root.hexdigest())


def read_files(
    files: Sequence[DataFile],
    load: Callable[[str], bytes],
    *,
    columns: Sequence[str] | None = None,
    window: TimeWindow | None = None,
    time_column: str | None = None,
) -> pa.Table:
    """The rows of a version's files, oldest file first.

    Only files that reach into ``window`` are loaded, and of those only the row groups and columns asked
    for are decoded. A column that an older file does not have yet is null there.

    Args:
        load: Digest -> verified bytes.
    """
    schema = pq.read_schema(pa.BufferReader(load(files[-1].digest)))
    wanted = list(columns) if columns is not None else schema.names
    unknown = [name for name in wanted if name not in schema.names]
    if not wanted:
        raise Invalid("no columns were asked for", hint="leave `columns` out to read all")
    if unknown:
        raise Invalid(
            f"no column {unknown[0]!r} in this version", hint=f"it has: {', '.join(schema.names[:30])}"
        )
    target = pa.schema([schema.field(name) for name in wanted])
    inside = None
    if window is not None and time_column is not None:
        files = [file for file in files if _reaches(file, window)]
        inside = _condition(schema.field(time_column), window)
    parts = [_read_file(load(file.digest), target, inside) for file in files]
    return pa.concat_tables(parts) if parts else target.empty_table()


def stack(old: pa.Table, new: pa.Table) -> pa.Table:
    """The rows of ``new`` below those of ``old``; columns that ``old`` lacks are null there."""
    columns = [
        old.column(field.name).cast(field.type)
        if field.name in old.column_names
        else pa.nulls(len(old), field.type)
        for field in new.schema
    ]
    return pa.concat_tables([pa.table(columns, schema=new.schema), new])


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


def to_polars(table: pa.Table) -> pl.DataFrame:
    """The table as Polars, without copying where possible."""
    return pl.DataFrame(pl.from_arrow(table, rechunk=False))


def json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON values, for errors and examples."""
    return [_json(row) for row in frame.to_dicts()]


def _flat_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_string(kind) or types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary(kind) or types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_timestamp(kind) and kind.unit == "s":  # Parquet knows no seconds
        return pa.timestamp("ms", kind.tz)
    return {pa.float16(): pa.float32(), pa.date64(): pa.timestamp("ms"), pa.time32("s"): pa.time32("ms")}.get(
        kind, kind
    )


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    wanted = canonical_type(name, column.type)
    return column if column.type == wanted else column.cast(wanted)


def _fit(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """Cast to the parent's type if the value survives exactly; else leave it for the rule to refuse."""
    if column.type == wanted or not _same_family(column.type, wanted):
        return column
    try:
        fitted = column.cast(wanted, safe=True)
        exact = pa.types.is_timestamp(wanted) or fitted.cast(column.type).equals(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column
    return fitted if exact else column


def _same_family(one: pa.DataType, other: pa.DataType) -> bool:
    types = pa.types

    def number(kind: pa.DataType) -> bool:
        return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))

    if types.is_timestamp(one) and types.is_timestamp(other):
        return (one.tz is None) == (other.tz is None)
    if types.is_null(one):
        return True
    return (number(one) and number(other)) or (types.is_duration(one) and types.is_duration(other))


def _one_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # 0/0 and float("nan") differ in their sign bit: the same content must have the same bytes.
    if not pa.types.is_floating(column.type) or not pc.any(pc.is_nan(column)).as_py():
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(float("nan"), column.type), column)


def _ordered(table: pa.Table, order: Sequence[str]) -> pa.Table:
    names = list(dict.fromkeys(order))
    if not names or table.num_rows < 2:
        return table
    frame = to_polars(table.select(names)).with_row_index("__row")
    rows = frame.sort(names, nulls_last=True, maintain_order=True)["__row"]
    if rows.is_sorted():
        return table
    return table.take(rows.to_arrow())


def _read_file(body: bytes, target: pa.Schema, inside: pc.Expression | None) -> pa.Table:
    own = pq.read_schema(pa.BufferReader(body)).names
    have = [name for name in target.names if name in own]
    found = pq.read_table(pa.BufferReader(body), columns=have or own[:1], filters=inside)
    columns = [
        found.column(field.name).cast(field.type)
        if field.name in have
        else pa.nulls(found.num_rows, field.type)
        for field in target
    ]
    return pa.table(columns, schema=target)


def _reaches(file: DataFile, window: TimeWindow) -> bool:
    if file.since is None or file.until is None:
        return False
    early = window.until is not None and file.since >= window.until
    late = window.since is not None and file.until < window.since
    return not (early or late)


def _condition(field: pa.Field, window: TimeWindow) -> pc.Expression | None:
    column, found = pc.field(field.name), None
    for end, closed in ((window.since, True), (window.until, False)):
        if end is None:
            continue
        if pa.types.is_date(field.type):
            day = end.astimezone(UTC)
            midnight = day.time() == time(0)
            value = pa.scalar(day.date() if midnight else day.date() + timedelta(days=1), pa.date32())
        else:
            tz = field.type.tz
            moment = end.astimezone(UTC)
            value = pa.scalar(
                moment if tz else moment.replace(tzinfo=None), pa.timestamp("us", "UTC" if tz else None)
            )
        part = column >= value if closed else column < value
        found = part if found is None else found & part
    return found


def _utc(value: pa.Scalar) -> datetime | None:
    if not value.is_valid:
        return None
    if pa.types.is_date(value.type):
        day: date = value.as_py()
        return datetime.combine(day, time(0), UTC)
    micros: datetime = value.cast(pa.timestamp("us", value.type.tz), safe=False).as_py()
    return micros.replace(tzinfo=UTC) if micros.tzinfo is None else micros.astimezone(UTC)


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    if isinstance(value, float) and value != value:
        return "NaN"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
