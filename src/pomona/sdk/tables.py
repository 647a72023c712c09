"""Tables of the user's libraries to bytes on the wire, and back. Imports them only when used."""

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pomona.core.errors import Invalid, MissingExtra, NotFound

if TYPE_CHECKING:
    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
_FILES = {".parquet": "application/vnd.apache.parquet", ".csv": "text/csv", ".arrows": ARROW}
_IN_MEMORY_BYTES = 64 << 20


def encode(table: Any) -> tuple[BinaryIO, str]:
    """A table as a stream of bytes and their content type.

    Args:
        table: pandas, Polars or Arrow table, anything with the Arrow C stream protocol, or the path of a
            ``.parquet`` or ``.csv`` file, which is sent as it is. Named indexes of pandas become columns.

    Raises:
        Invalid: If it is none of these.
        NotFound: If there is no such file.
    """
    if isinstance(table, str | Path):
        return _open(Path(table))
    arrow = to_arrow(table)
    import pyarrow.ipc

    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  the sender closes it
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    with pyarrow.ipc.new_stream(body, arrow.schema, options=options) as out:
        out.write_table(arrow)
    body.seek(0)
    return body, ARROW  # type: ignore[return-value]  # it reads like any binary file


def decode(body: bytes) -> "pa.Table":
    """The table in an Arrow stream."""
    return _pyarrow().ipc.open_stream(body).read_all()


def to_arrow(table: Any) -> "pa.Table":
    """Any table of a library as Arrow.

    Raises:
        Invalid: If it is not a table.
    """
    pa = _pyarrow()
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns"):
        named = [name for name in table.index.names if name is not None]
        flat = table.reset_index(level=named) if named else table
        if not all(isinstance(name, str) for name in flat.columns):
            raise Invalid("a column's name is not text", hint="rename the columns: df.columns = [...]")
        with warnings.catch_warnings():  # pyarrow reads times with zones in a way that pandas 3.1 gives up
            warnings.filterwarnings("ignore", message="Series.values", category=DeprecationWarning)
            return pa.Table.from_pandas(flat, preserve_index=False)
    if hasattr(table, "collect") and type(table).__module__.partition(".")[0] == "polars":
        table = table.collect()
    if hasattr(table, "__arrow_c_stream__"):
        return pa.table(table)
    raise Invalid(
        f"a {type(table).__name__} is not a table",
        hint="pass a pandas, Polars or Arrow table, or the path of a .parquet or .csv file",
    )


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
