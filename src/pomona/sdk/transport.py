"""The SDK's two ways to the API: a socket (``http``) or the same ASGI app in this process (``inproc``)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from pomona.core.records import Record


class Reply(Record, frozen=True, kw_only=True):
    """An answer: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Download:
    """An answer that comes piece by piece: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


class Transport(Protocol):
    """Sends one request, returns its answer. Errors of the network are ``Unavailable``."""

    address: str

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        """Send a request; ``path`` carries the query; a stream is sent without holding it in memory."""
        ...

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Download:
        """GET, the answer's body in pieces as they come; one that breaks off is ``Unavailable``."""
        ...

    def gateway(self, address: str | None) -> "Transport":
        """The same caller's transport to the gateway; ``address`` None: none is running.

        Raises:
            Unavailable: If there is none to talk to.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
