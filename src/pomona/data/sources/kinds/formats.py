"""Files as batches: CSV, Parquet, JSON lines and Excel, several of them as one table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pomona.core.errors import Invalid, MissingExtra
from pomona.data.records import Field
from pomona.data.sources import rules
from pomona.data.sources.door import Ask
from pomona.data.sources.kinds.csv_files import CsvFile
from pomona.data.sources.kinds.jsonl_files import JsonLinesFile

FORMATS = ("csv", "parquet", "jsonl", "excel")
OPTIONS = {
    "format": "csv, parquet, jsonl or excel; default: by the name's ending",
    "sheet": "the sheet of an Excel file; default: the first",
    "delimiter": "what separates a CSV file's values; default: a comma, in .tsv a tab",
}
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xls": "excel",
    ".xlsb": "excel",
    ".ods": "excel",
}
_BATCH_ROWS = 65_536


class TableFile(Protocol):
    """One file: its columns, then its rows."""

    @property
    def schema(self) -> pa.Schema: ...
    @property
    def rows(self) -> int | None: ...
    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Batches of its columns, those that ``schema`` has, in its types."""
        ...


def check_options(options: dict[str, str]) -> None:
    """Refuse a format there is none of."""
    wanted = options.get("format")
    if wanted is not None and wanted not in FORMATS:
        raise Invalid(
            f"no format {wanted!r}", hint=f"one of {', '.join(FORMATS)}", extra={"field": "options"}
        )


def format_of(name: str, options: dict[str, str]) -> str:
    """The format of a file, from the options or its name's ending."""
    low = name.lower().partition("?")[0]
    for packed in (".gz", ".zst", ".bz2"):
        low = low.removesuffix(packed)
    found = options.get("format") or _ENDINGS.get(Path(low).suffix)
    if found is None:
        raise Invalid(
            f"{name!r} does not say what it holds",
            hint=f"set the option format to one of {', '.join(FORMATS)}",
        )
    return found


def opened(path: Path, name: str, options: dict[str, str], known: Sequence[Field] = ()) -> TableFile:
    """A local file; ``name`` is what people call it.

    Raises:
        Invalid: If it is not what its name or the option says.
    """
    makers: dict[str, Callable[[], TableFile]] = {
        "csv": lambda: CsvFile(path, delimiter=_delimiter(name, options), known=known),
        "jsonl": lambda: JsonLinesFile(path),
        "parquet": lambda: _ParquetFile(path),
        "excel": lambda: _ExcelFile(path, options.get("sheet")),
    }
    with in_words(name):
        return makers[format_of(name, options)]()


@dataclass(frozen=True)
class Table:
    """Several files as one: every column that any of them has."""

    files: Sequence[tuple[str, TableFile]]
    schema: pa.Schema

    @property
    def rows(self) -> int | None:
        """All rows, if every file knows its own."""
        counts = [file.rows for _, file in self.files]
        return None if None in counts else sum(count or 0 for count in counts)

    def batches(self, ask: Ask) -> Iterator[pa.RecordBatch]:
        """The rows in the order of the files, beyond the cursor; a column a file lacks is null there."""
        left = ask.limit
        for name, file in self.files:
            with in_words(name):
                for batch in file.batches(self.schema):
                    found = beyond(_whole(batch, self.schema), ask)
                    if left is not None:
                        found, left = found.slice(0, left), left - min(left, found.num_rows)
                    if found.num_rows:
                        yield found
                    if left == 0:
                        return


def as_one(files: Sequence[tuple[str, TableFile]]) -> Table:
    """Several files as one table.

    Raises:
        Invalid: If a column has types in two files that nothing holds both of.
    """
    try:
        schema = pa.unify_schemas(
            [file.schema.remove_metadata() for _, file in files], promote_options="permissive"
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Invalid(
            f"the files do not fit together: {error}",
            hint="take them as sources of their own, or make them alike",
        ) from None
    return Table(files=files, schema=schema)


def beyond(batch: pa.RecordBatch, ask: Ask) -> pa.RecordBatch:
    """The rows beyond the question's cursor."""
    if ask.since is None:
        return batch
    column = batch.column(ask.since.column)
    value = rules.value_of(ask.since)
    if pa.types.is_timestamp(column.type) and column.type.tz is None and getattr(value, "tzinfo", None):
        value = value.replace(tzinfo=None)
    bound = pa.scalar(value).cast(column.type)
    keep = pc.greater_equal(column, bound) if ask.inclusive else pc.greater(column, bound)
    return batch.filter(keep)


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """What a reader says, with the file's name and without its internals."""
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError, EOFError, KeyError, OSError) as error:
        if (
            isinstance(error, OSError) and error.errno is not None
        ):  # the disk's or the network's, not the file's
            raise
        first = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise Invalid(
            f"{name} cannot be read: {first}",
            hint="is it whole, and of the format its name (or the option format) says?",
        ) from None


class _ParquetFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        with pq.ParquetFile(path) as file:
            self.schema = file.schema_arrow
            self.rows: int | None = file.metadata.num_rows

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS)


class _ExcelFile:
    """A sheet is at most a million rows, and no reader streams it: it is read whole."""

    def __init__(self, path: Path, sheet: str | None) -> None:
        try:
            import fastexcel
        except ModuleNotFoundError as error:
            raise MissingExtra("fastexcel", "sources") from error
        try:
            book = fastexcel.read_excel(path)
            found: Any = book.load_sheet(sheet if sheet is not None else 0)
            self._batch = found.to_arrow()
        except fastexcel.FastExcelError as error:
            raise Invalid(
                f"the Excel file cannot be read: {str(error).splitlines()[0]}",
                hint="is it whole, and the sheet there?",
            ) from None
        self.schema = self._batch.schema
        self.rows: int | None = self._batch.num_rows

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        yield self._batch


def _delimiter(name: str, options: dict[str, str]) -> str:
    chosen = options.get("delimiter") or ("\t" if ".tsv" in name.lower() else ",")
    return "\t" if chosen == "\\t" else chosen


def _whole(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)
