"""The whole application inside the user's own process: for notebooks and scripts without a server."""

import threading
from collections.abc import Callable
from pathlib import Path

from pomona.app import App, open_app
from pomona.server.auth import Access, Asgi
from pomona.server.main import build
from pomona.worker import Housekeeper


class Embedded:
    """A home folder opened in this process. ``settle`` runs what a worker would run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._housekeeper = Housekeeper(app)
        self._lock = threading.Lock()
        self.asgi: Asgi = build(app, Access(token=None))
        self.close: Callable[[], None] = app.close

    def settle(self) -> None:
        """Run due jobs and reactions now, until nothing is left to do."""
        if self._lock.acquire(blocking=False):
            try:
                self._housekeeper.settle()
            finally:
                self._lock.release()


def open_embedded(home: Path) -> Embedded:
    """Open the home folder for use without a server."""
    return Embedded(open_app(home))
