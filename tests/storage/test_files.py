"""FileBlobs keeps the Blobs contract, and notices tampering."""

from io import BytesIO
from pathlib import Path

import pytest

from pomona.core.errors import Tampered
from pomona.storage import files
from pomona.storage.disk import begin_writing
from pomona.storage.files import FileBlobs
from pomona.testing.blobs import BlobRemovalContract, BlobsContract


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def removal(blobs: FileBlobs) -> FileBlobs:
    return blobs


class TestFileBlobs(BlobsContract, BlobRemovalContract):
    pass


def test_changed_bytes_are_never_handed_out(blobs: FileBlobs, tmp_path: Path) -> None:
    digest = blobs.put(b"pear")
    path = tmp_path / "blobs" / digest[:2] / digest[2:]
    path.chmod(0o600)
    path.write_bytes(b"plum")
    with pytest.raises(Tampered):
        blobs.get(digest)


def test_the_disk_begins_early_and_misses_nothing(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[int, int]] = []

    def begin(handle: int, start: int, end: int) -> None:
        begun.append((start, end))
        begin_writing(handle, start, end)

    monkeypatch.setattr(files, "begin_writing", begin)
    body = bytes(range(256)) * 4096 * 20 + b"the end"
    digest, size = blobs.put_stream(BytesIO(body))
    assert (size, blobs.get(digest)) == (len(body), body)
    assert begun == [(0, 8 << 20), (8 << 20, 16 << 20)]


def test_an_interrupted_write_leaves_no_blob(blobs: FileBlobs, tmp_path: Path) -> None:
    class Broken:
        def read(self, _size: int) -> bytes:
            raise OSError("the source went away")

    with pytest.raises(OSError, match="went away"):
        blobs.put_stream(Broken())  # type: ignore[arg-type]
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
