"""A table's profile in one streamed pass: one summary per column, of the kind its type asks for."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.data.naming import Naming
from pomona.data.tables.frames import to_polars
from pomona.stats.correlations import Comoments
from pomona.stats.distinct import Distinct
from pomona.stats.profiles import merge, profile_like, profile_numeric, profile_times
from pomona.stats.records import CategoryProfile, ColumnProfile, NumericProfile, TableProfile, TimeProfile

MOST_CORRELATED = 40  # numeric columns that correlations are computed of: the first ones

_EDGE_ROWS = 100_000
_OUTGROWN = 10  # times as many rows as its reference: then the bins are chosen anew
_FEW = 10_000
_THREADS = min(8, os.cpu_count() or 1)


class Profiler:
    """The profile of a table that comes in chunks; nothing of a chunk is kept.

    Counts, moments, missing, minimum and maximum are exact, however the rows are cut. Different values
    are exact up to 4,000, else estimated (1.6 %); top values are exact in columns of up to 20,000
    different values, else values rarer than one row in 10,000 may be counted too low.

    Args:
        like: The profile whose bins are used, so that the two can be compared; a column that is new,
            of another kind, or ten times as long gets bins of its own.
        sample: Rows from all over the table, to choose those bins from; by default the first chunk,
            which is a poor guide where the rows come in an order.
    """

    def __init__(self, like: TableProfile | None = None, *, sample: pa.Table | None = None) -> None:
        self._like = like
        self._sample = sample
        self._rows = 0
        self._columns: dict[str, _Column] = {}
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
        if _THREADS == 1 or chunk.num_rows < _EDGE_ROWS:
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

    def _begin(self, chunk: pa.Table) -> None:
        known = self._like.columns if self._like is not None else {}
        for field in chunk.schema:
            self._columns[field.name] = _Column(known.get(field.name))
            if self._sample is not None and field.name in self._sample.column_names:
                self._columns[field.name].look_at(self._sample.column(field.name))
            kind = field.type
            if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
                self._numeric.append(field.name)
        self._numeric = self._numeric[:MOST_CORRELATED]
        self._comoments = Comoments(self._numeric)

    def _correlate(self, chunk: pa.Table) -> None:
        self._comoments.add([_floats(to_polars(chunk.select([name]))) for name in chunk.column_names])


def profile_table(table: pa.Table, like: TableProfile | None = None) -> TableProfile:
    """Profile every column of a table; ``like`` as in ``Profiler``."""
    profiler = Profiler(like)
    profiler.add(table)
    return profiler.finish()


def column_like(reference: ColumnProfile, values: pl.Series) -> ColumnProfile:
    """The profile of values in the bins of another of their kind, so that the two can be compared."""
    present, missing = values.drop_nulls(), values.null_count()
    numbers = _numbers(present)
    if isinstance(reference, NumericProfile) and numbers is not None:
        return profile_like(reference, numbers, missing=missing)
    if isinstance(reference, TimeProfile):
        return profile_like(reference, _instants(present).to_numpy(), missing=missing)
    counts = present.cast(pl.String).rename("value").value_counts(name="rows")
    return profile_like(reference, dict(counts.iter_rows()), missing=missing)


class _Column:
    """One column's summary so far.

    Numbers, booleans and durations (in seconds) by histogram, times by histogram, words by value. Of
    what has no order and no name (lists, structs, bytes) only the number of values is kept.
    """

    def __init__(self, like: ColumnProfile | None) -> None:
        self._like = like
        self._edges: Any = None  # chosen with the first values
        self._profile: ColumnProfile | None = None
        self._distinct = Distinct()
        self._naming = Naming()
        self._counted = False  # whether `_distinct` saw the values

    def add(self, column: pa.ChunkedArray) -> None:
        series = _series(column)
        missing, values = series.null_count(), series.drop_nulls()
        found = self._summary(values, missing)
        self._profile = found if self._profile is None else merge(self._profile, found)

    def look_at(self, sample: pa.ChunkedArray) -> None:
        """Choose the bins."""
        values = _series(sample).drop_nulls()
        kind = values.dtype
        if isinstance(kind, pl.Datetime) or kind == pl.Date:
            self._choose_times(_instants(values))
        elif (numbers := _numbers(values)) is not None:
            self._choose(numbers)

    def finish(self) -> ColumnProfile:
        profile = self._profile or CategoryProfile(count=0)
        distinct = min(self._distinct.count, profile.count) if self._counted else 0
        if isinstance(profile, CategoryProfile):
            top = self._naming.top()
            other = profile.count - sum(top.values())
            return msgspec.structs.replace(profile, distinct=distinct, top=top, other=other)
        return msgspec.structs.replace(profile, distinct=distinct)

    def _summary(self, values: pl.Series, missing: int) -> ColumnProfile:
        kind = values.dtype
        if isinstance(kind, pl.Datetime) or kind == pl.Date:
            instants = _instants(values)
            self._choose_times(instants)
            self._count(instants)
            return profile_times(instants.to_numpy(), missing=missing, edges=self._edges)
        numbers = _numbers(values)
        if numbers is not None:
            self._choose(numbers)
            found = profile_numeric(numbers, missing=missing, edges=self._edges)
            self._count(values.filter(values.is_not_nan()) if found.nan else values)
            return found
        if kind in (pl.String, pl.Time):
            words = values.cast(pl.String)
            self._count(words)
            self._naming.add(words, exact=self._distinct.count)
        return CategoryProfile(count=len(values), missing=missing, other=len(values))

    def _choose(self, numbers: NDArray[np.float64]) -> None:
        if self._edges is None and not np.isnan(numbers).all():
            self._edges = self._inherited(NumericProfile, len(numbers))
            if self._edges is None:
                # Every row is counted, but where the bins begin is read off every n-th row: sorting a
                # million values costs more than all the rest, and moves an edge by less than noise.
                self._edges = profile_numeric(numbers[:: max(1, len(numbers) // _EDGE_ROWS)]).edges

    def _choose_times(self, instants: pl.Series) -> None:
        if self._edges is None and len(instants):
            self._edges = self._inherited(TimeProfile, len(instants))
            if self._edges is None:
                self._edges = profile_times(instants.to_numpy()).edges

    def _inherited(self, kind: type[NumericProfile | TimeProfile], rows: int) -> Any:
        like = self._like
        if not isinstance(like, kind) or like.count * _OUTGROWN < rows:
            return None
        return like.edges

    def _count(self, values: pl.Series) -> None:
        self._counted = True
        hashes = values.hash()
        if self._distinct.full:
            hashes = hashes.filter(hashes < self._distinct.bound)
        if len(hashes) > _FEW and hashes.head(_FEW).n_unique() < _FEW / 2:
            hashes = hashes.unique()  # much the same few values again: do not sort them all
        self._distinct.add(hashes.to_numpy())


def _series(column: pa.ChunkedArray) -> pl.Series:
    return to_polars(pa.table({"value": column})).to_series()


def _numbers(values: pl.Series) -> NDArray[np.float64] | None:
    """Numbers, booleans and durations (in seconds) as floats; None for other kinds."""
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds().to_numpy() / 1e6
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64).to_numpy()
    return None


def _instants(values: pl.Series) -> pl.Series:
    """Times and days as UTC, in microseconds."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return values.cast(pl.Datetime("us"))


def _floats(frame: pl.DataFrame) -> NDArray[np.float64]:
    return frame.to_series().cast(pl.Float64).to_numpy()
