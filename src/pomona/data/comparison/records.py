"""How two versions differ, column by column."""

from typing import Literal

from pomona.core.records import Record
from pomona.stats.records import ColumnProfile, DriftReading

ColumnChange = Literal["same", "added", "removed", "retyped"]


class ColumnComparison(Record, frozen=True, kw_only=True):
    """One column in both versions; the profiles have the same bins, so they can be drawn as one."""

    name: str
    change: ColumnChange
    type_before: str | None = None
    type_after: str | None = None
    before: ColumnProfile | None = None
    after: ColumnProfile | None = None
    drift: DriftReading | None = None  # None if the column is in one version only, or has no bins
    missing_before: float = 0.0  # share of rows without a value
    missing_after: float = 0.0

    @property
    def moved(self) -> float:
        """How far the values moved beyond what chance explains."""
        if self.drift is None or self.drift.score <= self.drift.ceiling:
            return 0.0
        return self.drift.excess


class Comparison(Record, frozen=True, kw_only=True):
    """Two versions side by side, the column that moved most first."""

    before: str  # flights@v2
    after: str
    before_id: str
    after_id: str
    rows_before: int
    rows_after: int
    columns: tuple[ColumnComparison, ...]
