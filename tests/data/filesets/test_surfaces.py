"""File sets from SDK, command line and HTTP, over the whole app."""

import errno
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Conflict, Invalid, NotFound, Refused, StorageFull
from pomona.data.filesets.manifests import encode, manifest_of
from pomona.sdk.client import Client, connect
from pomona.sdk.files.contents import Contents
from pomona.server.embedded import listening

SET = "vision/pets"
VERSIONS = "/api/v1/file-sets/vision~pets/versions"


LOOK = """
import sys
from pathlib import Path
from pomona.sdk.files import remembered
remembered._WORTH_TWO = 0
print(remembered.unchanged(sys.argv[1], halves=True))
for place in sys.argv[2:]:
    path = Path(sys.argv[1], place)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    print(remembered.unchanged(sys.argv[1], halves=True))
    path.unlink()
print(remembered.unchanged(sys.argv[1], halves=True))
"""


def content(root: Path) -> dict[str, Any]:
    """Everything below a folder, by path."""
    found: dict[str, Any] = {}
    for place, folders, names in os.walk(root):
        for name in [*names, *(one for one in folders if (Path(place) / one).is_symlink())]:
            path = Path(place) / name
            key = str(path.relative_to(root))
            executable = os.access(path, os.X_OK)
            link = path.is_symlink()
            found[key] = ("link", str(path.readlink())) if link else (executable, path.read_bytes())
    return found


