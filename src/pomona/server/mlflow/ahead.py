"""The page that a client asks for next, read while it still takes in the one before.

A long history is read page by page; to read a page and to take it in cost about as much, and each waits for
the other otherwise. What was read so is given out only if a look at the database says that it still holds.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

from pomona.server.mlflow.wire import Send
from pomona.training.records.runs import MetricPoint
from pomona.training.rules.paging import token_after

READERS = 4  # that are helped at a time: one page of each is held
_KEPT_S = 5.0

Place = tuple[str, str, int, MetricPoint]
"""A page: the run, the metric, how many points at most, the point it comes after."""
T = TypeVar("T")


class Ahead(Generic[T]):
    """Reads pages that nobody asked for yet, one at a time, and holds them for a few seconds."""

    def __init__(self, read: Callable[[Place], T]) -> None:
        self._read = read
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._lock = Lock()
        self._pages: dict[Place, Future[T]] = {}

    def begin(self, place: Place) -> None:
        """Read a page in the background, unless many do; call it from the event loop."""
        with self._lock:
            if place in self._pages or len(self._pages) >= READERS:
                return
            page = self._pages[place] = self._pool.submit(self._read, place)
        asyncio.get_running_loop().call_later(_KEPT_S, self._forget, place, page)

    def take(self, place: Place) -> T | None:
        """The page, waited for if it is being read; None if it is not there, or could not be read."""
        with self._lock:
            page = self._pages.pop(place, None)
        if page is None or page.cancel() or page.exception() is not None:
            return None
        return page.result()

    def _forget(self, place: Place, page: "Future[T]") -> None:
        with self._lock:
            if self._pages.get(place) is page:
                del self._pages[place]


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
