"""File sets in a real browser over a real server: versions, folders, previews, what changed."""

import struct
import wave
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import pomona

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def png(red: int) -> bytes:
    """A square of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes([red, 120, 60]) * 32 for _ in range(32))
    head = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def shelf(bare: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with a file set of two versions."""
    folder = tmp_path_factory.mktemp("orchard-photos")
    for place in ("ripe", "green"):
        (folder / place).mkdir()
        for number in range(6):
            (folder / place / f"{number}.png").write_bytes(png(number * 40))
    (folder / "notes.txt").write_text("picked in <September>")
    with wave.open(str(folder / "wind.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 800, "NONE", ""))
        sound.writeframes(bytes(1600))
    with pomona.connect(bare) as client:
        client.files.create("orchard/photos", description="Fruit on the tree")
        client.files.add("orchard/photos", folder)
        (folder / "ripe" / "0.png").write_bytes(png(255))
        (folder / "green" / "5.png").unlink()
        (folder / "green" / "new.png").write_bytes(png(10))
        client.files.add("orchard/photos", folder, note="a new tree")
    return bare


def test_from_the_list_to_a_picture_and_what_changed(tab: Callable[..., Any], shelf: str) -> None:
    watched = tab(shelf)
    page = watched.open("/data/files")
    page.get_by_role("table", name="File sets").get_by_role("link", name="orchard/photos").click()
    page.get_by_role("heading", name="orchard/photos").wait_for()
    page.get_by_role("figure", name="Size by version").wait_for()
    assert watched.axe() == []
    page.get_by_role("table", name="Versions").get_by_role("link", name="v2").click()
    page.get_by_role("heading", name="orchard/photos@v2").wait_for()
    page.get_by_role("img", name="ripe/0.png").wait_for()
    watched.still()
    assert page.evaluate("document.querySelector('img[alt=\"ripe/0.png\"]').naturalWidth") == 32
    page.get_by_text("picked in <September>").wait_for()
    assert page.locator("audio").count() == 1
    assert watched.axe() == []
    page.get_by_role("tab", name="Folders and files").click()
    page.get_by_role("button", name="green").click()
    page.get_by_role("link", name="new.png").wait_for()
    assert "folder=green" in page.url
    page.get_by_role("link", name="What changed").click()
    table = page.get_by_role("table", name="Changes")
    table.get_by_text("green/new.png").wait_for()
    table.get_by_text("green/5.png").wait_for()
    table.get_by_text("ripe/0.png").wait_for()
    watched.still()
    assert watched.axe() == []
    assert watched.foreign == []
    assert watched.complaints == []


def test_an_empty_list_says_how_to_begin(tab: Callable[..., Any], site: Callable[[Any], str]) -> None:
    page = tab(site({"/api/v1/file-sets": {"items": [], "next_cursor": None}})).open("/data/files")
    page.get_by_text("No file set yet").wait_for()
    page.get_by_text("pomona files add pets photos/").wait_for()
