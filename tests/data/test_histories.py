"""Any sequence of commits: each version stays what it was, and counts what changed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pomona.business.service import BusinessService
from pomona.core.errors import Conflict, Invalid
from pomona.data.records import NewDataset
from pomona.data.service import DataService
from pomona.sql import metadata
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.dictionaries(st.integers(0, 12), st.none() | st.sampled_from([0.0, 1.5, float("nan")]), min_size=1)
HISTORY = st.lists(st.tuples(st.sampled_from(["full", "append"]), ROWS), min_size=1, max_size=6)


def table(rows: dict[int, float | None]) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(list(rows), pa.int64()),
            "at": pa.array([START + timedelta(days=key) for key in rows], pa.timestamp("us", "UTC")),
            "x": pa.array(list(rows.values()), pa.float64()),
        }
    )


def content(found: pa.Table) -> dict[int, str]:
    return {row["id"]: repr(row["x"]) for row in found.to_pylist()}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(HISTORY)
def test_every_version_stays_what_was_committed(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, dict[int, float | None]]]
) -> None:
    folder = tmp_path_factory.mktemp("history")
    clock = FakeClock()
    database = SqliteDatabase(folder / "t.db", clock)
    metadata.create_all(database.engine)
    blobs, tables = FileBlobs(folder / "blobs"), delta_tables(folder / "tables")
    data = DataService(database, blobs, tables, clock, BusinessService(database, clock), folder / "in")
    data.create(NewDataset(name="d", key=("id",), time_column="at"))
    versions: dict[str, dict[int, str]] = {}
    current: dict[int, str] = {}
    for mode, rows in history:
        texts = {key: repr(value) for key, value in rows.items()}
        before = len(versions)
        try:
            done = data.commit("d", table(rows), mode=mode)  # type: ignore[arg-type]
        except Conflict:
            assert mode == "append"
            assert current.keys() & rows.keys()
            continue
        if not done.created:
            assert content(data.read(done.version.id)) == current
            continue
        after = texts if mode == "full" else current | texts
        assert done.version.number == before + 1
        assert done.version.rows_added == len(after.keys() - current.keys())
        assert done.version.rows_removed == len(current.keys() - after.keys())
        assert done.version.rows_changed == sum(
            current[key] != after[key] for key in current.keys() & after.keys()
        )
        versions[done.version.id], current = after, after
    for version, expected in versions.items():
        assert content(data.read(version)) == expected
        cut = START + timedelta(days=6)
        early = {key: text for key, text in expected.items() if key < 6}
        assert content(data.read(version, until=cut)) == early
        assert data.profile(version).rows == len(expected)
    database.close()


def test_of_two_commits_at_once_one_is_told_to_try_again(
    data: DataService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    together = threading.Barrier(2, timeout=20)
    put = FileBlobs.put

    def put_together(self: FileBlobs, body: bytes) -> str:
        together.wait()
        return put(self, body)

    monkeypatch.setattr(FileBlobs, "put", put_together)
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(data.commit, "d", table({n: 1.0})) for n in (1, 2)]
        errors = [one.exception() for one in tries]
    assert sorted(type(error) for error in errors if error) == [Conflict]
    assert [version.number for version in data.versions("d")] == [1]


def test_a_time_range_needs_a_time_zone_and_an_order(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",), time_column="at"))
    data.commit("d", table({1: 1.0}))
    with pytest.raises(Invalid, match="time zone"):
        data.read("d", since=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(Invalid, match="before"):
        data.read("d", since=START, until=START)
    data.create(NewDataset(name="timeless"))
    data.commit("timeless", table({1: 1.0}))
    with pytest.raises(Invalid, match="no time column"):
        data.read("timeless", since=START)
