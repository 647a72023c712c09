"""Any sequence of commit, append, delta, rebase, gc and erase: each version reads as what was committed."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data.keeping.world import World, open_world, table

from pomona.core.errors import Conflict, NotFound
from pomona.data.keeping.records import ErasureRequest
from pomona.data.records import NewDataset
from pomona.data.tables import files
from pomona.data.tables.replaced import notes_of
from pomona.worker import Housekeeper

VALUES = [None, 0.0, 1.5, -2.0, float("inf")]
ROWS = st.dictionaries(st.integers(0, 30), st.sampled_from(VALUES), min_size=1, max_size=12)
ACT = st.one_of(
    st.tuples(st.sampled_from(["full", "append", "delta"]), ROWS),
    st.tuples(st.just("rebase"), st.just({})),
    st.tuples(st.just("gc"), st.integers(1, 4)),
    st.tuples(st.just("erase"), st.sampled_from(["0.0", "1.5", "-2.0", "9"])),
)
Content = list[tuple[int, float | None]]


class Life:
    """A dataset, and what each of its versions must hold."""

    def __init__(self, world: World, *, keyed: bool) -> None:
        self._world = world
        self._keyed = keyed
        self._data = world.app.data
        self.expected: dict[str, Content] = {}
        self.current: Content = []
        self._data.create(NewDataset(name="d", key=("id",) if keyed else ()))

    def act(self, what: str, given: Any) -> None:
        """Do it, and note what must be there now."""
        if what == "erase":
            self._erase(given)
        elif what == "gc":
            self._world.gc(keep_last=given)
        elif what == "rebase":
            self._rebase()
        else:
            self._commit(what, given)

    def _commit(self, mode: str, rows: dict[int, float | None]) -> None:
        if mode == "delta" and not self._keyed:
            return
        before = dict(self.current)
        try:
            done = self._data.commit("d", table(rows), mode=mode if self.expected else "full")  # type: ignore[arg-type]
        except Conflict:
            assert self._keyed
            assert mode == "append"
            return
        if mode == "full" or not self.expected:
            after = list(rows.items())
        elif self._keyed:
            after = list((before | rows).items())
        else:
            after = [*self.current, *rows.items()]
        if done.created:
            self.expected[done.version.id] = after
        self.current = after

    def _rebase(self) -> None:
        if not self.expected:
            return
        done = self._world.app.keeping.rebaser.rebase("d", 0.0)
        if done.version:
            version = self._data.resolve(done.version)
            assert (version.rows_added, version.rows_removed, version.rows_changed) == (0, 0, 0)
            self.expected[done.version] = self.current

    def _erase(self, value: str) -> None:
        wanted = ErasureRequest(column="x", value=value, reason="drill", confirm=f"x={value}")
        try:
            self._world.app.keeping.eraser.start(wanted)
        except Conflict:
            return
        Housekeeper(self._world.app).settle()
        assert replaced_files(self._world) == set()
        self.current = [row for row in self.current if row[1] != float(value)]
        for version, rows in self.expected.items():
            self.expected[version] = [row for row in rows if row[1] != float(value)]

    def check(self) -> None:
        """Every version that is there is what it must be; other engines see the newest so, too."""
        for version_id, rows in self.expected.items():
            version = self._data.resolve(version_id)
            if version.dropped_at is not None:
                with pytest.raises(NotFound):
                    self._data.read(version_id)
                continue
            self._data.verify(version_id)
            assert version.rows == len(rows)
            assert content(self._data.read(version_id)) == in_order(rows)
        self._check_diffs()
        if self.expected:
            assert content(self._data.read("d")) == in_order(self.current)
            path, number = self._data.location("d")
            assert content(pl.scan_delta(path, version=number).collect().to_arrow()) == in_order(self.current)
            assert content(pl.scan_delta(path).collect().to_arrow()) == in_order(self.current)

    def _check_diffs(self) -> None:
        """What changed between any two of them is the truth, whatever of the rows that went is still kept."""
        there = [one for one in self.expected if self._data.resolve(one).dropped_at is None]
        for one in there:
            for other in there:
                found = self._world.app.diff.diff(one, other)
                counts = (found.added, found.removed, found.changed)
                assert counts == truth(self.expected[one], self.expected[other], keyed=self._keyed)

    def check_replaced(self) -> None:
        """No file of replaced rows outlives its version or the one before; an erasure leaves none."""
        living = {v.id: v for one in self.expected if not (v := self._data.resolve(one)).dropped_at}
        named = {v.replaced for v in living.values() if v.parent in living}
        assert replaced_files(self._world) <= named


def truth(before: Content, after: Content, *, keyed: bool) -> tuple[int, int, int]:
    """Rows added, removed and changed; floats by their text, as 0.0 is not -0.0."""
    if not keyed:
        was, now = (Counter(repr(row) for row in rows) for rows in (before, after))
        return (now - was).total(), (was - now).total(), 0
    old, new = ({key: repr(x) for key, x in rows} for rows in (before, after))
    changed = sum(old[key] != new[key] for key in old.keys() & new.keys())
    return len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed


def replaced_files(world: World, name: str = "d") -> set[str]:
    """The files of replaced rows that lie in a dataset's folder."""
    files, table, found = world.app.tables.files, world.app.data.dataset(name).id, set()
    for path in (world.home / "tables" / table).glob("*.parquet"):
        with pq.ParquetFile(files.open(table, path.stem)) as parquet:
            found |= {path.stem} if notes_of(parquet) is not None else set()
    return found


def content(found: pa.Table) -> list[str]:
    return in_order(list(zip(found["id"].to_pylist(), found["x"].to_pylist(), strict=True)))


def in_order(rows: Content) -> list[str]:
    return sorted(repr(row) for row in rows)


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "plain"])
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACT, min_size=2, max_size=9))
def test_every_version_reads_as_what_was_committed(
    empty_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    acts: list[tuple[str, Any]],
    *,
    keyed: bool,
) -> None:
    home = tmp_path_factory.mktemp("life") / "home"
    shutil.copytree(empty_home, home)
    world = open_world(home)
    rows_a_file, files.FILE_ROWS = files.FILE_ROWS, 8
    try:
        life = Life(world, keyed=keyed)
        for what, how in acts:
            life.act(what, how)
            if what == "gc":
                life.check_replaced()
        life.check()
    finally:
        files.FILE_ROWS = rows_a_file
        world.app.close()
        shutil.rmtree(home.parent)
