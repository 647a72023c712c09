"""From rows and a parent version to the files of the next one: only what changed is written.

A draft walks the new rows and the parent's files side by side, range by range of the key, so that it
needs the memory of a few ranges whatever the size of the table. Rows that are new or changed go into new
files; the old ones they replace, and those that are gone, are hidden by vectors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.errors import Conflict
from pomona.core.ports import Tables
from pomona.core.tables import DataFile
from pomona.data.records import CommitMode
from pomona.data.rules import check_key_values
from pomona.data.tables.ahead import ahead
from pomona.data.tables.canonical import fitted
from pomona.data.tables.changes import (
    Changes,
    Comparison,
    Rows,
    compare,
    compare_multisets,
    partners,
    row_hashes,
)
from pomona.data.tables.files import FILE, ROW, FileReader, FileWriter, rows_a_file
from pomona.data.tables.frames import json_rows, named, series, to_polars
from pomona.data.tables.numbers import arrow, no_rows, rows_at
from pomona.data.tables.ordered import InOrder, rises
from pomona.data.tables.replaced import Replaced
from pomona.data.tables.runs import Cursor, Key, key_at, sort

_RANGES_A_FILE = 4


class Watcher(Protocol):
    """Sees every row of the new version once, of an append those that are new: profile, checks."""

    def add(self, chunk: pa.Table) -> None:
        """Take in some rows."""
        ...

    def exchange(self, gone: Callable[[], pa.Table], come: Callable[[], pa.Table], pairs: int) -> None:
        """Rows of the parent that go and rows that come; the first ``pairs`` are the same ones, changed."""
        ...


@dataclass(frozen=True)
class Plan:
    """What a draft is made from.

    Attributes:
        old: The parent's files, read in the schema of the next version; None for the first one.
        fresh: Write every row anew instead of hiding rows of old files: the types of columns changed.
    """

    table: str
    key: tuple[str, ...]
    time_column: str | None
    schema: pa.Schema
    mode: CommitMode
    old: FileReader | None
    fresh: bool
    delete_column: str | None = None


@dataclass(frozen=True)
class Draft:
    """The files of the next version, and what changed.

    Attributes:
        replaced: Digest of the file that keeps the rows which went; see ``tables.replaced``.
    """

    files: tuple[DataFile, ...]
    changes: Changes
    replaced: str = ""


class Drafter:
    """Makes one draft."""

    def __init__(self, tables: Tables, plan: Plan, runs: InOrder, watch: Watcher) -> None:
        self._tables = tables
        self._plan = plan
        self._runs = runs
        self._watch = watch
        # With a key no rows come twice.
        kept = plan.old.files if plan.old is not None and not plan.fresh and not plan.key else ()
        taken = {file.digest for file in kept}
        self._writer = FileWriter(tables, plan.table, plan.schema, plan.time_column, taken)
        self._hidden: dict[int, list[NDArray[np.uint64]]] = defaultdict(list)
        self._changes = Changes()
        self._written = 0  # rows
        self._replaced = Replaced(plan.schema, plan.old.files) if plan.old is not None else None
        self._repeated: list[pa.Table] = []  # rows of an append whose key is there already

    def draft(self) -> Draft:
        """Compare, write, hide.

        Raises:
            Invalid: If a key is there twice.
            Conflict: If an append repeats keys that are there.
            Widened: If a column needs a wider type; what was written is swept up later.
        """
        try:
            if self._plan.key:
                self._by_key()
            elif self._plan.old is None or self._plan.mode == "append":
                self._all_new()
            else:
                self._by_row(self._plan.old)
        finally:
            new = self._writer.close()
        old = self._plan.old
        if old is not None and self._repeated:
            known = {file.digest for file in old.files if file.vector is None}
            if known.issuperset(file.digest for file in new):  # sent twice, perhaps by a retry
                return Draft(files=tuple(old.files), changes=Changes())
            self._refuse_repeated(pa.concat_tables(self._repeated))
        kept = self._kept(old) if old is not None and not self._plan.fresh else []
        return Draft(files=(*kept, *new), changes=self._changes, replaced=self._keep_replaced(new))

    def _keep_replaced(self, new: Sequence[DataFile]) -> str:
        body = self._replaced.body(new) if self._replaced is not None else None
        return self._tables.files.put(self._plan.table, body) if body is not None else ""

    # --- with a key --------------------------------------------------------------------------

    def _by_key(self) -> None:
        plan = self._plan
        for was, rows in ahead(self._ranges()):
            if plan.mode == "full":
                self._full_range(was, rows)
            elif plan.mode == "append":
                self._append_range(was, rows)
            else:
                self._delta_range(was, rows)
            if plan.old is None:
                self._writer.cut()

    def _ranges(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Old and new rows of one range of the key after the other."""
        plan = self._plan
        rows_a_range = rows_a_file(self._runs.width)
        if plan.old is not None:  # it need not be a file's rows: less memory, and it is used again
            rows_a_range //= _RANGES_A_FILE
        cuts: list[Key | None] = [*self._runs.cuts(rows_a_range), None]
        new = [Cursor(walk(), plan.key) for walk in self._runs.tables()]
        old = self._old_cursors(plan.old) if plan.old is not None else []
        for cut in cuts:
            rows = self._take(new, cut)
            rows = newest_of_each(rows, plan.key) if plan.mode == "delta" else checked_unique(rows, plan.key)
            was = _concat([part for cursor in old for part in cursor.take_before(cut)], self._old_schema())
            yield was, rows

    def _take(self, cursors: Sequence[Cursor], cut: Key | None) -> pa.Table:
        parts = [part for cursor in cursors for part in cursor.take_before(cut)]
        if not parts:
            return no_rows(self._incoming_schema())
        rows = pa.concat_tables(parts)
        rows = sort(rows, self._plan.key) if len(cursors) > 1 else rows
        return fitted(rows, self._incoming_schema())

    def _full_range(self, was: pa.Table, rows: pa.Table) -> None:
        self._watch.add(rows)
        found = compare(was, rows, self._plan.key)
        self._changes += found.counts
        gone = np.concatenate([found.replaced, found.removed])
        self._exchange(was, gone, rows, found)
        if self._plan.fresh or self._plan.old is None:
            self._writer.add(rows)
            return
        self._write(rows, np.concatenate([found.added, found.changed]))
        self._hide(was, gone)

    def _append_range(self, was: pa.Table, rows: pa.Table) -> None:
        again = partners(was, rows, self._plan.key) >= 0
        self._changes += Changes(added=int((~again).sum()))
        self._watch.add(rows)
        self._writer.add(rows)
        if again.any():
            self._repeated.append(rows.filter(arrow(again)))

    def _delta_range(self, was: pa.Table, rows: pa.Table) -> None:
        dead = _deleted(rows, self._plan.delete_column)
        rows = rows.select(self._plan.schema.names)
        kept, dropped = rows.filter(arrow(~dead)), rows.filter(arrow(dead))
        found = compare(was, kept, self._plan.key)
        removed = _matches(was, dropped, self._plan.key)
        self._changes += Changes(added=len(found.added), changed=len(found.changed), removed=len(removed))
        gone = np.concatenate([found.replaced, removed])
        self._exchange(was, gone, kept, found)
        self._write(kept, np.concatenate([found.added, found.changed]))
        self._hide(was, gone)

    def _refuse_repeated(self, rows: pa.Table) -> None:
        keys = to_polars(rows.select(list(self._plan.key)))
        raise Conflict(
            f"{keys.height} rows have a key ({', '.join(self._plan.key)}) that is there already",
            hint="append only new rows; to change rows, commit the whole table, or those rows as a delta",
            extra={"rows": keys.height, "examples": json_rows(keys.head(5))},
        )

    # --- without one -------------------------------------------------------------------------

    def _all_new(self) -> None:
        for rows in self._incoming():
            self._watch.add(rows)
            self._writer.add(rows)
            self._changes += Changes(added=rows.num_rows)

    def _by_row(self, old: FileReader) -> None:
        places, hashes = [], []
        for number in range(len(old.files)):
            for table in old.located(number):
                places.append(table.select([FILE, ROW]))
                hashes.append(row_hashes(table.select(self._plan.schema.names)))
        fresh = []
        for rows in self._incoming():
            self._watch.add(rows)
            fresh.append(row_hashes(rows))
        added, removed = compare_multisets(_stack(hashes), _stack(fresh))
        self._changes = Changes(added=len(added), removed=len(removed))
        if self._plan.fresh:
            for rows in self._incoming():
                self._writer.add(rows)
        else:
            self._write_numbered(added)
            if len(removed):
                self._hide(pa.concat_tables(places), removed)

    def _incoming(self) -> Iterator[pa.Table]:
        for walk in self._runs.tables():
            for table in walk():
                yield fitted(table, self._plan.schema)

    def _write_numbered(self, numbers: Rows) -> None:
        start = 0
        for rows in self._incoming():
            mine = numbers[np.searchsorted(numbers, start) : np.searchsorted(numbers, start + rows.num_rows)]
            if len(mine):
                self._writer.add(rows_at(rows, mine - start))
            start += rows.num_rows

    # --- both --------------------------------------------------------------------------------

    def _incoming_schema(self) -> pa.Schema:
        name = self._plan.delete_column
        return self._plan.schema if name is None else self._plan.schema.append(pa.field(name, pa.bool_()))

    def _old_columns(self) -> list[str] | None:
        return list(self._plan.key) if self._plan.mode == "append" else None

    def _old_schema(self) -> pa.Schema:
        names = self._old_columns() or self._plan.schema.names
        fields = [self._plan.schema.field(name) for name in names]
        return pa.schema([*fields, pa.field(FILE, pa.uint32()), pa.field(ROW, pa.uint64())])

    def _old_cursors(self, old: FileReader) -> list[Cursor]:
        """One for each file that may have keys of the rows that came; it is opened when its range comes."""
        key, found = self._plan.key, []
        for number in range(len(old.files)):
            if self._plan.mode == "full" or self._meets(old, number):
                first = key_at(old.first(number, key), key, 0)
                found.append(Cursor(old.located(number, self._old_columns()), key, first=first))
        return found

    def _meets(self, old: FileReader, number: int) -> bool:
        """May a file have keys of the rows that came?"""
        key = self._plan.key
        low, high = self._runs.span
        first, last = (key_at(end, key, 0) for end in old.span(number, key))
        return not (last < low or first > high)

    def _exchange(self, was: pa.Table, gone: Rows, rows: pa.Table, found: Comparison) -> None:
        come = np.concatenate([found.changed, found.added])
        if not (len(gone) or len(come)):
            return
        names, pairs = self._plan.schema.names, len(found.changed)
        before = cache(lambda: rows_at(was, gone))
        after = cache(lambda: rows_at(rows.select(names), come))
        self._watch.exchange(lambda: before().select(names), after, pairs)
        if self._replaced is not None and len(gone) and not self._plan.fresh:
            places = self._written + np.searchsorted(np.sort(come), found.changed)
            self._replaced.add(before(), after().slice(0, pairs), places)

    def _write(self, rows: pa.Table, numbers: Rows) -> None:
        self._written += len(numbers)
        if len(numbers) == rows.num_rows:
            self._writer.add(rows)
        elif len(numbers):
            self._writer.add(rows_at(rows, np.sort(numbers)))

    def _hide(self, was: pa.Table, numbers: Rows) -> None:
        if not len(numbers):
            return
        found = rows_at(was.select([FILE, ROW]), numbers)
        files, rows = series(found, FILE).to_numpy(), series(found, ROW).to_numpy()
        for number in np.unique(files):
            self._hidden[int(number)].append(rows[files == number])

    def _kept(self, old: FileReader) -> list[DataFile]:
        """The old files with what is hidden now; one with no row left is left out."""
        kept: list[DataFile | int] = []
        hidden = []
        for number, file in enumerate(old.files):
            if number not in self._hidden:
                kept.append(file)
                continue
            rows = np.concatenate([old.hidden(file), *self._hidden[number]])
            rows.sort(kind="stable")  # runs that are sorted: they are only merged
            if len(rows) < file.rows:
                kept.append(number)
                hidden.append(rows)
        vectors = iter(self._tables.vectors.put(self._plan.table, hidden))
        return [
            msgspec.structs.replace(old.files[item], vector=next(vectors)) if isinstance(item, int) else item
            for item in kept
        ]


