"""Use cases: how one version became another, in counts and in rows."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain
from typing import Any

import pyarrow as pa

from pomona.core.errors import Invalid
from pomona.data.comparison.service import ComparisonService
from pomona.data.diff.frames import Frame
from pomona.data.diff.records import ColumnDiff, Diff, RowDiff, RowDiffs, RowKind, RowKinds
from pomona.data.diff.rules import column_changes
from pomona.data.diff.steps import Step, Steps
from pomona.data.shelf import Book, Shelf, first_rows
from pomona.data.tables.frames import json_rows, to_polars

_KINDS: tuple[RowKind, ...] = ("added", "removed", "changed")
_EXAMPLES = 5
_MOST_PAGED = 1000
_KEPT_BYTES = 64 << 20  # a difference that is larger is computed anew whenever it is asked for
_KEPT = 4


class DiffService:
    """Compares versions row by row; what they share is not read."""

    def __init__(self, shelf: Shelf, comparison: ComparisonService) -> None:
        self._shelf = shelf
        self._comparison = comparison
        self._kept: OrderedDict[tuple[str, ...], list[Step]] = OrderedDict()  # small ones, for paging
        self._lock = threading.Lock()

    def diff(self, before: str, after: str) -> Diff:
        """How ``after`` differs from ``before``.

        Raises:
            NotFound: If there is no such version.
            Invalid: If they belong to datasets with different keys.
            Tampered: If a stored file changed.
        """
        one, other = self._shelf.open(before), self._shelf.open(after)
        key, steps = self._steps(one, other)
        counts = dict.fromkeys(_KINDS, 0)
        changed: dict[str, int] = {}
        examples: dict[RowKind, list[RowDiff]] = {kind: [] for kind in _KINDS}
        for step in self._walk(one, other, steps):
            for kind in _KINDS:
                counts[kind] += rows_of(step, kind)
                left = _EXAMPLES - len(examples[kind])
                examples[kind] += row_diffs(step, kind, 0, left) if left else []
            for name, mask in step.differ.items():
                changed[name] = changed.get(name, 0) + int(mask.sum())
        return Diff(
            before=one.ref,
            after=other.ref,
            before_id=one.version.id,
            after_id=other.version.id,
            key=key,
            rows_before=one.version.rows,
            rows_after=other.version.rows,
            columns=self._columns(one, other, changed),
            examples=tuple(chain.from_iterable(examples.values())),
            rows_read=sum(part.rows for parts in steps.parts for part in parts),
            **counts,
        )

    def page(self, before: str, after: str, kind: RowKind, *, offset: int = 0, limit: int = 50) -> RowDiffs:
        """Some rows of one kind, in the order of the key.

        Raises:
            Invalid: If ``limit`` is not between 1 and 1000, or ``offset`` is negative; else as ``diff``.
        """
        if not 1 <= limit <= _MOST_PAGED or offset < 0:
            raise Invalid(
                f"rows {offset} to {offset + limit} cannot be shown",
                hint=f"limit is between 1 and {_MOST_PAGED}, offset 0 or more; `rows` streams all",
            )
        one, other = self._shelf.open(before), self._shelf.open(after)
        key, steps = self._steps(one, other)
        total = 0
        found: list[RowDiff] = []
        for step in self._walk(one, other, steps):
            rows = rows_of(step, kind)
            start = max(0, offset - total)
            if start < rows and len(found) < limit:
                found += row_diffs(step, kind, start, limit - len(found))
            total += rows
        return RowDiffs(kind=kind, key=key, total=total, rows=tuple(found))

    def rows(
        self, before: str, after: str, kinds: RowKinds, *, limit: int | None = None
    ) -> pa.RecordBatchReader:
        """All rows of a kind (or of every kind), streamed in the order of the key.

        Added rows as they are in ``after``, removed ones as they were in ``before``. Of changed rows the
        key, every other column of ``after`` as it was and as it is (``x_before``, ``x_after``), and
        ``_changed``: the names of the columns that differ. Of all rows the same, and ``_change``: the kind.

        Raises:
            Refused: If rows of one of them are read by consent: all of them could be had this way.
            NotFound, Invalid, Tampered: As ``diff``.
        """
        one, other = self._shelf.open(before), self._shelf.open(after)
        for book in (one, other):
            self._shelf.check_unasked(book)
        key, steps = self._steps(one, other)
        frame = Frame(kinds, one.schema, other.schema, key)
        tables = (frame.of(step) for step in self._walk(one, other, steps))
        batches = chain.from_iterable(table.to_batches() for table in first_rows(tables, limit))
        return pa.RecordBatchReader.from_batches(frame.schema, batches)

    def _steps(self, one: Book, other: Book) -> tuple[tuple[str, ...], Steps]:
        key = other.dataset.key
        if one.dataset.key != key:
            raise Invalid(
                f"{one.dataset.name} and {other.dataset.name} name their rows by different keys",
                hint="`pomona data compare` sets any two versions side by side, column by column",
            )
        return key, Steps(one.reader, other.reader, key, self._shelf.replaced(one, other))

    def _walk(self, one: Book, other: Book, steps: Steps) -> Iterator[Step]:
        """The steps; of a small difference they are kept for the next page."""
        name = (one.version.id, one.version.digest, other.version.id, other.version.digest)
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None:
                self._kept.move_to_end(name)
        if kept is not None:
            yield from kept
            return
        walked: list[Step] | None = []
        size = 0
        with closing(iter(steps)) as walk:  # type: ignore[type-var]  # a generator
            for step in walk:
                size += step.nbytes
                walked = [*walked, step] if walked is not None and size <= _KEPT_BYTES else None
                yield step
        if walked is not None:
            with self._lock:
                self._kept[name] = walked
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)

    def _columns(self, one: Book, other: Book, changed: Mapping[str, int]) -> tuple[ColumnDiff, ...]:
        compared = self._comparison.compare(one.version.id, other.version.id).columns
        by_name = {column.name: column for column in compared}
        found = []
        for name, change in column_changes(one.schema, other.schema):
            beside = by_name[name]
            found.append(
                ColumnDiff(
                    name=name,
                    change=change,
                    type_before=beside.type_before,
                    type_after=beside.type_after,
                    changed=changed.get(name, 0),
                    moved=beside.moved if beside.drift is not None else None,
                )
            )
        return tuple(found)


def rows_of(step: Step, kind: RowKind) -> int:
    """How many rows of a kind a step has."""
    return int({"added": step.added, "removed": step.removed, "changed": step.after}[kind].num_rows)


def row_diffs(step: Step, kind: RowKind, start: int, limit: int) -> list[RowDiff]:
    """Some rows of a step as plain values."""

    def plain(table: pa.Table) -> list[dict[str, Any]]:
        return json_rows(to_polars(table.slice(start, limit)))

    if kind == "added":
        return [RowDiff(kind=kind, after=row) for row in plain(step.added)]
    if kind == "removed":
        return [RowDiff(kind=kind, before=row) for row in plain(step.removed)]
    pairs = zip(plain(step.before), plain(step.after), strict=True)
    return [
        RowDiff(
            kind=kind,
            before=was,
            after=now,
            columns=tuple(name for name, mask in step.differ.items() if mask[start + place]),
        )
        for place, (was, now) in enumerate(pairs)
    ]
