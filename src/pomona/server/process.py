"""The server process: the control plane on a socket."""

import argparse
import gc
import logging
import os
import sys
from pathlib import Path

import uvicorn

from pomona.app import App, open_app
from pomona.core.errors import PomonaError
from pomona.process import LOGIN_CODES_VARIABLE, UPDATED, stop_with_parent, take_database


def main() -> None:
    """Serve a home folder until SIGTERM."""
    parser = argparse.ArgumentParser(description="Serve a Pomona home: API, MLflow protocol and web UI.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7700)
    parser.add_argument("--no-auth", action="store_true")
    parser.add_argument("--end-after-update", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s server %(levelname)s %(message)s")
    stop_with_parent()
    token = None if given.no_auth else (given.home / "token").read_text().strip()
    codes = set(filter(None, os.environ.pop(LOGIN_CODES_VARIABLE, "").split(",")))
    app = _open(given.home, take_database())
    if given.end_after_update and "alembic" in sys.modules:
        app.close()
        sys.exit(UPDATED)
    from pomona.server.auth import Access  # here: one that is started again need not load them first
    from pomona.server.main import build
    from pomona.server.packets import OnePacketProtocol

    hosts = frozenset({"127.0.0.1", "localhost", "[::1]", given.host})
    try:
        server = build(app, Access(token=token, hosts=hosts, login_codes=codes))
        gc.freeze()  # what the start made stays: the collector need not look through it again and again
        uvicorn.run(
            server,
            host=given.host,
            port=given.port,
            http=OnePacketProtocol,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
    finally:
        app.close()


def _open(home: Path, address: str | None) -> App:
    try:
        return open_app(home, address=address)
    except PomonaError as error:
        raise SystemExit(str(error)) from None  # the last line of the log; `pomona up` repeats it


if __name__ == "__main__":
    main()
