"""Tables and files of any size as answers: sent as they are made, a few pieces ahead of the reader."""

import io
from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
from litestar.response import Stream

from pomona.data.incoming import ARROW


class Outbox(io.RawIOBase):
    """A file that is written on one side and taken away, piece by piece, on the other."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, body: object) -> int:
        piece = bytes(body)  # type: ignore[call-overload]  # any buffer: it is used again by the writer
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What was written since."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def arrow_answer(rows: pa.RecordBatchReader) -> Stream:
    """Rows as an Arrow stream; what goes wrong with the first of them is still an error answer."""
    return Stream(begun(_arrow(rows)), media_type=ARROW)


def begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the first one is made now."""
    return chain([next(pieces, b"")], pieces)


def _arrow(rows: pa.RecordBatchReader) -> Iterator[bytes]:
    out = Outbox()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with rows, pa.ipc.new_stream(out, rows.schema, options=options) as writer:
        for batch in rows:
            writer.write_batch(batch)
            yield out.take()
    yield out.take()
