"""Rows as the bytes of a file in a common format, made while they are read.

Parquet holds every type. CSV and JSON lines have no word for some: lists and structs are JSON text in a
CSV, bytes are Base64, durations ISO 8601 (PT90S); in JSON lines decimals and times of day are text, and NaN
is null.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from pomona.data.export.outbox import Outbox
from pomona.data.export.rules import FileFormat
from pomona.data.tables.frames import named, to_polars, values_of

_GROUP_ROWS = 131_072


def encoded(rows: pa.RecordBatchReader, form: FileFormat) -> Iterator[bytes]:
    """The file, piece by piece."""
    encoders: Mapping[str, Callable[[pa.RecordBatchReader], Iterator[bytes]]] = {
        "parquet": _parquet,
        "csv": _csv,
        "jsonl": _jsonl,
    }
    return encoders[form](rows)


def groups(rows: pa.RecordBatchReader, group_rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of ``group_rows``, the last one shorter."""
    held: list[pa.Table] = []
    count = 0
    for batch in rows:
        table = pa.Table.from_batches([batch])
        while count + table.num_rows >= group_rows:
            cut = group_rows - count
            yield pa.concat_tables([*held, table.slice(0, cut)])
            held, count, table = [], 0, table.slice(cut)
        if table.num_rows:
            held.append(table)
            count += table.num_rows
    if held:
        yield pa.concat_tables(held)


def _parquet(rows: pa.RecordBatchReader) -> Iterator[bytes]:
    out = Outbox()
    with pq.ParquetWriter(out, rows.schema, compression="zstd", compression_level=3) as writer:
        for table in groups(rows, _GROUP_ROWS):
            writer.write_table(table, row_group_size=_GROUP_ROWS)
            yield out.take()
    yield out.take()


def _csv(rows: pa.RecordBatchReader) -> Iterator[bytes]:
    out = Outbox()
    schema = _flat(rows.schema.empty_table()).schema
    with pa.csv.CSVWriter(out, schema) as writer:
        for batch in rows:
            writer.write_table(_flat(pa.Table.from_batches([batch])))
            yield out.take()
    yield out.take()


def _jsonl(rows: pa.RecordBatchReader) -> Iterator[bytes]:
    for batch in rows:
        frame = to_polars(pa.Table.from_batches([batch]))
        yield _spoken(frame).write_ndjson().encode()


def _flat(table: pa.Table) -> pa.Table:
    """Every column in a type that a CSV has."""
    columns = {name: _flat_column(table.column(name)) for name in table.column_names}
    return pa.table(columns)


def _flat_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    types, kind = pa.types, column.type
    if types.is_nested(kind):
        return _json_text(column)
    if types.is_large_binary(kind):
        return _base64(column)
    if types.is_duration(kind):
        return _text(values_of(column).dt.to_string("iso"))
    if types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if types.is_decimal(kind) or types.is_time(kind):
        return column.cast(pa.string())
    return column


def _json_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = pl.DataFrame({"value": pl.from_arrow(column)})
    lines = _spoken(whole).write_ndjson().split("\n")[:-1]  # a text may hold other ends of lines
    inner = [line[len('{"value":') : -1] for line in lines]
    return pa.chunked_array([pa.array([None if text == "null" else text for text in inner], pa.string())])


def _base64(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return _text(values_of(column).bin.encode("base64"))


def _text(values: pl.Series) -> pa.ChunkedArray:
    return pa.chunked_array([values.to_arrow().cast(pa.large_string())])


def _spoken(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column in a type that JSON has."""
    return frame.select(_spoken_as(named(name), kind).alias(name) for name, kind in frame.schema.items())


def _spoken_as(value: pl.Expr, kind: Any) -> pl.Expr:
    if isinstance(kind, pl.List):
        return value.list.eval(_spoken_as(pl.element(), kind.inner))
    if isinstance(kind, pl.Struct):
        fields = [_spoken_as(value.struct.field(f.name), f.dtype).alias(f.name) for f in kind.fields]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    if kind == pl.Duration:
        return value.dt.to_string("iso")
    if kind == pl.Binary:
        return value.bin.encode("base64")
    if kind in (pl.Float32, pl.Float64):
        return pl.when(value.is_finite()).then(value)
    if kind == pl.Decimal or kind == pl.Time:  # noqa: PLR1714  a class of types
        return value.cast(pl.String)
    if isinstance(kind, pl.Datetime):
        return value.dt.to_string("iso:strict")
    return value
