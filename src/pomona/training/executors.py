"""The door to compute: runs a script's snapshot somewhere, apart from us and within limits."""

from collections.abc import Mapping
from typing import Literal, Protocol

from pomona.core.records import Record
from pomona.training.records.entries import Limits

EndReason = Literal["exit", "memory", "cpu", "wall", "log", "killed", "stopped", "abandoned"]


class Task(Record, frozen=True, kw_only=True):
    """A script to run once. The name makes it idempotent: one name, one process."""

    name: str  # e.g. job_.../train
    script: str
    files: dict[str, str]  # path -> digest of its bytes
    limits: Limits


class TaskState(Record, frozen=True, kw_only=True):
    """How a task stands. ``lost`` means that nobody runs it and nobody knows how it ended."""

    state: Literal["running", "ended", "lost"]
    exit_code: int | None = None
    reason: EndReason | None = None
    wall_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def good(self) -> bool:
        """It ran to its end, and said that all went well."""
        return self.state == "ended" and self.reason == "exit" and self.exit_code == 0


class Executor(Protocol):
    """Runs tasks that outlive the process which submitted them."""

    def submit(self, task: Task, environment: Mapping[str, str]) -> None:
        """Start a task; one of this name that runs or came to its end is adopted, never run twice.

        The environment may hold secrets: it goes to the process and is not written down.
        """
        ...

    def poll(self, name: str) -> TaskState:
        """How the task stands."""
        ...

    def log(self, name: str) -> bytes:
        """What it has printed so far, its last 16 MB at most."""
        ...

    def stop(self, name: str) -> None:
        """Stop it and everything it started; returns once nothing of it runs."""
        ...

    def forget(self, name: str) -> None:
        """Drop what is kept of an ended task, so that its name can be run again."""
        ...
