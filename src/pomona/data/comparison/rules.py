"""Which columns of two versions belong together, and how far each moved."""

from collections.abc import Callable, Sequence

from pomona.data.comparison.records import ColumnChange, ColumnComparison
from pomona.data.records import Field
from pomona.stats.drift import drift_of
from pomona.stats.records import (
    CategoryProfile,
    ColumnProfile,
    DriftReading,
    NumericProfile,
    TableProfile,
    TimeProfile,
)

Rebin = Callable[[str, ColumnProfile], ColumnProfile]


def compare_columns(
    before: tuple[Sequence[Field], TableProfile],
    after: tuple[Sequence[Field], TableProfile],
    *,
    rebin: Rebin,
) -> tuple[ColumnComparison, ...]:
    """Every column of either version, the one that moved most first, then those of one version only.

    Args:
        rebin: Profiles the column of ``after`` once more, in the bins of ``before``; it reads the rows, so
            it is asked only where the bins differ.
    """
    old, new = ({field.name: field.type for field in side[0]} for side in (before, after))
    found = []
    for name in dict.fromkeys([*old, *new]):
        one, other = before[1].columns.get(name), after[1].columns.get(name)
        change = _change(old.get(name), new.get(name))
        if one is not None and other is not None and type(one) is type(other) and not fits(one, other):
            other = rebin(name, one)
        found.append(
            ColumnComparison(
                name=name,
                change=change,
                type_before=old.get(name),
                type_after=new.get(name),
                before=one,
                after=other,
                drift=_drift(one, other),
                missing_before=missing_share(one),
                missing_after=missing_share(other),
            )
        )
    return tuple(sorted(found, key=_order))


def fits(a: ColumnProfile, b: ColumnProfile) -> bool:
    """Whether two profiles of one kind have the same bins (or need none)."""
    if isinstance(a, CategoryProfile) or isinstance(b, CategoryProfile):
        return True
    return a.edges == b.edges or not (a.count and b.count)


def missing_share(column: ColumnProfile | None) -> float:
    """The share of rows without a value."""
    if column is None or not column.rows:
        return 0.0
    absent = column.missing + (column.nan if isinstance(column, NumericProfile) else 0)
    return absent / column.rows


def _drift(a: ColumnProfile | None, b: ColumnProfile | None) -> DriftReading | None:
    if a is None or b is None or type(a) is not type(b) or not fits(a, b) or _runs_on(a, b):
        return None
    if any(isinstance(side, CategoryProfile) and side.count and not side.distinct for side in (a, b)):
        return None  # values without a name, e.g. lists
    return drift_of(a, b)


def _runs_on(a: ColumnProfile, b: ColumnProfile) -> bool:
    """Whether these are times that went on: that is no drift, however far the bins are apart."""
    if not (isinstance(a, TimeProfile) and isinstance(b, TimeProfile)):
        return False
    return a.latest is not None and b.latest is not None and b.latest > a.latest


def _change(old: str | None, new: str | None) -> ColumnChange:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "same" if old == new else "retyped"


def _order(column: ColumnComparison) -> tuple[bool, float, float]:
    gap = abs(column.missing_after - column.missing_before)
    return column.change in ("added", "removed"), -column.moved, -gap
