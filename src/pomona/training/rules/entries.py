"""What an entry may be, which part of the data it means, and what an ended script tells."""

import ast
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from blake3 import blake3

from pomona.core.errors import Invalid, TooLarge, UserCodeFailed
from pomona.training.records.entries import (
    CodeFile,
    DataSelector,
    Limits,
    NewEntry,
    TrainingEntry,
    TrainRequest,
)
from pomona.training.rules.paths import safe_path

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
MAX_CODE_BYTES = 20 << 20
_TRACE = "Traceback (most recent call last):"
_ERROR_CHARS = 6000
_LONGEST_DAYS = 36_500  # a hundred years; far beyond, dates run out
_LONGEST_S, _MOST_MB = 366 * 86_400, 1 << 24


def check_entry(new: NewEntry) -> None:
    """Refuse an entry that could not be run.

    Raises:
        Invalid: Naming the field and what to write instead.
        TooLarge: If the code is more than 20 MB.
    """
    if not NAME.fullmatch(new.name):
        raise Invalid(f"{new.name!r} is not a name", hint="lower-case letters, digits and . _ -")
    paths = [file.path for file in new.files]
    for path in paths:
        if safe_path(path) != path or not path:
            raise Invalid(f"{path!r} is no path inside a folder", hint="relative, with / between its parts")
    if new.script not in paths:
        raise Invalid(
            f"the script {new.script!r} is not among the files", hint=f"there are: {', '.join(paths)}"
        )
    if not new.script.endswith(".py"):
        raise Invalid(f"{new.script!r} is no Python script", hint="name a .py file")
    if len(set(paths)) != len(paths):
        raise Invalid("two files have the same path", hint="send each file once")
    if sum(len(file.body) for file in new.files) > MAX_CODE_BYTES:
        raise TooLarge("the code is larger than 20 MB", hint="commit data as a dataset, not beside the code")
    check_selector(new.data)
    check_limits(new.limits)


def experiment_of(new: NewEntry) -> str:
    """The experiment that the script names itself (MLflow insists on it), else the entry's name.

    Raises:
        Invalid: If the script is no Python.
    """
    body = next(file.body for file in new.files if file.path == new.script)
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError) as error:
        raise Invalid(f"{new.script} is no Python: {error}", hint="run it once by hand first") from error
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="set_experiment"), args=[ast.Constant(value=str(name)), *_]
            ):
                return name
    return new.name


def check_selector(data: DataSelector) -> None:
    """Refuse a part of the data that cannot hold a row."""
    days = data.last_days
    if days is not None and (not 0 < days <= _LONGEST_DAYS or data.since is not None):
        raise Invalid(
            f"`last_days` is a number of days up to {_LONGEST_DAYS}, instead of `since`",
            hint="e.g. last_days=90",
        )
    for end in (data.since, data.until):
        if end is not None and end.tzinfo is None:
            raise Invalid(f"{end} has no time zone", hint="e.g. 2026-01-31T00:00:00Z")
    if data.since is not None and data.until is not None and data.since >= data.until:
        raise Invalid("since is not before until", hint="the range is since <= time < until")


def check_limits(limits: Limits) -> None:
    """Refuse limits in which no script can start."""
    if limits.memory_mb < 100 or limits.cpu_s < 1 or limits.wall_s < 1:
        raise Invalid("these limits let no script start", hint="at least 100 MB and one second")
    if limits.memory_mb > _MOST_MB or max(limits.cpu_s, limits.wall_s) > _LONGEST_S:
        raise Invalid("these limits are none", hint=f"at most {_MOST_MB} MB and a year ({_LONGEST_S} s)")


def check_params(params: dict[str, Any]) -> None:
    """Refuse parameters whose names a script could not use."""
    for name in params:
        if not name or len(name) > 250:
            raise Invalid(f"{name[:80]!r} is no name of a parameter", hint="1 to 250 characters")


def window_of(data: DataSelector, newest: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The time range meant, given the time of the newest row.

    Raises:
        Invalid: If days are to be counted back in data without times.
    """
    if data.last_days is None:
        return data.since, data.until
    end = data.until or newest
    if end is None:
        raise Invalid(
            "`last_days` counts back from the newest row, but the data has no times",
            hint="give the dataset a time column, or leave `last_days` out",
        )
    return end - timedelta(days=data.last_days), data.until


def selector_of(entry: TrainingEntry, wanted: TrainRequest) -> DataSelector:
    """The entry's selector with what the request puts in its place."""
    if wanted.since is None and wanted.until is None:
        return entry.data
    return msgspec.structs.replace(
        entry.data,
        since=wanted.since or (None if entry.data.last_days else entry.data.since),
        until=wanted.until or entry.data.until,
        last_days=None if wanted.since else entry.data.last_days,
    )


def same_entry(one: TrainingEntry, other: TrainingEntry) -> bool:
    """They would do the same; who stored them and when does not matter."""
    blank: dict[str, Any] = {"id": "", "number": 0, "created_at": one.created_at, "created_by": ""}
    return msgspec.structs.replace(one, **blank) == msgspec.structs.replace(other, **blank)


def code_digest(files: Sequence[CodeFile], script: str) -> str:
    """BLAKE3 root over a snapshot's files and which of them is run."""
    root = blake3(b"pomona code 1\n")
    for file in sorted(files, key=lambda file: file.path):
        root.update(f"{len(file.path)} {file.path} {file.digest}\n".encode())
    root.update(f"run {script}\n".encode())
    return str(root.hexdigest())


def traceback_in(log: str, *, task: str) -> str:
    r"""The last traceback of a script's output (its last lines if there is none), with relative paths.

    >>> traceback_in("hello\nTraceback (most recent call last):\n  boom", task="job_1/train")
    'Traceback (most recent call last):\n  boom'
    """
    at = log.rfind(_TRACE)
    found = log[at:] if at >= 0 else "\n".join(log.splitlines()[-20:])
    found = re.sub(rf"(?<=\")/[^\"\n]*/{re.escape(task)}/code/", "", found)
    return found[-_ERROR_CHARS:].strip()


def failure(reason: str, exit_code: int | None, limits: Limits, *, trace: str, run: str) -> UserCodeFailed:
    """What went wrong with a script that ended badly, and what to do about it.

    Args:
        reason: ``exit``, or what stopped it: ``memory``, ``cpu``, ``wall``, ``log``, ``killed``.
    """
    stopped = {
        "memory": (f"it used more than {limits.memory_mb} MB of memory", "raise memory_mb, or use less data"),
        "cpu": (f"it used more than {limits.cpu_s} s of CPU time", "raise cpu_s, or train on less data"),
        "wall": (f"it ran longer than {limits.wall_s} s", "raise wall_s; does it wait for something?"),
        "log": ("it printed too much", "print less"),
        "killed": ("something killed it", "was the machine out of memory? The log's end may tell"),
    }
    last = trace.splitlines()[-1] if trace else f"exit code {exit_code}"
    if reason in stopped:
        what, hint = stopped[reason]
        detail = f"the training script was stopped: {what}"
    else:
        detail = f"the training script failed: {last}"
        hint = f"`pomona runs show {run}` shows its traceback and log"
    return UserCodeFailed(detail, hint=hint, extra={"traceback": trace, "run": run, "reason": reason})
