"""A Pomona of our own: `pomona up` as a child, its memory, its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pomona

MARK = "made-by-the-flights-demo"  # a file that says: this folder may be thrown away


class Refused(Exception):
    """The demo cannot start like this; the text says what to do."""


def prepare(home: Path, *, keep: bool) -> bool:
    """Make the home folder ready: a fresh one, or with ``keep`` the one there is; whether it goes on.

    Raises:
        Refused: If the folder is in use, or is somebody's work.
    """
    if pomona_runs(home):
        raise Refused(f"a Pomona runs from {home}; stop it (Ctrl-C there), or choose another --home")
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).is_file():
            raise Refused(f"{home} was not made by this demo; choose another --home")
        if keep:
            return True
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).write_text("The flights demo made this folder, and makes it anew when it runs again.\n")
    return False


def pomona_runs(home: Path) -> bool:
    """Whether a live server holds the folder."""
    from pomona.sdk.client import running_server

    return running_server(home) is not None


class Server:
    """`pomona up` on a home folder, in a session of its own so that Ctrl-C reaches only the demo."""

    def __init__(self, home: Path, *, port: int, gateway_port: int, browser: bool = False) -> None:
        self.home = home
        self._log = (home / "up.log").open("ab")
        quiet = [] if browser else ["--no-browser"]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pomona.cli.main", "up", "--home", str(home), *quiet),
                *("--port", str(port), "--gateway-port", str(gateway_port)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def client(self, *, timeout_s: float = 60.0) -> pomona.Client:
        """A client of it, once it answers.

        Raises:
            Refused: With its own words, if it does not start.
        """
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends and self.process.poll() is None:
            if pomona_runs(self.home):
                return pomona.connect(home=self.home)
            time.sleep(0.05)
        said = (self.home / "up.log").read_text(errors="replace").strip()
        raise Refused(f"`pomona up` did not start:\n{said[-2000:]}")

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


class Memory:
    """The most memory that this process and all below it held at once, looked at every second."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self.parts: dict[str, float] = {}
        threading.Thread(target=self._watch, name="memory", daemon=True).start()

    def _watch(self) -> None:
        while True:
            held = tree_memory(os.getpid())
            total = sum(held.values())
            if total > self.peak_mb:
                self.peak_mb, self.parts = total, held
            time.sleep(1.0)


def tree_memory(root: int) -> dict[str, float]:
    """Megabytes held by a process and its descendants, by what they are; empty without /proc.

    A page that several processes share counts in parts (PSS), so the sum is what the machine gives away.
    """
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family, grown = {root}, True
    while grown:
        fresh = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | fresh, bool(fresh)
    held: dict[str, float] = {}
    for pid in family & parents.keys():
        with suppress(OSError, StopIteration):
            name = _name_of(pid)
            held[name] = held.get(name, 0.0) + _held_by(pid)
    return held


def _name_of(pid: int) -> str:
    name = Path(f"/proc/{pid}/comm").read_text().strip()
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    known = {"pomona-server": "server", "pomona-gateway": "gateway", "pomona-worker": "worker",
             "pomona-up": "pomona up"}  # fmt: skip
    other = "demo" if pid == os.getpid() else "training"
    return next((known[word] for word in (name, *words) if word in known), other)


def _held_by(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
