"""Transport into the same ASGI app in this process: no socket, no server to start.

The app runs on an event loop in a thread of its own, so it works in notebooks and plain scripts.
"""

import asyncio
import atexit
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from pomona.core.errors import MissingExtra, PomonaError, Unavailable
from pomona.sdk.transport import Download, Reply, Transport

_CHUNK = 1 << 20
_AHEAD = 4  # pieces of a streamed answer that wait for their reader
_WAIT_S = 0.002
_JOBS = "/api/v1/jobs/"
Asgi = Callable[
    [dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


class InprocTransport:
    """Transport into the home folder's own app; jobs it starts are run at once, in this process."""

    def __init__(self, home: Path) -> None:
        try:
            from pomona.server.embedded import open_embedded
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "the server", "server") from error
        self.address = f"in-process:{home}"
        self._embedded = open_embedded(home)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pomona-inproc", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        return self.ask(self._embedded.asgi, method, path, headers, body)

    def ask(
        self, app: Asgi, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        """One request to an app on this transport's loop; what it caused is done when this returns."""
        reply = asyncio.run_coroutine_threadsafe(_call(app, method, path, headers, body), self._loop).result()
        if method not in ("GET", "HEAD") or path.startswith(_JOBS):
            self._embedded.settle()  # a look at a job, too: its next try may be due, and nobody else runs it
        return reply

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Download:
        return self.stream_from(self._embedded.asgi, path, headers)

    def stream_from(self, app: Asgi, path: str, headers: Mapping[str, str]) -> Download:
        """GET from an app on this transport's loop, piece by piece."""
        pipe = _Pipe()
        exchange = _exchange(app, "GET", path, headers, None, pipe.send)
        asyncio.run_coroutine_threadsafe(pipe.run(exchange), self._loop)
        return pipe.download()

    def gateway(self, address: str | None) -> Transport:
        if not address:
            return _InprocGateway(self)
        from pomona.sdk.http import HttpTransport

        return HttpTransport(address)

    def ask_gateway(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        """One request to the gateway in this process."""
        return self.ask(self.own_gateway, method, path, headers, body)

    @property
    def own_gateway(self) -> Asgi:
        """The gateway in this process."""
        return self._embedded.gateway

    def close(self) -> None:
        atexit.unregister(self.close)
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._embedded.gateway.stop(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._embedded.close()


class _InprocGateway:
    """Transport to the gateway in this process."""

    def __init__(self, beside: InprocTransport) -> None:
        self.address = f"{beside.address} (gateway)"
        self._beside = beside

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        return self._beside.ask_gateway(method, path, headers, body)

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Download:
        return self._beside.stream_from(self._beside.own_gateway, path, headers)

    def gateway(self, address: str | None) -> Transport:
        return self

    def close(self) -> None:
        """Nothing of its own to let go of."""


class _Pipe:
    """An answer on its way from the app's loop to the caller's thread, a few pieces ahead of the reader."""

    def __init__(self) -> None:
        self._queue: queue.Queue[dict[str, Any] | BaseException | None] = queue.Queue(_AHEAD)
        self._closed = False

    async def send(self, message: dict[str, Any]) -> None:
        await self._put(message)

    async def run(self, exchange: Awaitable[None]) -> None:
        """Carry an exchange out; its end, or what went wrong, is the last thing in the pipe."""
        try:
            await exchange
        except Exception as error:  # noqa: BLE001  it is raised where the answer is read
            await self._put(error)
        await self._put(None)

    def download(self) -> Download:
        """The answer: waits for its head only."""
        head = self._next()
        if head is None or head["type"] != "http.response.start":
            raise Unavailable("the app gave no answer", hint="its log says why")
        return Download(status=head["status"], headers=_headers(head), pieces=self._body())

    def _body(self) -> Iterator[bytes]:
        try:
            while (message := self._next()) is not None:
                if message.get("body"):
                    yield message["body"]
        finally:
            self._closed = True

    def _next(self) -> dict[str, Any] | None:
        found = self._queue.get()
        if isinstance(found, PomonaError):
            raise found
        if isinstance(found, BaseException):
            raise Unavailable(f"the answer broke off ({type(found).__name__})", hint=str(found)) from found
        return found

    async def _put(self, item: dict[str, Any] | BaseException | None) -> None:
        while not self._closed:
            try:
                self._queue.put_nowait(item)
            except queue.Full:
                await asyncio.sleep(_WAIT_S)
            else:
                return
        if isinstance(item, dict):
            raise ConnectionError("nobody reads the answer any more")


async def _call(
    app: Asgi, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None
) -> Reply:
    head: dict[str, Any] = {"status": 0, "headers": []}
    pieces = bytearray()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        elif message["type"] == "http.response.body":
            pieces.extend(message.get("body", b""))

    await _exchange(app, method, path, headers, body, send)
    return Reply(status=head["status"], headers=_headers(head), body=bytes(pieces))


async def _exchange(
    app: Asgi,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | BinaryIO | None,
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    source = _pieces(body)
    over, answered = False, asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal over
        if over:
            await answered.wait()  # a caller in this process never hangs up before the answer is whole
            return {"type": "http.disconnect"}
        piece = next(source, b"")
        over = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def sent(message: dict[str, Any]) -> None:
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    await app(_scope(method, path, headers), receive, sent)


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    url, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(url),
        "raw_path": url.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (b"host", b"localhost"),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


def _headers(head: dict[str, Any]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in head["headers"]}


def _pieces(body: bytes | BinaryIO | None) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
    elif body is not None:
        while piece := body.read(_CHUNK):
            yield piece
