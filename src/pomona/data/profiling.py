"""A table's profile in one streamed pass, or carried on from that of the version before."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.data.columns import Column, instants_of, numbers_of, outgrown
from pomona.data.memories import Memory
from pomona.data.tables.changes import identical
from pomona.data.tables.frames import to_polars
from pomona.data.tables.sampling import has_bins
from pomona.stats.correlations import Comoments
from pomona.stats.profiles import profile_like
from pomona.stats.records import ColumnProfile, NumericProfile, TableProfile, TimeProfile

MOST_CORRELATED = 40  # numeric columns that correlations are computed of: the first ones

_MANY_ROWS = 100_000
_THREADS = min(8, os.cpu_count() or 1)


class Profiler:
    """The profile of a table that comes in chunks; nothing of a chunk is kept.

    Counts, moments, missing, minimum and maximum are exact, however the rows are cut. Different values
    are exact up to 4,000, else estimated (1.6 %); top values are exact in columns of up to 20,000
    different values, else values rarer than one row in 10,000 may be counted too low.

    Args:
        like: The profile whose bins are used, so that the two can be compared; a column that is new,
            of another kind, or ten times as long gets bins of its own.
        sample: Rows from all over the table, to choose those bins from if there are columns that need
            them; by default the first chunk, which is a poor guide where the rows come in an order.
        expected: How many rows will come, if that is known.
    """

    def __init__(
        self,
        like: TableProfile | None = None,
        *,
        sample: Callable[[], pa.Table | None] = lambda: None,
        expected: int = 0,
    ) -> None:
        self._like = like
        self._sample = sample
        self._expected = expected
        self._rows = 0
        self._columns: dict[str, Column] = {}
        self._numeric: list[str] = []
        self._comoments = Comoments(())

    def add(self, chunk: pa.Table) -> None:
        """Take in some rows; every chunk has the same columns."""
        if not self._columns:
            self._begin(chunk)
        self._rows += chunk.num_rows
        chunk = chunk.combine_chunks()  # once here, not by each reader of a column
        work: list[tuple[Callable[..., None], Any]] = [
            (column.add, chunk.column(name)) for name, column in self._columns.items()
        ]
        if len(self._numeric) > 1:
            work.append((self._correlate, chunk.select(self._numeric)))
        if _THREADS == 1 or chunk.num_rows < _MANY_ROWS:
            for do, values in work:
                do(values)
            return
        with ThreadPoolExecutor(_THREADS) as pool:  # the work is NumPy's and Polars': it runs at once
            list(pool.map(lambda one: one[0](one[1]), reversed(work)))

    def finish(self) -> TableProfile:
        """The profile of all rows taken in."""
        several = len(self._numeric) > 1 and self._rows > 0
        correlations = self._comoments.finish() if several else None
        columns = {name: column.finish() for name, column in self._columns.items()}
        return TableProfile(rows=self._rows, columns=columns, correlations=correlations)

    def memory(self) -> Memory:
        """What has to be known to carry this profile on."""
        columns = {name: column.kept() for name, column in self._columns.items()}
        return Memory(columns=columns, comoments=self._comoments.state)

    def _begin(self, chunk: pa.Table) -> None:
        likes = {name: self._bins_of(name) for name in chunk.column_names}
        self._columns = {name: Column(like) for name, like in likes.items()}
        if any(likes[field.name] is None and has_bins(field.type) for field in chunk.schema):
            sample = self._sample()
            for name, column in self._columns.items():
                if sample is not None and name in sample.column_names:
                    column.look_at(sample.column(name))
        self._numeric = numeric(chunk.schema)
        self._comoments = Comoments(self._numeric)

    def _correlate(self, chunk: pa.Table) -> None:
        self._comoments.add(_floats(chunk))

    def _bins_of(self, name: str) -> ColumnProfile | None:
        like = self._like.columns.get(name) if self._like is not None else None
        binned = isinstance(like, NumericProfile | TimeProfile)
        return like if like is not None and binned and not outgrown(like.count, self._expected) else None


class Carried:
    """The profile of the version before, carried on: only rows that come and go are looked at.

    It is what a ``Profiler`` of all rows would find, moments and correlations up to rounding; of words in
    a column with more than 20,000 different ones up to one row in 10,000 more may be missed. What the
    rows that moved do not tell (the lowest value went: which one is it now?) is named by ``unsure``.

    Args:
        before: The profile of the version before.
        memory: What it was made from.
        schema: The columns of both versions.
    """

    def __init__(self, before: TableProfile, memory: Memory, schema: pa.Schema) -> None:
        self._before = before
        self._rows = before.rows
        self._moved = memory.moved
        self._waiting: list[tuple[pa.Table, pa.Table, int]] = []
        self._waiting_rows = 0
        self._columns = {name: Column(before.columns[name], memory.columns[name]) for name in schema.names}
        self._numeric = numeric(schema)
        self._comoments = Comoments.of(self._numeric, memory.comoments)

    def exchange(self, gone: pa.Table, come: pa.Table, pairs: int) -> None:
        """Some rows went and some came; the first ``pairs`` of both are the same rows, changed."""
        self._rows += come.num_rows - gone.num_rows
        self._moved += come.num_rows + gone.num_rows
        self._waiting.append((gone, come, pairs))
        self._waiting_rows += come.num_rows + gone.num_rows
        if self._waiting_rows >= _MANY_ROWS:  # few rows at a time would cost much more
            self._look()

    def _look(self) -> None:
        """Take in what waits."""
        if not self._waiting:
            return
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        pairs = sum(each for _, _, each in waiting)
        gone = _pairs_first([(was, each) for was, _, each in waiting])
        come = _pairs_first([(now, each) for _, now, each in waiting])
        for name, column in self._columns.items():
            was, now = gone.column(name), come.column(name)
            same = pairs if identical(was.slice(0, pairs), now.slice(0, pairs)) else 0
            column.remove(was.slice(same))
            column.add(now.slice(same))
        if len(self._numeric) > 1:
            self._comoments.add(_floats(gone.select(self._numeric)), -1)
            self._comoments.add(_floats(come.select(self._numeric)))

    def unsure(self) -> Sequence[str]:
        """Columns whose values have to be read once more, all of them."""
        self._look()
        everything = list(self._columns)
        if self._moved > self._rows or outgrown(self._before.rows, self._rows):
            return everything
        if self._comoments.imprecise or any(column.imprecise for column in self._columns.values()):
            return everything
        return [name for name, column in self._columns.items() if column.unsure]

    def without_ends(self, unsure: Sequence[str]) -> list[str]:
        """Those of the columns that ``unsure`` named which only ``find_ends`` has to see, from now on."""
        if len(unsure) == len(self._columns):
            return []
        found = [name for name in unsure if self._columns[name].unsure_of_ends]
        for name in found:
            self._columns[name].forget_ends()
        return found

    def find_ends(self, chunk: pa.Table) -> None:
        """Look for the lowest and the highest value of these columns; all chunks are shown in turn."""
        for name in chunk.column_names:
            self._columns[name].find_ends(chunk.column(name))

    def finish(self, again: Profiler | None) -> tuple[TableProfile, Memory]:
        """The profile of all rows that are there; asked after ``unsure``.

        Args:
            again: Has seen all values of the columns that ``unsure`` named, but for ``without_ends``.
        """
        if again is None:
            return self._known()
        seen, learnt = again.finish(), again.memory()
        if len(seen.columns) == len(self._columns):
            return seen, learnt
        profile, memory = self._known()
        return (
            msgspec.structs.replace(profile, columns=profile.columns | seen.columns),
            msgspec.structs.replace(memory, columns=memory.columns | learnt.columns),
        )

    def _known(self) -> tuple[TableProfile, Memory]:
        several = len(self._numeric) > 1 and self._rows > 0
        profile = TableProfile(
            rows=self._rows,
            columns={name: column.finish() for name, column in self._columns.items()},
            correlations=self._comoments.finish() if several else None,
        )
        kept = {name: column.kept() for name, column in self._columns.items()}
        return profile, Memory(columns=kept, comoments=self._comoments.state, moved=self._moved)


def profile_table(table: pa.Table, like: TableProfile | None = None) -> TableProfile:
    """Profile every column of a table; ``like`` as in ``Profiler``."""
    profiler = Profiler(like)
    profiler.add(table)
    return profiler.finish()


def column_like(reference: ColumnProfile, values: pl.Series) -> ColumnProfile:
    """The profile of values in the bins of another of their kind, so that the two can be compared."""
    present, missing = values.drop_nulls(), values.null_count()
    numbers = numbers_of(present)
    if isinstance(reference, NumericProfile) and numbers is not None:
        return profile_like(reference, numbers, missing=missing)
    if isinstance(reference, TimeProfile):
        return profile_like(reference, instants_of(present).to_numpy(), missing=missing)
    counts = present.cast(pl.String).rename("value").value_counts(name="rows")
    return profile_like(reference, dict(counts.iter_rows()), missing=missing)


def numeric(schema: pa.Schema) -> list[str]:
    """The columns that correlations are computed of."""
    types = pa.types
    found = [
        f.name
        for f in schema
        if types.is_integer(f.type) or types.is_floating(f.type) or types.is_decimal(f.type)
    ]
    return found[:MOST_CORRELATED]


def _pairs_first(tables: Sequence[tuple[pa.Table, int]]) -> pa.Table:
    """One table: the first rows of each, as many as are said, then the other ones of each."""
    pairs = [table.slice(0, pairs) for table, pairs in tables]
    alone = [table.slice(pairs) for table, pairs in tables]
    return pa.concat_tables([*pairs, *alone]).combine_chunks()


def _floats(chunk: pa.Table) -> list[NDArray[np.float64]]:
    return [column.cast(pl.Float64).to_numpy() for column in to_polars(chunk)]
