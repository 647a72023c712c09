"""Runs a dataset's checks on a table.

The checks on rows are run by pointblank: it counts the failing rows of each step, keeps some of them,
and needs one pass per step on Polars (0.46 s for four checks on a million rows; pandera 0.27 s, but it
names only the failing cells and has no counts or shares, which our thresholds and examples need). The
three checks on a table as a whole are a comparison of two numbers each. Levels are judged by a rule of
ours, so that a stored result can be judged again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pyarrow as pa

from pomona.data.records import Check, CheckResult
from pomona.data.rules import ROW_KINDS, columns_of, judge, name_of
from pomona.data.tables import json_rows, time_range, to_polars

EXAMPLES = 5


def run_checks(
    checks: Sequence[Check],
    table: pa.Table,
    *,
    key: Sequence[str],
    time_column: str | None,
    rows_before: int | None,
    as_of: datetime,
) -> tuple[CheckResult, ...]:
    """Every check's finding, in the order declared.

    A check that cannot be run (its column is gone or holds another kind of values) fails.

    Args:
        rows_before: Rows of the version before; None for the first, whose volume is always right.
        as_of: The moment from which freshness is counted.
    """
    on_rows = {name_of(check): check for check in checks if check.kind in ROW_KINDS}
    obstacles = {name: _obstacle(check, table) for name, check in on_rows.items()}
    runnable = {name: check for name, check in on_rows.items() if not obstacles[name]}
    found = _interrogate(runnable, _frame(runnable, table, key, time_column)) if runnable else {}
    results = []
    for check in checks:
        name = name_of(check)
        if name in found:
            results.append(found[name])
        elif name in on_rows:
            results.append(_broken(check, obstacles[name]))
        else:
            results.append(_on_table(check, table, time_column, rows_before, as_of))
    return tuple(results)


def _obstacle(check: Check, table: pa.Table) -> str:
    """Why a check cannot be asked of a table; empty if it can."""
    types = pa.types
    for name in columns_of(check):
        if name not in table.column_names:
            return f"no column {name!r}"
        kind = table.schema.field(name).type
        number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        suits = {str: types.is_large_string(kind) or types.is_string(kind), bool: types.is_boolean(kind)}
        if check.kind == "range" and not number:
            return f"column {name!r} holds {kind}, not numbers"
        if check.kind == "allowed" and not all(suits.get(type(value), number) for value in check.values):
            return f"column {name!r} holds {kind}, not values like {check.values[0]!r}"
        if check.kind == "unique" and types.is_nested(kind):
            return f"column {name!r} holds {kind}, whose values cannot be told apart"
    return ""


def _frame(
    checks: dict[str, Check], table: pa.Table, key: Sequence[str], time_column: str | None
) -> pl.DataFrame:
    wanted = dict.fromkeys([*key, *([time_column] if time_column else [])])
    for check in checks.values():
        wanted.update(dict.fromkeys(columns_of(check)))
    frame = to_polars(table.select(list(wanted)))
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(pl.col(floats).fill_nan(None)) if floats else frame


def _interrogate(checks: dict[str, Check], frame: pl.DataFrame) -> dict[str, CheckResult]:
    if frame.height == 0:
        return {name: _result(check, 0, 0, "no rows") for name, check in checks.items()}
    import pointblank  # half a second, and only needed where checks are declared

    validation: Any = pointblank.Validate(frame)
    for check in checks.values():
        validation = _step(validation, check)
    validation = validation.interrogate(get_first_n=EXAMPLES)
    results = {}
    for number, (name, check) in enumerate(checks.items(), start=1):
        failing = int(validation.n_failed(i=number, scalar=True) or 0)
        sample = validation.get_data_extracts(i=number, frame=True) if failing else None
        rows = json_rows(sample.drop("_row_num_").head(EXAMPLES)) if sample is not None else []
        detail = f"{failing:,} of {frame.height:,} rows" if failing else f"all {frame.height:,} rows"
        results[name] = _result(check, failing, frame.height, detail, rows)
    return results


def _step(validation: Any, check: Check) -> Any:
    columns = list(columns_of(check))
    if check.kind == "not_null":
        return validation.col_vals_not_null(columns=columns)
    if check.kind == "unique":
        return validation.rows_distinct(columns_subset=columns, pre=lambda rows: rows.drop_nulls(columns))
    if check.kind == "allowed":
        known = list(check.values)
        return validation.col_vals_in_set(columns, set=known, pre=lambda rows: rows.drop_nulls(columns))
    low, high = check.min, check.max
    if low is not None and high is not None:
        return validation.col_vals_between(columns, left=low, right=high, na_pass=True)
    if low is not None:
        return validation.col_vals_ge(columns, value=low, na_pass=True)
    return validation.col_vals_le(columns, value=high, na_pass=True)


def _on_table(
    check: Check, table: pa.Table, time_column: str | None, rows_before: int | None, as_of: datetime
) -> CheckResult:
    if check.kind == "freshness":
        return _freshness(check, table, check.column or time_column or "", as_of)
    rows = table.num_rows
    if check.kind == "row_count":
        low, high = check.min if check.min is not None else 0, check.max if check.max is not None else rows
        return _result(check, int(not low <= rows <= high), 1, f"{rows} rows; {_wanted(check)}")
    if not rows_before:
        return _result(check, 0, 1, "no version before")
    change = rows / rows_before - 1
    detail = f"{rows} rows after {rows_before}: {change:+.1%}; at most {check.max_change or 0:.1%} either way"
    return _result(check, int(abs(change) > (check.max_change or 0)), 1, detail)


def _freshness(check: Check, table: pa.Table, column: str, as_of: datetime) -> CheckResult:
    if column not in table.column_names:
        return _broken(check, f"no column {column!r}")
    kind = table.schema.field(column).type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return _broken(check, f"column {column!r} holds {kind}, not times")
    _, newest = time_range(table, column)
    if newest is None:
        return _result(check, 1, 1, f"no value in {column!r}")
    age_h = (as_of.astimezone(UTC) - newest).total_seconds() / 3600
    limit = check.max_age_h or 0
    return _result(check, int(age_h > limit), 1, f"the newest is {age_h:.1f} h old; at most {limit:g} h")


def _wanted(check: Check) -> str:
    if check.min is None:
        return f"at most {check.max:g}"
    return f"at least {check.min:g}" if check.max is None else f"{check.min:g} to {check.max:g}"


def _broken(check: Check, detail: str) -> CheckResult:
    return CheckResult(
        name=name_of(check), check=check, quality="fail", failing=1, rows=1, share=1.0, detail=detail
    )


def _result(
    check: Check, failing: int, rows: int, detail: str, examples: Sequence[dict[str, Any]] = ()
) -> CheckResult:
    share = failing / rows if rows else 0.0
    return CheckResult(
        name=name_of(check),
        check=check,
        quality=judge(check, share),
        failing=failing,
        rows=rows,
        share=share,
        detail=detail,
        examples=tuple(examples),
    )
