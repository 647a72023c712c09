"""Checks find the rows that break them, and a level is a share of rows."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.data.quality import run_checks
from pomona.data.records import Check, CheckResult
from pomona.data.rules import check_checks, columns_of, judge, worst

NOW = datetime(2026, 1, 3, tzinfo=UTC)
TABLE = pa.table(
    {
        "id": [1, 2, 3, 4],
        "x": [1.0, float("nan"), None, 50.0],
        "word": ["a", "a", "b", None],
        "at": pa.array([datetime(2026, 1, 1), datetime(2026, 1, 2), None, None], pa.timestamp("us", "UTC")),  # noqa: DTZ001
        "tags": [[1], [2], None, []],
    }
)


def run(check: Check, table: pa.Table = TABLE, rows_before: int | None = None) -> CheckResult:
    [result] = run_checks([check], table, key=["id"], time_column="at", rows_before=rows_before, as_of=NOW)
    return result


@pytest.mark.parametrize(
    ("check", "failing"),
    [
        (Check(kind="not_null", column="x"), 2),
        (Check(kind="not_null", column="id"), 0),
        (Check(kind="unique", columns=("word",)), 2),
        (Check(kind="unique", columns=("word", "id")), 0),
        (Check(kind="range", column="x", min=2.0), 1),
        (Check(kind="range", column="x", max=2.0), 1),
        (Check(kind="range", column="x", min=1.0, max=50.0), 0),
        (Check(kind="range", column="id", min=2, max=3), 2),
        (Check(kind="allowed", column="word", values=("a",)), 1),
        (Check(kind="allowed", column="id", values=(1, 2, 3, 4)), 0),
    ],
)
def test_a_check_on_rows_counts_the_failing_ones(check: Check, failing: int) -> None:
    result = run(check)
    assert (result.failing, result.rows, result.share) == (failing, 4, failing / 4)
    assert result.quality == ("fail" if failing else "green")
    assert len(result.examples) == failing
    shown = columns_of(check) if check.kind == "unique" else ("id",)
    assert all(name in row for row in result.examples for name in shown)


@pytest.mark.parametrize(
    ("check", "before", "good"),
    [
        (Check(kind="row_count", min=4), None, True),
        (Check(kind="row_count", max=3), None, False),
        (Check(kind="volume", max_change=0.5), None, True),
        (Check(kind="volume", max_change=0.5), 3, True),
        (Check(kind="volume", max_change=0.5), 10, False),
        (Check(kind="freshness", max_age_h=24), None, True),
        (Check(kind="freshness", max_age_h=23), None, False),
        (Check(kind="freshness", column="word", max_age_h=23), None, False),
    ],
)
def test_a_check_on_the_whole_table_says_why(check: Check, before: int | None, good: bool) -> None:
    result = run(check, rows_before=before)
    assert (result.quality == "green") is good
    assert result.detail


@pytest.mark.parametrize(
    "check",
    [
        Check(kind="not_null", column="gone"),
        Check(kind="range", column="word", min=0),
        Check(kind="range", column="tags", min=0),
        Check(kind="allowed", column="at", values=("a",)),
        Check(kind="freshness", column="gone", max_age_h=1),
    ],
)
def test_a_check_that_cannot_be_run_fails_and_says_why(check: Check) -> None:
    result = run(check)
    assert result.quality == "fail"
    assert check.column is not None
    assert check.column in result.detail


def test_an_empty_table_has_no_failing_rows() -> None:
    assert run(Check(kind="not_null", column="x"), TABLE.slice(0, 0)).quality == "green"


def test_results_come_in_the_order_declared() -> None:
    checks = [
        Check(kind="row_count", min=1),
        Check(kind="not_null", column="x"),
        Check(kind="volume", max_change=1.0),
        Check(kind="unique", column="id"),
    ]
    results = run_checks(checks, TABLE, key=[], time_column=None, rows_before=None, as_of=NOW)
    assert [result.check for result in results] == checks


@given(st.floats(0, 1), st.none() | st.floats(0, 1), st.none() | st.floats(0, 1))
def test_a_level_is_reached_above_its_share_only(
    share: float, warn: float | None, fail: float | None
) -> None:
    level = judge(Check(kind="not_null", column="x", warn=warn, fail=fail), share)
    if fail is not None and share > fail:
        assert level == "fail"
    elif warn is not None and share > warn:
        assert level == "warn"
    else:
        assert level == "green"


def test_the_worst_level_counts() -> None:
    assert worst(["green", "fail", "warn"]) == "fail"
    assert worst([]) == "green"


@pytest.mark.parametrize(
    "check",
    [
        Check(kind="not_null"),
        Check(kind="unique"),
        Check(kind="range", column="x"),
        Check(kind="range", column="x", min=2, max=1),
        Check(kind="allowed", column="x"),
        Check(kind="freshness", column="x"),
        Check(kind="freshness", max_age_h=2),
        Check(kind="row_count"),
        Check(kind="volume"),
        Check(kind="not_null", column="x", fail=1.5),
    ],
)
def test_a_check_that_says_nothing_is_refused(check: Check) -> None:
    with pytest.raises(Invalid):
        check_checks([check], time_column=None)


def test_two_checks_need_two_names() -> None:
    twice = [Check(kind="range", column="x", min=1), Check(kind="range", column="x", max=3)]
    with pytest.raises(Invalid, match="'range x'"):
        check_checks(twice, time_column=None)
