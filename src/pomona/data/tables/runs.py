"""Rows in key order, of any number: sorted runs that spill to a disk, and cursors that walk them together.

What arrives is sorted piece by piece into *runs*. Runs, and the sorted data files of a version, are then
walked side by side: each cursor yields its rows below the next *cut* of the key range. So two tables of
any size are compared in the memory of a few ranges.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pomona.data.tables.frames import keys_of
from pomona.data.tables.numbers import arrow
from pomona.data.tables.sampling import sampled

Key = tuple[Any, ...]

RUN_BYTES = 192 << 20
_BATCH_ROWS = 65_536


class Cursor:
    """Tables in key order, taken range by range.

    Args:
        first: The lowest key there is, if it is known: nothing is read before its range comes.
    """

    def __init__(self, tables: Iterator[pa.Table], key: Sequence[str], *, first: Key | None = None) -> None:
        self._tables = tables
        self._key = key
        self._first = first
        self._held: pa.Table | None = None

    def take_before(self, cut: Key | None) -> list[pa.Table]:
        """The next rows, as far as their key is below ``cut``; all that are left if it is None."""
        if cut is not None and self._first is not None and self._first >= cut:
            return []
        taken = []
        while (table := self._next()) is not None:
            end = table.num_rows if cut is None else place(table, self._key, cut)
            if end:
                taken.append(table.slice(0, end))
            if end < table.num_rows:
                self._held = table.slice(end)
                break
        return taken

    def _next(self) -> pa.Table | None:
        held, self._held = self._held, None
        return held if held is not None else next(self._tables, None)


class Runs:
    """Canonical tables, sorted by key (or in their order, without one), in memory or on a disk.

    Args:
        folder: Where runs go that do not fit into memory.
    """

    def __init__(self, key: Sequence[str], folder: Path, *, run_bytes: int = RUN_BYTES) -> None:
        self._key = list(key)
        self._folder = folder
        self._run_bytes = run_bytes
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._spilled: list[Path] = []
        self.rows = 0
        self.width = 1.0  # bytes a row

    def add(self, table: pa.Table) -> None:
        """Take in a canonical table."""
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        self.rows += table.num_rows
        self.width = max(1.0, self._waiting_bytes / max(1, sum(part.num_rows for part in self._waiting)))
        if self._waiting_bytes >= self._run_bytes:
            self._spill()

    def tables(self) -> list[Callable[[], Iterator[pa.Table]]]:
        """How to walk each run; may be walked several times."""
        if self._spilled and self._waiting:
            self._spill()
        if self._waiting:
            run = sort(pa.concat_tables(self._waiting), self._key)
            self._waiting = [run]
            return [lambda: iter([run])]
        return [lambda path=path: _read(path) for path in self._spilled]  # type: ignore[misc]

    def cuts(self, rows_a_range: int) -> list[Key]:
        """Keys that part the rows into ranges of about ``rows_a_range``."""
        ranges = -(-self.rows // rows_a_range)
        if ranges < 2:
            return []
        step = max(1, rows_a_range // 64)
        sample = [self._every(run(), step) for run in self.tables()]
        return parted(sort(pa.concat_tables(sample), self._key), self._key, ranges)

    @cached_property
    def span(self) -> tuple[Key, Key]:
        """The lowest and the highest key of all rows; asked once every row has been added."""
        lows, highs = [], []
        for walk in self.tables():
            last = None
            for table in walk():
                if last is None:
                    lows.append(key_at(table, self._key, 0))
                last = table
            if last is not None:
                highs.append(key_at(last, self._key, last.num_rows - 1))
        return min(lows), max(highs)

    def sample(self) -> pa.Table | None:
        """A thin sample of all rows, to choose bins from."""
        return sampled(chain.from_iterable(walk() for walk in self.tables()))

    def _every(self, run: Iterator[pa.Table], step: int) -> pa.Table:
        kept = []
        for table in run:
            rows = np.arange(0, table.num_rows, step)
            kept.append(table.select(self._key).take(arrow(rows)))
        return pa.concat_tables(kept)

    def _spill(self) -> None:
        run = sort(pa.concat_tables(self._waiting), self._key)
        path = self._folder / f"run-{len(self._spilled)}.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, run.schema) as out:
            out.write_table(run, max_chunksize=_BATCH_ROWS)
        self._spilled.append(path)
        self._waiting, self._waiting_bytes = [], 0
        del run
        pa.default_memory_pool().release_unused()  # what was sorted is not held while the next rows come


def parted(keys: pa.Table, key: Sequence[str], ranges: int) -> list[Key]:
    """The keys that part sorted ones into so many ranges of about the same length."""
    places = np.linspace(0, keys.num_rows, ranges + 1)[1:-1].astype(int)
    found = [key_at(keys, key, int(row)) for row in places]
    return [cut for before, cut in zip([None, *found], found, strict=False) if cut != before]


def sort(table: pa.Table, key: Sequence[str]) -> pa.Table:
    """Rows ordered by key; without one, as they are."""
    if not key or table.num_rows < 2:
        return table
    keys = keys_of(table, key)
    if len(key) == 1 and keys.to_series().is_sorted():
        return table
    rows = keys.with_row_index("__row").sort(keys.columns, maintain_order=True)["__row"]
    return table if len(key) > 1 and rows.is_sorted() else table.take(rows.to_arrow())


def place(table: pa.Table, key: Sequence[str], cut: Key) -> int:
    """The first row of a sorted table whose key is not below ``cut``."""
    low, high = 0, int(table.num_rows)
    if high and key_at(table, key, high - 1) < cut:
        return high
    while low < high:
        middle = (low + high) // 2
        if key_at(table, key, middle) < cut:
            low = middle + 1
        else:
            high = middle
    return low


def key_at(table: pa.Table, key: Sequence[str], row: int) -> Key:
    """The key of a row, as values that compare in the order of the sort."""
    return tuple(_comparable(table.column(name)[row]) for name in key)


def _comparable(value: pa.Scalar) -> Any:
    kind = value.type
    if pa.types.is_timestamp(kind):  # whatever the unit of its column was
        return value.cast(pa.timestamp("us", kind.tz)).value
    return value.value if pa.types.is_temporal(kind) else value.as_py()


def _read(path: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(number)])
