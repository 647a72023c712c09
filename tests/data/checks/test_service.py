"""Checks are tried, proposed, followed over versions, and their failing rows shown."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Database
from pomona.data.checks import service
from pomona.data.checks.service import CheckService
from pomona.data.comparison.service import ComparisonService
from pomona.data.records import Check, NewDataset
from pomona.data.service import DataService
from pomona.stats.records import NumericProfile
from pomona.testing.clock import FakeClock

CHECKS = (
    Check(kind="range", column="x", max=10, warn=0.0, fail=0.2),
    Check(kind="unique", columns=("word",), name="words", fail=1.0),
    Check(kind="row_count", min=1),
    Check(kind="missing", column="x", warn=0.1, fail=0.5),
)


@pytest.fixture
def checks(
    database: Database, clock: FakeClock, data: DataService, monkeypatch: pytest.MonkeyPatch
) -> CheckService:
    monkeypatch.setattr(service, "CHUNK_ROWS", 3)
    data.create(NewDataset(name="fruit", key=("id",), time_column="at", checks=CHECKS))
    return CheckService(database, clock, data)


def fruit(x: list[float | None], words: str = "abcdefgh") -> pa.Table:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "id": list(range(len(x))),
            "at": [start + timedelta(hours=i) for i in range(len(x))],
            "x": pa.array(x, pa.float64()),
            "word": list(words[: len(x)]),
        }
    )


def test_the_history_of_each_check(checks: CheckService, data: DataService) -> None:
    assert checks.history("fruit") == []
    data.commit("fruit", fruit([1, 2, 3, 4, 5, 6]))
    data.commit("fruit", fruit([1, 2, 3, 4, 5, 60]))
    data.declare_checks("fruit", CHECKS[:1])
    data.commit("fruit", fruit([1, 2, 3, 40, 50, 60]))
    first, *others = checks.history("fruit")
    assert (first.name, first.check) == ("range x", CHECKS[0])
    assert [point.quality for point in first.points] == ["green", "warn", "fail"]
    assert [point.failing for point in first.points] == [0, 1, 3]
    assert [point.number for point in first.points] == [1, 2, 3]
    assert [(one.name, len(one.points)) for one in others] == [
        ("words", 2),
        ("row_count", 2),
        ("missing x", 2),
    ]


def test_all_failing_rows_page_by_page(checks: CheckService, data: DataService) -> None:
    data.commit("fruit", fruit([11, 2, 13, 4, 15, None, 17, 18], "abacabbz"))
    assert checks.failing("fruit", "range x")["x"].to_pylist() == [11, 13, 15, 17, 18]
    assert checks.failing("fruit", "range x", offset=1, limit=3)["x"].to_pylist() == [13, 15, 17]
    assert checks.failing("fruit", "range x", offset=9).num_rows == 0
    assert checks.failing("fruit", "words")["word"].to_pylist() == list("abaabb")
    assert checks.failing("fruit", "missing x")["id"].to_pylist() == [5]
    page = checks.failing_page("fruit", "range x", offset=4, limit=50)
    assert (page.failing, page.offset, [row["x"] for row in page.rows]) == (5, 4, [18.0])


def test_what_no_row_can_fail_is_said(checks: CheckService, data: DataService) -> None:
    data.commit("fruit", fruit([1, 2]))
    with pytest.raises(Invalid, match="as a whole"):
        checks.failing("fruit", "row_count")
    with pytest.raises(NotFound, match="no check 'other'"):
        checks.failing("fruit", "other")
    with pytest.raises(Invalid, match="at once"):
        checks.failing("fruit", "range x", limit=10**9)


def test_a_trial_stores_nothing(checks: CheckService, data: DataService) -> None:
    version = data.commit("fruit", fruit([1, 2, 3, 40])).version
    before = data.report(version.id)
    report = checks.attempt("fruit", [Check(kind="expression", expression="x < 2", critical=0.7)])
    assert (report.quality, report.results[0].failing) == ("critical", 3)
    assert data.report(version.id) == before
    with pytest.raises(Invalid, match="needs"):
        checks.attempt("fruit", [Check(kind="range")])


def test_rows_that_another_dataset_lacks(checks: CheckService, data: DataService) -> None:
    data.create(NewDataset(name="words"))
    data.commit("words", pa.table({"known": ["a", "b"]}))
    data.commit("fruit", fruit([1, 2, 3]))
    exists = Check(kind="exists", column="word", to="words", to_columns=("known",))
    data.declare_checks("fruit", [exists])
    [result] = checks.attempt("fruit", [exists]).results
    assert (result.failing, result.examples[0]["word"]) == (1, "c")
    assert checks.failing("fruit", "exists word words")["word"].to_pylist() == ["c"]
    [gone] = checks.attempt("fruit", [Check(kind="exists", column="word", to="nowhere")]).results
    assert gone.quality == "fail"
    assert "nowhere" in gone.detail


def test_suggested_checks_are_met_by_the_version_they_come_from(
    checks: CheckService, data: DataService
) -> None:
    rng = np.random.default_rng(0)
    table = fruit([float(x) if x < 1 else None for x in rng.normal(0, 1, 400)], "ab" * 200)
    version = data.commit("fruit", table).version
    found = checks.suggest("fruit")
    assert {check.kind for check in found} >= {
        "schema",
        "volume",
        "missing",
        "range",
        "allowed",
        "distribution",
    }
    assert not any(check.column == "id" for check in found)
    data.declare_checks("fruit", found)
    assert data.recheck(version.id).quality == "green"


def test_two_versions_in_the_same_bins(checks: CheckService, data: DataService) -> None:
    rng = np.random.default_rng(0)
    data.create(NewDataset(name="other"))
    data.commit("fruit", fruit(list(rng.normal(0, 1, 500)), "ab" * 250))
    moved = fruit(list(rng.normal(3, 1, 500)), "ab" * 250)
    data.commit("other", moved.append_column("new", pa.array(range(500))).drop_columns(["at"]))
    comparison = ComparisonService(data).compare("fruit", "other")
    assert (comparison.before, comparison.after, comparison.rows_after) == ("fruit@v1", "other@v1", 500)
    by_name = {column.name: column for column in comparison.columns}
    assert comparison.columns[0].name == "x"
    assert [column.change for column in comparison.columns[-2:]] == ["removed", "added"]
    x = by_name["x"]
    assert isinstance(x.before, NumericProfile)
    assert isinstance(x.after, NumericProfile)
    assert x.before.edges == x.after.edges
    assert sum(x.after.counts) == 500
    assert x.moved > 1
    assert by_name["word"].moved == 0
