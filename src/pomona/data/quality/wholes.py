"""Checks on a table as a whole: a number from its profile, against its bounds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa

from pomona.core.errors import PomonaError
from pomona.data.profiling import column_like
from pomona.data.records import Check, CheckResult
from pomona.data.rules import judge, name_of
from pomona.data.tables.canonical import fields_of
from pomona.stats.drift import drift_of
from pomona.stats.records import ColumnProfile, DriftReading, NumericProfile, TableProfile, TimeProfile


@dataclass(frozen=True)
class Before:
    """What a table is compared with: see ``Inspection``."""

    rows: int | None
    as_of: datetime
    profile: TableProfile | None
    related: Callable[[str, list[str]], pl.DataFrame] | None


def measure(
    check: Check,
    profile: TableProfile,
    schema: pa.Schema | None,
    time_column: str | None,
    before: Before,
) -> CheckResult:
    """The finding of a check on the whole table."""
    if check.kind == "row_count":
        return _bounded(check, profile.rows, "rows")
    if check.kind == "volume":
        return _volume(check, profile.rows, before.rows)
    if check.kind == "schema":
        return _schema(check, schema)
    name = check.column or time_column or ""
    column = profile.columns.get(name)
    if column is None:
        return broken(check, f"no column {name!r}")
    if check.kind == "freshness":
        return _freshness(check, column, name, before.as_of)
    if check.kind == "missing":
        return _missing(check, column)
    if check.kind == "distribution":
        return _distribution(check, column, before)
    if column.distinct is None or (column.count and not column.distinct):
        return broken(check, f"the values of column {name!r} cannot be told apart")
    return _bounded(check, column.distinct, "different values")


def _bounded(check: Check, found: int, what: str) -> CheckResult:
    low, high = check.min, check.max
    inside = (low is None or found >= low) and (high is None or found <= high)
    if low is None:
        wanted = f"at most {high:,.10g}"
    else:
        wanted = f"at least {low:,.10g}" if high is None else f"{low:,.10g} to {high:,.10g}"
    return _result(check, good=inside, detail=f"{found:,} {what}; {wanted}", value=found)


def _volume(check: Check, rows: int, rows_before: int | None) -> CheckResult:
    if not rows_before:
        return _result(check, good=True, detail="no version before")
    change, most = rows / rows_before - 1, check.max_change or 0
    detail = f"{rows:,} rows after {rows_before:,}: {change:+.1%}; at most {most:.1%} either way"
    return _result(check, good=abs(change) <= most, detail=detail, value=change)


def _schema(check: Check, schema: pa.Schema | None) -> CheckResult:
    there = {field.name: field.type for field in fields_of(schema)} if schema is not None else {}
    faults = [
        f"no column {name!r}" if name not in there else f"{name!r} is {there[name]}, not {kind}"
        for name, kind in check.types.items()
        if there.get(name) != kind.replace("large_", "")
    ]
    detail = "; ".join(faults) or f"all {len(check.types)} columns as declared"
    return _result(check, good=not faults, detail=detail, value=len(faults))


def _freshness(check: Check, column: ColumnProfile, name: str, as_of: datetime) -> CheckResult:
    if column.count and not isinstance(column, TimeProfile):
        return broken(check, f"column {name!r} does not hold times")
    newest = column.latest if isinstance(column, TimeProfile) else None
    if newest is None:
        return _result(check, good=False, detail=f"no value in {name!r}")
    age_h, limit = (as_of.astimezone(UTC) - newest).total_seconds() / 3600, check.max_age_h or 0
    detail = f"the newest is {age_h:.1f} h old; at most {limit:g} h"
    return _result(check, good=age_h <= limit, detail=detail, value=age_h)


def _missing(check: Check, column: ColumnProfile) -> CheckResult:
    absent = column.missing + (column.nan if isinstance(column, NumericProfile) else 0)
    share = absent / column.rows if column.rows else 0.0
    return CheckResult(
        name=name_of(check),
        check=check,
        quality=judge(check, share),
        failing=absent,
        rows=column.rows,
        share=share,
        value=share,
        detail=f"{absent:,} of {column.rows:,} rows have no value ({share:.2%})",
    )


def _distribution(check: Check, column: ColumnProfile, before: Before) -> CheckResult:
    name = check.column or ""
    try:
        reading = _drift(check.to, name, column, before)
    except (PomonaError, ValueError) as error:
        return broken(check, getattr(error, "detail", str(error)))
    against = check.to or "the version before"
    if reading is None:
        return _result(
            check, good=True, detail=f"no {name!r} in {against}" if before.profile else "no version before"
        )
    score = reading.excess if reading.score > reading.ceiling else 0.0
    level = judge(check, score)
    return CheckResult(
        name=name_of(check),
        check=check,
        quality=level,
        failing=int(level != "green"),
        rows=1,
        share=score,
        value=score,
        detail=f"{score:.3f} from {against} (index {reading.score:.3f}, chance alone {reading.noise:.3f})",
    )


def _drift(to: str, name: str, column: ColumnProfile, before: Before) -> DriftReading | None:
    if not to:
        reference = before.profile.columns.get(name) if before.profile is not None else None
        return None if reference is None else drift_of(reference, column)
    if before.related is None:
        raise PomonaError(f"{to} cannot be read here")
    values = before.related(to, [name]).to_series().alias("value")
    return drift_of(column_like(column, values), column)


def _result(check: Check, *, good: bool, detail: str, value: float | None = None) -> CheckResult:
    share = 0.0 if good else 1.0
    return CheckResult(
        name=name_of(check),
        check=check,
        quality=judge(check, share),
        failing=int(not good),
        rows=1,
        share=share,
        value=value,
        detail=detail,
    )


def broken(check: Check, detail: str) -> CheckResult:
    """The finding of a check that cannot be asked."""
    return CheckResult(
        name=name_of(check), check=check, quality="fail", failing=1, rows=1, share=1.0, detail=detail
    )
