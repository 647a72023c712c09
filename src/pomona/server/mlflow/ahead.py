"""The page that a client asks for next, read while it still takes in the one before.

A long history is read page by page; to read a page and to take it in cost about as much, and each waits for
the other otherwise. What was read so is given out only if a look at the database says that it still holds.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

from pomona.server.mlflow.wire import Send
from pomona.training.records.runs import MetricPoint
from pomona.training.rules.paging import token_after

READERS = 4  # that are helped at a time: one page of each is held
KEPT_S = 5.0

Place = tuple[str, str, int, MetricPoint]
"""A page: the run, the metric, how many points at most, the point it comes after."""
T = TypeVar("T")


class Ahead(Generic[T]):
    """Reads pages that nobody asked for yet, one at a time, and holds them for a few seconds."""

    def __init__(self, read: Callable[[Place], T]) -> None:
        self._read = read
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._lock = Lock()
        self._pages: dict[Place, tuple[Future[T], float]] = {}  # and when it was begun

    def begin(self, place: Place) -> None:
        """Read a page in the background, unless many are held; call it from the event loop."""
        self._forget_old()
        with self._lock:
            if place in self._pages or len(self._pages) >= READERS:
                return
            self._pages[place] = self._pool.submit(self._read, place), time.monotonic()
        asyncio.get_running_loop().call_later(KEPT_S + 0.1, self._forget_old)

    def take(self, place: Place) -> T | None:
        """The page, waited for if it is being read; None if it is not there, or could not be read."""
        with self._lock:
            page, _ = self._pages.pop(place, (None, 0.0))
        if page is None or page.cancel() or page.exception() is not None:
            return None
        return page.result()

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_S
        with self._lock:
            self._pages = {place: held for place, held in self._pages.items() if held[1] > oldest}


class Page:
    """An answer: points of a history as they are written (``shapes.points``), and where the next ones begin.

    Args:
        then: Called once nearly all of the answer is on its way.
    """

    def __init__(
        self, points: bytes, more: MetricPoint | None = None, *, then: Callable[[], None] | None = None
    ) -> None:
        end = b"" if more is None else b',"next_page_token":"%s"' % token_after(more).encode()
        self.body = b'{"metrics":[%s]%s}' % (points, end)
        self._then = then

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": self._then is not None})
        if self._then is not None:
            await send({"type": "http.response.body", "body": b""})  # waits until there is room again
            self._then()
