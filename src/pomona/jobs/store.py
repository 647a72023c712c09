"""Jobs, steps and schedules in SQL."""

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, Integer, Select, String, and_, or_, select

from pomona.core.ports import Transaction
from pomona.core.records import Page, from_json
from pomona.jobs.records import OPEN_STATES, Job, Schedule, Step
from pomona.sql import RecordTable, UtcTime

jobs = RecordTable(
    "jobs",
    Job,
    Column("kind", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("key", String(200), unique=True),
    Column("run_at", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("fence", Integer, nullable=False),
    Index("jobs_by_state", "state", "run_at"),
    hint="`pomona jobs ls` lists them",
)
steps = RecordTable(
    "job_steps",
    Step,
    Column("job", String(64), nullable=False),
    Index("job_steps_by_job", "job"),
)
schedules = RecordTable(
    "schedules",
    Schedule,
    Column("name", String(200), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    hint="a trigger of kind 'schedule' makes one: `pomona loop triggers`",
)


def has_claimable(tx: Transaction, now: datetime, kinds: list[str]) -> bool:
    """Whether a job may run now; locks nothing."""
    return tx.execute(_claimable(now, kinds)).first() is not None


def next_claimable(tx: Transaction, now: datetime, kinds: list[str]) -> Job | None:
    """The job that has waited longest, if any may run now; one that somebody holds locked is left out."""
    body = tx.execute(_claimable(now, kinds).with_for_update(skip_locked=True)).scalar()
    return None if body is None else from_json(body, Job)


def _claimable(now: datetime, kinds: list[str]) -> Select[tuple[str]]:
    due = and_(jobs.c.state == "queued", jobs.c.run_at <= now)
    abandoned = and_(jobs.c.state == "running", jobs.c.lease_until < now)
    mine = select(jobs.c.body).where(or_(due, abandoned), jobs.c.kind.in_(kinds))
    return mine.order_by(jobs.c.run_at, jobs.c.id).limit(1)


def open_jobs(tx: Transaction, kind: str | None = None) -> list[Job]:
    """Jobs that wait or run."""
    where = [jobs.c.state.in_(OPEN_STATES)]
    return jobs.all(tx, *(where + ([jobs.c.kind == kind] if kind else [])))


def job_page(
    tx: Transaction, *, kind: str | None, state: str | None, cursor: str | None, limit: int
) -> Page[Job]:
    """Jobs, newest first."""
    where = [jobs.c.kind == kind] if kind else []
    where += [jobs.c.state == state] if state else []
    return jobs.page(tx, *where, cursor=cursor, limit=limit)


def steps_of(tx: Transaction, job_id: str) -> list[Step]:
    """A job's finished steps in the order they finished."""
    return sorted(steps.all(tx, steps.c.job == job_id), key=lambda step: step.finished_at)


def due_schedules(tx: Transaction, now: datetime) -> list[Schedule]:
    """Schedules whose next tick has come."""
    return schedules.all(tx, schedules.c.enabled.is_(True), schedules.c.next_at <= now)
