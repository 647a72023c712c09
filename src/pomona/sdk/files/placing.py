"""A file comes into a folder whole under its name, or not at all, whenever its writer is killed.

Where the file system can, a file is written without a name and gets it when it is done: that leaves
nothing behind. Elsewhere it is written under another name and renamed. Either way it begins on a stage, a
new folder: in the folders where files were just deleted, ext4 can take much longer to make new ones.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pomona.sdk.files.scanning import Stamp, stamp_of

_NAMED = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_UNNAMED = os.O_WRONLY | getattr(os, "O_TMPFILE", 0) | os.O_CLOEXEC
_NO_HANDLE = -1


class Placing:
    """Puts files below a folder. Used by several threads.

    Args:
        stage: A new folder on the same file system, where every file begins.
    """

    def __init__(self, stage: Path) -> None:
        self._stage = str(stage)
        self._handles = _NO_HANDLE
        with suppress(OSError):
            self._handles = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._unnamed = self._handles >= 0 and self._can_name()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handles >= 0:
            os.close(self._handles)
            self._handles = _NO_HANDLE

    def other_name(self) -> str:
        """A path of no meaning on the stage."""
        return f"{self._stage}/{secrets.token_hex(8)}"

    def start(self, path: str, mode: int) -> "Placed":
        """A new file, which gets its name when it is whole."""
        if self._unnamed:
            return Placed(self, path, os.open(self._stage, _UNNAMED, mode), None)
        other = self.other_name()
        return Placed(self, path, os.open(other, _NAMED, mode), other)

    def name(self, handle: int, path: str) -> None:
        """Give a file without a name this one; what was there before goes."""
        try:
            self._link(handle, path)
        except FileExistsError:
            other = self.other_name()
            self._link(handle, other)
            os.replace(other, path)  # noqa: PTH105 - thousands of times

    def _link(self, handle: int, path: str) -> None:
        os.link(str(handle), path, src_dir_fd=self._handles, follow_symlinks=True)

    def _can_name(self) -> bool:
        probe = self.other_name()
        try:
            handle = os.open(self._stage, _UNNAMED, 0o600)
        except OSError:
            return False
        try:
            self._link(handle, probe)
            os.unlink(probe)  # noqa: PTH108 - a path of text, as above
        except OSError:
            return False
        finally:
            os.close(handle)
        return True


class Placed:
    """A file that is being written."""

    __slots__ = ("_handle", "_other", "_path", "_placing")

    def __init__(self, placing: Placing, path: str, handle: int, other: str | None) -> None:
        self._placing = placing
        self._path = path
        self._handle = handle
        self._other = other

    def write(self, body: bytes) -> None:
        """Append."""
        write_all(self._handle, body)

    def finish(self) -> Stamp:
        """It is whole: give it its name."""
        try:
            if self._other is None:
                self._placing.name(self._handle, self._path)
            else:
                os.replace(self._other, self._path)  # noqa: PTH105 - thousands of times
            return stamp_of(os.fstat(self._handle))
        finally:
            self.discard()

    def discard(self) -> None:
        """Give it up, or let go of it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = _NO_HANDLE


def write_all(handle: int, body: bytes) -> None:
    """Write all of it: the system may take it in parts."""
    done = os.write(handle, body)
    while done < len(body):
        done += os.write(handle, memoryview(body)[done:])
