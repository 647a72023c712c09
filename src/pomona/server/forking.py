"""Children that begin as a copy of their parent, so that what all of them need is loaded and held once."""

import atexit
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

_LOOK_S = 0.02


class Fork:
    """A child process that runs ``main()`` of a module; handled like a ``subprocess.Popen``.

    Fork only from a process with one thread: a lock that another one holds would stay locked in the child.

    Args:
        module: A module, or a package with ``__main__``, that has a function ``main``; it finds the
            arguments in ``sys.argv``, as after ``python -m module``.
        environment: All of it; nothing else is inherited.
        log: The file that takes what the child prints.
        name: What ``ps`` and ``top`` call the child.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: int, name: str
    ) -> None:
        self._returncode: int | None = None
        sys.stdout.flush()  # what waits there would be printed twice
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _live(module, arguments, environment, log, name)

    def poll(self) -> int | None:
        """The exit code, negative if a signal ended it; None while it runs."""
        if self._returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._returncode = os.waitstatus_to_exitcode(status)
        return self._returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns the exit code.

        Raises:
            subprocess.TimeoutExpired: If it still runs after so many seconds.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if ends is not None and time.monotonic() >= ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(_LOOK_S)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _live(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], log: int, name: str
) -> NoReturn:
    """The child's whole life: it must never return into what its parent was doing."""
    code = 1
    try:
        _be_new(environment, log, name)
        sys.argv = [module, *arguments]
        package = find_spec(module)
        entry = f"{module}.__main__" if package and package.submodule_search_locations else module
        import_module(entry).main()
        code = 0
    except SystemExit as left:
        code = _code_of(left)
    except BaseException:  # noqa: BLE001 - the edge of the process
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            atexit._run_exitfuncs()  # noqa: SLF001 - os._exit leaves them out
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _be_new(environment: Mapping[str, str], log: int, name: str) -> None:
    """Keep nothing of the parent but what it has loaded: no file, no lock, no handler, no terminal."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def _code_of(left: SystemExit) -> int:
    if left.code is None or isinstance(left.code, int):
        return left.code or 0
    sys.stderr.write(f"{left.code}\n")
    return 1
