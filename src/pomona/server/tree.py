"""``pomona up``: server, gateway and worker as one process tree that starts and stops together.

They need the same libraries. Where forks are safe they are copies of this process, which has loaded them:
that is half the memory, and less to do at the start. The gateway comes first, before anything it does
without is there (SQL, every service); then server and worker, which both need all of that.
"""

import gc
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Protocol

from pomona.core.errors import Conflict, Invalid, Unavailable
from pomona.core.records import to_json
from pomona.process import (
    BIND_VARIABLE,
    DATABASE_VARIABLE,
    LOGIN_CODES_VARIABLE,
    PARENT_VARIABLE,
    UPDATED,
    ServerAddress,
)
from pomona.server.forking import Fork

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_START_S = 30.0
_UPDATE_S = 1800.0  # the first start after an update brings the records to the new schema
_STOP_S = 10.0
_ORPHANS_S = 8.0
_LOOK_S = 0.02
STOPPED_IN_ORDER = ("gateway", "worker", "server")  # answers stop first, then work, then the records
# One row costs less than waking a second thread for it, and the other cores have other work.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Part(Protocol):
    """A running child: a fork, or a program of its own."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        ...

    def send_signal(self, number: int, /) -> None:
        """Send a signal, if it still runs."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


Begin = Callable[[str, Sequence[str], dict[str, str], int], Part]
"""Starts a part: its name, a module with its arguments, its environment, the file of its log."""


@dataclass(frozen=True)
class TreeOptions:
    """What ``pomona up`` was asked for."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 7700
    gateway_port: int = 7701
    auth: bool = True
    database: str | None = field(default=None, repr=False)  # it may hold a password

    @property
    def secrets(self) -> dict[str, str]:
        """What the processes that open the records get in their environment, where no other user reads it."""
        return {DATABASE_VARIABLE: self.database} if self.database else {}

    @property
    def url(self) -> str:
        """The control plane's address."""
        return f"http://{self.host}:{self.port}"

    @property
    def gateway_url(self) -> str:
        """The gateway's address."""
        return f"http://{self.host}:{self.gateway_port}"


@dataclass
class Tree:
    """The running processes. ``login_url`` opens the UI once without typing a token."""

    options: TreeOptions
    token: str | None
    login_url: str
    children: dict[str, Part] = field(default_factory=dict)

    def watch(self, stop: threading.Event) -> str | None:
        """Wait until ``stop`` is set or a child has ended by itself; then that child's name."""
        while not stop.wait(0.2):
            for name, child in self.children.items():
                if child.poll() is not None:
                    return name
        return None


def check_options(options: TreeOptions) -> None:
    """Refuse what would be unsafe or cannot work.

    Raises:
        Invalid: No authentication on an address that others can reach.
        Conflict: A port is taken.
    """
    if not options.auth and options.host not in _LOOPBACK:
        raise Invalid(
            f"--no-auth on {options.host} would let anybody in",
            hint="without authentication Pomona binds to 127.0.0.1 only",
        )
    # A tree whose parent was killed needs a moment to notice and let go of its ports.
    patience_s = _ORPHANS_S if (options.home / "server.json").exists() else 0.0
    ends = time.monotonic() + patience_s
    for port, option in ((options.port, "--port"), (options.gateway_port, "--gateway-port")):
        while (reason := _why_not(options.host, port)) is not None:
            if time.monotonic() >= ends:
                raise Conflict(
                    f"cannot listen on {options.host}:{port} ({reason})",
                    hint=f"another program may use it; choose another with {option}",
                )
            time.sleep(0.1)


