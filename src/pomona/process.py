"""How the processes of one Pomona live and die together: owners, the home lock, orphans."""

import errno
import fcntl
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pomona.core.errors import Conflict
from pomona.core.records import Record

PARENT_VARIABLE = "POMONA_PARENT_PID"
BIND_VARIABLE = "POMONA_BIND"  # the address the control plane listens on; empty: this machine only
LOGIN_CODES_VARIABLE = "POMONA_LOGIN_CODES"
DATABASE_VARIABLE = "POMONA_DATABASE"  # where the records are, perhaps with a password
UPDATED = 75
"""The exit code of a server that brought the records to a new schema: started again, it is smaller."""


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


def take_database() -> str | None:
    """The database's address that this process was started with; none of its children gets it."""
    return os.environ.pop(DATABASE_VARIABLE, None) or None


def stop_with_parent() -> None:
    """Stop this process when the one that started it is gone, however it died.

    The parent names itself in ``POMONA_PARENT_PID``; without it nothing is watched.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        threading.Thread(target=_watch, args=(int(parent),), name="parent-watch", daemon=True).start()


@contextmanager
def home_lock(home: Path, *, says: str) -> Iterator[int]:
    """Hold the home folder alone; ``says`` tells others who holds it. It is the given file that holds it.

    Raises:
        Conflict: If another process holds it, with what that one says.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)  # records, models and the token: the owner's alone
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
        yield file.fileno()


class Bell:
    """How a process asks the worker of a home to say when nothing is left to do, and hears the answer.

    A ring is a number that only grows; the worker answers with the newest it knew of before it looked
    around and found nothing. The pipe only wakes it, so that an idle worker need not look often.
    """

    def __init__(self, home: Path) -> None:
        self._rung, self._answered = home / "worker.rung", home / "worker.quiet"
        self._pipe = home / "worker.bell"
        self._reader: int | None = None

    def ring(self) -> int | None:
        """Ask; the answer is there when ``answered()`` has reached the number. None: no worker listens."""
        try:
            writer = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):
                return None
            raise
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            number = max(time.time_ns(), self.rung() + 1)
            _replace(self._rung, number)
            with suppress(BlockingIOError):  # so many rings are unheard that it will wake anyway
                pipe.write(b".")
        return number

    def rung(self) -> int:
        """The newest ring."""
        return _number_in(self._rung)

    def answered(self) -> int:
        """The newest ring that was answered."""
        return _number_in(self._answered)

    def listen(self) -> None:
        """Be the worker that answers."""
        if not self._pipe.exists():
            os.mkfifo(self._pipe, 0o600)
        self._reader = os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK)

    def wait(self, timeout_s: float) -> None:
        """Sleep until the bell rings, or so long; only for who listens."""
        if self._reader is None:
            time.sleep(timeout_s)
        elif select.select([self._reader], [], [], timeout_s)[0]:
            os.read(self._reader, 4096)

    def answer(self, number: int) -> None:
        """Say that nothing was left to do after this ring."""
        _replace(self._answered, number)


def _number_in(path: Path) -> int:
    try:
        return int(path.read_text() or 0)
    except FileNotFoundError:
        return 0


def _replace(path: Path, number: int) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_text(str(number))
    fresh.replace(path)


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
