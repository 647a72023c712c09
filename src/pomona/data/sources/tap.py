"""What flows from a source into a commit is counted here: rows, the cursor's reach, progress."""

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pomona.core.errors import Invalid
from pomona.data.records import Cursor, Field
from pomona.data.sources import rules
from pomona.data.sources.door import Stream

_TELL_S = 1.0
_UNKNOWN_ROWS = 1_000_000  # the scale of a bar whose end nobody knows


class Telling(Protocol):
    """The job that is told how far it is, and that says when to stop."""

    def progress(self, fraction: float, note: str) -> None: ...
    def check(self) -> None: ...


class Tap:
    """The rows of a stream, once.

    Args:
        label: What is counted, for people.
        cursor: The column whose greatest value is kept; ``seen`` is what it was before.
        time_column: If it comes as text it leaves as times.
        known: Columns of the version before.
        expected: How many rows it may be.
    """

    def __init__(
        self,
        stream: Stream,
        job: Telling,
        *,
        label: str,
        cursor: str | None = None,
        seen: Cursor | None = None,
        time_column: str | None = None,
        known: Sequence[Field] = (),
        expected: int | None = None,
    ) -> None:
        self._job = job
        self._label = label
        self._cursor = cursor
        self._reached: Any = rules.value_of(seen) if seen is not None else None
        self._expected = expected
        self._told_at = time.monotonic()
        self.rows = 0
        self.failure: Exception | None = None
        self._batches = iter(stream.batches)
        first = next((batch for batch in self._batches if batch.num_rows), None)
        self._first = [] if first is None else [first]
        _check_columns(stream.schema, cursor)
        self._time = _TimeColumn(stream.schema, time_column, known, first)
        self.schema = self._time.schema

    def has_rows(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._first)

    def reader(self) -> pa.RecordBatchReader:
        """The rows. What the source raises meanwhile is kept in ``failure``: Arrow may wrap it."""
        return pa.RecordBatchReader.from_batches(self.schema, self._flow())

    def reached(self) -> Cursor | None:
        """The greatest value of the cursor so far."""
        if self._cursor is None or self._reached is None:
            return None
        return rules.cursor_of(self._cursor, self._reached)

    def _flow(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in itertools.chain(self._first, self._batches):
                if batch.num_rows == 0:
                    continue
                self._count(batch)
                yield self._time.fitted(batch)
        except Exception as error:
            self.failure = error
            raise

    def _count(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        if self._cursor is not None:
            top = pc.max(batch.column(self._cursor)).as_py()
            if top is not None and (self._reached is None or top > self._reached):
                self._reached = top
        if time.monotonic() - self._told_at >= _TELL_S:
            self._told_at = time.monotonic()
            self._job.check()
            scale = self._expected or self.rows + _UNKNOWN_ROWS
            self._job.progress(min(0.95, self.rows / scale), f"{self._label}: {self.rows:,} rows so far")


class _TimeColumn:
    """Files and SQLite have no times, only text that looks like them."""

    def __init__(
        self, schema: pa.Schema, name: str | None, known: Sequence[Field], first: pa.RecordBatch | None
    ) -> None:
        self._name = name
        self.schema = schema
        place = schema.get_field_index(name) if name is not None else -1
        self._place = place if place >= 0 and pa.types.is_string(schema.field(place).type) else -1
        if self._place < 0 or first is None:
            self._place = -1
            return
        zoned = any(field.name == name and "tz=" in field.type for field in known)
        self._type = (
            pa.timestamp("us", "UTC") if zoned or _has_zone(first.column(place)) else pa.timestamp("us")
        )
        self.schema = schema.set(place, pa.field(schema.field(place).name, self._type))

    def fitted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._place < 0:
            return batch
        try:
            column = pc.cast(batch.column(self._place), self._type)
        except pa.ArrowInvalid:
            raise Invalid(
                f"the time column {self._name!r} holds text that is no time",
                hint="write it like 2026-01-31 12:00:00 (or with a zone everywhere: 2026-01-31T12:00:00Z)",
                extra={"column": self._name},
            ) from None
        columns = [
            column if place == self._place else batch.column(place) for place in range(batch.num_columns)
        ]
        return pa.record_batch(columns, schema=self.schema)


def _has_zone(column: pa.Array) -> bool:
    text = next((value for value in column.to_pylist() if value), "")
    return text.endswith("Z") or "+" in text[10:] or "-" in text[11:]


def _check_columns(schema: pa.Schema, cursor: str | None) -> None:
    double = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if double:
        raise Invalid(f"two columns are named {double[0]!r}", hint="rename one of them with AS in the query")
    if cursor is None:
        return
    if cursor not in schema.names:
        raise Invalid(
            f"the cursor {cursor!r} is no column of what is taken",
            hint=f"it has: {', '.join(schema.names[:30])}",
        )
    kind = schema.field(cursor).type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        raise Invalid(
            f"the cursor {cursor!r} has nanoseconds, which would be cut off",
            hint="cast it to microseconds, or use another column that grows",
        )
