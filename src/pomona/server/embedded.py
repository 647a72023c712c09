"""The whole application inside the user's own process: for notebooks and scripts without a server."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pomona.app import App, open_app
from pomona.core.errors import Unavailable
from pomona.process import DATABASE_VARIABLE
from pomona.server.auth import Access, Asgi
from pomona.server.gateway import EmbeddedGateway
from pomona.server.main import build
from pomona.training.reach import Address
from pomona.worker import Housekeeper

_START_S = 10.0


class Embedded:
    """A home folder opened in this process. ``settle`` runs what a worker would run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._housekeeper = Housekeeper(app)
        self._lock = threading.Lock()
        self.asgi: Asgi = build(app, Access(token=None))
        self.gateway = EmbeddedGateway(app)
        self.close: Callable[[], None] = app.close

    def settle(self) -> None:
        """Run due jobs and reactions now, until nothing is left to do."""
        if self._lock.acquire(blocking=False):
            try:
                self._housekeeper.settle()
            finally:
                self._lock.release()


def open_embedded(home: Path) -> Embedded:
    """Open the home folder for use without a server.

    A training script is another process, so while one runs the app also listens on a free local port.
    """
    opened: list[App] = []
    address = os.environ.get(DATABASE_VARIABLE)
    opened.append(open_app(home, address=address, reach=lambda: listening(opened[0])))
    return Embedded(opened[0])


@contextmanager
def listening(app: App) -> Iterator[Address]:
    """Serve the app on a free port of this machine, behind a token made for the occasion."""
    import uvicorn  # few scripts train: the others need not wait for it

    token = secrets.token_urlsafe(32)
    config = uvicorn.Config(
        build(app, Access(token=token)),
        host="127.0.0.1",
        port=0,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="pomona-embedded-server", daemon=True)
    thread.start()
    try:
        ends = time.monotonic() + _START_S
        while not server.started:
            if time.monotonic() > ends or not thread.is_alive():
                raise Unavailable("the embedded server did not start", hint="start `pomona up` instead")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Address(url=f"http://127.0.0.1:{port}", token=token)
    finally:
        server.should_exit = True
        thread.join()
