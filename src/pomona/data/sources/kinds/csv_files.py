"""CSV: a first pass over the whole file finds each column's type, a second reads it; both stream.

A reader that guesses from the first block meets "n/a" in row two million and gives up. Here a value that
does not fit widens its column (whole numbers, numbers, times, text), and the pass begins again.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from pomona.data.records import Field

_BLOCK = 8 << 20
_TEXT = ("string", "binary")
_MISFIT = re.compile(r"In CSV column #(\d+): .*CSV conversion error to ([\w\[\]=, /:+-]+?):", re.DOTALL)


class CsvFile:
    """One CSV file with a header line; may be packed (.gz, .bz2, .zst).

    Args:
        known: Columns of the version before: text stays text, whatever its values look like.
    """

    rows: int | None = None

    def __init__(self, path: Path, *, delimiter: str, known: Sequence[Field]) -> None:
        self._path = path
        self._delimiter = delimiter
        self._types: dict[str, pa.DataType] = {f.name: pa.string() for f in known if f.type in _TEXT}
        self.schema = self._look()

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Every row; columns in the types the whole file has."""
        yield from self._open({field.name: field.type for field in self.schema})

    def _look(self) -> pa.Schema:
        while True:
            names: list[str] = []
            try:
                reader = self._open(self._types)
                names = reader.schema.names
                for _ in reader:
                    pass
            except pa.ArrowInvalid as error:
                self._widen(error, names or self._header())
                continue
            odd = next((field.name for field in reader.schema if pa.types.is_binary(field.type)), None)
            if odd is not None:
                raise pa.ArrowInvalid(f"column {odd!r} holds text that is not UTF-8")
            return pa.schema(
                [pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in reader.schema]
            )

    def _widen(self, error: pa.ArrowInvalid, names: list[str]) -> None:
        """Raises the error again if it is not about a value that does not fit."""
        found = _MISFIT.search(str(error))
        if found is None or int(found.group(1)) >= len(names):
            raise error
        name, kind = names[int(found.group(1))], found.group(2)
        wider = _wider(kind)
        if self._types.get(name) == wider:
            raise error
        self._types[name] = wider

    def _header(self) -> list[str]:
        with self._bytes() as stream:
            line = bytes(stream.read(1 << 16)).split(b"\n", 1)[0].rstrip(b"\r")
        read: list[str] = csv.read_csv(
            pa.BufferReader(line + b"\n"), parse_options=csv.ParseOptions(delimiter=self._delimiter)
        ).column_names
        return read

    def _open(self, types: dict[str, pa.DataType]) -> Any:
        return csv.open_csv(
            self._bytes(),
            read_options=csv.ReadOptions(block_size=_BLOCK),
            parse_options=csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )

    def _bytes(self) -> Any:
        return pa.input_stream(str(self._path), compression="detect")


def _wider(kind: str) -> pa.DataType:
    """The next type that holds more: null, whole number, number, text; date, time, text."""
    ladder: dict[str, pa.DataType] = {
        "null": pa.int64(),
        "int64": pa.float64(),
        "date32[day]": pa.timestamp("us"),
        "timestamp[s]": pa.timestamp("us"),
    }
    return ladder.get(kind.strip(), pa.string())
