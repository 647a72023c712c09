"""Blobs on a disk: one file each, named by its digest, written to a temporary name and renamed."""

import os
import tempfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from pomona.core.errors import NotFound, Tampered
from pomona.storage.disk import begin_writing, disk_errors, sync_folder

_CHUNK = 1 << 20
_BURST = 8 << 20


class FileBlobs:
    """Blobs in a folder, two levels deep: ``ab/cdef...``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, body: bytes) -> str:
        return self.put_stream(BytesIO(body))[0]

    def put_stream(self, stream: BinaryIO) -> tuple[str, int]:
        hasher, size, begun = blake3(), 0, 0
        with disk_errors():
            handle, name = tempfile.mkstemp(dir=self._incoming)
            try:
                with os.fdopen(handle, "wb") as out:
                    while chunk := stream.read(_CHUNK):
                        hasher.update(chunk)
                        size += len(chunk)
                        out.write(chunk)
                        if size - begun >= _BURST:
                            begin_writing(out.fileno(), begun, size)
                            begun = size
                    out.flush()
                    os.fsync(out.fileno())
                digest = hasher.hexdigest()
                self._publish(Path(name), digest)
            finally:
                Path(name).unlink(missing_ok=True)
        return digest, size

    def get(self, digest: str) -> bytes:
        with self.open(digest) as stream:
            body = stream.read()
        if blake3(body).hexdigest() != digest:
            raise Tampered(
                f"blob {digest[:12]} does not match its digest",
                hint="the file on disk changed; restore it from a backup, then run `pomona doctor`",
            )
        return body

    def open(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound(
                f"no blob {digest[:12]}", hint="run `pomona doctor` to see what is missing"
            ) from None

    def size(self, digest: str) -> int | None:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def remove(self, digests: Collection[str]) -> int:
        there = [path for digest in digests if (path := self._path(digest)).exists()]
        for path in there:
            path.unlink(missing_ok=True)
        return len(there)

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
            raise NotFound(f"{digest[:80]!r} is not a digest", hint="a digest is 64 hex digits")
        return self._root / digest[:2] / digest[2:]

    def _publish(self, written: Path, digest: str) -> None:
        path = self._path(digest)
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        written.chmod(0o444)
        written.replace(path)
        sync_folder(path.parent)
        sync_folder(self._root)
