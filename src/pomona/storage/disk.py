"""Files that are whole and durable, or not there: written to a temporary name, synced, renamed."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pomona.core.errors import StorageFull

_ADVISE: Callable[[int, int, int, int], None] | None = getattr(os, "posix_fadvise", None)  # Linux
INCOMING = ".incoming-"
"""How the name of a file begins that is not whole yet, or no longer."""


def write_whole(path: Path, body: bytes | memoryview) -> None:
    """Write a file at once: after ``kill -9`` or power loss it has all its bytes or does not exist.

    Raises:
        StorageFull: If the disk takes no more.
    """
    with disk_errors():
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=INCOMING)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            Path(name).chmod(0o444)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def begin_writing(handle: int, start: int, end: int) -> None:
    """Let the disk begin with bytes just written, while more come: so the sync at the end has little left."""
    if _ADVISE is not None:  # what waits for the disk stays in memory, though the advice is that it need not
        _ADVISE(handle, start, end - start, os.POSIX_FADV_DONTNEED)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn the system's words for a full disk into an error a person can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(
                "the disk takes no more data",
                hint="free some space; everything acknowledged so far is safe, this write was not stored",
            ) from error
        raise
