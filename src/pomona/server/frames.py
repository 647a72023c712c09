"""Arrow tables as answers: Arrow for programs, CSV, Parquet and JSON lines for files."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from litestar import Response

from pomona.server.streams import arrow_answer

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["arrow", "csv", "parquet", "jsonl"]
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}


def table_answer(table: "pa.Table", form: Format, name: str) -> Response[bytes]:
    """A table, streamed as Arrow, or as a file called ``name`` with the format's ending."""
    if form == "arrow":
        return arrow_answer(table.to_reader(max_chunksize=20_000))  # type: ignore[return-value]
    disposition = f'attachment; filename="{name}.{form}"'
    return Response(
        _WRITERS[form](table), media_type=_KINDS[form], headers={"content-disposition": disposition}
    )


def _csv(table: "pa.Table") -> bytes:
    import pyarrow as pa
    import pyarrow.csv

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return bytes(sink.getvalue())


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow as pa
    import pyarrow.parquet

    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _jsonl(table: "pa.Table") -> bytes:
    import msgspec

    lines = [
        msgspec.json.encode({k: v for k, v in row.items() if v is not None}) for row in table.to_pylist()
    ]
    return b"".join(line + b"\n" for line in lines)


_WRITERS: dict[str, "Callable[[pa.Table], bytes]"] = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl}
