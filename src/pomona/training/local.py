"""Executor on this machine: each task a folder, a watching process and the script below it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from pomona.core.errors import Conflict, Invalid, Unavailable
from pomona.process import owner_name
from pomona.training.executors import Task, TaskState
from pomona.training.launcher import FOLDER_VARIABLE, LOCK_VARIABLE

_LOG_BYTES = 16 << 20
_STOP_S = 10.0
_UNFINISHED = ("stopped", "abandoned")  # the script never got to its end: run it again when asked


class LocalExecutor:
    """Runs tasks as subprocesses.

    Args:
        root: A task named ``a/b`` lives in ``root/a/b``: code, log, how it ended.
        load: Digest -> verified bytes of a code file.
    """

    def __init__(self, root: Path, load: Callable[[str], bytes]) -> None:
        self._root = root.absolute()
        self._load = load
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def submit(self, task: Task, environment: Mapping[str, str]) -> None:
        folder = self._folder(task.name)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _take(lock):
                self._own(folder)
                return
            ended = self._ended(folder)
            if ended is not None and ended.reason not in _UNFINISHED:
                return
            _kill_strays(folder)
            self._prepare(folder, task)
            self._start(folder, task, environment, lock)
        finally:
            os.close(lock)

    def poll(self, name: str) -> TaskState:
        folder = self._folder(name)
        ended = self._ended(folder)
        if ended is None and _is_locked(folder):
            return TaskState(state="running")
        self._reap(name)
        return self._ended(folder) or TaskState(state="lost")  # it may have ended between the two looks

    def log(self, name: str) -> bytes:
        path = self._folder(name) / "log.txt"
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            return file.read()

    def stop(self, name: str) -> None:
        folder = self._folder(name)
        if _is_locked(folder):
            with suppress(OSError, ValueError):
                os.kill(int((folder / "pid").read_text()), signal.SIGTERM)
        ends = time.monotonic() + _STOP_S
        while _is_locked(folder):
            if time.monotonic() > ends:
                raise Unavailable(f"the script of {name} does not stop", hint="look for it with `ps`")
            time.sleep(0.05)
        self._reap(name)
        _kill_strays(folder)

    def forget(self, name: str) -> None:
        folder = self._folder(name)
        if _is_locked(folder):
            raise Conflict(f"{name} is still running", hint="stop it first")
        shutil.rmtree(folder, ignore_errors=True)

    def _reap(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            child.wait(timeout=_STOP_S)  # it has written how the script ended, or is dead

    def _folder(self, name: str) -> Path:
        parts = name.split("/")
        if not all(part and part.strip(".") and "\x00" not in part for part in parts):
            raise Invalid(f"{name!r} is no name of a task", hint="words with / between them")
        return self._root.joinpath(*parts)

    def _prepare(self, folder: Path, task: Task) -> None:
        for left in ("code", "log.txt", "exit.json", "pid"):
            path = folder / left
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for name, digest in task.files.items():
            path = folder / "code" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._load(digest))
        plan = {"script": task.script, "limits": msgspec.to_builtins(task.limits)}
        (folder / "task.json").write_text(json.dumps(plan))
        self._own(folder)

    def _start(self, folder: Path, task: Task, environment: Mapping[str, str], lock: int) -> None:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "pomona.training.launcher", str(folder)],
            env={**environment, FOLDER_VARIABLE: str(folder), LOCK_VARIABLE: str(lock)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),  # the lock lives as long as the launcher does, even if we are killed now
        )
        self._children[task.name] = child
        (folder / "pid").write_text(str(child.pid))

    def _own(self, folder: Path) -> None:
        fresh = folder / "owner.new"
        fresh.write_text(owner_name())
        fresh.replace(folder / "owner")

    def _ended(self, folder: Path) -> TaskState | None:
        try:
            found = json.loads((folder / "exit.json").read_text())
        except FileNotFoundError:
            return None
        return msgspec.convert({"state": "ended", **found}, TaskState)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_locked(folder: Path) -> bool:
    try:
        lock = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _take(lock)
    finally:
        os.close(lock)


def _kill_strays(folder: Path) -> None:
    """Kill what a killed launcher left of its script: processes that carry the folder's name."""
    mark = f"{FOLDER_VARIABLE}={folder}\0".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            pid = int(environ.parent.name)
            if mark in environ.read_bytes() + b"\0" and pid != os.getpid():
                os.kill(pid, signal.SIGKILL)
