"""Rows that a commit replaced, kept beside it: a diff reads them, and they go when they must."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.data.keeping.test_lives import replaced_files
from tests.data.keeping.world import World

from pomona.core.errors import Tampered
from pomona.data.diff.records import Diff
from pomona.data.keeping.records import ErasureRequest, VerifyRequest
from pomona.data.records import DataVersion, NewDataset
from pomona.data.tables import replaced
from pomona.worker import Housekeeper

FIRST = {n: float(n) for n in range(400)}
NEXT = {n: x + (n % 50 == 0) for n, x in FIRST.items() if n % 97 != 3} | {1000: 1.0, 1001: 2.0}


def path_of(world: World, digest: str) -> Path:
    (found,) = world.home.rglob(f"{digest}.parquet")
    return found


@pytest.fixture
def opened(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Digests of the files that were opened."""
    found: list[str] = []
    kind = type(world.app.tables.files)
    plain: Callable[..., Any] = kind.open  # type: ignore[attr-defined]

    def noted(self: Any, table: str, digest: str) -> Any:
        found.append(digest)
        return plain(self, table, digest)

    monkeypatch.setattr(kind, "open", noted)
    return found


def told(found: Diff) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(found).items() if not name.startswith("after")}


def test_a_diff_opens_no_file_of_the_version_before(world: World, opened: list[str]) -> None:
    world.create()
    first, second = world.commit(FIRST), world.commit(NEXT)
    opened.clear()
    found = world.app.diff.diff("d@v1", "d@v2")
    assert (found.added, found.removed, found.changed) == (2, 5, 7)
    assert set(opened) == {second.replaced, *(file.digest for file in second.files)} - {
        file.digest for file in first.files
    }
    changed = next(row for row in found.examples if row.kind == "changed")
    assert (changed.before, changed.after) == ({"id": 0, "x": 0.0}, {"id": 0, "x": 1.0})
    back = world.app.diff.diff("d@v2", "d@v1")
    assert (back.added, back.removed, back.changed) == (5, 2, 7)
    assert not set(opened) & {file.digest for file in first.files}


def test_several_commits_are_put_together(world: World, opened: list[str]) -> None:
    world.create()
    first = world.commit(FIRST)
    world.commit(NEXT)
    world.commit(NEXT | {1: -1.0, 50: -2.0})
    world.commit({n: x for n, x in NEXT.items() if n > 1} | {50: 51.0})
    opened.clear()
    found = world.app.diff.diff("d@v1", "d@v4")
    gone = world.app.diff.rows("d@v1", "d@v4", "removed").read_all().to_pylist()
    assert gone == [{"id": n, "x": x} for n, x in FIRST.items() if n % 97 == 3 or n < 2]
    assert (found.added, found.removed, found.changed) == (2, len(gone), 6)
    assert not set(opened) & {file.digest for file in first.files}


def test_without_the_file_a_diff_is_the_same(world: World) -> None:
    world.create()
    world.commit(FIRST)
    second = world.commit(NEXT)
    before = told(world.app.diff.diff("d@v1", "d@v2"))
    path_of(world, second.replaced).unlink()
    world.app.diff._kept.clear()
    assert told(world.app.diff.diff("d@v1", "d@v2")) == before
    assert world.app.data.verify("d@v2")  # nothing of the version is missing


def test_a_damaged_file_is_found(world: World) -> None:
    world.create()
    world.commit(FIRST)
    second = world.commit(NEXT)
    path = path_of(world, second.replaced)
    path.chmod(0o600)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    with pytest.raises(Tampered):
        world.app.diff.diff("d@v1", "d@v2")
    (damage,) = world.app.keeping.verifier.verify(VerifyRequest(ref="d"), lambda *_: None).damaged
    assert damage.ref == "d@v2"


def test_where_much_changes_nothing_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaced, "_LEAST_ROWS", 10)
    world.create()
    world.commit(FIRST)
    assert world.commit(FIRST | {1: -1.0}).replaced
    assert not world.commit({n: -x for n, x in FIRST.items()}).replaced
    assert world.app.diff.diff("d@v2", "d@v3").changed == 399  # 0.0 and -0.0 differ, 1 is equal


def test_it_is_collected_with_the_version_before(world: World) -> None:
    world.create()
    versions = [world.commit(FIRST | {v: -1.0}) for v in range(4)]
    assert replaced_files(world) == {one.replaced for one in versions[1:]}
    world.gc(keep_last=2)
    assert replaced_files(world) == {versions[3].replaced}
    assert world.app.diff.diff("d@v3", "d@v4").changed == 2


def erase(world: World, column: str, value: str) -> None:
    wanted = ErasureRequest(column=column, value=value, reason="drill", confirm=f"{column}={value}")
    world.app.keeping.eraser.start(wanted)
    Housekeeper(world.app).settle()


def people(words: dict[int, str]) -> pa.Table:
    names = [f"person{n}@example.org" for n in words]
    return pa.table({"id": list(words), "email": names, "town": list(words.values())})


def test_an_erasure_leaves_none_of_it(world: World) -> None:
    """What changed of a subject is kept without its name: so all of it goes."""
    data = world.app.data
    data.create(NewDataset(name="d", key=("id",)))
    towns = {n: f"town{n}" for n in range(30)}
    secret = "hidden-in-Yasnaya-Polyana"
    versions: list[DataVersion] = []
    for change in ({7: secret}, {7: "Moscow"}, {8: "Tula"}):
        towns |= change
        versions.append(data.commit("d", people(towns)).version)
    (gone, _) = replaced_files(world), path_of(world, versions[1].replaced)
    assert secret in str(pq.read_table(path_of(world, versions[1].replaced)).to_pydict())
    assert "person7" not in str(pq.read_table(path_of(world, versions[1].replaced)).to_pydict())
    erase(world, "email", "person7@example.org")
    assert (len(gone), replaced_files(world)) == (2, set())
    assert not any(secret.encode() in path.read_bytes() for path in world.home.rglob("*") if path.is_file())
    assert {data.resolve(one.id).replaced for one in versions} == {""}
    found = world.app.diff.diff("d@v2", "d@v3")
    assert (found.changed, found.added, found.removed) == (1, 0, 0)
    assert data.commit(
        "d", people({n: town for n, town in towns.items() if n != 7} | {9: "Kiev"})
    ).version.replaced
    assert world.app.diff.diff("d@v3", "d@v4").changed == 1


def test_what_a_dropped_version_left_goes_with_an_erasure(world: World) -> None:
    """The parent is dropped, its files are too young to go: the rows it lost are nobody's any more."""
    data = world.app.data
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", people({n: f"town{n}" for n in range(30)}))
    second = data.commit("d", people({n: "there" if n == 7 else f"town{n}" for n in range(30)})).version
    world.gc(keep_last=1, spare_h=24)
    assert replaced_files(world) == {second.replaced}
    erase(world, "email", "person7@example.org")
    assert replaced_files(world) == set()


def test_a_rebase_replaces_nothing(world: World) -> None:
    world.create()
    world.commit(FIRST)
    second = world.commit(NEXT)
    done = world.app.keeping.rebaser.rebase("d", 0.0)
    assert second.replaced
    assert not world.app.data.resolve(done.version or "").replaced
    assert world.app.diff.diff("d@v1", "d@v3").changed == 7
    assert world.commit(NEXT | {4: 0.5}).replaced
    assert world.app.diff.diff("d@v3", "d@v4").changed == 1
