"""Bodies of any size between the event loop and threads: a megabyte a hop, the next meanwhile."""

import asyncio
import io
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, BinaryIO

from blake3 import blake3

from pomona.server.mlflow.wire import Receive, Send, Threads

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20


class BodyStream(io.RawIOBase):
    """A request's body as a file, for a thread: the event loop takes a megabyte while it has the last."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._loop = loop
        self._rest = memoryview(b"")
        self._more = True
        self._coming: Future[bytes] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        while not self._rest and (self._more or self._coming is not None):
            self._rest = memoryview(self._next())
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    async def _gather(self) -> bytes:
        """What comes next, as much as is worth a hop between threads."""
        parts, size = [], 0
        while self._more and size < PIECE:
            message: Any = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client went away before its file was complete")
            self._more = message.get("more_body", False)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        return b"".join(parts)

    def _next(self) -> bytes:
        found = self._wait(self._coming or self._ask())
        self._coming = self._ask() if self._more else None
        return found

    def _ask(self) -> "Future[bytes]":
        return asyncio.run_coroutine_threadsafe(self._gather(), self._loop)

    def _wait(self, asked: "Future[bytes]") -> bytes:
        while True:
            try:
                return asked.result(timeout=1.0)
            except TimeoutError:
                if self._loop.is_closed():  # the server stopped: nobody will answer any more
                    raise ConnectionError("the server stopped before the file was complete") from None


async def send_verified(send: Send, stream: BinaryIO, digest: str, size: int, threads: Threads) -> None:
    """Send a stream of ``size`` bytes; the end of it only once the whole hashed to ``digest`` (BLAKE3).

    Raises:
        ConnectionError: If it did not: the answer is cut off, no client takes it for whole.
    """
    hasher = blake3()

    def read() -> bytes:
        piece = stream.read(PIECE)
        hasher.update(piece)
        return piece

    piece, rest = await threads.run(read), size
    while len(piece) < rest and piece:
        rest -= len(piece)
        message = {"type": "http.response.body", "body": piece, "more_body": True}
        _, piece = await asyncio.gather(send(message), threads.run(read))
    if len(piece) != rest or hasher.hexdigest() != digest:
        raise ConnectionError("the file does not match its digest; the download is cut off")
    await send({"type": "http.response.body", "body": piece})
