"""Tables and files of any size as answers: sent as they are made, a few pieces ahead of the reader."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from litestar.response import Stream

from pomona.data.export.outbox import Outbox
from pomona.data.rules import ARROW

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_answer(rows: "pa.RecordBatchReader") -> Stream:
    """Rows as an Arrow stream; what goes wrong with the first of them is still an error answer."""
    return Stream(begun(_arrow(rows)), media_type=ARROW)


def arrow_bytes(table: "pa.Table") -> bytes:
    """A table of a size known to be small, as an Arrow stream in one piece."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out:
        out.write_table(table)
    return bytes(sink.getvalue())


def begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the first one is made now."""
    return chain([next(pieces, b"")], pieces)


def _arrow(rows: "pa.RecordBatchReader") -> Iterator[bytes]:
    import pyarrow as pa  # when the first table is read, not when the server starts

    out = Outbox()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    try:
        with rows, pa.ipc.new_stream(out, rows.schema, options=options) as writer:
            for batch in rows:
                writer.write_batch(batch)
                yield out.take()
        yield out.take()
    finally:
        pa.default_memory_pool().release_unused()  # what a large answer took is not kept
