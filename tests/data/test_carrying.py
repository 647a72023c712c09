"""A profile that is carried on from the version before is the one that all rows would give."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pomona.business.service import BusinessService
from pomona.data import committing, profiling
from pomona.data.memories import MEMORIES, Memories
from pomona.data.profiling import Carried, Profiler
from pomona.data.records import Check, NewDataset
from pomona.data.service import DataService
from pomona.data.tables.canonical import canonical
from pomona.sql import metadata
from pomona.stats.records import CategoryProfile, NumericProfile, TableProfile, TimeProfile
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = st.fixed_dictionaries(
    {
        "x": st.none() | st.sampled_from([0.0, -0.0, 1.5, -3.25, float("nan"), float("inf"), 1e9]),
        "n": st.integers(-3, 3),
        "word": st.none() | st.sampled_from(["pear", "fig", "plum", "x" * 300]),
        "at": st.none() | st.integers(0, 5),
        "day": st.integers(0, 3),
        "yes": st.booleans(),
        "many": st.lists(st.integers(0, 2), max_size=2),
    }
)
ROWS = st.dictionaries(st.integers(0, 30), ROW, min_size=4, max_size=20)


def table(rows: dict[int, dict[str, Any]]) -> pa.Table:
    """The rows as a table."""
    keys = list(rows)

    def column(name: str) -> list[Any]:
        return [rows[key][name] for key in keys]

    moments = [None if n is None else START + timedelta(hours=7 * n) for n in column("at")]
    return pa.table(
        {
            "id": pa.array(keys, pa.int64()),
            "x": pa.array(column("x"), pa.float64()),
            "n": pa.array(column("n"), pa.int32()),
            "word": pa.array(column("word"), pa.string()),
            "at": pa.array(moments, pa.timestamp("us", "UTC")),
            "day": pa.array(column("day"), pa.int32()).cast(pa.date32()),
            "yes": pa.array(column("yes"), pa.bool_()),
            "many": pa.array(column("many"), pa.list_(pa.int64())),
        }
    )


def same(found: TableProfile, whole: TableProfile) -> None:
    """Both are one, moments and correlations up to rounding."""
    assert found.rows == whole.rows
    assert (found.correlations is None) == (whole.correlations is None)
    if found.correlations and whole.correlations:
        for line, those in zip(found.correlations.pearson, whole.correlations.pearson, strict=True):
            assert list(line) == pytest.approx(list(those), abs=2e-6)
    for name, column in found.columns.items():
        other = whole.columns[name]
        if isinstance(column, NumericProfile) and isinstance(other, NumericProfile):
            assert column.mean == pytest.approx(other.mean, rel=1e-9, abs=1e-9)
            assert column.m2 == pytest.approx(other.m2, rel=1e-6, abs=1e-9)
            column = msgspec.structs.replace(column, mean=other.mean, m2=other.m2)
        if isinstance(column, TimeProfile) and isinstance(other, TimeProfile):
            assert dict(column.coverage) == dict(other.coverage)
        assert column == other, name


def read_anew(data: DataService, ref: str, like: TableProfile) -> TableProfile:
    """What all rows of a version give, in the bins of the version before."""
    profiler = Profiler(like)
    profiler.add(canonical(data.read(ref)))
    return profiler.finish()


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[Carried]:
    """Every profile that was carried on."""
    made: list[Carried] = []

    class Seen(Carried):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words)
            made.append(self)

    monkeypatch.setattr(committing, "Carried", Seen)
    monkeypatch.setattr(committing, "_MOVED", 9.0)
    return made


@contextmanager
def service(folder: Path) -> Iterator[DataService]:
    """A data service in a folder of its own."""
    clock = FakeClock()
    database = SqliteDatabase(folder / "t.db", clock)
    metadata.create_all(database.engine)
    blobs, tables = FileBlobs(folder / "blobs"), delta_tables(folder / "tables")
    yield DataService(database, blobs, tables, clock, BusinessService(database, clock), folder / "in")
    database.close()


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["full", "full", "delta"]),
        st.dictionaries(st.integers(0, 40), ROW, max_size=4),
        st.sets(st.integers(0, 40), max_size=3),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(ROWS, EDITS)
def test_after_any_edits_it_is_what_all_rows_give(
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[int, dict[str, Any]],
    edits: list[tuple[str, dict[int, dict[str, Any]], set[int]]],
) -> None:
    with service(tmp_path_factory.mktemp("carried")) as data, pytest.MonkeyPatch.context() as patch:
        patch.setattr(committing, "_MOVED", 9.0)
        data.create(NewDataset(name="d", key=("id",)))
        before = data.profile(data.commit("d", table(first)).version.id)
        rows = dict(first)
        for mode, changed, gone in edits:
            gone = gone - changed.keys()
            after = {key: row for key, row in (rows | changed).items() if key not in gone}
            if not after or (mode == "delta" and not changed and not gone & rows.keys()):
                continue
            if mode == "delta":
                dead = {key: rows[key] for key in gone & rows.keys()}
                delta = table(changed | dead)
                marks = pa.array([key in dead for key in (changed | dead)])
                done = data.commit("d", delta.append_column("_deleted", marks), mode="delta")
            else:
                done = data.commit("d", table(after))
            rows = after
            found = data.profile(done.version.id)
            if done.created:
                same(found, read_anew(data, done.version.id, before))
            before = found


def big(rows: int, seed: int) -> pa.Table:
    """Columns with more values than are kept, in random order of the key's neighbours."""
    draw = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(rows),
            "x": draw.normal(size=rows),
            "k": draw.integers(0, 6_000, rows),
            "word": [f"w{n}" for n in draw.integers(0, 30_000, rows)],
            "often": draw.choice(["pear", "fig"], rows),
        }
    )


