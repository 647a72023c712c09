"""Transport into the same ASGI app in this process: no socket, no server to start.

The app runs on an event loop in a thread of its own, so it works in notebooks and plain scripts.
"""

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from pomona.core.errors import MissingExtra
from pomona.sdk.http import HttpTransport
from pomona.sdk.transport import Reply, Transport

_CHUNK = 1 << 20
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
        if method not in ("GET", "HEAD"):
            self._embedded.settle()
        return reply

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Iterator[bytes]:
        yield self.send("GET", path, headers=headers, body=None).body

    def gateway(self, address: str | None) -> Transport:
        return HttpTransport(address) if address else _InprocGateway(self)

    def ask_gateway(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        """One request to the gateway in this process."""
        return self.ask(self._embedded.gateway, method, path, headers, body)

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

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Iterator[bytes]:
        yield self.send("GET", path, headers=headers, body=None).body

    def gateway(self, address: str | None) -> Transport:
        return self

    def close(self) -> None:
        """Nothing of its own to let go of."""


async def _call(
    app: Asgi, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None
) -> Reply:
    url, _, query = path.partition("?")
    scope: dict[str, Any] = {
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
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    status, found, pieces = 0, {}, bytearray()
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

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, found
        if message["type"] == "http.response.start":
            status = message["status"]
            found = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            pieces.extend(message.get("body", b""))
            if not message.get("more_body", False):
                answered.set()

    await app(scope, receive, send)
    return Reply(status=status, headers=found, body=bytes(pieces))


def _pieces(body: bytes | BinaryIO | None) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
    elif body is not None:
        while piece := body.read(_CHUNK):
            yield piece
