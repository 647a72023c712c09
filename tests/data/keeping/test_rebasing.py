"""A rebase has the same rows in fewer files; a version that was there stays as it is."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests.data.keeping.world import World, table

from pomona.core.errors import Conflict
from pomona.core.tables import DataFile, Vector
from pomona.data.keeping import rules
from pomona.data.keeping.merging import Merger
from pomona.data.records import Upkeep
from pomona.data.tables import files
from pomona.worker import Housekeeper


def sorted_rows(world: World, ref: str) -> list[tuple[int, float | None]]:
    return sorted(world.read(ref).items())


def test_hidden_rows_are_left_out_and_small_files_merged(world: World) -> None:
    world.create()
    world.commit({n: float(n) for n in range(1000)})
    world.commit({n: float(n) + (n % 3 == 0) for n in range(1000)})
    last = world.commit({n: float(n) + (n % 3 == 0) for n in range(1100)})
    assert len(last.files) == 3
    before = {ref: sorted_rows(world, ref) for ref in ("d@v1", "d@v2", "d@v3")}
    done = world.app.keeping.rebaser.rebase("d", 0.1)
    assert (done.outcome, done.ref, done.rewritten, done.written) == ("rebased", "d@v4", 3, 1)
    version = world.app.data.resolve("d")
    assert (version.number, version.mode, version.rows) == (4, "rebase", 1100)
    assert (version.rows_added, version.rows_removed, version.rows_changed) == (0, 0, 0)
    assert all(file.vector is None for file in version.files)
    assert sorted_rows(world, "d") == before["d@v3"]
    assert {ref: sorted_rows(world, ref) for ref in before} == before
    world.app.data.verify("d")
    assert world.app.data.profile("d") == world.app.data.profile("d@v3")
    assert world.app.keeping.rebaser.rebase("d", 0.1).outcome == "nothing to do"
    path, _ = world.app.data.location("d")
    assert pl.scan_delta(path).collect().height == 1100


def test_a_commit_after_a_rebase_compares_with_its_rows(world: World) -> None:
    world.create()
    rows = {n: float(n) for n in range(100)}
    world.commit(rows)
    world.commit(rows | dict.fromkeys(range(30), -1.0))
    world.app.keeping.rebaser.rebase("d", 0.1)
    same = world.app.data.commit("d", table(rows | dict.fromkeys(range(30), -1.0)))
    assert not same.created
    version = world.commit(rows)
    assert (version.rows_changed, version.rows_added, version.rows_removed) == (30, 0, 0)


def test_ranges_of_keys_come_out_in_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_ROWS", 1024)
    world.create()
    everything: dict[int, float | None] = {}
    order = np.random.default_rng(3).permutation(6000)
    for part in np.array_split(order, 6):
        rows = {int(n): float(n) for n in part}
        everything |= rows
        world.commit(rows, mode="delta")
    world.app.keeping.rebaser.rebase("d", 0.0)
    found = world.app.data.resolve("d")
    ids = world.app.data.read("d")["id"].to_pylist()
    assert len(found.files) == 6
    assert ids == sorted(everything)
    assert world.read("d") == everything


def test_rows_without_a_key_stay_in_their_order(world: World) -> None:
    world.create(key=())
    for start in (0, 10, 20, 30):
        world.commit({n: float(n) for n in range(start, start + 10)}, mode="append" if start else "full")
    before = world.app.data.read("d")
    done = world.app.keeping.rebaser.rebase("d", 0.1)
    assert (done.rewritten, done.written) == (4, 1)
    assert world.app.data.read("d").equals(before)


def test_a_commit_that_comes_meanwhile_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    world.commit({n: float(n) for n in range(100)})
    world.commit({n: float(n) for n in range(100, 110)}, mode="append")
    merge = Merger.merge

    def slow(self: Merger, *args: object) -> list[list[DataFile]]:
        monkeypatch.setattr(Merger, "merge", merge)
        world.commit({n: float(n) for n in range(200, 210)}, mode="append")
        return merge(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Merger, "merge", slow)
    done = world.app.keeping.rebaser.rebase("d", 0.1)
    assert done.ref == "d@v4"
    assert set(world.read("d")) == {*range(110), *range(200, 210)}


def test_files_changed_again_and_again_are_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    world.commit({n: float(n) for n in range(100)})
    world.commit({n: float(n) for n in range(50)})
    merge = Merger.merge
    left = iter(range(49, 0, -1))

    def slow(self: Merger, *args: object) -> list[list[DataFile]]:
        world.commit({n: float(n) for n in range(next(left))})
        return merge(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Merger, "merge", slow)
    with pytest.raises(Conflict, match="changed by somebody else"):
        world.app.keeping.rebaser.rebase("d", 0.1)


def test_a_job_does_it_by_itself_where_it_is_declared(world: World) -> None:
    world.create()
    world.create("never", upkeep=Upkeep(automatic=False, small_files=2))
    world.app.keeping.rebaser.declare_upkeep("d", Upkeep(small_files=3))
    for number in range(5):
        world.commit({number: 1.0}, mode="append" if number else "full")
        world.commit({number: 1.0}, "never", mode="append" if number else "full")
    Housekeeper(world.app).settle()
    assert world.app.data.resolve("d").mode == "rebase"
    assert world.app.data.resolve("never").mode == "append"
    assert sorted(world.read("d")) == list(range(5))
    assert [job.state for job in world.app.jobs.page(kind="rebase_data").items] == ["done"]


def file(rows: int, hidden: int = 0, size: int = 1000) -> DataFile:
    vector = Vector(digest="0" * 64, offset=1, size=9, hidden=hidden) if hidden else None
    return DataFile(digest=f"{rows}", size=size, rows=rows, vector=vector)


def test_which_files_are_worth_it() -> None:
    large, small = file(500_000), file(10)
    assert rules.to_rewrite([large, small], threshold=0.15, small_files=8) == []
    assert rules.to_rewrite([large] + [small] * 9, threshold=0.15, small_files=8) == list(range(1, 10))
    assert rules.to_rewrite([large, file(100_000, 20_000)], threshold=0.15, small_files=8) == [1]
    assert rules.to_rewrite([file(100_000, 10_000), small], threshold=0.15, small_files=8) == []
    wide = file(10, size=1 << 30)
    assert rules.to_rewrite([wide] * 40, threshold=0.15, small_files=8) == []
    little = [file(100, 90)]
    assert rules.to_rewrite(little, threshold=0.15, small_files=8) == []
    assert rules.to_rewrite(little, threshold=0.15, small_files=1, least_rows=0) == [0]
    assert rules.to_rewrite([], threshold=0.15, small_files=8) == []


def test_an_empty_version_and_a_new_column(world: World) -> None:
    world.create()
    world.commit(dict.fromkeys(range(10), 1.0))
    wide = table(dict.fromkeys(range(20), 1.0)).append_column("y", pa.array(["p"] * 20))
    world.app.data.commit("d", wide)
    world.app.keeping.rebaser.rebase("d", 0.0)
    assert world.app.data.read("d").sort_by("id")["y"].to_pylist() == ["p"] * 20
    world.app.data.commit("d", wide.slice(0, 0), allow_empty=True)
    assert world.app.keeping.rebaser.rebase("d", 0.0).outcome == "nothing to do"