def test_columns_of_very_many_values_are_carried_on_too(data: DataService, carried: list[Carried]) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    now = big(60_000, 1)
    before = data.profile(data.commit("d", now).version.id)
    for day in range(1, 4):
        draw = np.random.default_rng(day)
        values = now.column("x").to_numpy().copy()
        values[draw.choice(len(values), 600, replace=False)] += 1
        now = now.set_column(1, "x", pa.array(values))
        now = now.filter(pa.array(draw.random(now.num_rows) > 0.01))
        done = data.commit("d", now)
        found, whole = data.profile(done.version.id), read_anew(data, done.version.id, before)
        words, others = found.columns.pop("word"), whole.columns.pop("word")
        assert isinstance(words, CategoryProfile)
        assert isinstance(others, CategoryProfile)
        assert (words.count, words.distinct) == (others.count, others.distinct)
        for word in words.top.keys() & others.top.keys():
            assert abs(words.top[word] - others.top[word]) <= now.num_rows / 10_000
        same(found, whole)
        before = data.profile(done.version.id)
    assert len(carried) == 3
    assert all(len(one.unsure()) < 3 for one in carried)  # most columns were not read again


def test_only_the_column_whose_lowest_value_went_is_read_again(
    data: DataService, carried: list[Carried]
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    rows = pa.table({"id": range(50), "x": [float(n) for n in range(50)], "few": [n % 2 for n in range(50)]})
    data.commit("d", rows)
    values = [1.5, *range(1, 50)]
    done = data.commit("d", rows.set_column(1, "x", pa.array(values, pa.float64())))
    assert list(carried[0].unsure()) == ["x"]
    column = data.profile(done.version.id).columns["x"]
    assert isinstance(column, NumericProfile)
    assert column.minimum == 1.0
    done = data.commit("d", rows.slice(2))  # both of "few" are there still
    assert list(carried[1].unsure()) == ["id", "x"]


def test_a_huge_value_that_goes_leaves_no_rounding_behind(data: DataService, carried: list[Carried]) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    small = pa.table(
        {"id": range(100), "x": [n / 100 for n in range(100)], "y": [n % 7 / 7 for n in range(100)]}
    )
    data.commit("d", small)
    huge = small.set_column(1, "x", pa.array([1e15, *small["x"].to_pylist()[1:]]))
    before = data.profile(data.commit("d", huge).version.id)
    done = data.commit("d", small)
    assert list(carried[1].unsure()) == ["id", "x", "y"]
    same(data.profile(done.version.id), read_anew(data, done.version.id, before))


def test_without_a_memory_or_with_another_ones_all_rows_are_looked_at(
    data: DataService, tmp_path: Path, carried: list[Carried]
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    version = data.commit("d", big(100, 1)).version
    (path,) = tmp_path.rglob("*.memory")
    assert Memories(path.parent).get(version.dataset_id, version.profile) is not None
    assert Memories(path.parent).get(version.dataset_id, "0" * 64) is None
    path.write_bytes(path.read_bytes()[:100])
    before = data.profile("d")
    done = data.commit("d", big(100, 2))
    assert not carried
    same(data.profile(done.version.id), read_anew(data, done.version.id, before))
    other = msgspec.msgpack.decode(path.read_bytes())
    path.write_bytes(msgspec.msgpack.encode(other | {"library": "0.1"}))
    data.commit("d", big(100, 3))
    assert not carried
    data.commit("d", big(100, 4))
    assert len(carried) == 1
    assert path.parent.name == MEMORIES


def test_a_delta_is_profiled_by_its_rows_unless_there_are_checks(
    data: DataService, carried: list[Carried]
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", big(200, 1))
    data.commit("d", big(3, 2), mode="delta")
    assert len(carried) == 1
    data.declare_checks("d", [Check(kind="range", column="x", min=-9, max=9)])
    done = data.commit("d", big(3, 3), mode="delta")
    assert len(carried) == 1
    assert [result.rows for result in data.report(done.version.id).results] == [200]


def test_a_version_without_rows_is_nothing_to_carry_on_from(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", big(100, 1).slice(0, 0), allow_empty=True)
    assert data.profile(data.commit("d", big(100, 1)).version.id).rows == 100
    assert data.profile(data.commit("d", big(100, 1).slice(0, 0), allow_empty=True).version.id).rows == 0


def test_when_most_rows_moved_everything_is_read(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    before = data.profile(data.commit("d", big(100, 1)).version.id)
    done = data.commit("d", big(400, 2))
    same(data.profile(done.version.id), read_anew(data, done.version.id, before))
    assert profiling.MOST_CORRELATED == 40


def test_values_that_were_huge_take_no_digits_with_them(tmp_path: Path) -> None:
    """A billion beside small numbers, then gone: what is left correlates as if it had never been there."""
    rows: dict[int, dict[str, Any]] = {
        key: {"x": x, "n": n, "word": None, "at": None, "day": 0, "yes": True, "many": []}
        for key, (x, n) in enumerate([(1e9, 0), (1.5, 1), (-3.25, -2), (0.0, 0), (1.5, 2), (0.0, 1)])
    }
    with service(tmp_path) as data, pytest.MonkeyPatch.context() as patch:
        patch.setattr(committing, "_MOVED", 9.0)
        data.create(NewDataset(name="d", key=("id",)))
        before = data.profile(data.commit("d", table(rows)).version.id)
        done = data.commit("d", table({key: row for key, row in rows.items() if key}))
        same(data.profile(done.version.id), read_anew(data, done.version.id, before))


def test_an_end_that_goes_is_looked_for_without_counting_all_values_anew(
    data: DataService, carried: list[Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    few = pa.array([float("inf"), None, 7.5, *[float("nan")] * 19_997])
    rows: pa.Table = big(20_000, 1).append_column("few", few)
    before = data.profile(data.commit("d", rows).version.id)
    counted: list[str] = []
    add = profiling.Profiler.add

    def noted(profiler: Profiler, chunk: pa.Table) -> None:
        counted.extend(chunk.column_names)
        add(profiler, chunk)

    monkeypatch.setattr(profiling.Profiler, "add", noted)
    highest = int(np.argmax(rows.column("x").to_numpy()))
    done = data.commit("d", rows.filter(pa.array([n not in (2, highest) for n in range(20_000)])))
    assert counted == []
    assert {"x"} <= set(carried[0].unsure()) <= {"x", "k", "few"}
    found = data.profile(done.version.id)
    kept = [found.columns[name] for name in ("x", "k", "few")]
    anew = read_anew(data, done.version.id, before)
    for name, column in zip(("x", "k", "few"), kept, strict=True):
        other = anew.columns[name]
        assert isinstance(column, NumericProfile)
        assert isinstance(other, NumericProfile)
        assert (column.minimum, column.maximum) == (other.minimum, other.maximum)
