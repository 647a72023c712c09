"""What is left of ``pomona up`` once all runs: waits for a signal, or for one of its processes to end.

It is run as a file, by an interpreter that has loaded nothing else, in the place (with the pid) of the
process that started the others: that one has no use any more for what it had loaded for them. Linux only.
"""

import os
import signal
import sys
import time
from contextlib import suppress

AWAITED = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
"""Blocked by who starts this, so that none is missed; nothing but ``sigwait`` takes them."""
_STOP_S = 10.0


def main(address: str, logs: str, *parts: str) -> int:
    """Stay until it is time to stop; stop all.

    Args:
        address: The file that says where the server is; deleted at the end.
        logs: The folder of the logs.
        parts: Name and pid of each process (``server=123``), in the order in which they are stopped.
    """
    running = {int(pid): name for name, _, pid in (part.partition("=") for part in parts)}
    with suppress(OSError), open("/proc/self/comm", "w") as comm:  # noqa: PTH123 - pathlib is 1 MB
        comm.write("pomona-up")
    ended = _ended(running)
    while ended is None and signal.sigwait(AWAITED) == signal.SIGCHLD:
        ended = _ended(running)
    _say(1, "\nStopping ...")
    with suppress(FileNotFoundError):
        os.unlink(address)  # noqa: PTH108
    _stop(running)
    if ended is not None:
        _say(2, f"Error: the {ended} stopped by itself\nHint: see {logs}/{ended}.log")
        return 1
    _say(1, "Stopped. Everything acknowledged is kept; `pomona up` goes on from here.")
    return 0


def _ended(running: dict[int, str]) -> str | None:
    """Take leave of those that have ended; the name of one of them."""
    gone: list[str] = []
    with suppress(ChildProcessError):  # all have ended
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            gone += [running.pop(pid)] if pid in running else []  # else it opened the browser
        return gone[0] if gone else None
    gone += running.values()
    running.clear()
    return gone[0] if gone else None


def _stop(running: dict[int, str]) -> None:
    for pid in running:  # they are our children until we take leave of them: no pid is another's
        os.kill(pid, signal.SIGTERM)
    ends = time.monotonic() + _STOP_S
    while running and time.monotonic() < ends:
        _ended(running)
        time.sleep(0.02)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _say(stream: int, text: str) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(stream, os.fsencode(f"{text}\n"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
