"""Append tables: many small appends, each for its own rows' price, each exactly once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pomona.core.errors import Conflict, Invalid
from pomona.data.committing import Committer
from pomona.data.profiling import profile_table
from pomona.data.records import Check, Committed, NewDataset
from pomona.data.service import DataService
from pomona.data.tables.files import FileReader
from pomona.stats.records import CategoryProfile, NumericProfile, TimeProfile

START = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS = (
    Check(kind="not_null", column="x", fail=0.5),
    Check(kind="range", column="x", min=0.0, fail=0.5),
    Check(kind="row_count", min=1),
    Check(kind="missing", column="x", warn=0.5, fail=0.9),
    Check(kind="unique", columns=("id",)),
)


def rows(first: int, count: int) -> pa.Table:
    ids = list(range(first, first + count))
    random = np.random.default_rng(first)
    x = random.normal(5, 3, count)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "at": pa.array([START + timedelta(minutes=n) for n in ids], pa.timestamp("us", "UTC")),
            "x": pa.array([None if n % 10 == 0 else float(v) for n, v in zip(ids, x, strict=True)]),
            "word": pa.array([f"w{n % 7}" for n in ids]),
        }
    )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a whole version was read, and of how many files."""
    found: list[int] = []
    batches = FileReader.batches

    def counted(self: FileReader, *args: object) -> object:
        found.append(len(self.files))
        return batches(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(FileReader, "batches", counted)
    return found


@pytest.mark.parametrize("key", [(), ("id",)])
def test_an_append_reads_no_old_row(data: DataService, reads: list[int], key: tuple[str, ...]) -> None:
    checks = CHECKS[:4] if not key else CHECKS
    data.create(NewDataset(name="d", key=key, time_column="at", checks=checks))
    data.commit("d", rows(0, 5000))
    for number in range(4):
        done = data.commit("d", rows(5000 + 100 * number, 100), mode="append")
    assert reads == []
    whole = data.read("d")
    assert whole.num_rows == 5400
    found, true = data.profile("d"), profile_table(whole, data.profile("d@v1"))
    assert (found.rows, found.merged) == (5400, 400)
    for name, column in true.columns.items():
        merged = found.columns[name]
        assert (merged.count, merged.missing) == (column.count, column.missing)
        if isinstance(column, NumericProfile) and isinstance(merged, NumericProfile):
            assert (merged.minimum, merged.maximum, merged.counts) == (
                column.minimum,
                column.maximum,
                column.counts,
            )
            assert merged.mean == pytest.approx(column.mean)
        if isinstance(column, CategoryProfile) and isinstance(merged, CategoryProfile):
            assert merged.top == column.top
        if isinstance(column, TimeProfile) and isinstance(merged, TimeProfile):
            assert (merged.latest, merged.coverage) == (column.latest, column.coverage)
    said = done.report.results
    again = data.recheck("d").results
    assert [(r.name, r.failing, r.rows, r.quality) for r in said] == [
        (r.name, r.failing, r.rows, r.quality) for r in again
    ]


def test_all_rows_are_read_once_more_when_a_tenth_was_merged_in(data: DataService, reads: list[int]) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows(0, 1000))
    for number in range(3):
        data.commit("d", rows(1000 + 50 * number, 50), mode="append")
    assert len(reads) == 1
    assert data.profile("d@v3").merged == 100
    assert data.profile("d").merged == 0


@pytest.mark.parametrize(
    "check",
    [
        Check(kind="distinct", column="word", min=1),
        Check(kind="unique", columns=("x",), fail=0.9, warn=0.9),
        Check(kind="exists", columns=("word",), to="words", fail=0.9, warn=0.9),
    ],
    ids=lambda check: check.kind,
)
def test_a_check_that_needs_all_rows_gets_them(data: DataService, reads: list[int], check: Check) -> None:
    data.create(NewDataset(name="words"))
    data.commit("words", pa.table({"word": [f"w{n}" for n in range(7)]}))
    data.create(NewDataset(name="d", key=("id",), checks=(check,)))
    data.commit("d", rows(0, 1000))
    done = data.commit("d", rows(1000, 10), mode="append")
    assert 2 in reads
    assert done.report.results[0].rows in (1, 1010)
    assert data.profile("d").merged == 0


