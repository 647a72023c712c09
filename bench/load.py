"""The client of every measurement: keep-alive connections, each with one request under way.

It is the same for both sides and built to cost them nothing: a request leaves as one packet
(``TCP_NODELAY``), and answers are acknowledged at once (``TCP_QUICKACK``, which the kernel forgets, so it
is said again after every packet). An ordinary client adds 40 ms to a server that sends the head and the
body of an answer in two packets; here that server is not punished for it.
"""

from __future__ import annotations

import re
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

WARM_UP_S = 0.5
TIMEOUT_S = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only

Requests = Iterator[bytes]


class BadAnswer(RuntimeError):
    """A server answered with an error, or not at all: the measurement is void."""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """What came back between the warm-up and the end."""

    answers: int
    seconds: float
    latencies_ms: list[float] = field(repr=False)
    acknowledged: int  # all good answers, warm-up and last ones included

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency that a share of the requests did not exceed."""
        if len(self.latencies_ms) < 2:
            return sum(self.latencies_ms)
        cuts = statistics.quantiles(self.latencies_ms, n=1000, method="inclusive")
        return cuts[min(998, round(share * 1000) - 1)]


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int, requests: Requests) -> None:
        self.requests = requests
        self.sent_at = 0.0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = bytearray()
        self._whole = 0  # length of the answer that is coming; 0: not known yet

    def send(self) -> None:
        """Send the next request as one packet."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(next(self.requests))
        self._acknowledge()

    def receive(self) -> bytes | None:
        """Take what has come; the whole answer if that was the rest of it."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise BadAnswer(f"the server closed the connection after {bytes(self._got[:300])!r}")
        self._got += data
        if not self._is_whole():
            self._acknowledge()
            return None
        answer, self._got, self._whole = bytes(self._got), bytearray(), 0
        return answer

    def ask(self, request: bytes) -> bytes:
        """One request, one answer (head and body)."""
        self.requests = iter((request,))
        self.send()
        while (answer := self.receive()) is None:
            pass
        return answer

    def _is_whole(self) -> bool:
        if not self._whole:
            head = self._got.find(b"\r\n\r\n")
            if head < 0:
                return False
            length = _LENGTH.search(self._got, 0, head)
            if length is None and _CHUNKED.search(self._got, 0, head):
                return self._got.endswith(b"\r\n0\r\n\r\n")
            self._whole = head + 4 + (int(length[1]) if length else 0)
        return len(self._got) >= self._whole

    def _acknowledge(self) -> None:
        if _QUICK_ACK is not None:
            self.socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)


def run_burst(
    port: int, clients: Sequence[Requests], *, seconds: float, warm_up_s: float = WARM_UP_S
) -> Burst:
    """Keep one request of each client under way for a while, and count the answers.

    Raises:
        BadAnswer: If one answer is not a 200; it is shown.
    """
    connections = [Connection(port, requests) for requests in clients]
    watch = selectors.DefaultSelector()
    try:
        for connection in connections:
            watch.register(connection.socket, selectors.EVENT_READ, connection)
        return _measure(watch, connections, seconds, warm_up_s)
    finally:
        watch.close()
        for connection in connections:
            connection.socket.close()


def _measure(
    watch: selectors.BaseSelector, connections: list[Connection], seconds: float, warm_up_s: float
) -> Burst:
    counted: list[float] = []
    acknowledged = 0
    starts = time.perf_counter() + warm_up_s
    ends = starts + seconds
    for connection in connections:
        connection.send()
    under_way = len(connections)
    while under_way:
        ready = watch.select(TIMEOUT_S)
        if not ready:
            raise BadAnswer(f"no answer within {TIMEOUT_S:.0f} s")
        for key, _ in ready:
            connection = key.data
            answer = connection.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            _check(answer)
            acknowledged += 1
            if starts <= now < ends:
                counted.append((now - connection.sent_at) * 1000)
            if now < ends:
                connection.send()
            else:
                under_way -= 1
    return Burst(answers=len(counted), seconds=seconds, latencies_ms=counted, acknowledged=acknowledged)


def request(method: str, path: str, *, body: bytes = b"", token: str | None = None) -> bytes:
    """The bytes of one HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(port: int, message: bytes) -> bytes:
    """The body of one answer over a connection of its own.

    Raises:
        BadAnswer: If it is not a 200. OSError: If nobody listens.
    """
    connection = Connection(port, iter(()))
    try:
        answer = connection.ask(message)
    finally:
        connection.socket.close()
    _check(answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    return _unchunked(body) if _CHUNKED.search(head) else body


def until_answered(port: int, message: bytes, *, within_s: float, alive: Callable[[], bool]) -> None:
    """Ask again and again until the answer is a 200.

    Raises:
        BadAnswer: If it does not come in time, or the server is gone.
    """
    ends = time.perf_counter() + within_s
    last = "nobody listens"
    while time.perf_counter() < ends and alive():
        try:
            ask(port, message)
        except (BadAnswer, OSError) as error:
            last = str(error)
            time.sleep(0.02)
        else:
            return
    raise BadAnswer(f"no good answer from port {port}: {last}")


def _check(answer: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise BadAnswer(answer[:600].decode("utf-8", "replace"))


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        whole, body = whole + rest[:length], rest[length + 2 :] if length else b""
    return whole
