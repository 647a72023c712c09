"""Garbage collection: only what nothing needs goes, and what is left is what it was."""

from threading import Thread
from typing import Any

import polars as pl
import pytest
from tests.data.keeping.world import World

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.data.committing import Committer
from pomona.data.keeping.records import NewPin, NewTag
from pomona.data.records import Check
from pomona.storage.delta.files import DeltaFiles

DAY = 86_400


def test_the_last_versions_stay_and_the_others_become_tombstones(world: World) -> None:
    world.create()
    versions = [world.commit({n: float(n + v) for n in range(50)}) for v in range(5)]
    before = world.stored()
    looked = world.gc(act="look", keep_last=2)
    assert [one.number for one in looked.versions] == [1, 2, 3]
    assert (looked.done, world.stored()) == (False, before)
    done = world.gc(keep_last=2)
    assert ([one.number for one in done.versions], done.files, done.size) == (
        [1, 2, 3],
        looked.files,
        looked.size,
    )
    assert len(world.stored()) == len(before) - done.files
    data = world.app.data
    gone = data.resolve("d@v1")
    assert (gone.digest, gone.dropped_at is not None) == (versions[0].digest, True)
    for ask in (data.read, data.verify, data.preview, data.check_usable):
        with pytest.raises(NotFound, match="dropped on"):
            ask("d@v1")
    for number in (4, 5):
        assert world.read(f"d@v{number}") == {n: float(n + number - 1) for n in range(50)}
        data.verify(f"d@v{number}")
    assert world.gc(keep_last=2).versions == ()
    dropped = world.app.ledger.entries(types=["data.version_dropped"])
    assert [entry.data["number"] for entry in dropped] == [1, 2, 3]


def test_both_bounds_must_hold(world: World) -> None:
    world.create()
    for number in range(3):
        world.commit({1: float(number)})
        world.clock.advance(seconds=10 * DAY)
    assert [one.number for one in world.gc(act="look", older_than_days=15).versions] == [1, 2]
    assert [one.number for one in world.gc(act="look", older_than_days=25).versions] == [1]
    assert world.gc(act="look", older_than_days=25, keep_last=3).versions == ()
    assert [one.number for one in world.gc(act="look", older_than_days=0).versions] == [1, 2]


def test_what_is_pinned_stays_and_says_why(world: World) -> None:
    world.create()
    for number in range(4):
        world.commit({1: float(number)})
    tagger = world.app.keeping.tagger
    tagger.tag("d@v1", NewTag(name="golden"))
    tagger.pin("d@v2", NewPin(reason="audit"))
    done = world.gc(keep_last=1)
    assert [one.number for one in done.versions] == [3]
    assert {one.number: one.pins[0].reason for one in done.held} == {1: "tagged golden", 2: "audit"}
    assert world.read("d@golden") == {1: 0.0}
    with pytest.raises(NotFound, match="dropped"):
        tagger.tag("d@v3", NewTag(name="late"))


def test_the_newest_that_is_usable_always_stays(world: World) -> None:
    check = Check(kind="row_count", min=1, warn=None, fail=None, critical=0.0)
    world.create(checks=(check,))
    world.commit({1: 1.0})
    bad = world.app.data.commit("d", world.app.data.read("d").slice(0, 0), allow_empty=True).version
    assert bad.quality == "critical"
    assert world.gc(keep_last=1).versions == ()
    assert world.read("d") == {1: 1.0}


def test_files_put_in_the_last_hour_are_left(world: World) -> None:
    world.create()
    for number in range(3):
        world.commit({1: float(number)})
    dataset = world.app.data.dataset("d").id
    world.app.tables.files.put(dataset, b"of a commit under way")
    found = world.gc(keep_last=1, spare_h=10**6)
    assert (len(found.versions), found.files, found.young) == (2, 0, 5)  # two of rows that were replaced
    again = world.gc(keep_last=1)
    assert (again.files, again.orphans) == (5, 1)


def test_a_commit_while_files_are_swept_loses_none_that_it_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    for number in range(3):
        world.commit({1: float(number)})
    remove, commits = DeltaFiles.remove, list[Thread]()

    def slow(self: DeltaFiles, *args: Any, **options: Any) -> set[str]:
        if not commits:  # the rows of v1 come again, in the file that is just about to go
            commits.append(Thread(target=world.commit, args=({1: 0.0},)))
            commits[0].start()
            commits[0].join(1.0)
        return remove(self, *args, **options)

    monkeypatch.setattr(DeltaFiles, "remove", slow)
    world.gc(keep_last=1)
    commits[0].join()
    assert world.read("d@v4") == {1: 0.0}
    world.app.data.verify("d@v4")


def test_a_vector_that_was_swept_before_its_commit_named_it_is_written_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    world.commit({n: float(n) for n in range(5)})
    write, swept = Committer._write, list[int]()

    def late(self: Committer, *args: Any) -> Any:
        if not swept:
            swept.append(world.gc(keep_last=9).files)
        return write(self, *args)

    monkeypatch.setattr(Committer, "_write", late)
    version = world.commit({n: float(n) for n in range(4)})
    assert (swept, version.rows_removed) == ([2], 1)  # the vector, and the row it replaced
    assert world.read("d@v2") == {n: float(n) for n in range(4)}
    world.app.data.verify("d@v2")


def test_other_engines_read_what_is_left(world: World) -> None:
    world.create()
    for number in range(14):  # past a checkpoint
        world.commit({n: float(n * number) for n in range(20)})
    world.gc(keep_last=2)
    for number in (13, 14):
        path, entry = world.app.data.location(f"d@v{number}")
        found = pl.scan_delta(path, version=entry).collect()
        assert dict(found.select("id", "x").iter_rows()) == world.read(f"d@v{number}")
    world.commit({1: -1.0})
    path, _ = world.app.data.location("d")
    assert pl.scan_delta(path).collect().height == 1


def test_a_commit_onto_a_dropped_version_is_refused(world: World) -> None:
    world.create()
    for number in range(3):
        world.commit({1: float(number)})
    world.gc(keep_last=1)
    with pytest.raises(NotFound, match="dropped"):
        world.commit({1: 7.0}, onto="d@v1")


@pytest.mark.parametrize("keep", [{}, {"keep_last": 0}, {"older_than_days": -1.0}])
def test_what_may_go_must_be_said(world: World, keep: dict[str, float]) -> None:
    world.create()
    with pytest.raises((Invalid, Refused)):
        world.gc(**keep)
