"""Data and vector files of tables: a folder each, files named by their digest."""

import mmap
import os
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
from blake3 import blake3
from numpy.typing import NDArray

from pomona.core.errors import NotFound, Tampered
from pomona.core.tables import StoredFile, Vector
from pomona.storage.delta import vectors
from pomona.storage.disk import INCOMING, write_whole

_HINT = "restore it from a backup; `pomona doctor` shows what is missing"


class DeltaFiles:
    """TableFiles in folders: ``<root>/<table>/<digest>.parquet``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._verified: dict[Path, tuple[int, int, int]] = {}  # path -> what `stat` said when it was right

    def put(self, table: str, body: bytes | memoryview) -> str:
        digest = str(blake3(body, max_threads=blake3.AUTO).hexdigest())
        path = folder_of(self._root, table) / f"{digest}.parquet"
        if _put(path, body):
            self._verified[path] = _seen(path)
        return digest

    def open(self, table: str, digest: str) -> BinaryIO:
        path = folder_of(self._root, table) / f"{digest}.parquet"
        if not path.exists() and _aside(path).exists():  # a sweep was killed before it could put it back
            _aside(path).rename(path)
        self._verify(path, digest)
        return cast(BinaryIO, pa.memory_map(str(path)))

    def verify(self, table: str, digest: str) -> None:
        folder = folder_of(self._root, table)
        path = folder / f"{digest}.parquet"
        if not path.exists() and (folder / vector_name(digest)).exists():
            path = folder / vector_name(digest)
        self._verified.pop(path, None)
        self._verify(path, digest)

    def stored(self, table: str) -> Mapping[str, StoredFile]:
        folder = folder_of(self._root, table)
        found = {path.stem: _stored(path) for path in folder.glob("*.parquet")}
        for path in folder.glob("deletion_vector_*.bin"):
            found[str(blake3(path.read_bytes()).hexdigest())] = _stored(path)
        return found | {path.name: _stored(path) for path in folder.glob(f"{INCOMING}*")}

    def remove(self, table: str, digests: Collection[str], *, spare_s: float) -> set[str]:
        folder, gone = folder_of(self._root, table), set()
        for digest in digests:
            names = [digest] if digest.startswith(INCOMING) else [f"{digest}.parquet", vector_name(digest)]
            if all(_remove(folder / name, spare_s) for name in names):
                gone.add(digest)
        return gone

    def _verify(self, path: Path, digest: str) -> None:
        seen = (0, 0, 0)
        try:
            seen = _seen(path)
            if self._verified.get(path) == seen:
                return
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
                found = blake3(body, max_threads=blake3.AUTO).hexdigest()
        except FileNotFoundError:
            raise NotFound(f"the data file {digest[:12]} is not there", hint=_HINT) from None
        except ValueError:  # an empty file cannot be mapped
            found = ""
        if found != digest:
            raise Tampered(f"the data file {digest[:12]} does not match its digest", hint=_HINT)
        self._verified[path] = seen


class DeltaVectors:
    """TableVectors beside the data files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._verified: dict[Path, tuple[int, int, int]] = {}  # as of the data files

    def put(self, table: str, hidden: Sequence[NDArray[np.uint64]]) -> list[Vector]:
        if not hidden:
            return []
        body, places = vectors.encode(hidden)
        digest = str(blake3(body).hexdigest())
        _put(folder_of(self._root, table) / vector_name(digest), body)
        return [
            Vector(digest=digest, offset=place.offset, size=place.size, hidden=place.hidden)
            for place in places
        ]

    def get(self, table: str, vector: Vector) -> NDArray[np.uint64]:
        path = folder_of(self._root, table) / vector_name(vector.digest)
        try:
            seen = _seen(path)
            with path.open("rb") as file:
                if self._verified.get(path) != seen:  # it holds the vectors of many files: read whole once
                    if blake3(file.read()).hexdigest() != vector.digest:
                        raise Tampered(
                            f"the vector file {vector.digest[:12]} does not match its digest", hint=_HINT
                        )
                    self._verified[path] = seen
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
                    return vectors.decode(body, vector.offset, vector.size)
        except FileNotFoundError:
            raise NotFound(f"the vector file {vector.digest[:12]} is not there", hint=_HINT) from None


def _put(path: Path, body: bytes | memoryview) -> bool:
    """Write a file, or mark it as wanted again if it is there: then no sweep takes it. True if written."""
    try:
        os.utime(path)
    except FileNotFoundError:
        write_whole(path, body)
        return True
    return False


def _seen(path: Path) -> tuple[int, int, int]:
    """Tells a file that was changed."""
    found = path.stat()
    return (found.st_size, found.st_mtime_ns, found.st_ino)


def _stored(path: Path) -> StoredFile:
    found = path.stat()
    return StoredFile(size=found.st_size, put_at=datetime.fromtimestamp(found.st_mtime, UTC))


def _remove(path: Path, spare_s: float) -> bool:
    """Delete a file that was not put lately; False if it was."""
    aside = _aside(path)
    try:
        if _is_young(path, spare_s):
            return False
        path.rename(aside)  # who puts it now writes it anew
    except FileNotFoundError:
        return True
    if _is_young(aside, spare_s):  # it was put between the look and the renaming
        aside.rename(path)
        return False
    aside.unlink()
    return True


def _aside(path: Path) -> Path:
    return path.with_name(f"{INCOMING}gone-{path.name}")


def _is_young(path: Path, spare_s: float) -> bool:
    return spare_s > 0 and time.time() - path.stat().st_mtime < spare_s


def vector_name(digest: str) -> str:
    """The file name of a vector file."""
    return f"deletion_vector_{vectors.uuid_of(digest)}.bin"


def folder_of(root: Path, table: str) -> Path:
    """The folder of a table, made when it is first needed."""
    folder = root / table
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
    return folder
