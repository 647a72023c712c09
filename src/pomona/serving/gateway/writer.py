"""Appends frames to the journal with natural group commit: one thread, one fdatasync per group.

The next group is whatever came in while the last one was being synced; no timer ever waits.
"""

import asyncio
import errno
import fcntl
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from pomona.core.errors import Conflict, Overloaded, PomonaError, StorageFull, Unavailable
from pomona.core.ports import Clock
from pomona.serving.journal import MAGIC, SUFFIX, segments, whole_length

SEGMENT_BYTES = 32 << 20
SEGMENT_S = 600.0
PENDING_BYTES = 64 << 20


class JournalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the journal is doing."""

    segment: str
    bytes_written: int
    groups: int
    frames: int
    pending_bytes: int
    cut_bytes: int  # torn tail removed at start
    error: str | None


class _Group:
    """Frames waiting for the same fdatasync, and who waits for them."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.size = 0
        self.waiters: list[asyncio.Future[None]] = []


class JournalWriter:
    """The one writer of a journal folder.

    Args:
        folder: Where the segments are; locked, so a second gateway on it is refused.
        clock: Names segments and ages them.
        sync: Makes a file's bytes durable.

    Raises:
        Conflict: If another process writes this journal.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
        pending_bytes: int = PENDING_BYTES,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._clock, self._sync = folder, clock, sync
        self._segment_bytes, self._segment_s, self._pending_limit = segment_bytes, segment_s, pending_bytes
        self._lock_file = _lock(folder / "lock")
        self.cut_bytes = cut_torn_tails(folder)
        self._wake = threading.Condition()
        self._open_group = _Group()
        self._pending = 0  # bytes handed over but not yet durable
        self._closed = False
        self._error: str | None = None
        self._groups = self._frames = self._written = 0
        self._handle, self._path, self._size, self._opened = -1, folder, 0, 0.0
        self._thread = threading.Thread(target=self._run, name="pomona-journal", daemon=True)
        self._thread.start()

    def append(self, frames: list[bytes]) -> "asyncio.Future[None]":
        """Hand over frames; the future is done when they are durable.

        Raises:
            Overloaded: If too much waits for the disk already.
            Unavailable: If the journal is closed.
        """
        future = asyncio.get_running_loop().create_future()
        size = sum(map(len, frames))
        with self._wake:
            if self._closed:
                raise Unavailable("the gateway is shutting down", hint="send the request again in a second")
            if self._pending + size > self._pending_limit:
                raise Overloaded(
                    "the journal's disk cannot keep up",
                    hint="wait for the seconds in Retry-After, then retry",
                )
            group = self._open_group
            group.frames.extend(frames)
            group.size += size
            group.waiters.append(future)
            self._pending += size
            self._wake.notify()
        return future

    def status(self) -> JournalStatus:
        """Counters since the start."""
        return JournalStatus(
            segment=self._path.name,
            bytes_written=self._written,
            groups=self._groups,
            frames=self._frames,
            pending_bytes=self._pending,
            cut_bytes=self.cut_bytes,
            error=self._error,
        )

    def close(self) -> None:
        """Write what waits, then release the folder."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify()
        self._thread.join()
        if self._handle >= 0:
            os.close(self._handle)
        os.close(self._lock_file)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._open_group.frames and not self._closed:
                    self._wake.wait()
                group, self._open_group = self._open_group, _Group()
            if not group.frames:
                return
            error = self._write(group)
            with self._wake:
                self._pending -= group.size
            _answer(group, error)

    def _write(self, group: _Group) -> PomonaError | None:
        try:
            self._rotate()
            _write_all(self._handle, b"".join(group.frames))
            self._sync(self._handle)
        except OSError as error:
            self._error = str(error)
            self._abandon_tail()
            return _as_problem(error)
        self._size += group.size
        self._written += group.size
        self._groups += 1
        self._frames += len(group.frames)
        self._error = None
        return None

    def _rotate(self) -> None:
        age = self._clock.now().timestamp() - self._opened
        if self._handle >= 0 and self._size < self._segment_bytes and age < self._segment_s:
            return
        path = self._folder / next_name(self._folder, int(self._clock.now().timestamp() * 1000))
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            _write_all(handle, MAGIC)
            self._sync(handle)
            _sync_folder(self._folder)
        except OSError:
            os.close(handle)
            path.unlink(missing_ok=True)
            raise
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._path, self._size = handle, path, len(MAGIC)
        self._opened = self._clock.now().timestamp()

    def _abandon_tail(self) -> None:
        """Cut what a failed write left, and never touch that segment again.

        After a failed sync the kernel may have dropped pages, so the file cannot be trusted to grow.
        """
        if self._handle < 0:
            return
        with suppress(OSError):  # if it fails: the frames were not acknowledged, the next start cuts them
            os.ftruncate(self._handle, self._size)
        os.close(self._handle)
        self._handle = -1


def next_name(folder: Path, now_ms: int) -> str:
    """A name that sorts behind every segment there, even when the clock was set back."""
    newest = segments(folder)[-1:]
    after = int(newest[0].name.partition("-")[0]) + 1 if newest else 0
    return f"{max(now_ms, after):014}-{secrets.token_hex(4)}{SUFFIX}"


def cut_torn_tails(folder: Path) -> int:
    """Cut what a crash left behind the last whole frame of the newest segment; returns the bytes cut."""
    newest = segments(folder)[-1:]
    cut = 0
    for segment in newest:
        size, whole = segment.stat().st_size, whole_length(segment)
        if whole < size:
            with segment.open("r+b") as stream:
                stream.truncate(whole)
                os.fsync(stream.fileno())
            cut += size - whole
        if whole <= len(MAGIC):
            segment.unlink()
    return cut


def _answer(group: _Group, error: PomonaError | None) -> None:
    for loop in {waiter.get_loop() for waiter in group.waiters}:
        mine = [waiter for waiter in group.waiters if waiter.get_loop() is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine, error)
        except RuntimeError:
            continue  # that loop has ended; nobody waits any more


def _resolve(waiters: list["asyncio.Future[None]"], error: PomonaError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)


def _write_all(handle: int, body: bytes) -> None:
    view = memoryview(body)
    while view:
        view = view[os.write(handle, view) :]


def _as_problem(error: OSError) -> PomonaError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(
            "the journal's disk takes no more data",
            hint="free some space; everything acknowledged so far is safe, this prediction was not made",
        )
    return Unavailable(f"the journal cannot be written: {error}", hint="see the gateway's log and its disk")


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Conflict(
            "another gateway writes this journal", hint="stop it, or start this one with another --home"
        ) from None
    return handle


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
