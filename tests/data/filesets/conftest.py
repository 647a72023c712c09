"""A client over the whole app in this process, with a cache folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pomona.sdk.client import Client, connect


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as opened:
        opened.files.create("vision/pets")
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a bit of everything."""
    root = tmp_path / "photos"
    (root / "cats").mkdir(parents=True)
    (root / "cats" / "tom.jpg").write_bytes(b"tom")
    (root / "cats" / "ünï\u4e2d.txt").write_text("a name")
    (root / "empty").touch()
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "cats" / "best").symlink_to("tom.jpg")
    (root / ("n" * 251 + ".bin")).write_bytes(b"long")
    return root
