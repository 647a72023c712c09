"""`pomona up` as a victim: started, killed without mercy with all that it started, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from pomona.sdk.client import running_server


class Victim:
    """One home folder and the process tree that serves it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.gateway_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def up(self, *, timeout_s: float = 60.0) -> None:
        """`pomona up`, until it answers."""
        log = self.home.with_suffix(".log").open("ab")
        command = [sys.executable, "-m", "pomona.cli.main", "up", "--home", str(self.home), "--no-browser"]
        with log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--gateway-port", str(self.gateway_port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ends = time.monotonic() + timeout_s
        while running_server(self.home) is None:
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < ends, f"no answer for {timeout_s} s\n{self.said()}"
            time.sleep(0.02)

    def kill(self) -> int:
        """SIGKILL for the whole tree at one moment; returns how many processes it had."""
        assert self._process is not None
        tree = _family(self._process.pid)
        for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: nobody sees another one die
            for pid in tree:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        self._process.wait()
        ends = time.monotonic() + 10
        while any(_alive(pid) for pid in tree) and time.monotonic() < ends:
            time.sleep(0.01)
        return len(tree)

    def stop(self) -> None:
        """Ctrl-C."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)
            if self._process.poll() is None:
                self.kill()

    def said(self) -> str:
        """The end of every log."""
        logs = [self.home.with_suffix(".log"), *sorted((self.home / "logs").glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


def _family(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family = [root]
    for pid in family:  # grows while it is walked: children of children
        family += [child for child, parent in parents.items() if parent == pid]
    return family


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
