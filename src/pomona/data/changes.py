"""What a full export changed against the version before: rows added, removed and changed, exactly."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from pomona.core.records import Record
from pomona.data.tables import to_polars

_ROW = "__pomona_row"


class Changes(Record, frozen=True, kw_only=True):
    """Counts of rows. Without a key a changed row counts as one removed and one added."""

    added: int
    removed: int
    changed: int

    @property
    def none(self) -> bool:
        """The two tables hold the same rows."""
        return self.added == self.removed == self.changed == 0


def compare(old: pa.Table, new: pa.Table, key: Sequence[str]) -> Changes:
    """Count the differences of two canonical tables.

    With a key: joined by it, every common column compared bit by bit (NaN equals NaN, 0.0 is not
    -0.0); a value in a column that ``old`` has not yet is a change, a null there is none. Without a
    key: a difference of multisets of rows.
    """
    if not key:
        return _compare_rows(old, new)
    columns = list(key)
    left = to_polars(old.select(columns)).with_row_index(_ROW)
    right = to_polars(new.select(columns)).with_row_index(_ROW)
    pairs = left.join(right, on=columns, how="inner", nulls_equal=True)
    changed = pl.zeros(pairs.height, dtype=pl.Boolean, eager=True)
    for name in new.column_names:
        if name not in columns:
            after = _column(new, name).gather(pairs[f"{_ROW}_right"])
            if name in old.column_names:
                changed = changed | _differs(_column(old, name).gather(pairs[_ROW]), after)
            else:
                changed = changed | after.is_not_null()
    return Changes(
        added=right.height - pairs.height,
        removed=left.height - pairs.height,
        changed=int(changed.sum()),
    )


def overlap(old: pa.Table, new: pa.Table, key: Sequence[str]) -> pl.DataFrame:
    """Keys of ``new`` that ``old`` has already."""
    columns = list(key)
    return to_polars(new.select(columns)).join(
        to_polars(old.select(columns)), on=columns, how="semi", nulls_equal=True
    )


def _compare_rows(old: pa.Table, new: pa.Table) -> Changes:
    names = new.column_names
    missing = [name for name in names if name not in old.column_names]
    for name in missing:
        old = old.append_column(name, pa.nulls(old.num_rows, new.schema.field(name).type))
    before = _row_hashes(old.select(names)).rename({"count": "before"})
    after = _row_hashes(new).rename({"count": "after"})
    both = before.join(after, on="row", how="full", coalesce=True).fill_null(0)
    more = both["after"].cast(pl.Int64) - both["before"].cast(pl.Int64)
    return Changes(added=int(more.clip(0).sum()), removed=int((-more).clip(0).sum()), changed=0)


def _row_hashes(table: pa.Table) -> pl.DataFrame:
    bits = [_bits(_column(table, name)) for name in table.column_names]
    hashes = pl.DataFrame({"row": pl.DataFrame(bits).hash_rows(seed=7)})
    return hashes.group_by("row").agg(pl.len().alias("count"))


def _column(table: pa.Table, name: str) -> pl.Series:
    return pl.Series(name, to_polars(table.select([name])).to_series())


def _differs(before: pl.Series, after: pl.Series) -> pl.Series:
    if before.dtype != after.dtype:
        before = before.cast(after.dtype)
    return _bits(before).ne_missing(_bits(after))


def _bits(column: pl.Series) -> pl.Series:
    """Floats as the integers of the same bits, so that equal means identical."""
    if column.dtype not in (pl.Float32, pl.Float64):
        return column
    whole = pl.Int64 if column.dtype == pl.Float64 else pl.Int32
    nulls = column.is_null()
    bits = pl.Series(column.name, column.fill_null(0.0).to_numpy().view("i8" if whole == pl.Int64 else "i4"))
    return bits.set(nulls, None) if nulls.any() else bits
