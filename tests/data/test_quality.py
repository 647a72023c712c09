"""Checks find the rows that break them, and a level is a share of rows."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.data.profiling import profile_table
from pomona.data.quality.inspection import Inspection, run_checks
from pomona.data.quality.repeats import Repeats
from pomona.data.records import Check, CheckResult
from pomona.data.rules import check_checks, columns_of, judge, worst
from pomona.data.tables.frames import to_polars

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
        (Check(kind="pattern", column="word", pattern="^a$"), 1),
        (Check(kind="length", column="word", min=2), 3),
        (Check(kind="length", column="word", max=1), 0),
        (Check(kind="expression", expression="x <= id"), 1),
        (Check(kind="expression", expression="x is not null and id < 4"), 3),
        (Check(kind="expression", expression="word = 'a' or id = 3"), 0),
    ],
)
def test_a_check_on_rows_counts_the_failing_ones(check: Check, failing: int) -> None:
    result = run(check)
    assert (result.failing, result.rows, result.share) == (failing, 4, failing / 4)
    assert result.quality == ("fail" if failing else "green")
    assert len(result.examples) == failing
    assert all(name in row for row in result.examples for name in ("id", *columns_of(check)))


@pytest.mark.parametrize("name", ["*", "^.*$", "^w.*$"])
def test_a_name_that_looks_like_a_pattern_means_its_own_column(name: str) -> None:
    table = TABLE.append_column(name, pa.array(["a", "a", "", None]))
    assert run(Check(kind="not_null", column=name), table).failing == 1
    assert run(Check(kind="unique", columns=(name,)), table).failing == 2
    assert run(Check(kind="allowed", column=name, values=("a",)), table).failing == 1


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
        (Check(kind="distinct", column="word", min=2, max=2), None, True),
        (Check(kind="distinct", column="id", max=3), None, False),
        (Check(kind="distinct", column="tags", max=3), None, False),
        (Check(kind="missing", column="x", warn=0.1, fail=0.5), None, False),
        (Check(kind="missing", column="x", warn=0.5, fail=0.5), None, True),
        (Check(kind="schema", types={"id": "int64", "word": "string"}), None, True),
        (Check(kind="schema", types={"id": "double"}), None, False),
        (Check(kind="schema", types={"gone": "double"}), None, False),
        (Check(kind="distribution", column="x", warn=0.1, fail=0.2), None, True),
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
        Check(kind="pattern", column="x", pattern="a"),
        Check(kind="length", column="id", min=1),
        Check(kind="missing", column="gone"),
        Check(kind="exists", column="word", to="words"),
        Check(kind="expression", expression="gone > x", column="gone"),
        Check(kind="expression", expression="word > x", column="word"),
        Check(kind="expression", expression="x + id", column="x"),
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


LEVEL = st.none() | st.floats(0, 1)


@given(st.floats(0, 1), LEVEL, LEVEL, LEVEL)
def test_a_level_is_reached_above_its_share_only(
    share: float, warn: float | None, fail: float | None, critical: float | None
) -> None:
    level = judge(Check(kind="not_null", column="x", warn=warn, fail=fail, critical=critical), share)
    if critical is not None and share > critical:
        assert level == "critical"
    elif fail is not None and share > fail:
        assert level == "fail"
    elif warn is not None and share > warn:
        assert level == "warn"
    else:
        assert level == "green"


def test_the_worst_level_counts() -> None:
    assert worst(["green", "fail", "warn"]) == "fail"
    assert worst(["fail", "critical", "warn"]) == "critical"
    assert worst([]) == "green"


@pytest.mark.parametrize(
    "check",
    [
        Check(kind="pattern", column="x", pattern="["),
        Check(kind="length", column="x"),
        Check(kind="expression"),
        Check(kind="expression", expression="max(x) > 1"),
        Check(kind="exists", column="x"),
        Check(kind="exists", columns=("x", "y"), to="other", to_columns=("x",)),
        Check(kind="missing"),
        Check(kind="distinct", column="x"),
        Check(kind="distribution", column="x"),
        Check(kind="schema"),
        Check(kind="not_null", column="x", warn=0.5, fail=0.1),
        Check(kind="not_null", column="x", fail=0.5, critical=0.1),
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


AIRPORTS = pl.DataFrame({"code": ["a", "b"], "city": ["x", "y"]})


def airports(dataset: str, columns: list[str]) -> pl.DataFrame:
    assert dataset == "airports"
    return AIRPORTS.select(columns)


@pytest.mark.parametrize(
    ("check", "failing"),
    [
        (Check(kind="exists", column="origin", to="airports", to_columns=("code",)), 1),
        (Check(kind="exists", columns=("origin", "city"), to="airports", to_columns=("code", "city")), 2),
        (Check(kind="exists", column="city", to="airports"), 0),
    ],
)
def test_rows_that_another_dataset_lacks(check: Check, failing: int) -> None:
    table = pa.table({"origin": ["a", "b", "c", None, "b"], "city": ["x", "x", "x", "x", None]})
    [result] = run_checks(
        [check], table, key=[], time_column=None, rows_before=None, as_of=NOW, related=airports
    )
    assert (result.failing, len(result.examples)) == (failing, failing), result.detail


def numbers(count: int, middle: float = 0.0, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table({"x": rng.normal(middle, 1, count), "w": rng.choice(["a", "b"], count, p=(0.9, 0.1))})


@pytest.mark.parametrize("to", ["", "numbers@v1"])
@pytest.mark.parametrize(("moved", "quality"), [(0.0, "green"), (0.4, "warn"), (2.0, "critical")])
def test_a_distribution_that_moved(to: str, moved: float, quality: str) -> None:
    before = numbers(4_000)
    check = Check(kind="distribution", column="x", to=to, warn=0.1, fail=0.3, critical=1.0)
    [result] = run_checks(
        [check],
        numbers(4_000, moved, seed=1),
        key=[],
        time_column=None,
        rows_before=4_000,
        as_of=NOW,
        parent_profile=profile_table(before),
        related=lambda ref, columns: to_polars(before.select(columns)),
    )
    assert result.quality == quality, result.detail


def test_a_value_that_breaks_one_check_leaves_the_others() -> None:
    table = pa.table({"word": ["1", "x"], "id": [1, 2]})
    checks = [
        Check(kind="expression", expression="word::int > 0"),
        Check(kind="range", column="id", max=1),
    ]
    cast, narrow = run_checks(checks, table, key=[], time_column=None, rows_before=None, as_of=NOW)
    assert cast.quality == "fail"
    assert cast.detail
    assert narrow.failing == 1


ALL = (
    Check(kind="not_null", column="x"),
    Check(kind="unique", columns=("w",), name="words"),
    Check(kind="unique", columns=("i", "w")),
    Check(kind="range", column="x", min=-1, max=1),
    Check(kind="allowed", column="w", values=("a",)),
    Check(kind="expression", expression="x < i"),
    Check(kind="distinct", column="i", max=4),
    Check(kind="missing", column="x", fail=0.1),
    Check(kind="row_count", min=3),
)


@given(
    st.lists(st.tuples(st.none() | st.floats(-3, 3), st.integers(0, 5), st.sampled_from("ab")), max_size=30),
    st.lists(st.integers(0, 30), max_size=5),
)
def test_chunks_give_what_the_whole_gives(rows: list[tuple[float | None, int, str]], cuts: list[int]) -> None:
    schema = pa.schema({"x": pa.float64(), "i": pa.int64(), "w": pa.large_string()})
    table = pa.Table.from_pylist([dict(zip("xiw", row, strict=True)) for row in rows], schema)
    whole = run_checks(ALL, table, key=[], time_column=None, rows_before=None, as_of=NOW)
    inspection = Inspection(ALL, key=[], time_column=None, rows_before=None, as_of=NOW)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for start, end in pairwise(bounds):
        inspection.add(table.slice(start, end - start))
    assert inspection.finish(profile_table(table)) == whole


@pytest.mark.parametrize("in_memory", [10, 1_000_000])
def test_repeats_are_found_on_disk_as_in_memory(in_memory: int) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.integers(0, 500, 900), "b": rng.integers(0, 2, 900)})
    repeats = Repeats(in_memory=in_memory)
    for start in range(0, 900, 100):
        repeats.add(frame.slice(start, 100))
    rows, hashes = repeats.finish()
    assert rows == int(frame.is_duplicated().sum())
    assert len(hashes) == frame.filter(frame.is_duplicated()).n_unique()
