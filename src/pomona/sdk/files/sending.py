"""Reads files in several threads and hands what the server lacks over, as packs, while others are read."""

import errno
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pomona.core.errors import StorageFull
from pomona.core.packs import CONTENT_BYTES, PACK_BYTES
from pomona.sdk.files.contents import Contents, PackWriter
from pomona.sdk.files.hashing import HashedFile, read_file
from pomona.sdk.files.progress import Counter
from pomona.sdk.files.scanning import Stamp

_HELD_BYTES = 16 << 20  # contents that wait in one thread for the answer which of them are lacking
_HELD = 4096
_BATCH = 256  # small files of one task
_ON_THEIR_WAY = 4  # finished packs that wait for disk or wire


class Sender:
    """One add: reads files, keeps what is lacking.

    Args:
        root: The folder.
        contents: Where to.
    """

    def __init__(self, root: Path, contents: Contents, counter: Counter) -> None:
        self._root = root
        self._contents = contents
        self._counter = counter
        self._offered: set[bytes] = set()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_ON_THEIR_WAY)
        self._handing: list[Future[None]] = []
        self._hander = ThreadPoolExecutor(2, thread_name_prefix="pomona-packs")
        self._lanes: list[_Lane] = []
        self._stop = threading.Event()

    def send(self, files: Sequence[tuple[str, Stamp]]) -> dict[str, HashedFile]:
        """Read these files; afterwards the server keeps all their contents.

        Raises:
            Conflict: If a file changes while it is read.
            Invalid: If one cannot be read.
            StorageFull: If the disk takes no more.
        """
        found: dict[str, HashedFile] = {}
        try:
            with ThreadPoolExecutor(_threads(), thread_name_prefix="pomona-files") as pool:
                work = [pool.submit(self._read, task) for task in _tasks(files)]
                for done in work:
                    found.update(self._first_error(done))
            for lane in self._lanes:
                lane.close()
            for handed in self._handing:
                handed.result()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    "the disk takes no more data", hint="free some space, then add again"
                ) from error
            raise
        finally:
            for lane in self._lanes:
                lane.discard()
            self._hander.shutdown()
        return found

    def _first_error(self, done: "Future[dict[str, HashedFile]]") -> dict[str, HashedFile]:
        try:
            return done.result()
        except BaseException:
            self._stop.set()  # the others need not go on
            raise

    def _read(self, paths: list[str]) -> dict[str, HashedFile]:
        lane = self._lane()
        found = {}
        size = 0
        for path in paths:
            if self._stop.is_set():
                break
            found[path] = read_file(f"{self._root}/{path}", lane.offer)
            size += found[path].stamp[0]
        self._counter.add(len(found), size)
        return found

    def _lane(self) -> "_Lane":
        lane: _Lane | None = getattr(_own, "lane", None)
        if lane is None or lane.sender is not self:
            lane = _own.lane = _Lane(self, self._contents)
            with self._lock:
                self._lanes.append(lane)
        return lane

    def is_new(self, digest: bytes) -> bool:
        """Whether this content was not met yet in this add."""
        with self._lock:
            if digest in self._offered:
                return False
            self._offered.add(digest)
            return True

    def hand_over(self, pack: PackWriter) -> None:
        """Finish a pack and send it, in the background."""
        self._room.acquire()
        self._handing.append(self._hander.submit(self._hand_over, pack))

    def _hand_over(self, pack: PackWriter) -> None:
        try:
            self._contents.send(pack.finish())
        finally:
            self._room.release()


_own = threading.local()


class _Lane:
    """What one thread has read and not yet handed over."""

    def __init__(self, sender: Sender, contents: Contents) -> None:
        self.sender = sender
        self._contents = contents
        self._held: list[tuple[bytes, bytes]] = []
        self._held_bytes = 0
        self._pack: PackWriter | None = None

    def offer(self, digest: bytes, body: bytes) -> None:
        """A content that may be lacking."""
        if self.sender.is_new(digest):
            self._held.append((digest, body))
            self._held_bytes += len(body)
            if self._held_bytes >= _HELD_BYTES or len(self._held) >= _HELD:
                self._write()

    def close(self) -> None:
        """Nothing more comes."""
        self._write()
        if self._pack is not None:
            self.sender.hand_over(self._pack)
            self._pack = None

    def discard(self) -> None:
        """Give up what was not handed over."""
        if self._pack is not None:
            self._pack.discard()

    def _write(self) -> None:
        lacking = self._contents.lacking([digest for digest, _ in self._held]) if self._held else set()
        for digest, body in self._held:
            if digest in lacking:
                if self._pack is None:
                    self._pack = self._contents.pack()
                self._pack.add(digest, body)
                if self._pack.size >= PACK_BYTES:
                    self.sender.hand_over(self._pack)
                    self._pack = None
        self._held, self._held_bytes = [], 0


def _tasks(files: Sequence[tuple[str, Stamp]]) -> list[list[str]]:
    """Large files first and alone, small ones many together."""
    large = [path for path, stamp in files if stamp[0] > CONTENT_BYTES]
    small = [path for path, stamp in files if stamp[0] <= CONTENT_BYTES]
    batches = [small[at : at + _BATCH] for at in range(0, len(small), _BATCH)]
    return [*([path] for path in large), *batches]


def _threads() -> int:
    return max(2, min(8, len(os.sched_getaffinity(0))))