def checked_unique(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """The rows, if no two of them have the same key.

    Raises:
        Invalid: With the number of those that do, and examples.
    """
    keys = to_polars(rows.select(list(key)))
    if not rises(rows, key) and keys.height != keys.n_unique():
        twice = keys.group_by(named(*key), maintain_order=True).len("__rows").filter(pl.col("__rows") > 1)
        examples = json_rows(twice.head(5).drop("__rows"))
        check_key_values(key, nulls={}, duplicates=int(twice["__rows"].sum()), examples=examples)
    return rows


def newest_of_each(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Of several rows with one key the last: in a delta they are news of one thing, in order."""
    keys = to_polars(rows.select(list(key)))
    if keys.height == keys.n_unique():
        return rows
    last = keys.with_row_index("__row").unique(named(*key), keep="last")["__row"].sort()
    return rows.take(last.to_arrow())


def _matches(was: pa.Table, rows: pa.Table, key: Sequence[str]) -> Rows:
    """The old rows whose keys are among these."""
    found = partners(was, rows, key)
    return found[found >= 0]


def _deleted(rows: pa.Table, column: str | None) -> NDArray[np.bool_]:
    if column is None:
        return np.zeros(rows.num_rows, bool)
    found: NDArray[np.bool_] = rows.column(column).fill_null(False).to_numpy()  # noqa: FBT003
    return found


def _concat(parts: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(parts) if parts else no_rows(schema)


def _stack(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    return np.concatenate(hashes) if hashes else np.empty((0, 2), np.uint64)
