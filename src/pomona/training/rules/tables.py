"""Tables among a run's files: which they are, and their first rows."""

import io
import math
from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from pomona.core.errors import Invalid
from pomona.training.records.studies import ArtifactTable

Cell = str | float | bool | None
MOST_BYTES = 256 << 20
_LONGEST = 500  # characters of one cell
_HINT = "Parquet, CSV, TSV, JSON lines, or JSON as mlflow.log_table writes it; or download it"


def first_rows(path: str, body: bytes, limit: int) -> ArtifactTable:
    """The first rows of a Parquet, CSV, TSV, JSON-lines or JSON table.

    Raises:
        Invalid: If the file is none of these, or cannot be read.
    """
    import pyarrow as pa  # slow to import, and few files are tables

    end = path.rpartition(".")[2].lower()
    try:
        if end == "parquet":
            return _parquet(body, limit)
        if end in ("csv", "tsv"):
            return _csv(body, limit, "\t" if end == "tsv" else ",")
        if end in ("jsonl", "ndjson"):
            lines = [line for line in body.splitlines() if line.strip()]
            return _records((msgspec.json.decode(line) for line in lines[:limit]), len(lines))
        if end == "json":
            return _json(msgspec.json.decode(body), limit)
    except (pa.ArrowException, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path!r} cannot be read as a table: {error}", hint=_HINT) from error
    raise Invalid(f"{path!r} is no table", hint=_HINT)


def _parquet(body: bytes, limit: int) -> ArtifactTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(body))
    batch = next(file.iter_batches(batch_size=limit), None)
    names = file.schema_arrow.names
    rows = (
        [] if batch is None else [[row[name] for name in names] for row in batch.slice(0, limit).to_pylist()]
    )
    return _table(names, rows, file.metadata.num_rows)


def _csv(body: bytes, limit: int, delimiter: str) -> ArtifactTable:
    import csv

    lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    try:
        names = next(lines, [])
        rows = list(islice((line for line in lines if line), limit))
        more = sum(1 for line in lines if line)
    except csv.Error as error:
        raise Invalid(f"this cannot be read as CSV: {error}", hint=_HINT) from error
    filled = [(row + [""] * len(names))[: len(names)] for row in rows]
    return _table(names, filled, len(rows) + more)


def _json(found: Any, limit: int) -> ArtifactTable:
    if (
        isinstance(found, dict)
        and isinstance(found.get("columns"), list)
        and isinstance(found.get("data"), list)
    ):
        rows = [row if isinstance(row, list) else [row] for row in found["data"][:limit]]
        return _table([str(name) for name in found["columns"]], rows, len(found["data"]))
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found[:limit]):
        return _records(found[:limit], len(found))
    raise Invalid("this JSON is no table", hint=_HINT)


def _records(rows: Iterable[Any], total: int) -> ArtifactTable:
    kept = [row if isinstance(row, dict) else {"value": row} for row in rows]
    names = list(dict.fromkeys(str(name) for row in kept for name in row))
    return _table(names, [[row.get(name) for name in names] for row in kept], total)


def _table(names: list[str], rows: list[list[Any]], total: int) -> ArtifactTable:
    return ArtifactTable(columns=names, rows=[[_cell(value) for value in row] for row in rows], total=total)


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        exact = abs(value) < 2**53 and math.isfinite(value)
        return value if exact else str(value)
    if isinstance(value, dict | list):
        text = msgspec.json.encode(value, enc_hook=str).decode()
    else:
        text = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
