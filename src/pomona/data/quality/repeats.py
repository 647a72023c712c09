"""Values that occur more than once in a column of any length, found from their hashes."""

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

_IN_MEMORY = 16_000_000  # hashes (8 bytes each); more are put on disk, by their first bits
_PARTS = 64


class Repeats:
    """Hashes of all rows; equal ones are found at the end, a part of the values at a time.

    Two different values share a 64-bit hash in one table of 5 million rows out of a million (birthday
    bound): they would count as repeated.
    """

    def __init__(self, *, in_memory: int = _IN_MEMORY) -> None:
        self._most = in_memory
        self._held: list[NDArray[np.uint64]] = []
        self._count = 0
        self._files: list[IO[bytes]] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Take in rows; those with a null in any column are left out."""
        hashes = row_hashes(frame.drop_nulls())
        self._held.append(hashes)
        self._count += len(hashes)
        if self._count > self._most:
            self._spill()

    def finish(self) -> tuple[int, NDArray[np.uint64]]:
        """How many rows are like another, and the hashes of those."""
        rows, repeated = 0, [np.array([], dtype=np.uint64)]
        for part in self._parts():
            values = pl.Series(part).sort().to_numpy()
            same = values[1:] == values[:-1]
            again = np.unique(values[1:][same])
            rows += int(same.sum()) + len(again)
            repeated.append(again)
        return rows, np.concatenate(repeated)

    def _spill(self) -> None:
        if not self._files:
            self._files = [tempfile.TemporaryFile() for _ in range(_PARTS)]  # noqa: SIM115  closed below
        for hashes in self._held:
            which = (hashes >> np.uint64(58)).astype(np.int64)
            order = np.argsort(which, kind="stable")
            bounds = np.searchsorted(which[order], np.arange(_PARTS + 1))
            for part, file in enumerate(self._files):
                file.write(hashes[order[bounds[part] : bounds[part + 1]]].tobytes())
        self._held, self._count = [], 0

    def _parts(self) -> Iterator[NDArray[np.uint64]]:
        if not self._files:
            if self._held:
                yield np.concatenate(self._held)
            return
        self._spill()
        for file in self._files:
            with file:
                file.seek(0)
                yield np.frombuffer(file.read(), dtype=np.uint64)
        self._files = []


def row_hashes(frame: pl.DataFrame) -> NDArray[np.uint64]:
    """One 64-bit hash a row: equal rows have equal ones."""
    if frame.width == 1:
        return frame.to_series().alias("value").hash().to_numpy()  # not by its name: "^x$" is a pattern
    return frame.hash_rows().to_numpy()
