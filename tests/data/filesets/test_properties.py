"""Random trees and random edits: what comes out is what went in, and the difference is the truth."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pomona.data.filesets import manifests, rules
from pomona.data.filesets.manifests import Pieces, manifest_of
from pomona.sdk.client import Client, connect
from pomona.sdk.files.remembered import decode_stamps, encode_stamps

NAMES = st.sampled_from(["a", "b", "c d", "ä", "x.jpg", "Y", "-", "日本"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
BODIES = st.one_of(st.binary(max_size=20), st.integers(0, 3).map(lambda n: bytes([n]) * 5_000_000))
FILES = st.tuples(BODIES, st.booleans())
TREES = st.dictionaries(PATHS, FILES, max_size=8)
Tree = dict[str, tuple[bytes, bool]]


def sound(tree: Tree) -> Tree:
    """Without files that would have to be folders, too."""
    folders = {path[:at] for path in tree for at in range(len(path)) if path[at] == "/"}
    return {path: one for path, one in tree.items() if path not in folders}


def write(root: Path, tree: Tree) -> None:
    """Make a folder hold just this, changing only what differs."""
    now = read(root)
    for path in now.keys() - tree.keys():
        (root / path).unlink()
    for place, _, _ in os.walk(root, topdown=False):
        if place != str(root) and not any(Path(place).iterdir()):
            Path(place).rmdir()
    for path, (body, executable) in tree.items():
        if now.get(path) != (body, executable):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(body)
            (root / path).chmod(0o755 if executable else 0o644)


def read(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): (
            path.read_bytes(),
            os.access(path, os.X_OK) and path.stat().st_mode & 1 > 0,
        )
        for path in root.rglob("*")
        if path.is_file()
    }


def truth(old: Tree, new: Tree) -> list[tuple[str, str]]:
    kinds = dict.fromkeys(new.keys() - old.keys(), "added")
    kinds |= dict.fromkeys(old.keys() - new.keys(), "removed")
    kinds |= {path: "changed" for path in old.keys() & new.keys() if old[path] != new[path]}
    return sorted(kinds.items(), key=lambda item: item[0].encode())


def test_any_history_of_a_folder_can_be_had_again(tmp_path: Path) -> None:
    with connect(home=tmp_path / "home") as client:

        @settings(max_examples=12)
        @given(st.lists(TREES.map(sound), min_size=2, max_size=4), st.data())
        def holds(trees: list[Tree], data: Any) -> None:
            live_through(client, tmp_path, trees, data)

        holds()


def live_through(client: Client, tmp_path: Path, trees: list[Tree], data: Any) -> None:
    name = f"s{len(list(client.files.list()))}"
    client.files.create(name)
    root, out = tmp_path / "in", tmp_path / "out"
    for folder in (root, out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    refs, kept = [], []
    for tree in trees:
        write(root, tree)
        if kept:
            found = client.files.status(root)
            told = [(p, "added") for p in found.new] + [(p, "changed") for p in found.changed]
            told += [(p, "removed") for p in found.deleted]
            assert sorted(told, key=lambda item: item[0].encode()) == truth(kept[-1], tree)
        added = client.files.add(name, root, allow_empty=True)
        if added.created:
            refs.append(added.ref)
            kept.append(tree)
        assert client.files.status(root).clean
    for _ in range(3):
        a, b = (data.draw(st.integers(0, len(refs) - 1)) for _ in "ab")
        client.files.checkout(refs[a], out)
        assert read(out) == kept[a]
        assert client.files.status(out).clean
        changes = [(one.path, one.change) for one in client.files.changes(refs[a], refs[b])]
        assert changes == truth(kept[a], kept[b])


@given(
    st.dictionaries(
        PATHS, st.tuples(st.integers(0, 1), st.integers(0, 9), st.binary(min_size=32, max_size=32))
    )
)
def test_a_manifest_comes_back_from_its_bytes(rows: dict[str, tuple[int, int, bytes]]) -> None:
    made = manifest_of([(path, *rest) for path, rest in rows.items()])
    again = manifests.decode(manifests.encode(made))
    assert list(again.rows()) == list(made.rows())
    assert manifests.root_of(again) == manifests.root_of(made)
    assert manifests.encode(again) == manifests.encode(made)
    assert rules.changes(made, again) == []
    assert rules.count_changes(made, again) == (0, 0, 0, 0)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_refused(body: bytes) -> None:
    with suppress(rules.Invalid):
        manifests.decode(body)


@given(st.text(max_size=30))
def test_a_path_that_passes_stays_inside(path: str) -> None:
    if rules.path_fault(path) is None:
        rules.check_path(path)
        assert os.path.normpath(f"/set/{path}") == f"/set/{path}"
        assert "\0" not in path
    else:
        try:
            rules.check_path(path)
        except rules.Invalid:
            return
        raise AssertionError(path)


@given(st.text("ab/.", max_size=12), st.text("ab/.", max_size=12))
def test_a_link_that_passes_stays_inside(path: str, target: str) -> None:
    if rules.path_fault(path) is not None:
        return
    try:
        rules.check_link(path, target)
    except rules.Invalid:
        return
    assert os.path.normpath(Path("/set", path).parent / target).startswith("/set")


@given(st.lists(st.tuples(NAMES, st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 5))))
def test_stamps_come_back(files: list[tuple[str, Any]]) -> None:
    assert decode_stamps(encode_stamps(files), len(files)) == files


def test_pieces_count_only_what_is_new() -> None:
    a, b, c = (bytes([n]) * 32 for n in range(3))
    old = manifest_of([("x", 0, 30, b"o" * 32)], None, {b"o" * 32: Pieces(digests=a + b, lengths=(10, 20))})
    new = manifest_of([("x", 0, 35, b"n" * 32)], None, {b"n" * 32: Pieces(digests=a + c, lengths=(10, 25))})
    assert rules.count_changes(old, new) == (0, 0, 1, 25)
