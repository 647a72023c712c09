"""Rows that the server streams: as Arrow batches, or whole in the user's library."""

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pomona.sdk.session import Session

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_BUFFER = 1 << 20


class Rows:
    """Some rows on the server; nothing is fetched before it is asked for, and then anew each time."""

    def __init__(self, session: Session, path: str, query: Mapping[str, Any]) -> None:
        self._session = session
        self._path = path
        self._query = query

    def batches(self) -> "pa.RecordBatchReader":
        """The rows as they come, a few at a time: for tables larger than memory.

        Raises:
            Unavailable: While reading, if the answer breaks off.
        """
        import pyarrow as pa

        pieces = PieceFile(self._session.stream(self._path, self._query))
        return pa.ipc.open_stream(io.BufferedReader(pieces, _BUFFER))

    def to_arrow(self) -> "pa.Table":
        """The rows as an Arrow table."""
        return self.batches().read_all()

    def to_polars(self) -> "pl.DataFrame":
        """The rows as a Polars frame."""
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self.to_arrow()))

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as a pandas frame."""
        return self.to_arrow().to_pandas()


class PieceFile(io.RawIOBase):
    """Pieces of bytes as a file that can be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
