"""Tables as they come in, piece by piece: Arrow, Parquet or CSV bytes, a table, a stream of batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from pomona.core.errors import Invalid
from pomona.data.records import Field
from pomona.data.rules import ARROW
from pomona.data.tables.dictionaries import repeating

PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv"
_TEXT = ("string", "binary")
_PIECE_ROWS = 1 << 19
_FEW_ROWS = 1024
_BATCH_ROWS = 1 << 17  # small enough for memory that was let go to be taken again
_CSV_BLOCK = 64 << 20  # types are read off the first block


@dataclass(frozen=True)
class Again:
    """Rows that can be read as often as they are wanted.

    Attributes:
        read: All of them, or these columns only, in pieces.
        width: Bytes a row, about.
    """

    read: Callable[[Sequence[str] | None], Iterator[pa.Table]]
    rows: int
    width: float


@dataclass(frozen=True)
class Incoming:
    """A table on its way in: its schema, its rows in pieces, once, and perhaps a way to read them again."""

    schema: pa.Schema
    pieces: Iterator[pa.Table]
    again: Again | None = None


def incoming(table: pa.Table | pa.RecordBatchReader) -> Incoming:
    """A table or a stream of batches."""
    if isinstance(table, pa.RecordBatchReader):
        return Incoming(table.schema, _guarded(_gathered(table), "Arrow stream"))
    pieces = (table.slice(start, _PIECE_ROWS) for start in range(0, table.num_rows, _PIECE_ROWS))
    return Incoming(table.schema, pieces)


def decode(body: BinaryIO, content_type: str, known: Sequence[Field] = ()) -> Incoming:
    """The table in ``body``.

    Args:
        content_type: One of ``ARROW``, ``PARQUET``, ``CSV``.
        known: Columns of the version before: a CSV says nothing of types, so text stays text there.

    Raises:
        Invalid: If the bytes are not of that type; some faults show only while the pieces are read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (ARROW, PARQUET, CSV):
        raise Invalid(
            f"a table cannot come as {content_type or 'nothing'!r}",
            hint=f"send {ARROW}, {PARQUET} or {CSV}",
        )
    try:
        if kind == ARROW:
            return incoming(pa.ipc.open_stream(body))
        if kind == PARQUET:
            return _parquet(body)
        return _csv(body, known)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        raise _unreadable(_word(kind), error) from error


def _parquet(body: BinaryIO) -> Incoming:
    plain = pq.ParquetFile(body)
    file = pq.ParquetFile(body, metadata=plain.metadata, read_dictionary=repeating(plain.metadata))

    def read(columns: Sequence[str] | None) -> Iterator[pa.Table]:
        batches = file.iter_batches(_BATCH_ROWS, columns=columns)
        return _guarded((pa.Table.from_batches([batch]) for batch in batches), "Parquet file")

    return Incoming(plain.schema_arrow, read(None), Again(read, file.metadata.num_rows, _width(plain)))


def _width(file: pq.ParquetFile) -> float:
    """Bytes that a row takes in memory, about: as its first rows do, not less than in the file."""
    rows = max(1, file.metadata.num_rows)
    stored = sum(file.metadata.row_group(n).total_byte_size for n in range(file.num_row_groups)) / rows
    first = next(file.iter_batches(_FEW_ROWS), None)
    return float(stored if first is None else max(stored, first.nbytes / max(1, first.num_rows)))


def _csv(body: BinaryIO, known: Sequence[Field]) -> Incoming:
    text = {field.name: pa.string() for field in known if field.type in _TEXT}
    convert = pyarrow.csv.ConvertOptions(
        column_types=text, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    read = pyarrow.csv.ReadOptions(block_size=_CSV_BLOCK)
    size = body.seek(0, 2)
    body.seek(0)
    if size <= _CSV_BLOCK:  # small enough for its types to be read off all of it
        return incoming(pyarrow.csv.read_csv(body, convert_options=convert))
    return incoming(pyarrow.csv.open_csv(body, read_options=read, convert_options=convert))


def _gathered(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= _PIECE_ROWS:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _guarded(pieces: Iterator[pa.Table], word: str) -> Iterator[pa.Table]:
    try:
        yield from pieces
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        raise _unreadable(word, error) from error


def _unreadable(word: str, error: BaseException) -> Invalid:
    return Invalid(
        f"the body is no readable {word}: {error}",
        hint="is the file whole, and of the type its name says?",
    )


def _word(kind: str) -> str:
    return {ARROW: "Arrow stream", PARQUET: "Parquet file", CSV: "CSV file"}[kind]
