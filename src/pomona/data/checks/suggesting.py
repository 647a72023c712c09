"""Checks proposed for a dataset from what one of its versions looks like."""

import math
from collections.abc import Iterator

from pomona.data.records import Check, Dataset, DataVersion, Field
from pomona.stats.records import CategoryProfile, ColumnProfile, NumericProfile, TableProfile, TimeProfile

_FEW = 20  # different words that may be listed
_MARGIN = 0.25  # of the span, beyond what was seen
_LEEWAY = 2.0  # times the missing share seen


def suggest_checks(dataset: Dataset, version: DataVersion, profile: TableProfile) -> list[Check]:
    """Checks that the version meets, with room for what is usual to change.

    They are a beginning: a person knows the true bounds, and which failures are critical.
    """
    if profile.rows == 0:
        return []
    types = {field.name: field.type for field in version.schema}
    found = [
        Check(kind="schema", types=types, critical=0.0),
        Check(kind="row_count", min=max(1, profile.rows // 2)),
        Check(kind="volume", max_change=0.5),
    ]
    newest = profile.columns.get(dataset.time_column or "")
    if isinstance(newest, TimeProfile) and newest.latest is not None:
        age_h = (version.as_of - newest.latest).total_seconds() / 3600
        if 0 <= age_h <= 24 * 366:
            found.append(Check(kind="freshness", max_age_h=max(24.0, float(math.ceil(2 * age_h)))))
    for field in version.schema:
        column = profile.columns.get(field.name)
        if column is not None and column.count and field.name not in dataset.key:
            found += _of_column(field, column, is_time=field.name == dataset.time_column)
    return found


def _of_column(field: Field, column: ColumnProfile, *, is_time: bool) -> Iterator[Check]:
    absent = column.missing + (column.nan if isinstance(column, NumericProfile) else 0)
    if absent == 0:
        yield Check(kind="not_null", column=field.name, fail=0.01)
    else:
        share = absent / column.rows
        warn = min(1.0, _rounded(share * _LEEWAY))
        yield Check(kind="missing", column=field.name, warn=warn, fail=min(1.0, _rounded(warn * _LEEWAY)))
    if isinstance(column, CategoryProfile) and _is_list(column, field):
        yield Check(kind="allowed", column=field.name, values=tuple(sorted(column.top)), fail=0.01)
    if isinstance(column, NumericProfile) and field.type != "bool" and column.minimum is not None:
        yield _range(field.name, column.minimum, column.maximum or 0.0)
    if not is_time and _is_spread(column, field):
        yield Check(kind="distribution", column=field.name, warn=0.1, fail=0.25)


def _is_spread(column: ColumnProfile, field: Field) -> bool:
    """Whether its values come back in every version: measures and categories do, ids do not."""
    if isinstance(column, TimeProfile) or (column.distinct or 0) < 2:
        return False
    if isinstance(column, CategoryProfile):
        return column.other < column.count / 2
    return field.type in ("float", "double") or (column.distinct or 0) < column.count / 2


def _is_list(column: CategoryProfile, field: Field) -> bool:
    few = 0 < column.distinct <= _FEW < column.count
    return field.type == "string" and few and column.other == 0


def _range(name: str, low: float, high: float) -> Check:
    room = (high - low) * _MARGIN or abs(high) * _MARGIN or 1.0
    least = 0.0 if low >= 0 else math.floor(low - room)
    return Check(kind="range", column=name, min=float(least), max=float(math.ceil(high + room)), fail=0.001)


def _rounded(share: float) -> float:
    """Two digits, upwards."""
    digits = 1 - math.floor(math.log10(share))
    scale = 10.0**digits
    return math.ceil(share * scale) / scale
