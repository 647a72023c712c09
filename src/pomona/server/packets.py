"""HTTP for uvicorn whose answers leave as one packet.

uvicorn writes the head of an answer, then its body: two system calls here, and a client that is woken twice.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


class JoiningTransport:
    """A transport that sends the head of an answer together with what is written next.

    If nothing is written before the event loop turns, the head goes alone: whoever streams may begin late.
    """

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        """As a transport does."""
        if self._head:
            head, self._head = self._head, b""
            self._inner.writelines((head, data))
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._inner.write(data)

    def close(self) -> None:
        """Send what is left, then close."""
        self._flush()
        self._inner.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._inner.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class OnePacketProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoiningTransport(transport, self.loop))  # type: ignore[arg-type]
