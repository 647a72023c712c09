"""The difference of two versions as a stream of steps, each a range of the key (or some of the rows).

Only rows that the versions do not share are read. They are walked side by side in key order, so versions
of any size that share nothing are compared in the memory of a few ranges. Without a key rows are told
apart by 128 bits of hash.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.data.diff.rules import Part, common_type, everything, may_share, unshared
from pomona.data.tables.canonical import same_family
from pomona.data.tables.changes import compare_multisets, partners, row_hashes
from pomona.data.tables.files import FileReader
from pomona.data.tables.frames import series
from pomona.data.tables.numbers import arrow, no_rows
from pomona.data.tables.replaced import ReplacedReader
from pomona.data.tables.runs import Cursor, Key, key_at, sort

RANGE_ROWS = 524_288  # of both versions together that are compared at once, about
_MULTISET_ROWS = 4_000_000
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Step:
    """What differs in one range.

    Attributes:
        added: Rows as they are in the later version.
        removed: Rows as they were in the earlier one.
        before, after: The two sides of rows that changed, in one order.
        differ: For each column of the later version outside of the key, in which of them it changed.
    """

    added: pa.Table
    removed: pa.Table
    before: pa.Table
    after: pa.Table
    differ: Mapping[str, Mask] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return int(sum(table.nbytes for table in (self.added, self.removed, self.before, self.after)))


class Steps:
    """Walks what two versions do not share.

    Args:
        before, after: Readers of the two versions, each in its own schema.
        key: What names a row in both; empty: rows have no name.
        replaced: Knows rows that commits between the two took out of files that both have.
    """

    def __init__(
        self,
        before: FileReader,
        after: FileReader,
        key: Sequence[str],
        replaced: ReplacedReader | None = None,
    ) -> None:
        self._readers = (before, after)
        self._replaced = replaced
        self._schemas = (before.schema_of(), after.schema_of())
        self._key = list(key)

    @cached_property
    def parts(self) -> tuple[list[Part], list[Part]]:
        """The rows that have to be looked at, of either version."""
        one, other = self._readers
        if may_share(*self._schemas):
            return unshared(one.files, other.files, (one.hidden, other.hidden))
        return everything(one.files), everything(other.files)

    @cached_property
    def _known(self) -> tuple[Mapping[int, pa.Table], Mapping[int, pa.Table]]:
        """Rows of such parts that need not be read from the files they are in, by the number of the file."""
        return self._known_of(0), self._known_of(1)

    def _known_of(self, side: int) -> dict[int, pa.Table]:
        files = self._readers[side].files
        wanted = {part.number: part.places for part in self.parts[side] if part.places is not None}
        rows = sum(len(places) for places in wanted.values())
        if self._replaced is None or not 0 < rows <= 2 * RANGE_ROWS:  # they are all in memory at once
            return {}
        by_digest = {files[number].digest: places for number, places in wanted.items()}
        found = self._replaced.rows(by_digest, self._keyed(self._schemas[side]))
        return {number: found[digest] for number in wanted if (digest := files[number].digest) in found}

    def __iter__(self) -> Iterator[Step]:
        if not self._key:
            yield from self._by_row()
        elif all(self._common(name) is not None for name in self._key):
            yield from self._by_key()
        else:  # keys of different types: no row is the same one
            yield from (self._step(removed=table) for table in self._rows(0, self._schemas[0]))
            yield from (self._step(added=table) for table in self._rows(1, self._schemas[1]))

    # --- with a key --------------------------------------------------------------------------

    def _by_key(self) -> Iterator[Step]:
        schemas = [self._keyed(schema) for schema in self._schemas]
        firsts, cuts = self._plan(schemas)
        sides = [
            [
                Cursor(self._part(side, part, schemas[side]), self._key, first=first)
                for part, first in zip(self.parts[side], firsts[side], strict=True)
            ]
            for side in (0, 1)
        ]
        for cut in (*cuts, None):
            was, now = (self._take(side, cut, schema) for side, schema in zip(sides, schemas, strict=True))
            if was.num_rows or now.num_rows:
                yield self._compared(was, now)

    def _take(self, cursors: Sequence[Cursor], cut: Key | None, schema: pa.Schema) -> pa.Table:
        parts = [part for cursor in cursors for part in cursor.take_before(cut)]
        return sort(pa.concat_tables(parts), self._key) if parts else no_rows(schema)

    def _compared(self, was: pa.Table, now: pa.Table) -> Step:
        partner = partners(was, now, self._key) if was.num_rows else np.full(now.num_rows, -1)
        matched = np.flatnonzero(partner >= 0)
        alone = np.ones(was.num_rows, bool)
        alone[partner[matched]] = False
        before, after = was.take(arrow(partner[matched])), now.take(arrow(matched))
        masks = {name: changed(before, after, name) for name in now.column_names if name not in self._key}
        some = np.logical_or.reduce([*masks.values(), np.zeros(len(matched), bool)])
        if not some.all():
            before, after = before.filter(arrow(some)), after.filter(arrow(some))
        return self._step(
            added=now.take(arrow(np.flatnonzero(partner < 0))),
            removed=was.filter(arrow(alone)),
            before=before,
            after=after,
            differ={name: mask[some] for name, mask in masks.items()},
        )

    def _plan(self, schemas: Sequence[pa.Schema]) -> tuple[list[list[Key | None]], list[Key]]:
        """The first key of each part, and the keys that cut the rows into ranges; small ones need none."""
        total = sum(part.rows for parts in self.parts for part in parts)
        if total <= 2 * RANGE_ROWS:
            return [[None] * len(parts) for parts in self.parts], []
        firsts: list[list[Key | None]] = [[], []]
        sample, step = [], max(1, RANGE_ROWS // 64)
        for side in (0, 1):
            for part in self.parts[side]:
                first = None
                for table in self._part(side, part, schemas[side], columns=self._key):
                    first = key_at(table, self._key, 0) if first is None else first
                    sample.append(table.take(arrow(np.arange(0, table.num_rows, step))))
                firsts[side].append(first)
        keys = sort(pa.concat_tables(sample), self._key)
        places = np.linspace(0, keys.num_rows, total // RANGE_ROWS + 1)[1:-1].astype(int)
        found = sorted({key_at(keys, self._key, int(row)) for row in places})
        return firsts, found

    def _common(self, name: str) -> pa.DataType | None:
        return common_type(*(schema.field(name).type for schema in self._schemas))

    def _keyed(self, schema: pa.Schema) -> pa.Schema:
        """A side's own columns, but keys in the type that both can have."""
        return pa.schema(
            [pa.field(f.name, self._common(f.name)) if f.name in self._key else f for f in schema]
        )

    # --- without one -------------------------------------------------------------------------

    def _by_row(self) -> Iterator[Step]:
        hashes = []
        for side in (0, 1):
            found = [row_hashes(table) for table in self._rows(side, self._comparable(side))]
            hashes.append(np.concatenate([np.empty((0, 2), np.uint64), *found]))
        added, removed = _multisets(*hashes)
        for table in self._numbered(0, removed):
            yield self._step(removed=table)
        for table in self._numbered(1, added):
            yield self._step(added=table)

    def _comparable(self, side: int) -> pa.Schema:
        """The later version's columns, in the types that both versions can have where there are any."""
        was, now = self._schemas
        fields = []
        for name in now.names:
            own = (was if side == 0 and name in was.names else now).field(name).type
            both = common_type(was.field(name).type, now.field(name).type) if name in was.names else None
            fields.append(pa.field(name, both or own))
        return pa.schema(fields)

    def _numbered(self, side: int, numbers: NDArray[np.int64]) -> Iterator[pa.Table]:
        start = 0
        for table in self._rows(side, self._schemas[side]):
            low, high = np.searchsorted(numbers, [start, start + table.num_rows])
            if low < high:
                yield table.take(arrow(numbers[low:high] - start))
            start += table.num_rows

    # --- both --------------------------------------------------------------------------------

    def _rows(self, side: int, schema: pa.Schema) -> Iterator[pa.Table]:
        for part in self.parts[side]:
            yield from self._part(side, part, schema)

    def _part(
        self, side: int, part: Part, schema: pa.Schema, *, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        reader = self._readers[side].as_schema(schema)
        if self._key and part.number in self._known[side]:
            yield self._known[side][part.number].select(list(columns or schema.names))
        elif part.places is not None:
            yield from reader.at(part.number, part.places, columns)
        else:
            names = list(columns or schema.names)
            yield from (table.select(names) for table in reader.located(part.number, columns))

    def _step(self, *, differ: Mapping[str, Mask] | None = None, **tables: pa.Table) -> Step:
        was, now = (no_rows(schema) for schema in self._schemas)
        empty = {"added": now, "removed": was, "before": was, "after": now}
        found = {name: _as(tables.get(name, empty[name]), empty[name].schema) for name in empty}
        return Step(**found, differ=differ or {})


def changed(before: pa.Table, after: pa.Table, name: str) -> Mask:
    """In which rows a column of ``after`` holds another value than in ``before``.

    A value in a column that is new is a change, a null there is none. Columns whose types changed are
    equal where each value, cast to the other's type, is the other.
    """
    new = series(after, name)
    if name not in before.column_names:
        return new.is_not_null().to_numpy()
    old = series(before, name)
    if old.dtype == new.dtype:
        return _unequal(old, new)
    was, now = before.schema.field(name).type, after.schema.field(name).type
    if pa.types.is_null(was) or pa.types.is_null(now) or not same_family(was, now):
        return (old.is_not_null() | new.is_not_null()).to_numpy()
    there = _unequal(old.cast(new.dtype, strict=False), new)
    return there | _unequal(old, new.cast(old.dtype, strict=False))


def _unequal(old: pl.Series, new: pl.Series) -> Mask:
    """Where two columns of one type differ, floats bit by bit."""
    if old.dtype in (pl.Float32, pl.Float64):
        bits = pl.Int64 if old.dtype == pl.Float64 else pl.Int32
        old, new = old.reinterpret(dtype=bits), new.reinterpret(dtype=bits)
    return old.ne_missing(new).to_numpy()


def _multisets(
    old: NDArray[np.uint64], new: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``compare_multisets`` in pieces that fit into memory; row numbers of both, sorted."""
    pieces = 1 + (len(old) + len(new)) // _MULTISET_ROWS
    added, removed = [], []
    for piece in range(pieces):
        mine, theirs = (np.flatnonzero(side[:, 0] % np.uint64(pieces) == piece) for side in (old, new))
        more, less = compare_multisets(old[mine], new[theirs])
        added.append(theirs[more])
        removed.append(mine[less])
    return np.sort(np.concatenate(added)), np.sort(np.concatenate(removed))


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table if table.schema == schema else table.cast(schema)
