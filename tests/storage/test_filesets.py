"""Packs on a disk: the contract, what a crash leaves, damage, sweeping."""

import os
import time
from pathlib import Path

import pytest

from pomona.core.errors import Invalid, NotFound, Tampered
from pomona.core.ports import Chunks
from pomona.storage.filesets.store import PackStore
from pomona.testing.chunks import ChunksContract, MemoryChunks, digest_of, pack_of


class TestMemoryChunks(ChunksContract):
    @pytest.fixture
    def chunks(self) -> Chunks:
        return MemoryChunks()


class TestPackStore(ChunksContract):
    @pytest.fixture
    def chunks(self, tmp_path: Path) -> Chunks:
        return PackStore(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> PackStore:
    return PackStore(tmp_path)


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "packs").glob("*.pack"))


def leave(store: PackStore, name: str, body: bytes) -> None:
    (Path(store.doorstep().folder) / name).write_bytes(body)


def test_a_pack_left_on_the_doorstep_is_adopted(store: PackStore, tmp_path: Path) -> None:
    leave(store, "a.pack", pack_of(b"pear", b"fig").getvalue())
    leave(store, "b.pack", pack_of(b"fig", b"plum").getvalue())
    assert store.adopt(["a.pack", "b.pack"]) == 3
    assert list(store.read([digest_of(b"plum"), digest_of(b"fig")])) == [b"plum", b"fig"]
    assert len(packs(tmp_path)) == 2
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in packs(tmp_path))


def test_nothing_or_one_name_twice_is_adopted_without_harm(store: PackStore) -> None:
    assert store.adopt([]) == 0
    leave(store, "a.pack", pack_of(b"pear").getvalue())
    assert store.adopt(["a.pack", "a.pack"]) == 1


@pytest.mark.parametrize("name", ["../a.pack", "/etc/passwd", "a", "proof", "A.pack", "", "a.pack\0"])
def test_no_other_file_can_be_adopted(store: PackStore, name: str) -> None:
    with pytest.raises((Invalid, NotFound)):
        store.adopt([name])


def test_a_link_on_the_doorstep_is_not_followed(store: PackStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pack"
    outside.write_bytes(pack_of(b"pear").getvalue())
    (Path(store.doorstep().folder) / "a.pack").symlink_to(outside)
    with pytest.raises(Invalid):
        store.adopt(["a.pack"])


def test_the_proof_can_be_read_by_its_owner_only(store: PackStore) -> None:
    step = store.doorstep()
    proof = Path(step.folder) / step.proof
    assert proof.stat().st_mode & 0o777 == 0o600
    assert digest_of(proof.read_bytes()).hex() == step.seal == store.doorstep().seal


def test_a_lost_index_is_made_again_from_the_packs(store: PackStore, tmp_path: Path) -> None:
    store.take(pack_of(b"pear", b"fig"))
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    again = PackStore(tmp_path)
    assert list(again.read([digest_of(b"fig")])) == [b"fig"]


def test_a_pack_published_before_a_crash_is_found_after_it(store: PackStore, tmp_path: Path) -> None:
    store.take(pack_of(b"pear"))
    other = PackStore(tmp_path / "other")
    other.take(pack_of(b"fig"))
    [pack] = packs(tmp_path / "other")
    pack.rename(tmp_path / "packs" / pack.name)  # renamed, but the index was not told
    assert list(PackStore(tmp_path).read([digest_of(b"fig")])) == [b"fig"]


def test_two_processes_see_one_another(store: PackStore, tmp_path: Path) -> None:
    other = PackStore(tmp_path)
    store.take(pack_of(b"pear"))
    assert list(other.read([digest_of(b"pear")])) == [b"pear"]


def test_changed_bytes_are_seen_at_every_read(store: PackStore, tmp_path: Path) -> None:
    store.take(pack_of(b"pear", b"fig"))
    [pack] = packs(tmp_path)
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes().replace(b"fig", b"fog"))
    assert list(store.read([digest_of(b"pear")])) == [b"pear"]
    with pytest.raises(Tampered) as caught:
        list(store.read([digest_of(b"fig")]))
    assert caught.value.hint


def test_a_half_needed_pack_is_written_anew(store: PackStore, tmp_path: Path) -> None:
    store.take(pack_of(b"k", b"d" * 5000))
    before = packs(tmp_path)
    swept = store.sweep(lambda: {digest_of(b"k")}, older_than_s=0, act="sweep")
    assert (swept.packs, swept.rewritten, swept.chunks) == (1, 1, 1)
    assert packs(tmp_path) != before
    assert packs(tmp_path)[0].stat().st_size < 200
    assert list(PackStore(tmp_path).read([digest_of(b"k")])) == [b"k"]


def test_a_replaced_pack_that_survived_a_crash_goes_with_the_next_sweep(
    store: PackStore, tmp_path: Path
) -> None:
    store.take(pack_of(b"k", b"d" * 5000))
    [old] = packs(tmp_path)
    body = old.read_bytes()
    wanted = {digest_of(b"k")}
    store.sweep(lambda: wanted, older_than_s=0, act="sweep")
    old.write_bytes(body)  # as if killed before it was deleted
    again = PackStore(tmp_path)
    assert list(again.read([digest_of(b"k")])) == [b"k"]
    again.sweep(lambda: wanted, older_than_s=0, act="sweep")
    assert not old.exists()
    assert list(again.read([digest_of(b"k")])) == [b"k"]


def test_young_packs_are_left_alone(store: PackStore, tmp_path: Path) -> None:
    store.take(pack_of(b"pear"))
    swept = store.sweep(set, older_than_s=3600, act="sweep")
    assert (swept.packs, swept.kept_young, store.lacking([digest_of(b"pear")])) == (0, 1, [])
    [pack] = packs(tmp_path)
    os.utime(pack, (time.time() - 7200, time.time() - 7200))
    assert store.sweep(set, older_than_s=3600, act="sweep").packs == 1
    assert store.lacking([digest_of(b"pear")]) == [digest_of(b"pear")]


def test_locate_says_where_each_content_lies(store: PackStore) -> None:
    store.take(pack_of(b"pear", b"fig"))
    spans = store.locate([digest_of(b"fig"), digest_of(b"none")])
    assert spans.file == [0, -1]
    with Path(spans.files[0]).open("rb") as pack:
        assert os.pread(pack.fileno(), spans.length[0], spans.offset[0]) == b"fig"