def _why_not(host: str, port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def make_token(home: Path) -> str:
    """The home folder's token, made on first use, readable by its owner only."""
    path = home / "token"
    if not path.is_file():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


@contextmanager
def run_tree(options: TreeOptions) -> Iterator[Tree]:
    """Start the three processes, wait until they answer, stop them all at the end.

    Raises:
        Unavailable: If one does not start; its log is named.
    """
    token = make_token(options.home)  # the worker's scripts use it even when nobody must log in
    code = secrets.token_urlsafe(16)
    login = f"{options.url}/login?code={code}" if options.auth else options.url
    tree = Tree(options=options, token=token if options.auth else None, login_url=login)
    address = options.home / "server.json"
    try:
        begin = _beginning("uvicorn.server")
        _start(tree, "gateway", _gateway_command(options), _ONE_THREAD, begin)
        begin = _beginning("pomona.worker")
        secret = options.secrets
        _start_server(tree, {LOGIN_CODES_VARIABLE: code} | secret, begin)
        _write_whole(
            address, to_json(ServerAddress(url=options.url, gateway_url=options.gateway_url, pid=os.getpid()))
        )
        _start(tree, "worker", ["pomona.worker", "--home", str(options.home)], secret, begin)
        _await(tree, "gateway", options.host, options.gateway_port, "/v2/health/live")
        yield tree
    finally:
        address.unlink(missing_ok=True)
        _stop(tree)


def _beginning(module: str) -> Begin:
    """How to start what needs a module: as a copy of this process that has loaded it, if that is sound."""
    if sys.platform != "linux":
        return _run  # system libraries of macOS do not survive a fork
    import_module(module)
    gc.collect()
    gc.freeze()  # a collection in a child would write to every object, and so copy it
    threads = len(list(Path("/proc/self/task").iterdir()))
    return _fork if threads == 1 else _run  # a lock of another thread would stay locked in the copy


def _server_command(options: TreeOptions) -> list[str]:
    bare = [] if options.auth else ["--no-auth"]
    return [
        *("pomona.server.process", "--home", str(options.home)),
        *("--host", options.host, "--port", str(options.port), *bare),
    ]


def _gateway_command(options: TreeOptions) -> list[str]:
    bare = [] if options.auth else ["--no-auth"]
    return [
        *("pomona.serving.gateway", "--home", str(options.home), "--control", options.url),
        *("--host", options.host, "--port", str(options.gateway_port), *bare),
    ]


def _start(tree: Tree, name: str, command: Sequence[str], extra: dict[str, str], begin: Begin) -> None:
    logs = tree.options.home / "logs"
    logs.mkdir(exist_ok=True)
    own = {PARENT_VARIABLE: str(os.getpid()), BIND_VARIABLE: tree.options.host}
    inherited = {key: value for key, value in os.environ.items() if key != DATABASE_VARIABLE}
    with (logs / f"{name}.log").open("ab") as log:
        tree.children[name] = begin(name, command, inherited | own | extra, log.fileno())


def _start_server(tree: Tree, extra: dict[str, str], begin: Begin) -> None:
    """Start it and wait until it answers; once more if it updated the records: it would stay 11 MB larger."""
    options, command = tree.options, _server_command(tree.options)
    wait = partial(_await, tree, "server", options.host, options.port, "/health", within_s=_UPDATE_S)
    if begin is _fork:  # to start a program again would take too long
        _start(tree, "server", [*command, "--end-after-update"], extra, begin)
        if wait(unless=UPDATED):
            return
    _start(tree, "server", command, extra, begin)
    wait()


def _fork(name: str, command: Sequence[str], environment: dict[str, str], log: int) -> Part:
    module, *arguments = command
    return Fork(module, arguments, environment=environment, log=log, name=f"pomona-{name}")


def _run(_name: str, command: Sequence[str], environment: dict[str, str], log: int) -> Part:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C reaches the parent only, which stops them in order
    )


def _await(
    tree: Tree,
    name: str,
    host: str,
    port: int,
    path: str,
    *,
    within_s: float = _START_S,
    unless: int | None = None,
) -> bool:
    """Wait until a child answers; False if it has ended with the code ``unless``."""
    ends = time.monotonic() + within_s  # one that ends by itself is noticed at once
    child = tree.children[name]
    while child.poll() is None and time.monotonic() < ends:
        if _answers(host, port, path):
            return True
        time.sleep(_LOOK_S)
    if unless is not None and child.poll() == unless:
        return False
    log = tree.options.home / "logs" / f"{name}.log"
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise Unavailable(f"the {name} did not start: {' '.join(last) or 'no output'}", hint=f"see {log}")


def _answers(host: str, port: int, path: str) -> bool:
    """Our own address says 200; asked without a library for HTTP, which would stay loaded for ever."""
    try:
        with socket.create_connection((host, port), timeout=1) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            return line.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _stop(tree: Tree) -> None:
    for name in STOPPED_IN_ORDER:
        child = tree.children.get(name)
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGTERM)
    ends = time.monotonic() + _STOP_S
    for child in tree.children.values():
        try:
            child.wait(timeout=max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _write_whole(path: Path, body: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(body)
    fresh.replace(path)
