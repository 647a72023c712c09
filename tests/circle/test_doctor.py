"""The doctor finds a damaged file of a file set, and says where."""

from pathlib import Path

from pomona.app import open_app
from pomona.sdk.client import connect


def findings(home: Path) -> dict[str, tuple[str, str]]:
    app = open_app(home)
    try:
        return {one.what: (one.state, one.detail) for one in app.doctor.examine()}
    finally:
        app.close()


def test_a_byte_that_changed_in_a_pack_is_found(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "pets"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(bytes([number]) * 5_000)
    (folder / "alias").symlink_to("0.txt")
    with connect(home=home) as client:
        client.files.create("pets")
        client.files.add("pets", folder)
        (folder / "4.txt").write_bytes(b"four" * 2_000)
        client.files.add("pets", folder)
    state, detail = findings(home)["file sets"]
    assert (state, detail) == ("ok", "2 versions of file sets, 9 files match their digests")
    packs = [path for path in (home / "filesets").rglob("*.pack") if path.is_file()]
    assert packs
    for pack in packs:
        body = bytearray(pack.read_bytes())
        body[len(body) // 2] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(body)
    state, detail = findings(home)["file sets"]
    assert state == "fail"
    assert "of pets@v" in detail
    assert ".txt" in detail