def test_other_checks_than_before_are_asked_of_all_rows(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",), checks=CHECKS[:1]))
    data.commit("d", rows(0, 1000))
    data.declare_checks("d", CHECKS)
    done = data.commit("d", rows(1000, 10), mode="append")
    assert [result.rows for result in done.report.results] == [1010, 1010, 1, 1010, 1010]


def test_a_new_column_in_an_append(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows(0, 1000))
    wide = rows(1000, 10).append_column("y", pa.array([1.0] * 10))
    data.commit("d", wide, mode="append")
    column = data.profile("d").columns["y"]
    assert (column.count, column.missing) == (10, 1000)


def test_the_same_offset_is_taken_once(data: DataService) -> None:
    data.create(NewDataset(name="d"))
    first = data.commit("d", rows(0, 10), mode="append", producer="topic/0", offset=9)
    second = data.commit("d", rows(10, 10), mode="append", producer="topic/0", offset=19)
    other = data.commit("d", rows(0, 10), mode="append", producer="topic/1", offset=9)
    assert (first.created, second.created, other.created) == (True, True, True)
    for offset, holds in ((9, first), (0, first), (12, second), (19, second)):
        again = data.commit("d", rows(0, 10), mode="append", producer="topic/0", offset=offset)
        assert (again.created, again.version.id) == (False, holds.version.id)
    assert data.resolve("d").rows == 30


def test_an_offset_of_rows_that_were_there_is_kept_too(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    first = data.commit("d", rows(0, 10))
    same = data.commit("d", rows(0, 10), producer="p", offset=5)
    assert (same.created, same.version.id) == (False, first.version.id)
    later = data.commit("d", rows(0, 11), producer="p", offset=5)
    assert (later.created, later.version.id) == (False, first.version.id)


@pytest.mark.parametrize(("producer", "offset"), [("", 0), ("p" * 201, 0), ("p", -1), ("p", 2**63)])
def test_what_is_no_producer_or_offset(data: DataService, producer: str, offset: int) -> None:
    data.create(NewDataset(name="d"))
    with pytest.raises(Invalid):
        data.commit("d", rows(0, 10), producer=producer, offset=offset)


def test_producers_at_once_lose_nothing(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows(0, 10))

    def send(number: int) -> None:
        for part in range(3):
            start = 1000 * (number + 1) + 10 * part
            for _ in range(2):
                try:
                    data.commit("d", rows(start, 10), mode="append", producer=f"p{number}", offset=part)
                except Conflict:
                    time.sleep(0.01)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    for number in range(4):
        for part in range(3):
            start = 1000 * (number + 1) + 10 * part
            data.commit("d", rows(start, 10), mode="append", producer=f"p{number}", offset=part)
    ids = data.read("d")["id"].to_pylist()
    assert len(ids) == len(set(ids)) == 130


def test_the_first_appends_of_all_may_come_at_once(
    data: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    write, others = Committer._write, list[int]()

    def late(self: Committer, *args: Any) -> Committed:
        if not others:  # another producer is faster
            others.append(1)
            data.commit("d", rows(100, 10), mode="append", producer="fast", offset=1)
        return write(self, *args)

    monkeypatch.setattr(Committer, "_write", late)
    made = data.commit("d", rows(0, 10), mode="append", producer="slow", offset=1)
    assert (made.created, made.version.number, made.version.rows) == (True, 2, 20)


def test_rows_appended_twice_without_a_key_are_there_twice(data: DataService) -> None:
    data.create(NewDataset(name="d"))
    data.commit("d", rows(0, 10))
    for _ in range(2):
        data.commit("d", rows(50, 10), mode="append")
    path, number = data.location("d")
    assert data.resolve("d").rows == 30
    assert pl.scan_delta(path, version=number).collect().height == 30
    assert data.read("d").slice(10, 10).equals(data.read("d").slice(20, 10))
