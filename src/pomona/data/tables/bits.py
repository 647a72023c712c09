"""Columns of values of one width, compared by their bits: each side in one piece, in memory used again."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_WIDTHS = (1, 2, 4, 8)


class BitComparer:
    """Compares columns of two tables whose rows go together in pairs.

    Args:
        before: For each new row the old one it is compared with; -1: none.
    """

    def __init__(self, before: NDArray[np.int64]) -> None:
        self._found = before >= 0
        self._whole = bool(self._found.all())
        self._before = before if self._whole else np.where(self._found, before, 0)
        self._in_place = np.array_equal(self._before, np.arange(len(before)))
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def differ(self, old: pa.ChunkedArray, new: pa.ChunkedArray) -> NDArray[np.bool_] | None:
        """Which new rows are not what their old ones are; None for columns that are not compared so."""
        width = width_of(new.type)
        if width is None or old.type != new.type or old.null_count or new.null_count:
            return None
        if not len(old) or not len(new):
            return None
        was, now = self._joined("old", old, width), self._joined("new", new, width)
        if self._in_place:
            was = was[: len(now)]
        else:
            was = np.take(was, self._before, out=self._room("was", len(now), width), mode="clip")
        changed: NDArray[np.bool_] = was != now
        return changed if self._whole else changed & self._found

    def _joined(self, side: str, column: pa.ChunkedArray, width: int) -> NDArray[np.unsignedinteger]:
        """The values in one piece, as whole numbers of the same bits."""
        pieces = [_bits(chunk, width) for chunk in column.chunks if len(chunk)]
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate(pieces, out=self._room(side, len(column), width))

    def _room(self, side: str, rows: int, width: int) -> NDArray[np.unsignedinteger]:
        if self._memory.get(side, np.empty(0)).size < rows * width:
            self._memory[side] = np.empty(rows * 8, np.uint8)
        return self._memory[side][: rows * width].view(f"u{width}")


def width_of(kind: pa.DataType) -> int | None:
    """Bytes of each value of a type whose values are equal if their bytes are; None for other types."""
    types = pa.types
    simple = types.is_integer(kind) or types.is_floating(kind) or types.is_temporal(kind)
    if not simple or types.is_interval(kind) or kind.bit_width // 8 not in _WIDTHS:
        return None
    return int(kind.bit_width // 8)


def _bits(chunk: pa.Array, width: int) -> NDArray[np.unsignedinteger]:
    body = chunk.buffers()[1]
    return np.frombuffer(body, f"u{width}", count=len(chunk), offset=chunk.offset * width)
