"""What differs between two versions: counts, columns, rows before and after."""

from typing import Any, Literal

from pomona.core.records import Record
from pomona.data.comparison.records import ColumnChange

RowKind = Literal["added", "removed", "changed"]
RowKinds = Literal["all", "added", "removed", "changed"]


class ColumnDiff(Record, frozen=True, kw_only=True):
    """One column in both versions."""

    name: str
    change: ColumnChange
    type_before: str | None = None
    type_after: str | None = None
    changed: int = 0  # rows that are in both versions and hold another value here
    moved: float | None = None  # how far the distribution moved beyond chance: 0.1 a little, 0.25 much


class RowDiff(Record, frozen=True, kw_only=True):
    """One row that differs; values that JSON has no word for are text."""

    kind: RowKind
    before: dict[str, Any] | None = None  # None: it was added
    after: dict[str, Any] | None = None  # None: it was removed
    columns: tuple[str, ...] = ()  # of a changed row: those that hold another value


class RowDiffs(Record, frozen=True, kw_only=True):
    """A page of rows that differ."""

    kind: RowKind
    key: tuple[str, ...]
    total: int  # rows of this kind
    rows: tuple[RowDiff, ...]


class Diff(Record, frozen=True, kw_only=True):
    """How ``after`` differs from ``before``, exactly.

    With a key a row is the same one if its key is, and changed if a value is (bit by bit: NaN equals NaN).
    Without a key a changed row is one removed and one added.
    """

    before: str  # loans@v2
    after: str
    before_id: str
    after_id: str
    key: tuple[str, ...]
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns: tuple[ColumnDiff, ...]  # in the order of the later version, those that are gone behind
    examples: tuple[RowDiff, ...]  # a few of each kind
    rows_read: int  # rows that had to be looked at: what the versions share is known to be equal

    @property
    def same(self) -> bool:
        """Both hold the same rows in the same columns."""
        return not (self.added or self.removed or self.changed) and all(
            column.change == "same" for column in self.columns
        )
