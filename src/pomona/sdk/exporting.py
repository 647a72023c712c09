"""Versions as files of the user: whole, or not there at all."""

import errno
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from pomona.core.errors import Conflict, StorageFull
from pomona.data.export.records import ExportFormat
from pomona.sdk.rows import PieceFile


def save(
    pieces: Iterator[bytes], path: Path, form: ExportFormat, progress: Callable[[int], None] | None
) -> None:
    """Write an export beside its place, then put it there.

    A file that is there is replaced; a folder is not.

    Raises:
        Conflict: If there is a folder already.
        StorageFull: If the disk takes no more.
        Unavailable: If the answer breaks off.
    """
    if path.is_dir():
        raise Conflict(f"there is a folder {path} already", hint="choose another place, or remove it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    counted = _counted(pieces, progress)
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        made = folder / path.name
        if form == "delta-plain":
            _unpack(counted, made)
        else:
            _write(counted, made)
        made.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"no space left for {path}", hint="free some, or choose another disk"
            ) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(pieces: Iterator[bytes], path: Path) -> None:
    with path.open("wb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _unpack(pieces: Iterator[bytes], folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(fileobj=cast(BinaryIO, PieceFile(pieces)), mode="r|") as archive:
        for member in archive:
            archive.extract(member, folder, filter="data")


def _counted(pieces: Iterator[bytes], progress: Callable[[int], None] | None) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if progress is not None:
            progress(size)
