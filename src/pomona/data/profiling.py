"""A table's profile: one summary per column, of the kind its type asks for."""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.data.tables import to_polars
from pomona.stats.profiles import profile_categories, profile_numeric, profile_times
from pomona.stats.records import CategoryProfile, ColumnProfile, NumericProfile, TableProfile

_EDGE_ROWS = 100_000


def profile_table(table: pa.Table) -> TableProfile:
    """Profile every column of a table."""
    columns = {name: profile_column(_series(table, name)) for name in table.column_names}
    return TableProfile(rows=table.num_rows, columns=columns)


def profile_column(column: pl.Series) -> ColumnProfile:
    """Numbers, booleans and durations (in seconds) by histogram, times by histogram, words by value.

    Of what has no order and no name (lists, structs, bytes) only the number of values is kept.
    """
    missing, kind = column.null_count(), column.dtype
    values = column.drop_nulls()
    if kind == pl.Duration:
        return _numeric(values.dt.total_microseconds().to_numpy() / 1e6, missing)
    if kind.is_numeric() or kind == pl.Boolean:
        return _numeric(values.cast(pl.Float64).to_numpy(), missing)
    if isinstance(kind, pl.Datetime):
        utc = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if kind.time_zone else values
        return profile_times(utc.cast(pl.Datetime("us")).to_numpy(), missing=missing)
    if kind == pl.Date:
        return profile_times(values.cast(pl.Datetime("us")).to_numpy(), missing=missing)
    if kind in (pl.String, pl.Time):
        counts = values.cast(pl.String).rename("value").value_counts(name="rows")
        return profile_categories(dict(counts.iter_rows()), missing=missing)
    return CategoryProfile(count=len(values), missing=missing, other=len(values))


def _numeric(values: NDArray[np.float64], missing: int) -> NumericProfile:
    # Every row is counted, but where the bins begin is read off every n-th row: sorting a million
    # values per column costs more than all the rest of a commit, and moves an edge by less than noise.
    step = len(values) // _EDGE_ROWS
    edges = profile_numeric(values[::step]).edges if step > 1 else None
    return profile_numeric(values, missing=missing, edges=edges)


def _series(table: pa.Table, name: str) -> pl.Series:
    return to_polars(table.select([name])).to_series()
