"""The rows that differ as tables of one schema: one kind of them, or all."""

from functools import cached_property

import numpy as np
import pyarrow as pa

from pomona.data.diff.records import RowKind, RowKinds
from pomona.data.diff.rules import CHANGED, KIND, pair_names
from pomona.data.diff.steps import Step


class Frame:
    """Turns steps into tables.

    Args:
        before, after: The schemas of the two versions.
        key: What names a row in both.
    """

    def __init__(self, kinds: RowKinds, before: pa.Schema, after: pa.Schema, key: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._before = before
        self._after = after
        self._key = [name for name in after.names if name in key]
        self._pairs = pair_names(key, after.names)

    @cached_property
    def schema(self) -> pa.Schema:
        """Of every table; see ``DiffService.rows``."""
        if self._kinds in ("added", "removed"):
            return self._after if self._kinds == "added" else self._before
        fields = [self._after.field(name) for name in self._key]
        for name, (was, now) in self._pairs.items():
            kind = self._after.field(name).type
            former = self._before.field(name).type if name in self._before.names else kind
            fields += [pa.field(was, former), pa.field(now, kind)]
        what = [pa.field(KIND, pa.string())] if self._kinds == "all" else []
        return pa.schema([*what, *fields, pa.field(CHANGED, pa.list_(pa.string()))])

    def of(self, step: Step) -> pa.Table:
        """The rows of one step."""
        if self._kinds in ("added", "removed"):
            return step.added if self._kinds == "added" else step.removed
        if self._kinds == "changed":
            return self._both("changed", step.before, step.after, step)
        nothing = step.before.slice(0, 0), step.after.slice(0, 0)
        parts = [
            self._both("added", nothing[0], step.added, step),
            self._both("removed", step.removed, nothing[1], step),
            self._both("changed", step.before, step.after, step),
        ]
        return pa.concat_tables(parts)

    def _both(self, kind: RowKind, before: pa.Table, after: pa.Table, step: Step) -> pa.Table:
        rows = max(before.num_rows, after.num_rows)

        def column(table: pa.Table, name: str, as_column: str) -> pa.ChunkedArray | pa.Array:
            if table.num_rows and name in table.column_names:
                return table.column(name).cast(self.schema.field(as_column).type)
            return pa.nulls(rows, self.schema.field(as_column).type)

        found = {name: column(after if after.num_rows else before, name, name) for name in self._key}
        for name, (was, now) in self._pairs.items():
            found[was], found[now] = column(before, name, was), column(after, name, now)
        found[KIND] = pa.array(np.full(rows, kind), pa.string())
        found[CHANGED] = changed_names(step) if kind == "changed" else pa.nulls(rows, pa.list_(pa.string()))
        return pa.table({name: found[name] for name in self.schema.names}, schema=self.schema)


def changed_names(step: Step) -> pa.Array:
    """For each changed row of a step the names of the columns that differ."""
    names = list(step.differ)
    rows = step.after.num_rows
    masks = np.stack([step.differ[name] for name in names], axis=1) if names else np.zeros((rows, 0), bool)
    _, columns = np.nonzero(masks)
    ends = np.concatenate([[0], np.cumsum(masks.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(names, pa.string()).take(pa.array(columns)))
