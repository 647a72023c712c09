"""JSON lines: a first pass finds the columns of every block, a second reads them; both stream."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import json

_BLOCK = 8 << 20
_LONGEST = 64 << 20  # a single line


class JsonLinesFile:
    """One object a line; a column some lines lack is null there. May be packed (.gz, .bz2, .zst).

    Args:
        known: Columns whose types are known, and which are there even if no line has them.
    """

    def __init__(self, path: Path, *, known: Mapping[str, pa.DataType] | None = None) -> None:
        self._path = path
        self._known = pa.schema(list((known or {}).items()))
        self.rows: int | None = None
        self.schema = self._look()

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Every row; columns in the types the whole file has."""
        options = json.ParseOptions(explicit_schema=self.schema, unexpected_field_behavior="ignore")
        for block in self._blocks():
            yield from _read(block, options).select(self.schema.names).to_batches()

    def _look(self) -> pa.Schema:
        found, rows = self._known, 0
        options = json.ParseOptions(explicit_schema=self._known) if self._known.names else json.ParseOptions()
        for block in self._blocks():
            table = _read(block, options)
            rows += table.num_rows
            found = _joined(found, table.schema)
        self.rows = rows
        return pa.schema([pa.field(field.name, _kept(field.type)) for field in found])

    def _blocks(self) -> Iterator[bytes]:
        rest = b""
        with pa.input_stream(str(self._path), compression="detect") as stream:
            while piece := stream.read(_BLOCK):
                whole, line_end, rest = (rest + piece).rpartition(b"\n")
                if len(rest) > _LONGEST:
                    raise pa.ArrowInvalid(f"a line is longer than {_LONGEST >> 20} MiB")
                if line_end and whole.strip():
                    yield whole + b"\n"
        if rest.strip():
            yield rest


def _read(block: bytes, options: json.ParseOptions) -> pa.Table:
    size = json.ReadOptions(block_size=len(block) + 1)
    return json.read_json(pa.BufferReader(block), read_options=size, parse_options=options)


def _kept(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_null(kind) else kind


def _joined(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Both schemas' columns; what looked like a time in one block and like text in another is text."""
    fixed = []
    for field in other:
        place = one.get_field_index(field.name)
        kinds = {field.type, one.field(place).type} if place >= 0 else {field.type}
        as_text = len(kinds) > 1 and pa.string() in kinds and any(map(pa.types.is_timestamp, kinds))
        if as_text:
            one = one.set(place, pa.field(field.name, pa.string()))
        fixed.append(pa.field(field.name, pa.string()) if as_text else field)
    return pa.unify_schemas([one, pa.schema(fixed)], promote_options="permissive")
