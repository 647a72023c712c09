"""Use cases of durable work: enqueue, claim, heartbeat, step, finish, cancel, tick."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict
from pomona.core.events import JobFinished, JobQueued
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.jobs import rules, store
from pomona.jobs.records import OPEN_STATES, Job, JobState, Schedule, Step

LEASE_S = 15.0


class LeaseLost(Conflict):
    """Another worker took the job over, or a person cancelled it: stop, nothing more is written."""

    code = "lease_lost"


class JobService:
    """The queue.

    Args:
        database: Where jobs live: the same database, and so the same transactions, as the records.
        clock: Time for leases and schedules.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def enqueue(
        self,
        tx: Transaction,
        kind: str,
        payload: dict[str, Any],
        *,
        key: str | None = None,
        run_at: datetime | None = None,
        version: int = 1,
        max_failures: int = 3,
    ) -> Job:
        """Add a job inside the caller's transaction. The same ``key`` returns the job already there."""
        if key is not None:
            found = store.jobs.first(tx, store.jobs.c.key == key)
            if found is not None:
                return found
        now = self._clock.now()
        job = Job(
            id=new_id("job", now),
            kind=kind,
            version=version,
            payload=msgspec.to_builtins(payload),
            key=key,
            actor=current_actor(),
            run_at=run_at or now,
            created_at=now,
            max_failures=max_failures,
        )
        tx.emit(JobQueued(subject=job.id, kind=kind))
        return store.jobs.insert(tx, job)

    def submit(self, kind: str, payload: dict[str, Any], *, key: str | None = None) -> Job:
        """``enqueue`` in a transaction of its own."""
        return self._database.write(lambda tx: self.enqueue(tx, kind, payload, key=key))

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.jobs.get(tx, job_id))

    def page(
        self, *, kind: str | None = None, state: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Job]:
        """Jobs, newest first."""
        return self._database.read(
            lambda tx: store.job_page(tx, kind=kind, state=state, cursor=cursor, limit=limit)
        )

    def open(self, kind: str | None = None) -> list[Job]:
        """Jobs that wait or run."""
        return self._database.read(lambda tx: store.open_jobs(tx, kind))

    def steps(self, job_id: str) -> list[Step]:
        """A job's finished steps, in order."""
        return self._database.read(lambda tx: store.steps_of(tx, job_id))

    def claim(self, owner: str, kinds: Collection[str], *, lease_s: float = LEASE_S) -> Job | None:
        """Take the job that has waited longest, under a new fencing token; None if nothing is due."""
        now = self._clock.now()
        wanted = list(kinds)
        if not self._database.read(lambda tx: store.has_claimable(tx, now, wanted)):
            return None  # the usual answer costs no write

        def take(tx: Transaction) -> Job | None:
            job = store.next_claimable(tx, now, wanted)
            if job is None:
                return None
            if job.claims >= rules.MAX_CLAIMS:
                return self._park(tx, job, f"its worker died {job.claims} times")
            taken = msgspec.structs.replace(
                job,
                state="running",
                owner=owner,
                fence=job.fence + 1,
                claims=job.claims + 1,
                lease_until=rules.lease_end(now, lease_s),
                started_at=job.started_at or now,
            )
            return store.jobs.replace(tx, taken)

        taken = self._database.write(take)
        return taken if taken is not None and taken.state == "running" else None

    def heartbeat(self, job: Job, *, lease_s: float = LEASE_S) -> None:
        """Prolong the lease.

        Raises:
            LeaseLost: If another worker has the job, or it was cancelled.
        """
        until = rules.lease_end(self._clock.now(), lease_s)
        self._update(job, lambda held: msgspec.structs.replace(held, lease_until=until))

    def progress(self, job: Job, fraction: float, note: str) -> None:
        """Show how far the job is: 0 to 1, and what it does now, in plain words."""
        self._update(
            job, lambda held: msgspec.structs.replace(held, progress=min(1.0, max(0.0, fraction)), note=note)
        )

    def step(self, job: Job, name: str, run: Callable[[], Any]) -> Any:
        """The result of a step: the stored one if it finished before, else ``run()``'s, then stored."""
        step_id = f"{job.id}/{name}"
        found = self._database.read(lambda tx: store.steps.find(tx, step_id))
        if found is not None:
            return found.result
        result = msgspec.to_builtins(run())

        def keep(tx: Transaction) -> None:
            self._held(tx, job)
            done = Step(id=step_id, job=job.id, name=name, result=result, finished_at=self._clock.now())
            store.steps.insert(tx, done)

        self._database.write(keep)
        return result

    def finish(self, job: Job, result: Any) -> Job:
        """The job is done; its result is kept."""
        return self._end(job, "done", result=msgspec.to_builtins(result))

    def fail(self, job: Job, error: Exception) -> Job:
        """The job raised: try again later, or give up when that cannot help or was tried enough."""
        failures = job.failures + 1
        text, hint = _describe(error)
        if rules.is_permanent(error) or failures >= job.max_failures:
            return self._end(job, "failed", error=text, hint=hint, failures=failures)
        run_at = rules.lease_end(self._clock.now(), rules.retry_after(failures))
        return self._update(
            job,
            lambda held: msgspec.structs.replace(
                held, state="queued", failures=failures, run_at=run_at, error=text, hint=hint, owner=None
            ),
        )

    def park(self, job: Job, reason: str) -> Job:
        """Stop and wait for a person: going on would not be safe."""
        return self._database.write(lambda tx: self._park(tx, self._held(tx, job), reason))

    def cancel(self, job_id: str) -> Job:
        """Cancel a waiting job now, a running one at its next check.

        Raises:
            Conflict: If it has ended already.
        """

        def stop(tx: Transaction) -> Job:
            job = store.jobs.get(tx, job_id)
            if job.state not in OPEN_STATES and job.state != "parked":
                raise Conflict(f"job {job_id} is {job.state}", hint="only an open job can be cancelled")
            return self._ended(tx, job, "cancelled", cancel_requested=True)

        return self._database.write(stop)

    def retry(self, job_id: str) -> Job:
        """Queue a failed, cancelled or parked job again; finished steps are not run again."""

        def again(tx: Transaction) -> Job:
            job = store.jobs.get(tx, job_id)
            if job.state in (*OPEN_STATES, "done"):
                raise Conflict(
                    f"job {job_id} is {job.state}", hint="only an ended, unfinished job can be retried"
                )
            fresh = msgspec.structs.replace(
                job,
                state="queued",
                failures=0,
                claims=0,
                error=None,
                hint=None,
                cancel_requested=False,
                finished_at=None,
                run_at=self._clock.now(),
            )
            tx.emit(JobQueued(subject=job.id, kind=job.kind))
            return store.jobs.replace(tx, fresh)

        return self._database.write(again)

    def take_over(self, is_dead: Callable[[str], bool]) -> int:
        """Free the jobs of workers known to be dead before their leases run out; returns how many."""

        def free(tx: Transaction) -> int:
            held = [job for job in store.open_jobs(tx) if job.state == "running" and is_dead(job.owner or "")]
            for job in held:
                store.jobs.replace(tx, msgspec.structs.replace(job, state="queued", fence=job.fence + 1))
            return len(held)

        return self._database.write(free)

    def put_schedule(self, name: str, cron: str, kind: str, payload: dict[str, Any]) -> Schedule:
        """Create a schedule, or change the one with this name."""
        return self._database.write(lambda tx: self.schedule(tx, name, cron, kind, payload))

    def schedule(self, tx: Transaction, name: str, cron: str, kind: str, payload: dict[str, Any]) -> Schedule:
        """``put_schedule`` inside the caller's transaction."""
        now = self._clock.now()
        next_at = rules.next_tick(cron, now)
        old = store.schedules.first(tx, store.schedules.c.name == name)
        if old is not None:
            changed = msgspec.structs.replace(old, cron=cron, kind=kind, payload=payload, next_at=next_at)
            return store.schedules.replace(tx, changed)
        fresh = Schedule(
            id=new_id("sch", now),
            name=name,
            cron=cron,
            kind=kind,
            payload=payload,
            next_at=next_at,
            created_at=now,
        )
        return store.schedules.insert(tx, fresh)

    def unschedule(self, tx: Transaction, name: str) -> None:
        """Drop the schedule with this name, if there is one."""
        store.schedules.remove(tx, store.schedules.c.name == name)

    def schedules(self) -> list[Schedule]:
        """Every schedule."""
        return self._database.read(store.schedules.all)

    def tick(self) -> int:
        """Start the jobs of all schedules that are due, each tick once; returns how many."""
        now = self._clock.now()
        if not self._database.read(lambda tx: store.due_schedules(tx, now)):
            return 0

        def start(tx: Transaction) -> int:
            due = store.due_schedules(tx, now)
            for schedule in due:
                key = f"{schedule.id}:{schedule.next_at.isoformat()}"
                self.enqueue(tx, schedule.kind, schedule.payload, key=key)
                next_at = rules.next_tick(schedule.cron, now)
                store.schedules.replace(tx, msgspec.structs.replace(schedule, next_at=next_at))
            return len(due)

        return self._database.write(start)

    def _held(self, tx: Transaction, job: Job) -> Job:
        current = store.jobs.get(tx, job.id)
        if current.fence != job.fence or current.state != "running":
            raise LeaseLost(
                f"job {job.id} is no longer held by this worker (it is {current.state})",
                hint="another worker goes on with it, or a person cancelled it",
            )
        return current

    def _update(self, job: Job, change: Callable[[Job], Job]) -> Job:
        return self._database.write(lambda tx: store.jobs.replace(tx, change(self._held(tx, job))))

    def _end(self, job: Job, state: JobState, **changes: Any) -> Job:
        return self._database.write(lambda tx: self._ended(tx, self._held(tx, job), state, **changes))

    def _ended(self, tx: Transaction, job: Job, state: JobState, **changes: Any) -> Job:
        progress = 1.0 if state == "done" else job.progress
        ended = msgspec.structs.replace(
            job,
            **(
                {"state": state, "progress": progress, "finished_at": self._clock.now(), "owner": None}
                | changes
            ),
        )
        tx.emit(JobFinished(subject=job.id, kind=job.kind, state=state, error=ended.error))
        return store.jobs.replace(tx, ended)

    def _park(self, tx: Transaction, job: Job, reason: str) -> Job:
        return self._ended(
            tx, job, "parked", error=reason, hint="look at it, then `pomona jobs retry` or `cancel`"
        )


def _describe(error: Exception) -> tuple[str, str | None]:
    detail = getattr(error, "detail", None)
    return (
        (str(detail), getattr(error, "hint", None)) if detail else (f"{type(error).__name__}: {error}", None)
    )