@pytest.fixture(params=["here", "away"])
def reached(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client that may read the store's folder, and one that only has the wire."""
    with connect(home=tmp_path / "home") as opened:
        opened.files.create(SET)
        if request.param == "here":
            yield opened
            return
        monkeypatch.setattr(Contents, "doorstep", lambda self: None)
        app = opened.session.transport._embedded._app  # type: ignore[attr-defined]
        with listening(app) as address, connect(address.url, token=address.token) as away:
            yield away


def test_what_was_added_comes_back(reached: Client, folder: Path, tmp_path: Path) -> None:
    (folder / "large.wav").write_bytes(os.urandom(9_000_000))
    added = reached.files.add(SET, folder)
    assert (added.created, added.record.files, added.ref) == (True, 7, "vision/pets@v1")
    out = tmp_path / "out"
    done = reached.files.checkout(SET, out)
    assert (done.written, done.kept) == (7, 0)
    assert content(out) == content(folder)
    assert reached.files.status(out).clean
    assert reached.files.status(folder).clean
    assert reached.files.verify(SET).bad == ()
    assert reached.files.version(SET).read("large.wav") == (folder / "large.wav").read_bytes()


def test_the_same_files_make_no_new_version(reached: Client, folder: Path) -> None:
    first = reached.files.add(SET, folder)
    again = reached.files.add(SET, folder)
    assert (again.created, again.id) == (False, first.id)


def test_an_edit_in_a_large_file_costs_little(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "big"
    root.mkdir()
    body = os.urandom(12 << 20)
    (root / "a.bin").write_bytes(body)
    client.files.add(SET, root)
    (root / "a.bin").write_bytes(body[: 5 << 20] + b"inserted" + body[5 << 20 :])
    second = client.files.add(SET, root)
    assert second.record.size_new < 5 << 20
    assert second.record.size == len(body) + 8


def test_status_and_diff_tell_the_truth(reached: Client, folder: Path) -> None:
    reached.files.add(SET, folder)
    (folder / "cats" / "tom.jpg").write_bytes(b"TOM")
    (folder / "empty").unlink()
    (folder / "new.txt").write_text("new")
    found = reached.files.status(folder)
    assert (found.new, found.changed, found.deleted) == (("new.txt",), ("cats/tom.jpg",), ("empty",))
    reached.files.add(SET, folder)
    diff = reached.files.diff(f"{SET}@v1", f"{SET}@v2")
    assert (diff.added, diff.changed, diff.removed, diff.unchanged) == (1, 1, 1, 4)
    assert [(one.path, one.change) for one in reached.files.changes(f"{SET}@v1", f"{SET}@v2")] == [
        ("cats/tom.jpg", "changed"),
        ("empty", "removed"),
        ("new.txt", "added"),
    ]
    back = reached.files.status(folder, f"{SET}@v1")
    assert (back.new, back.changed, back.deleted) == (("new.txt",), ("cats/tom.jpg",), ("empty",))


def test_a_deleted_folder_and_a_deleted_link_are_seen(client: Client, folder: Path) -> None:
    (folder / "dogs").mkdir()
    (folder / "dogs" / "rex").write_text("rex")
    client.files.add(SET, folder)
    (folder / "dogs" / "rex").unlink()
    (folder / "dogs").rmdir()
    assert client.files.status(folder).deleted == ("dogs/rex",)
    (folder / "cats" / "best").unlink()
    assert client.files.status(folder).deleted == ("cats/best", "dogs/rex")


def test_touching_a_file_is_no_change(client: Client, folder: Path) -> None:
    client.files.add(SET, folder)
    os.utime(folder / "run.sh", (1, 1))
    assert client.files.status(folder).clean
    (folder / "run.sh").chmod(0o644)
    assert client.files.status(folder).changed == ("run.sh",)


def test_a_change_that_keeps_size_and_mtime_is_seen(client: Client, folder: Path) -> None:
    client.files.add(SET, folder)
    path = folder / "cats" / "tom.jpg"
    before = path.stat()
    path.write_bytes(b"tim")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert client.files.status(folder).changed == ("cats/tom.jpg",)


def test_local_changes_are_never_overwritten_without_force(reached: Client, folder: Path) -> None:
    reached.files.add(SET, folder)
    (folder / "new.txt").write_text("v2")
    reached.files.add(SET, folder)
    (folder / "cats" / "tom.jpg").write_bytes(b"mine")
    (folder / "new.txt").write_text("mine")
    reached.files.checkout(f"{SET}@v2", folder, patterns=["run.sh"])
    with pytest.raises(Conflict, match="would be lost") as caught:
        reached.files.checkout(f"{SET}@v1", folder)
    assert caught.value.extra["paths"]
    assert (folder / "new.txt").read_text() == "mine"
    reached.files.checkout(f"{SET}@v1", folder, force=True)
    assert (folder / "cats" / "tom.jpg").read_bytes() == b"tom"
    assert not (folder / "new.txt").exists()
    assert reached.files.status(folder).clean


def test_a_checkout_removes_what_the_version_before_had(client: Client, folder: Path, tmp_path: Path) -> None:
    client.files.add(SET, folder)
    for path in [folder / "cats" / "best", folder / "cats" / "tom.jpg", folder / "cats" / "ünï\u4e2d.txt"]:
        path.unlink()
    client.files.add(SET, folder)
    out = tmp_path / "out"
    client.files.checkout(f"{SET}@v1", out)
    (out / "notes.txt").write_text("my own")
    done = client.files.checkout(f"{SET}@v2", out)
    assert (done.written, done.removed) == (0, 3)
    assert not (out / "cats").exists()
    assert (out / "notes.txt").read_text() == "my own"


def test_a_file_becomes_a_folder_and_back(client: Client, tmp_path: Path) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    root.mkdir()
    (root / "a").write_text("file")
    client.files.add(SET, root)
    (root / "a").unlink()
    (root / "a").mkdir()
    (root / "a" / "b").write_text("in a folder")
    client.files.add(SET, root)
    for ref in ("v1", "v2", "v1"):
        client.files.checkout(f"{SET}@{ref}", out)
        assert client.files.status(out, f"{SET}@{ref}").clean
    (out / "a").unlink()
    (out / "a").mkdir()
    (out / "a" / "mine").write_text("mine")
    with pytest.raises(Conflict, match="folder here"):
        client.files.checkout(f"{SET}@v1", out, force=True)


def test_a_link_where_a_folder_must_be_is_never_written_through(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    client.files.add(SET, folder)
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (out / "cats").symlink_to(outside)
    with pytest.raises(Conflict):
        client.files.checkout(SET, out)
    client.files.checkout(SET, out, force=True)
    assert list(outside.iterdir()) == []
    assert (out / "cats" / "tom.jpg").read_bytes() == b"tom"


def test_a_part_is_checked_out(reached: Client, folder: Path, tmp_path: Path) -> None:
    reached.files.add(SET, folder)
    out = tmp_path / "part"
    assert reached.files.checkout(SET, out, patterns=["*.jpg"]).written == 1
    assert reached.files.status(out).clean
    assert [path.name for path in out.iterdir()] == ["cats"]


def test_hard_links_are_read_only_and_share_one_copy(client: Client, folder: Path, tmp_path: Path) -> None:
    client.files.add(SET, folder)
    one, two = tmp_path / "one", tmp_path / "two"
    for out in (one, two):
        client.files.checkout(SET, out, link="hardlink")
    a, b = (out / "cats" / "tom.jpg" for out in (one, two))
    assert a.stat().st_ino == b.stat().st_ino
    assert a.stat().st_mode & 0o777 == 0o444
    assert (one / "run.sh").stat().st_mode & 0o777 == 0o555
    assert client.files.status(one).clean
    a.chmod(0o644)
    a.write_bytes(b"bad")  # spoils the shared copy, too
    client.files.checkout(SET, tmp_path / "three", link="hardlink")
    assert (tmp_path / "three" / "cats" / "tom.jpg").read_bytes() == b"tom"


def test_files_are_read_straight_from_packs_in_any_process(reached: Client, folder: Path) -> None:
    reached.files.add(SET, folder)
    found = reached.files.dataset(SET, "*.jpg", "*.bin", "empty", decode=lambda path, body: (path, len(body)))
    assert len(found) == 3
    assert found[0] == ("cats/tom.jpg", 3)
    assert found[-1] == ("n" * 251 + ".bin", 4)
    assert [size for _, size in found] == [3, 0, 4]
    assert found[:2] == found.__getitems__([0, 1])
    with pytest.raises(IndexError):
        found[3]
    plain = reached.files.dataset(SET, "*.jpg")
    assert pickle.loads(pickle.dumps(plain))[0] == b"tom"


def test_patterns_choose_what_is_added(client: Client, folder: Path) -> None:
    assert client.files.add(SET, f"{folder}/**/*.jpg").record.files == 1
    assert client.files.status(folder).clean
    assert client.files.add(SET, folder, exclude=["cats", "empty"]).record.files == 2
    extra = folder.parent / "extra"
    extra.mkdir()
    (extra / "more.jpg").write_bytes(b"more")
    appended = client.files.add(SET, extra, mode="append")
    assert (appended.record.files, appended.record.files_added) == (3, 1)


def test_an_empty_set_must_be_meant(client: Client, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Invalid, match="no file"):
        client.files.add(SET, tmp_path / "nothing")
    made = client.files.add(SET, tmp_path / "nothing", allow_empty=True)
    assert made.record.files == 0
    assert client.files.checkout(SET, tmp_path / "out").written == 0
    assert client.files.verify(SET).files == 0
    assert len(client.files.dataset(SET)) == 0


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "a/../../../x", "cats/../empty"])
def test_a_link_that_leaves_the_set_is_refused(client: Client, folder: Path, target: str) -> None:
    (folder / "way-out").symlink_to(target)
    with pytest.raises(Invalid, match="link"):
        client.files.add(SET, folder)
    assert list(client.files.versions(SET)) == []
    assert client.files.add(SET, folder, exclude=["way-out"]).created


def test_pipes_and_names_that_are_not_text_are_refused(client: Client, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Invalid, match="neither"):
        client.files.add(SET, folder)
    (folder / "pipe").unlink()
    (folder / os.fsdecode(b"bad\xff")).touch()
    with pytest.raises(Invalid, match="half a character"):
        client.files.add(SET, folder)


def test_a_file_that_changes_while_it_is_read_is_refused(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pomona.sdk.files import hashing

    whole = hashing._read_all

    def growing(handle: int, size: int) -> bytes:
        with (folder / "run.sh").open("a") as out:
            out.write("x")
        return whole(handle, size)

    monkeypatch.setattr(hashing, "_read_all", growing)
    with pytest.raises(Conflict, match="while it is read"):
        client.files.add(SET, folder)
    assert list(client.files.versions(SET)) == []


def test_a_full_disk_is_said_and_nothing_is_left(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pomona.sdk.files.contents.PackWriter.add", full)
        (folder / "large.bin").write_bytes(os.urandom(20 << 20))
        with pytest.raises(StorageFull):
            client.files.add(SET, folder)
    assert list(client.files.versions(SET)) == []
    assert [path.name for path in (tmp_path / "home/filesets/incoming").iterdir()] == ["proof"]
    client.files.add(SET, folder)
    with monkeypatch.context() as patched:
        patched.setattr("pomona.sdk.files.placing.write_all", full)
        with pytest.raises(StorageFull):
            client.files.checkout(SET, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".pomona-*"))
    client.files.checkout(SET, tmp_path / "out")
    assert content(tmp_path / "out") == content(folder)


def test_a_large_file_whose_change_status_saw_is_kept_by_the_next_add(
    client: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = folder / "large.bin"
    large.write_bytes(os.urandom(9 << 20))
    client.files.add(SET, folder)
    with large.open("r+b") as out:
        out.seek(5 << 20)
        out.write(b"changed")
    monkeypatch.setattr("pomona.sdk.files.hashing.TICK_NS", -(1 << 62))  # as if it were not so young
    assert client.files.status(folder).changed == ("large.bin",)
    assert client.files.status(folder).changed == ("large.bin",)
    added = client.files.add(SET, folder)
    assert (added.ref, added.record.files_changed) == ("vision/pets@v2", 1)
    assert added.record.size_new < large.stat().st_size
    client.files.checkout(SET, tmp_path / "out")
    assert content(tmp_path / "out") == content(folder)
    assert client.files.status(folder).clean


def test_a_large_folder_is_looked_through_by_two_processes(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "cats/best").unlink()  # a link is always looked at closely
    for name in ("dogs", "dogs/old", "owls"):
        (folder / name).mkdir()
        (folder / name / "one.jpg").write_text(name)
    monkeypatch.setattr("pomona.sdk.files.hashing.TICK_NS", -(1 << 62))  # as if nothing were so young
    client.files.add(SET, folder)
    places = ["new.jpg", "cats/new.jpg", "dogs/new.jpg", "dogs/old/new.jpg", "owls/new.jpg", "elks/new.jpg"]
    clean = str(("vision/pets@v1", 8))
    said = subprocess.run(
        [sys.executable, "-c", LOOK, str(folder), *places], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [clean, *["None"] * len(places), clean], said.stderr


def test_contents_swept_away_since_are_sent_again(client: Client, folder: Path) -> None:
    client.files.add(SET, folder)
    client.files.drop(f"{SET}@v1")
    assert client.files.gc(dry_run=True, older_than_h=0).chunks == 5
    assert client.files.gc(dry_run=False, older_than_h=0).done
    with pytest.raises(NotFound, match="dropped"):
        client.files.checkout(f"{SET}@v1", folder)
    again = client.files.add(SET, folder)  # nothing changed here, so nothing would be read
    assert (again.created, again.ref) == (True, "vision/pets@v2")
    assert client.files.verify(SET).bad == ()


def test_a_version_that_a_run_names_is_pinned(client: Client, folder: Path) -> None:
    version = client.files.add(SET, folder)
    app = client.session.transport._embedded._app  # type: ignore[attr-defined]
    run = app.tracking.start(tags={"pomona.file_set_version": f"{SET}@v1"})
    links = app.ledger.links([version.id])
    assert ("trained_on", version.id) in [(one.relation, one.target) for one in links if one.source == run.id]
    with pytest.raises(Refused, match=run.id):
        client.files.drop(version.id)


def test_an_mlflow_dataset_names_its_version(client: Client, folder: Path) -> None:
    version = client.files.add(SET, folder)
    logged = version.to_mlflow().to_dict()
    assert json.loads(logged["source"])["version"] == version.id


def test_hostile_lists_are_refused_by_the_server(client: Client, folder: Path) -> None:
    client.files.add(SET, folder)
    digest = client.files.version(SET).manifest().digests[0]
    bad = ["../x", "/x", "a/../b", "a//b", "", ".git/hooks/x", "a/.GIT/x", ".g\u200cit/x", "a\0b", "a\u202eb"]
    lists = [encode(manifest_of([(path, 0, 3, digest)])) for path in bad if "\0" not in path and path]
    lists += [
        encode(manifest_of([("a", 0, 3, digest), ("a/b", 0, 3, digest)])),
        encode(manifest_of([("a", 2, 3, digest)], {"a": "/etc"})),
        encode(manifest_of([("a", 9, 3, digest)])),
        encode(manifest_of([("a", 0, 50 << 20, digest)])),
        encode(manifest_of([("e\u0301", 0, 3, digest), ("\u00e9", 0, 3, digest)])),
        b"",
        b"\xc1",
        encode(manifest_of([("a", 0, 3, digest)]))[:-1],
    ]
    before = len(client.files.versions(SET))
    for body in lists:
        with pytest.raises(Invalid) as caught:
            client.session.call("POST", VERSIONS, body=body)
        assert caught.value.hint
    with pytest.raises(Refused, match="not here"):
        client.session.call(
            "POST",
            "/api/v1/file-sets/vision~pets/versions",
            body=encode(manifest_of([("a", 0, 1, b"x" * 32)])),
        )
    assert len(client.files.versions(SET)) == before


def test_what_a_browser_is_given_cannot_run(client: Client, folder: Path) -> None:
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (folder / "a.svg").write_text("<svg onload='alert(1)'/>")
    client.files.add(SET, folder)
    at = "/api/v1/file-set-versions/vision~pets@v1/file"
    page = client.session.call("GET", at, query={"path": "page.html"})
    assert page.headers["content-type"].startswith("text/plain")
    assert "sandbox" in page.headers["content-security-policy"]
    svg = client.session.call("GET", at, query={"path": "a.svg"})
    assert svg.headers["content-disposition"].startswith("attachment")
    assert client.session.call("GET", at, query={"path": "cats/tom.jpg"}).body == b"tom"
    for path in ("../../etc/passwd", "none", "cats", "cats/best"):
        with pytest.raises(NotFound):
            client.session.call("GET", at, query={"path": path})


def test_two_adds_at_once_leave_two_whole_versions_or_say_so(client: Client, tmp_path: Path) -> None:
    told: list[str] = []

    def add(number: int) -> None:
        root = tmp_path / f"in{number}"
        root.mkdir()
        for name in range(50):
            (root / f"{name}.txt").write_text(f"{number} {name}")
        try:
            told.append(client.files.add(SET, root).ref)
        except Conflict:
            told.append("conflict")

    threads = [threading.Thread(target=add, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [one for one in told if one != "conflict"]
    assert len(told) == 4
    assert sorted(made) == sorted(version.ref for version in client.files.versions(SET))
    for ref in made:
        assert client.files.verify(ref).bad == ()


def test_the_stage_from_the_command_line(client: Client, folder: Path, tmp_path: Path) -> None:
    client.close()
    runner = CliRunner(env={"POMONA_HOME": str(tmp_path / "home"), "COLUMNS": "200"})

    def run(*words: str, code: int = 0) -> str:
        result = runner.invoke(cli, ["files", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    assert "file set dogs" in run("create", "dogs", "--description", "d")
    assert "6 files" in run("add", "dogs", str(folder))
    assert "already" in run("add", "dogs", str(folder))
    assert "dogs@v1: 6 files" in run("status", str(folder))
    (folder / "new[red].txt").write_text("x")
    assert "+ new[red].txt" in run("status", str(folder), code=1)
    assert json.loads(run("status", str(folder), "dogs@v1", "--json", code=1))["new"] == ["new[red].txt"]
    run("add", "dogs", str(folder), "--note", "more")
    assert "1 added" in run("diff", "dogs@v1", "dogs@v2")
    assert "7 files written" in run("checkout", "dogs", str(tmp_path / "o"))
    assert json.loads(run("ls", "--json").splitlines()[0])["name"] == "dogs"
    assert "cats/tom.jpg" in run("ls", "dogs@v1", "-p", "*.jpg")
    assert "more" in run("versions", "dogs")
    assert json.loads(run("show", "dogs@v2", "--json"))["files"] == 7
    assert "each matches" in run("verify", "dogs")
    assert "dropped" in run("drop", "dogs@v1")
    assert "would free" in run("gc", "--older-than", "0")
    assert "freed" in run("gc", "--sweep", "--older-than", "0")
    [pack] = [p for p in (tmp_path / "home/filesets/packs").glob("*") if b"tom" in p.read_bytes()]
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes().replace(b"tom", b"t0m"))
    assert "damaged" in run("verify", "dogs", code=1)
