"""For any tables and any history, a diff of any two versions equals the truth, worked out in plain Python."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pomona.business.service import BusinessService
from pomona.core.errors import Conflict, Invalid
from pomona.data.comparison.service import ComparisonService
from pomona.data.diff import steps
from pomona.data.diff.records import Diff
from pomona.data.diff.service import DiffService
from pomona.data.keeping.rebasing import Rebaser
from pomona.data.records import DataVersion, NewDataset
from pomona.data.service import DataService
from pomona.data.shelf import Shelf
from pomona.data.tables import files
from pomona.jobs.service import JobService
from pomona.sql import metadata
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock

Row = dict[str, Any]
X = st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan")])
LISTS = st.none() | st.lists(st.integers(0, 1), max_size=2)
ROWS = st.dictionaries(st.integers(0, 30), st.tuples(X, st.none() | st.sampled_from("ab"), LISTS), min_size=1)
MODES = st.sampled_from(["full", "append", "delta", "delta", "wider", "narrower", "again", "rebase"])
HISTORY = st.lists(st.tuples(MODES, ROWS), min_size=2, max_size=6)


def table(rows: dict[int, tuple[Any, ...]], mode: str) -> pa.Table:
    """Columns of three types; other ones, or other types, in some modes."""
    columns = {
        "id": pa.array(list(rows), pa.int64() if mode == "wider" else pa.int32()),
        "x": pa.array([row[0] for row in rows.values()], pa.float64()),
        "word": pa.array([row[1] for row in rows.values()], pa.string()),
        "few": pa.array([row[2] for row in rows.values()], pa.list_(pa.int8())),
    }
    if mode == "wider":
        columns["more"] = pa.array([row[1] and row[1] * 2 for row in rows.values()], pa.string())
    if mode == "narrower":
        del columns["word"]
    if mode == "delta":
        columns["_deleted"] = pa.array([key % 3 == 0 for key in rows])
    return pa.table(columns)


def committed(
    data: DataService, rebaser: Rebaser, history: list[tuple[str, dict[int, tuple[Any, ...]]]]
) -> list[DataVersion]:
    found: dict[str, DataVersion] = {}
    keyed = bool(data.dataset("d").key)
    for mode, rows in history:
        try:
            if mode == "again":  # as it was once: the same bytes, or none of them
                first = next(iter(found.values()), None)
                if first is None:
                    continue
                done = data.commit("d", data.read(first.id), new_base=True)
            elif mode == "rebase":
                if found:
                    rebaser.rebase("d", 0.0)
                    newest = data.resolve("d")
                    found.setdefault(newest.id, newest)
                continue
            elif mode in ("wider", "narrower"):
                done = data.commit("d", table(rows, mode), new_base=True)
            else:
                sent = "full" if mode == "delta" and not keyed else mode
                done = data.commit("d", table(rows, sent), mode=sent, new_base=sent == "full")  # type: ignore[arg-type]
        except (Conflict, Invalid):
            continue
        found.setdefault(done.version.id, done.version)
    return list(found.values())


def plain(found: pa.Table) -> list[Row]:
    return found.to_pylist()


def text(value: Any) -> str:
    return repr(value)


def truth_by_key(before: list[Row], after: list[Row], columns: list[str]) -> dict[str, Any]:
    was, now = ({row["id"]: row for row in rows} for rows in (before, after))
    both = was.keys() & now.keys()
    differ = {
        key: [name for name in columns if text(was[key].get(name)) != text(now[key].get(name))]
        for key in both
    }
    return {
        "added": sorted(now.keys() - was.keys()),
        "removed": sorted(was.keys() - now.keys()),
        "changed": {key: names for key, names in differ.items() if names},
    }


@pytest.mark.parametrize("key", [("id",), ()], ids=["keyed", "unkeyed"])
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORY)
def test_a_diff_is_the_truth(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    key: tuple[str, ...],
    history: list[tuple[str, dict[int, tuple[Any, ...]]]],
) -> None:
    monkeypatch.setattr(files, "FILE_ROWS", 8)
    monkeypatch.setattr(files, "_GROUP_ROWS", 4)
    monkeypatch.setattr(steps, "RANGE_ROWS", 7)
    folder = tmp_path_factory.mktemp("diff")
    clock = FakeClock()
    database = SqliteDatabase(folder / "t.db", clock)
    metadata.create_all(database.engine)
    blobs, tables = FileBlobs(folder / "blobs"), delta_tables(folder / "tables")
    data = DataService(database, blobs, tables, clock, BusinessService(database, clock), folder / "in")
    diffs = DiffService(Shelf(data, blobs, tables), ComparisonService(data))
    data.create(NewDataset(name="d", key=key))
    jobs = JobService(database, clock)
    versions = committed(data, Rebaser(database, blobs, tables, clock, data, jobs), history)
    event(f"{len(versions)} versions")
    for one in versions:
        for other in versions:
            check(data, diffs, one, other)
    database.close()


def check(data: DataService, diffs: DiffService, one: DataVersion, other: DataVersion) -> None:
    found = diffs.diff(one.id, other.id)
    before, after = plain(data.read(one.id)), plain(data.read(other.id))
    rows = {
        kind: plain(diffs.rows(one.id, other.id, kind).read_all()) for kind in ("added", "removed", "changed")
    }  # type: ignore[arg-type]
    assert (found.added, found.removed, found.changed) == tuple(len(each) for each in rows.values())
    columns = [field.name for field in other.schema]
    if found.key:
        expected = truth_by_key(before, after, [name for name in columns if name != "id"])
        assert [row["id"] for row in rows["added"]] == expected["added"]
        assert [row["id"] for row in rows["removed"]] == expected["removed"]
        assert {row["id"]: row["_changed"] for row in rows["changed"]} == expected["changed"]
        assert [row["id"] for row in rows["changed"]] == sorted(expected["changed"])
        whole(found, rows, before, after)
    else:
        was = Counter(text({name: row.get(name) for name in columns}) for row in before)
        now = Counter(text(row) for row in after)
        if one.schema[0].type == other.schema[0].type:
            assert Counter(text(row) for row in rows["added"]) == now - was
            gone = ({name: row.get(name) for name in columns} for row in rows["removed"])
            assert Counter(text(row) for row in gone) == was - now
        assert found.rows_after - found.rows_before == found.added - found.removed
    if one.id == other.id:
        assert found.same
        assert found.rows_read == 0


def whole(found: Diff, rows: dict[str, list[Row]], before: list[Row], after: list[Row]) -> None:
    """The rows of each kind hold what the versions hold."""
    was, now = ({row["id"]: row for row in side} for side in (before, after))
    assert all(text(row) == text(now[row["id"]]) for row in rows["added"])
    assert all(text(row) == text(was[row["id"]]) for row in rows["removed"])
    for row in rows["changed"]:
        for name in now[row["id"]]:
            if name != "id":
                assert text(row[f"{name}_after"]) == text(now[row["id"]][name])
                assert text(row[f"{name}_before"]) == text(was[row["id"]].get(name))
    counted = Counter(name for row in rows["changed"] for name in row["_changed"])
    assert {column.name: column.changed for column in found.columns if column.changed} == counted
