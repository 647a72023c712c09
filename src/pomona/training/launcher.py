"""Runs one task's script within its limits: ``python -m pomona.training.launcher FOLDER``.

Two processes: this one watches (wall clock, memory of the whole session, size of the log, whether
anybody still wants the result) and writes ``exit.json``; its child sets limits on itself and becomes
the script. Nothing runs between fork and exec, so threads of the caller do no harm. The folder's lock
is inherited from the caller and held until the end: who can take it knows that nobody runs the task.
"""

import ctypes
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from pomona.process import is_dead_here

FOLDER_VARIABLE = "POMONA_TASK_FOLDER"
LOCK_VARIABLE = "POMONA_TASK_LOCK"
_LOOK_S = 0.2
_GRACE_S = 15.0  # how long a result is wanted by nobody before the script is stopped
_MOST_LOG_BYTES = 256 << 20
_PDEATHSIG = 1


class Watch:
    """A running script and the reasons to stop it."""

    def __init__(self, folder: Path, limits: dict[str, int]) -> None:
        self._folder = folder
        self._limits = limits
        self._began = time.monotonic()
        self._alone_since: float | None = None
        self.stop_asked = False
        self.peak_bytes = 0
        with (folder / "log.txt").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "pomona.training.launcher", "--limited", str(folder)],
                cwd=folder / "code",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def until_end(self) -> dict[str, object]:
        """Wait for the script; returns how it ended."""
        reason = ""
        while not reason and not self._has_ended():
            reason = self._reason_to_stop()
        kill_session(self._child.pid)  # the script, or what it left behind
        code = self._child.wait()
        return {
            "exit_code": code,
            "reason": reason or _reason_of(code),
            "wall_s": round(time.monotonic() - self._began, 3),
            "peak_mb": round(self.peak_bytes / 2**20, 1),
        }

    def _has_ended(self) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=_LOOK_S)
        return self._child.returncode is not None

    def _reason_to_stop(self) -> str:
        used = sum(memory_of(pid) for pid in session_members(self._child.pid))
        self.peak_bytes = max(self.peak_bytes, used)
        if self.stop_asked:
            return "stopped"
        if used > self._limits["memory_mb"] * 2**20:
            return "memory"
        if time.monotonic() - self._began > self._limits["wall_s"]:
            return "wall"
        if (self._folder / "log.txt").stat().st_size > _MOST_LOG_BYTES:
            return "log"
        return "abandoned" if self._is_abandoned() else ""

    def _is_abandoned(self) -> bool:
        if not is_dead_here((self._folder / "owner").read_text().strip()):
            self._alone_since = None
            return False
        self._alone_since = self._alone_since or time.monotonic()
        return time.monotonic() - self._alone_since > _GRACE_S


def session_members(leader: int) -> list[int]:
    """The processes of a session, by /proc; the leader alone where that is missing."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.append(int(stat.parent.name))
    return found or [leader]


def memory_of(pid: int) -> int:
    """Resident bytes of a process; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def kill_session(leader: int) -> None:
    """Kill a process and all that it started in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    for pid in session_members(leader):
        if pid != leader:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def watch(folder: Path) -> None:
    """Run the task in ``folder`` and write down how it ended."""
    if LOCK_VARIABLE in os.environ:
        handle = int(os.environ.pop(LOCK_VARIABLE))
        fcntl.fcntl(handle, fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # ours alone: not the script's
    task = json.loads((folder / "task.json").read_text())
    watching = Watch(folder, task["limits"])

    def on_stop(_signal: int, _frame: FrameType | None) -> None:
        watching.stop_asked = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_stop)
    fresh = folder / "exit.new"
    fresh.write_text(json.dumps(watching.until_end()))
    fresh.replace(folder / "exit.json")


def run_limited(folder: Path) -> None:
    """Set this process's limits, then become the script."""
    task = json.loads((folder / "task.json").read_text())
    limits = task["limits"]
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_CPU, limits["cpu_s"], limits["cpu_s"] + 5)
    # The watcher counts what is really used; this only stops one huge allocation before it is looked at.
    data = (limits["memory_mb"] * 2 + 512) * 2**20
    _lower(resource.RLIMIT_DATA, data, data)
    os.execv(sys.executable, [sys.executable, "-u", task["script"]])  # noqa: S606 - this is the point


def _lower(which: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))


def _die_with_parent() -> None:
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


def _reason_of(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "cpu"
    return "killed" if code < 0 else "exit"


if __name__ == "__main__":
    if sys.argv[1] == "--limited":
        run_limited(Path(sys.argv[2]))
    else:
        watch(Path(sys.argv[1]))
