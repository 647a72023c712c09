"""Forks: they behave like programs of their own, and keep nothing of their parent but what it has loaded."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")

PART = """
import os, signal, sys, time
from pathlib import Path

def main():
    print("arguments", *sys.argv[1:], flush=True)
    files = [int(one) for one in os.listdir("/proc/self/fd") if Path(f"/proc/self/fd/{one}").exists()]
    print("files", sum(one > 2 for one in files))
    print("variables", *sorted(os.environ), "named", Path("/proc/self/comm").read_text().strip())
    plain = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    print("interrupts", plain, "alone", os.getsid(0) == os.getpid())
    sys.stdout.flush()
    what = sys.argv[1]
    if what == "exit":
        sys.exit("it will not do")
    if what == "raise":
        raise ValueError("a bug")
    if what == "sleep":
        time.sleep(60)
"""
PARENT = """
import fcntl, os, signal, subprocess, sys
from pathlib import Path
from pomona.server.forking import Fork

signal.signal(signal.SIGTERM, lambda *_: None)
lock = open("lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
with open("log", "ab") as log:
    fork = Fork("part", sys.argv[1:], environment={"PEAR": "1"}, log=log.fileno(), name="pomona-part")
print(fork.pid, flush=True)
if sys.argv[1] == "sleep":
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        fork.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        fork.send_signal(signal.SIGTERM)
print(fork.wait(), fork.poll(), flush=True)
fork.kill()  # it is gone: nothing happens
"""


def ran(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The child's pid, the rest of what its parent says, and the child's log."""
    (folder / "part.py").write_text(textwrap.dedent(PART))
    found = subprocess.run(
        [sys.executable, "-c", PARENT, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.stderr == ""
    pid, _, rest = found.stdout.partition("\n")
    return int(pid), rest.strip(), (folder / "log").read_text()


def test_it_is_a_process_of_its_own_that_keeps_no_file_no_variable_and_no_handler(tmp_path: Path) -> None:
    _, code, log = ran(tmp_path, "go", "--port", "1")
    assert code == "0 0"
    assert log.splitlines() == [
        "arguments go --port 1",
        "files 0",
        "variables PEAR named pomona-part",
        "interrupts True alone True",
    ]


def test_it_ends_as_a_program_ends(tmp_path: Path) -> None:
    _, code, log = ran(tmp_path, "exit")
    assert (code, log.splitlines()[-1]) == ("1 1", "it will not do")
    _, code, log = ran(tmp_path, "raise")
    assert (code, log.splitlines()[-1]) == ("1 1", "ValueError: a bug")
    assert "Traceback" in log


def test_a_signal_ends_it_as_if_its_parent_had_no_handler(tmp_path: Path) -> None:
    _, code, _ = ran(tmp_path, "sleep", "stop")
    assert code == f"-{signal.SIGTERM} -{signal.SIGTERM}"


def test_it_does_not_hold_a_lock_of_its_parent_when_that_is_killed(tmp_path: Path) -> None:
    import fcntl

    pid, _, _ = ran(tmp_path, "sleep", "die")
    try:
        assert Path(f"/proc/{pid}").exists()
        with (tmp_path / "lock").open("w") as lock:
            ends = time.monotonic() + 5.0
            while time.monotonic() < ends:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.05)
            else:
                pytest.fail("the child holds the lock")
    finally:
        os.kill(pid, signal.SIGKILL)
