"""A server as a process tree on a free port: started, watched, always stopped by its process ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_STOP_S = 15.0
_PROC = Path("/proc")


@dataclass(frozen=True)
class Server:
    """A running server; ``pid`` is the root of its tree."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def pids(self) -> list[int]:
        """Itself and all it started, as far as they still run."""
        return tree_of(self.process.pid)

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextmanager
def running(
    name: str, arguments: list[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run ``python -m ...`` in a folder until the block ends."""
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(name, process, log)
    try:
        yield server
    finally:
        stop(server)


def stop(server: Server) -> None:
    """Ask the root to stop; what is still there after a while is killed, each by its id."""
    born = {pid: started for pid in server.pids() if (started := _started(pid)) is not None}
    if server.alive():
        server.process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(timeout=_STOP_S)
    ends = time.monotonic() + 2.0
    while time.monotonic() < ends and any(_started(pid) == when for pid, when in born.items()):
        time.sleep(0.05)
    for pid, when in born.items():
        if _started(pid) == when:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    server.process.wait()


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def tree_of(root: int) -> list[int]:
    """A process and its descendants; only the process itself where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.glob("[0-9]*/stat"):
        fields = _stat(int(entry.parent.name))
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def memory_mb(pids: list[int]) -> float:
    """Resident memory of processes, shared pages counted once (PSS), in MB; 0 where it cannot be read."""
    total_kb = 0
    for pid in pids:
        with suppress(OSError):
            text = (_PROC / str(pid) / "smaps_rollup").read_text()
            total_kb += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total_kb * 1024 / 1e6


def command_of(pid: int) -> str:
    """The name and the command line of a process; empty if it is gone."""
    try:
        folder = _PROC / str(pid)
        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return f"{(folder / 'comm').read_text().strip()} {words}"
    except OSError:
        return ""


def settle(pids: list[int], *, busy_share: float = 0.1, within_s: float = 60.0) -> float:
    """Wait until these processes use less than a share of one core; returns the seconds it took.

    A server that still works on the last measurement must not spoil the next one of its rival.
    """
    began = time.monotonic()
    before = cpu_s(pids)
    while time.monotonic() - began < within_s:
        time.sleep(0.5)
        now = cpu_s(pids)
        if now - before < busy_share * 0.5:
            break
        before = now
    return time.monotonic() - began


def cpu_s(pids: list[int]) -> float:
    """Processor seconds that processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += int(fields[11]) + int(fields[12]) if fields is not None else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _started(pid: int) -> str | None:
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else fields[19]


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name: state, parent, ..."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
