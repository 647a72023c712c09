"""``python -m pomona.serving.gateway``: run one gateway process until it is told to stop."""

import argparse
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path


class _WallClock:
    """Clock: the operating system's time (the storage package stays out of this process)."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m pomona.serving.gateway")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("POMONA_HOME", ".pomona")))
    parser.add_argument("--control", default="http://127.0.0.1:7700", help="address of the control plane")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7701)
    parser.add_argument("--allow-host", action="append", default=[], help="another name this is reached by")
    parser.add_argument("--no-auth", action="store_true", help="no token; only on a loopback address")
    options = parser.parse_args()
    if options.no_auth and options.host not in ("127.0.0.1", "localhost", "::1"):
        parser.error("--no-auth is refused on any address but loopback")
    token = None if options.no_auth else _token(options.home)
    if token is None and not options.no_auth:
        parser.error(f"{options.home / 'token'} is missing; `pomona up` writes it")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s gateway %(levelname)s %(message)s")
    _serve(options, token)


def _serve(options: argparse.Namespace, token: str | None) -> None:
    # One thread per predict: requests are the parallelism here, and small batches lose by more threads.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.setswitchinterval(0.0005)  # a model in a thread must not hold up the event loop for 5 ms
    import uvicorn

    from pomona.core.errors import PomonaError
    from pomona.process import stop_with_parent
    from pomona.serving.gateway.process import Gateway, Settings

    names = (options.host, *options.allow_host)
    settings = Settings(home=options.home, control=options.control, token=token, hosts=names)
    try:
        gateway = Gateway(settings, _WallClock())
    except PomonaError as error:
        sys.exit(str(error))
    stop_with_parent()
    uvicorn.run(
        gateway.app,
        host=options.host,
        port=options.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,  # callers keep connections; a short limit breaks requests already on the way
        timeout_graceful_shutdown=10,
    )


def _token(home: Path) -> str | None:
    try:
        return (home / "token").read_text().strip()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    main()
