"""Reads files into contents: small ones whole, large ones cut where their content says (FastCDC)."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from pomona.core.errors import Conflict, Invalid
from pomona.core.packs import CONTENT_BYTES
from pomona.data.filesets.manifests import Pieces
from pomona.sdk.files.scanning import Stamp, stamp_of
from pomona.sdk.files.state import TICK_NS

AVERAGE_BYTES = 1 << 20
LEAST_BYTES = 256 << 10
_TRIES = 3
_READ_BYTES = 4 << 20
Keep = Callable[[bytes, bytes], None]  # digest, content


class HashedFile:
    """What reading a file gave.

    Attributes:
        stamp: Of the content that was read. Its ctime is 0 if the file was so young that its stamp does
            not tell it from a later content.
        pieces: Of a large file that was read to be kept.
    """

    __slots__ = ("digest", "pieces", "stamp")

    def __init__(self, digest: bytes, stamp: Stamp, pieces: Pieces | None) -> None:
        self.digest = digest
        self.stamp = stamp
        self.pieces = pieces


def read_file(path: str, keep: Keep | None = None) -> HashedFile:
    """Read a file; ``keep`` gets each of its contents.

    Raises:
        Conflict: If it changes while it is read, or is gone.
        Invalid: If it cannot be read.
    """
    try:
        for _ in range(_TRIES):
            found = _read_once(path, keep)
            if found is not None:
                return found
    except FileNotFoundError:
        raise Conflict(f"{path} is gone since the folder was looked through", hint="add it again") from None
    except PermissionError:
        raise Invalid(f"{path} cannot be read", hint="give yourself access, or leave it out") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # of what was read, not of the file
            raise
        raise Invalid(f"{path} cannot be read: {error.strerror}", hint="leave it out, or repair it") from None
    raise Conflict(f"{path} changes while it is read", hint="add it again when nothing writes to it")


def _read_once(path: str, keep: Keep | None) -> HashedFile | None:
    began_ns = time.time_ns()
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        before = stamp_of(os.fstat(handle))
        pieces = None
        if before[0] <= CONTENT_BYTES:
            body = _read_all(handle, before[0])
            digest, size = blake3(body).digest(), len(body)
            if keep is not None and size == before[0]:
                keep(digest, body)
        elif keep is None:
            digest, size = _digest_of(handle)
        else:
            digest, size, pieces = _cut(handle, keep)
        if stamp_of(os.fstat(handle)) != before or size != before[0]:
            return None
    finally:
        os.close(handle)
    size, mtime, inode, ctime, mode = before
    trusted = began_ns - max(ctime, mtime) > TICK_NS
    return HashedFile(digest, (size, mtime, inode, ctime if trusted else 0, mode), pieces)


def _read_all(handle: int, size: int) -> bytes:
    body = os.read(handle, size + 1)
    if len(body) < size:  # a signal or a network file system: the rest in pieces
        parts = [body]
        while part := os.read(handle, 1 << 20):
            parts.append(part)
        body = b"".join(parts)
    return body


def _digest_of(handle: int) -> tuple[bytes, int]:
    """Digest and size of a large file, by all processors: not mapped, for it may be cut off meanwhile."""
    whole, size = blake3(max_threads=blake3.AUTO), 0
    buffer = memoryview(bytearray(_READ_BYTES))
    while count := os.readv(handle, [buffer]):
        whole.update(buffer[:count])
        size += count
    return whole.digest(), size


def _cut(handle: int, keep: Keep) -> tuple[bytes, int, Pieces]:
    from pyfastcdc import FastCDC

    cutter = FastCDC(AVERAGE_BYTES, min_size=LEAST_BYTES, max_size=CONTENT_BYTES)
    whole, size = blake3(), 0
    digests, lengths = [], []
    with open(handle, "rb", buffering=0, closefd=False) as stream:
        for chunk in cutter.cut_stream(_plain(stream)):
            body = bytes(chunk.data)
            whole.update(body)
            digest = blake3(body).digest()
            digests.append(digest)
            lengths.append(len(body))
            size += len(body)
            keep(digest, body)
    return whole.digest(), size, Pieces(digests=b"".join(digests), lengths=tuple(lengths))


def _plain(stream: object) -> BinaryIO:
    return stream  # type: ignore[return-value]  # a raw file has the `readinto` that is asked for


def hash_only(root: Path, path: str) -> HashedFile:
    """Read a file of a folder for its digest."""
    return read_file(f"{root}/{path}")
