"""A table's profile: one summary per column, of the kind its type asks for."""

import polars as pl
import pyarrow as pa

from pomona.data.tables import to_polars
from pomona.stats.profiles import profile_categories, profile_numeric, profile_times
from pomona.stats.records import CategoryProfile, ColumnProfile, TableProfile


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
        return profile_numeric(values.dt.total_microseconds().to_numpy() / 1e6, missing=missing)
    if kind.is_numeric() or kind == pl.Boolean:
        return profile_numeric(values.cast(pl.Float64).to_numpy(), missing=missing)
    if isinstance(kind, pl.Datetime):
        utc = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if kind.time_zone else values
        return profile_times(utc.cast(pl.Datetime("us")).to_numpy(), missing=missing)
    if kind == pl.Date:
        return profile_times(values.cast(pl.Datetime("us")).to_numpy(), missing=missing)
    if kind in (pl.String, pl.Time):
        counts = values.cast(pl.String).rename("value").value_counts(name="rows")
        return profile_categories(dict(counts.iter_rows()), missing=missing)
    return CategoryProfile(count=len(values), missing=missing, other=len(values))


def _series(table: pa.Table, name: str) -> pl.Series:
    return to_polars(table.select([name])).to_series()
