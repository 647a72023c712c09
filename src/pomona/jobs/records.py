"""A job, its finished steps, and the schedules that start jobs."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record

JobState = Literal["queued", "running", "done", "failed", "cancelled", "parked"]
OPEN_STATES: tuple[JobState, ...] = ("queued", "running")


class Job(Record, frozen=True, kw_only=True):
    """One piece of durable work.

    ``fence`` grows with each claim: a worker that lost its lease can no longer write. ``failures``
    counts raised errors (retried up to ``max_failures``); a worker that was killed is not a failure.
    A ``parked`` job waits for a person: the code's workflow version is not the one it began with.
    """

    id: str
    kind: str
    version: int = 1
    payload: dict[str, Any] = {}
    key: str | None = None
    state: JobState = "queued"
    progress: float = 0.0
    note: str = ""
    result: Any = None
    error: str | None = None
    hint: str | None = None
    claims: int = 0
    failures: int = 0
    max_failures: int = 3
    cancel_requested: bool = False
    actor: str = "system"
    owner: str | None = None
    fence: int = 0
    run_at: datetime
    lease_until: datetime | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Step(Record, frozen=True, kw_only=True):
    """A finished step of a job: it is not run again after a crash, its result is reused."""

    id: str  # job id / step name
    job: str
    name: str
    result: Any = None
    finished_at: datetime


class Schedule(Record, frozen=True, kw_only=True):
    """Starts a job at each tick of a cron expression (UTC); a tick never starts two."""

    id: str
    name: str
    cron: str
    kind: str
    payload: dict[str, Any] = {}
    enabled: bool = True
    next_at: datetime
    created_at: datetime


class Quiet(Record, frozen=True, kw_only=True):
    """Whether everything told to the server before the question has had its consequences."""

    quiet: bool
    waiting_for: str = ""
