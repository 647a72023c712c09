"""How the processes of one Pomona live and die together: owners, the home lock, orphans."""

import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pomona.core.errors import Conflict
from pomona.core.records import Record

PARENT_VARIABLE = "POMONA_PARENT_PID"
LOGIN_CODES_VARIABLE = "POMONA_LOGIN_CODES"


class ServerAddress(Record, frozen=True, kw_only=True):
    """Where the server that holds a home folder listens; it writes this into ``server.json``."""

    url: str
    gateway_url: str
    pid: int


def owner_name() -> str:
    """This process, named so that another on the same host can tell whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}:{started_at(os.getpid())}"


def is_dead_here(owner: str) -> bool:
    """The owner was a process of this host and is gone (or its pid is another process by now)."""
    host, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    return host == socket.gethostname() and (not pid.isdigit() or started_at(int(pid)) != started)


def started_at(pid: int) -> str:
    """When a process began, in clock ticks since boot; ``gone`` if there is none with this pid.

    Where /proc is missing only life can be told, and the answer is ``alive``.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "alive" if not Path("/proc/self").exists() and _answers(pid) else "gone"
    return "gone" if fields[0] == "Z" else fields[19]


def stop_with_parent() -> None:
    """Stop this process when the one that started it is gone, however it died.

    The parent names itself in ``POMONA_PARENT_PID``; without it nothing is watched.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        threading.Thread(target=_watch, args=(int(parent),), name="parent-watch", daemon=True).start()


@contextmanager
def home_lock(home: Path, *, says: str) -> Iterator[None]:
    """Hold the home folder alone; ``says`` tells others who holds it.

    Raises:
        Conflict: If another process holds it, with what that one says.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise Conflict(
                f"{home} is already held by {holder}", hint="use that one, stop it, or choose another --home"
            ) from None
        file.truncate(0)
        file.write(says)
        file.flush()
        yield


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    pause.wait(5.0)
    os._exit(1)  # asked politely, did not go


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
