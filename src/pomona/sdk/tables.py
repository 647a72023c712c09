"""Tables of the user's libraries to bytes on the wire, and back. Imports them only when used."""

import io
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pomona.core.errors import Invalid, MissingExtra, NotFound

if TYPE_CHECKING:
    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
_FILES = {".parquet": PARQUET, ".csv": "text/csv", ".arrows": ARROW}
_IN_MEMORY_BYTES = 64 << 20
_TOLD_BYTES = 1 << 20


def encode(table: Any) -> tuple[BinaryIO, str]:
    """A table as a stream of bytes and their content type.

    Args:
        table: pandas, Polars or Arrow table, a Polars query, a stream of Arrow batches, anything with the
            Arrow C stream protocol, or the path of a ``.parquet`` or ``.csv`` file, which is sent as it is.
            Queries and streams go through a file, batch by batch. Named indexes of pandas become columns.

    Raises:
        Invalid: If it is none of these.
        NotFound: If there is no such file.
    """
    if isinstance(table, str | Path):
        return _open(Path(table))
    if _is_of("polars", table) and hasattr(table, "sink_parquet"):
        return _queried(table), PARQUET
    rows = batches_of(table)
    import pyarrow.ipc

    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  the sender closes it
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    with pyarrow.ipc.new_stream(body, rows.schema, options=options) as out:
        for batch in rows:
            out.write_batch(batch)
    body.seek(0)
    return body, ARROW  # type: ignore[return-value]  # it reads like any binary file


def told(body: BinaryIO, progress: Callable[[int, int], None]) -> BinaryIO:
    """The same stream; ``progress`` is told the bytes that were read from it, and all there are."""
    return io.BufferedReader(_Told(body, progress), _TOLD_BYTES)


def decode(body: bytes) -> "pa.Table":
    """The table in an Arrow stream."""
    return _pyarrow().ipc.open_stream(body).read_all()


def batches_of(table: Any) -> "pa.RecordBatchReader":
    """Any table of a library as a stream of Arrow batches; nothing is copied before it is read.

    Raises:
        Invalid: If it is not a table.
    """
    pa = _pyarrow()
    if isinstance(table, pa.RecordBatchReader):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(table.schema, [table])
    if _is_of("pandas", table) and hasattr(table, "columns"):
        return _of_pandas(table).to_reader()
    if _is_of("pyarrow", table) and hasattr(table, "scanner"):  # a dataset of files
        return table.scanner().to_reader()
    if hasattr(table, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(table)
    raise Invalid(
        f"a {type(table).__name__} is not a table",
        hint="pass a pandas, Polars or Arrow table, or the path of a .parquet or .csv file",
    )


def _of_pandas(table: Any) -> "pa.Table":
    named = [name for name in table.index.names if name is not None]
    flat = table.reset_index(level=named) if named else table
    if not all(isinstance(name, str) for name in flat.columns):
        raise Invalid("a column's name is not text", hint="rename the columns: df.columns = [...]")
    with warnings.catch_warnings():  # pyarrow reads times with zones in a way that pandas 3.1 gives up
        warnings.filterwarnings("ignore", message="Series.values", category=DeprecationWarning)
        return _pyarrow().Table.from_pandas(flat, preserve_index=False)


def _queried(query: Any) -> BinaryIO:
    """What a Polars query gives, as a Parquet file that nobody else sees."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "query.parquet"
        query.sink_parquet(path, compression="lz4")
        return path.open("rb")  # it stays readable without its name


def _is_of(library: str, table: Any) -> bool:
    return type(table).__module__.partition(".")[0] == library


class _Told(io.RawIOBase):
    """A stream that tells how far it was read."""

    def __init__(self, body: BinaryIO, progress: Callable[[int, int], None]) -> None:
        super().__init__()
        self._body = body
        self._progress = progress
        self._size = body.seek(0, os.SEEK_END)
        body.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._body.seek(offset, whence)

    def tell(self) -> int:
        return self._body.tell()

    def readinto(self, buffer: Any) -> int:
        piece = self._body.read(len(buffer))
        buffer[: len(piece)] = piece
        self._progress(self._body.tell(), self._size)
        return len(piece)


def _open(path: Path) -> tuple[BinaryIO, str]:
    kind = _FILES.get(path.suffix.lower())
    if kind is None:
        raise Invalid(f"{path.name}: unknown kind of file", hint=f"known: {', '.join(_FILES)}")
    try:
        return path.open("rb"), kind
    except FileNotFoundError:
        raise NotFound(f"no file {path}", hint="check the path") from None
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", hint="check the path") from error


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ModuleNotFoundError as error:
        raise MissingExtra("pyarrow", "server") from error
    return pa
