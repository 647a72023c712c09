"""Data and vector files of tables: a folder each, files named by their digest."""

import mmap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
from blake3 import blake3
from numpy.typing import NDArray

from pomona.core.errors import NotFound, Tampered
from pomona.core.tables import Vector
from pomona.storage.delta import vectors
from pomona.storage.disk import write_whole

_HINT = "restore it from a backup; `pomona doctor` shows what is missing"


class DeltaFiles:
    """TableFiles in folders: ``<root>/<table>/<digest>.parquet``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._verified: dict[Path, tuple[int, int, int]] = {}  # path -> what `stat` said when it was right

    def put(self, table: str, body: bytes | memoryview) -> str:
        digest = str(blake3(body, max_threads=blake3.AUTO).hexdigest())
        path = folder_of(self._root, table) / f"{digest}.parquet"
        if not path.exists():
            write_whole(path, body)
        return digest

    def open(self, table: str, digest: str) -> BinaryIO:
        path = folder_of(self._root, table) / f"{digest}.parquet"
        self._verify(path, digest)
        return cast(BinaryIO, pa.memory_map(str(path)))

    def sizes(self, table: str) -> Mapping[str, int]:
        folder = folder_of(self._root, table)
        found = {path.stem: path.stat().st_size for path in folder.glob("*.parquet")}
        for path in folder.glob("deletion_vector_*.bin"):
            body = path.read_bytes()
            found[str(blake3(body).hexdigest())] = len(body)
        return found

    def remove(self, table: str, digests: Collection[str]) -> None:
        folder = folder_of(self._root, table)
        for digest in digests:
            (folder / f"{digest}.parquet").unlink(missing_ok=True)
            (folder / vector_name(digest)).unlink(missing_ok=True)

    def _verify(self, path: Path, digest: str) -> None:
        seen = (0, 0, 0)
        try:
            stat = path.stat()
            seen = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
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

    def put(self, table: str, hidden: Sequence[NDArray[np.uint64]]) -> list[Vector]:
        if not hidden:
            return []
        body, places = vectors.encode(hidden)
        digest = str(blake3(body).hexdigest())
        path = folder_of(self._root, table) / vector_name(digest)
        if not path.exists():
            write_whole(path, body)
        return [
            Vector(digest=digest, offset=place.offset, size=place.size, hidden=place.hidden)
            for place in places
        ]

    def get(self, table: str, vector: Vector) -> NDArray[np.uint64]:
        name = vector_name(vector.digest)
        try:
            body = (folder_of(self._root, table) / name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"the vector file {vector.digest[:12]} is not there", hint=_HINT) from None
        if blake3(body).hexdigest() != vector.digest:
            raise Tampered(f"the vector file {vector.digest[:12]} does not match its digest", hint=_HINT)
        return vectors.decode(body, vector.offset, vector.size)


def vector_name(digest: str) -> str:
    """The file name of a vector file."""
    return f"deletion_vector_{vectors.uuid_of(digest)}.bin"


def folder_of(root: Path, table: str) -> Path:
    """The folder of a table, made when it is first needed."""
    folder = root / table
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
    return folder
