"""What changed between two tables: rows added, removed and changed, exactly.

With a key: joined by it, every common column compared bit by bit (NaN equals NaN, 0.0 is not -0.0); a
value in a column that the old table has not yet is a change, a null there is none. Without a key: the
difference of two multisets of rows, told apart by 128 bits of hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.records import Record
from pomona.data.tables import series, to_polars

Rows = NDArray[np.int64]
_SEEDS = (7, 77)


class Changes(Record, frozen=True, kw_only=True):
    """Counts of rows. Without a key a changed row counts as one removed and one added."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    @property
    def none(self) -> bool:
        """The two tables hold the same rows."""
        return self.added == self.removed == self.changed == 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            added=self.added + other.added,
            removed=self.removed + other.removed,
            changed=self.changed + other.changed,
        )


@dataclass(frozen=True)
class Comparison:
    """Row numbers: of the new table (added, changed), of the old one (removed, replaced)."""

    added: Rows
    changed: Rows
    removed: Rows
    replaced: Rows  # the old rows of ``changed``, in the same order

    @property
    def counts(self) -> Changes:
        """How many of each."""
        return Changes(added=len(self.added), removed=len(self.removed), changed=len(self.changed))


def compare(old: pa.Table, new: pa.Table, key: Sequence[str]) -> Comparison:
    """Compare two tables by key, which names each row once in both."""
    if old.num_rows == 0 or new.num_rows == 0:
        nothing = np.empty(0, np.int64)
        return Comparison(np.arange(new.num_rows), nothing, np.arange(old.num_rows), nothing)
    before = partners(old, new, key)
    matched = np.flatnonzero(before >= 0)
    was = before[matched]
    everyone = len(matched) == new.num_rows
    straight = everyone and len(was) == old.num_rows and bool((np.diff(was) == 1).all())
    changed = np.zeros(len(matched), bool)
    for name in new.column_names:
        if name in key:
            continue
        after = series(new, name)
        after = after if everyone else after.gather(matched)
        if name in old.column_names:
            former = series(old, name)
            changed |= differs(former if straight else former.gather(was), after)
        else:
            changed |= after.is_not_null().to_numpy()
    alone = np.ones(old.num_rows, bool)
    alone[was] = False
    return Comparison(
        added=np.flatnonzero(before < 0),
        changed=matched[changed],
        removed=np.flatnonzero(alone),
        replaced=was[changed],
    )


def partners(old: pa.Table, new: pa.Table, key: Sequence[str]) -> Rows:
    """For each new row the old one with its key; -1 if there is none."""
    columns = list(key)
    left, right = to_polars(new.select(columns)), to_polars(old.select(columns))
    if left.height == right.height and left.equals(right):
        return np.arange(left.height)
    if right.schema != left.schema:
        right = right.cast(dict(left.schema))  # type: ignore[arg-type]  # names to types
    joined = left.join(right.with_row_index("__old"), on=columns, how="left", maintain_order="left")
    return joined["__old"].cast(pl.Int64).fill_null(-1).to_numpy()


def differs(before: pl.Series, after: pl.Series) -> NDArray[np.bool_]:
    """Where two columns of the same length hold different values, bit by bit."""
    if before.dtype != after.dtype:
        try:
            before = before.cast(after.dtype)
        except pl.exceptions.PolarsError:  # retyped: nothing is the same any more, but a missing value
            return (before.is_not_null() | after.is_not_null()).to_numpy()
    return _bits(before).ne_missing(_bits(after)).to_numpy()


def row_hashes(table: pa.Table) -> NDArray[np.uint64]:
    """128 bits of every row, shape (rows, 2): equal rows have equal hashes, within one process."""
    frame = pl.DataFrame([_bits(series(table, name)) for name in table.column_names])
    return np.stack([frame.hash_rows(seed=seed).to_numpy() for seed in _SEEDS], axis=1)


def compare_multisets(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> tuple[Rows, Rows]:
    """Row numbers that only the new table has, and only the old one, each as often as it is too many."""
    before, after = _numbered(old), _numbered(new)
    on = ["a", "b", "n"]
    added = after.join(before, on=on, how="anti")["row"].sort().to_numpy()
    removed = before.join(after, on=on, how="anti")["row"].sort().to_numpy()
    return added.astype(np.int64), removed.astype(np.int64)


def _numbered(hashes: NDArray[np.uint64]) -> pl.DataFrame:
    frame = pl.DataFrame({"a": hashes[:, 0], "b": hashes[:, 1]}).with_row_index("row")
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).over("a", "b").alias("n"))


def _bits(column: pl.Series) -> pl.Series:
    """Floats as the integers of the same bits, so that equal means identical."""
    if column.dtype not in (pl.Float32, pl.Float64):
        return column
    return column.reinterpret(dtype=pl.Int64 if column.dtype == pl.Float64 else pl.Int32)
