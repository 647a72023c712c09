"""Transport over a socket, with urllib3."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import BinaryIO

import urllib3

from pomona.core.errors import Unavailable
from pomona.sdk.transport import Download, Reply


class HttpTransport:
    """Transport to ``address``, e.g. ``http://127.0.0.1:7700``; connections are kept alive and shared.

    Args:
        retries: How often a connection that cannot be made is tried again, each time after twice as
            long, from 0.2 s on: 3 are over in two seconds, 8 in a minute and a half.
    """

    def __init__(
        self, address: str, *, token: str | None = None, timeout_s: float = 300.0, retries: int = 3
    ) -> None:
        self.address = address.rstrip("/")
        self._token = token
        again = urllib3.Retry(
            total=retries, backoff_factor=0.2, status=0, redirect=0, allowed_methods=None, read=0
        )
        self._pool = urllib3.PoolManager(
            maxsize=16, retries=again, timeout=urllib3.Timeout(connect=5.0, read=timeout_s)
        )

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | BinaryIO | None
    ) -> Reply:
        try:
            reply = self._pool.request(
                method, self.address + path, body=body, headers=self._headers(headers), redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unavailable(error) from error
        found = {name.lower(): value for name, value in reply.headers.items()}
        return Reply(status=reply.status, headers=found, body=reply.data)

    def stream(self, path: str, *, headers: Mapping[str, str]) -> Download:
        try:
            reply = self._pool.request(
                "GET",
                self.address + path,
                headers=self._headers(headers),
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unavailable(error) from error
        found = {name.lower(): value for name, value in reply.headers.items()}
        return Download(status=reply.status, headers=found, pieces=self._pieces(reply))

    def _pieces(self, reply: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            yield from reply.stream(1 << 20)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(
                f"the answer from {self.address} broke off ({type(error).__name__})",
                hint="the server's log says why; nothing that came so far is complete",
            ) from error
        finally:
            reply.close()  # of one that was read to its end the connection is in the pool already

    def gateway(self, address: str | None) -> "HttpTransport":
        if address is None:
            raise Unavailable("no gateway runs there", hint="start one with `pomona up`")
        return HttpTransport(address, token=self._token)

    def again(self) -> "Callable[[], HttpTransport]":
        """Makes the same connection once more, in another process, too; it can be pickled."""
        return partial(HttpTransport, self.address, token=self._token)

    def close(self) -> None:
        self._pool.clear()

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        own = {"authorization": f"Bearer {self._token}"} if self._token else {}
        return own | dict(headers)

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"no answer from {self.address} ({type(error).__name__})",
            hint="is `pomona up` running there? POMONA_URL names the address",
        )
