"""What changed between two tables: rows added, removed and changed, exactly.

With a key: joined by it, every common column compared bit by bit (NaN equals NaN, 0.0 is not -0.0); a
value in a column that the old table has not yet is a change, a null there is none. Without a key: the
difference of two multisets of rows, told apart by 128 bits of hash.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.records import Record
from pomona.data.tables.bits import BitComparer
from pomona.data.tables.frames import keys_of, named, series, to_polars, values_of
from pomona.data.tables.numbers import arrow

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_SEEDS = (7, 77)
_WAS = " (was)"


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
    found = before >= 0
    names = [name for name in new.column_names if name not in key]
    known = [name for name in names if name in old.column_names]
    changed = np.zeros(new.num_rows, bool)
    changed[found] = _differ(old.select(known), new.select(known), before, found)
    for name in set(names).difference(known):
        changed |= found & series(new, name).is_not_null().to_numpy()
    alone = np.ones(old.num_rows, bool)
    alone[before[found]] = False
    return Comparison(
        added=np.flatnonzero(~found),
        changed=np.flatnonzero(changed),
        removed=np.flatnonzero(alone),
        replaced=before[changed],
    )


def partners(old: pa.Table, new: pa.Table, key: Sequence[str]) -> Rows:
    """For each new row the old one with its key; -1 if there is none."""
    left, right = keys_of(new, key), keys_of(old, key)
    if left.height == right.height and left.equals(right):
        return np.arange(left.height)
    if right.schema != left.schema:
        right = right.cast(dict(left.schema))  # type: ignore[arg-type]  # names to types
    if left.width == 1 and left.schema["0"].is_integer():
        found = _looked_up(left["0"], right["0"])
        if found is not None:
            return found
    right = right.with_row_index("__old")
    joined = left.join(right, on=left.columns, how="left", maintain_order="left")["__old"]
    return joined.cast(pl.Int64).fill_null(-1).to_numpy()


def _looked_up(left: pl.Series, right: pl.Series) -> Rows | None:
    """``partners`` of a whole-number key, each old one looked up in the new ones; None unless those rise.

    Old keys come in stretches that rise, one of each file: a search begins where the last one ended.
    """
    if left.is_empty() or left.null_count() or right.null_count():
        return None
    new, old = left.to_numpy(), right.to_numpy()
    if not (new[1:] > new[:-1]).all():
        return None
    places = np.searchsorted(new, old).clip(max=len(new) - 1)
    there = np.flatnonzero(new[places] == old)
    found = np.full(len(new), -1, np.int64)
    found[places[there]] = there
    return found


def _differ(old: pa.Table, new: pa.Table, before: Rows, found: Mask) -> Mask:
    """Which of the ``found`` rows of ``new`` are not bit by bit the rows ``before`` says; same columns."""
    bits = BitComparer(before)
    changed, others = np.zeros(new.num_rows, bool), []
    for name in new.column_names:
        found_so = bits.differ(old.column(name), new.column(name))
        if found_so is None:
            others.append(name)
        else:
            changed |= found_so
    changed = changed[found]
    was, now = _picked(old.num_rows, before[found]), _picked(new.num_rows, np.flatnonzero(found))
    for name in others:
        one, other = was(old.column(name)), now(new.column(name))
        if not identical(one, other):
            changed |= differs(values_of(one), values_of(other))
    return changed


def _picked(rows: int, places: Rows) -> Callable[[pa.ChunkedArray], pa.ChunkedArray]:
    """Takes the values at these places from columns of so many rows, long stretches in one move."""
    if not (np.diff(places) > 0).all():
        return lambda column: column.take(arrow(places))
    if len(places) == rows:
        return lambda column: column
    kept = np.zeros(rows, bool)
    kept[places] = True
    return lambda column: column.filter(arrow(kept))


def identical(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Whether two columns are the same in every bit: most are, and memory is compared fast."""
    if one.type != other.type:
        return False
    if pa.types.is_floating(one.type):
        bits = pa.int64() if one.type == pa.float64() else pa.int32()
        one, other = (pa.chunked_array([c.view(bits) for c in side.chunks], bits) for side in (one, other))
    return bool(one.equals(other))


def differs(before: pl.Series, after: pl.Series) -> Mask:
    """Where two columns of the same length hold different values, bit by bit."""
    if before.dtype != after.dtype:
        try:
            before = before.cast(after.dtype)
        except pl.exceptions.PolarsError:  # retyped: nothing is the same any more, but a missing value
            return (before.is_not_null() | after.is_not_null()).to_numpy()
    pair = pl.DataFrame({"now": after, f"now{_WAS}": before})
    return pair.select(_bits(pair, "now").ne_missing(_bits(pair, "now", _WAS))).to_series().to_numpy()


def row_hashes(table: pa.Table) -> NDArray[np.uint64]:
    """128 bits of every row, shape (rows, 2): equal rows have equal hashes, within one process."""
    frame = to_polars(table)
    frame = frame.select(_bits(frame, name) for name in frame.columns)
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


def _bits(frame: pl.DataFrame, name: str, suffix: str = "") -> pl.Expr:
    """A column; floats as the integers of the same bits, so that equal means identical."""
    column, kind = named(f"{name}{suffix}"), frame.schema[name]
    if kind not in (pl.Float32, pl.Float64):
        return column
    return column.reinterpret(dtype=pl.Int64 if kind == pl.Float64 else pl.Int32)
