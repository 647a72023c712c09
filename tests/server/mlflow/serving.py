"""A real server process for tests, on a free port, with a token; it can be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import urllib3

TOKEN = "quince"


class ServerProcess:
    """``python -m pomona.server.process`` over one home folder; its records may be in PostgreSQL."""

    def __init__(self, home: Path, database: str | None = None) -> None:
        self.home = home
        self._environment = os.environ | ({"POMONA_DATABASE": database} if database else {})
        home.mkdir(exist_ok=True)
        (home / "token").write_text(TOKEN)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "pomona.server.process", "--home", str(self.home)]
        self._process = subprocess.Popen([*command, "--port", str(self.port)], env=self._environment)
        pool = urllib3.PoolManager(retries=False)
        for _ in range(300):
            assert self._process.poll() is None, "the server did not start"
            try:
                if pool.request("GET", f"{self.address}/health").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        """``kill -9``."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """``kill -9`` and start again."""
        self.kill()
        self.start()

    def is_alive(self) -> bool:
        """It has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    close = stop

    def _end(self, with_signal: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait(timeout=30)
            self._process = None
