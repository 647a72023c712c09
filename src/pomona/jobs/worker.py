"""A worker: claims jobs one at a time, runs their workflow, keeps the lease alive meanwhile."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pomona.core.actors import acting_as
from pomona.core.errors import Unavailable
from pomona.jobs.records import Job
from pomona.jobs.service import LEASE_S, JobService, LeaseLost
from pomona.process import owner_name

_PAUSE_S = 1.0  # after the worker itself failed, not a job
log = logging.getLogger("pomona.jobs")


class WorkerStopping(Unavailable):
    """This worker was told to stop: leave the job as it is, the next worker goes on with it."""

    code = "worker_stopping"


@dataclass(frozen=True)
class Workflow:
    """What a kind of job does. Raise ``version`` when finished steps of open jobs no longer fit."""

    kind: str
    version: int
    run: Callable[["JobContext"], Any]


class JobContext:
    """What a workflow sees: its payload, durable steps, progress, a log and a folder of its own."""

    def __init__(
        self, jobs: JobService, job: Job, folder: Path, *, stop: threading.Event | None = None
    ) -> None:
        self._jobs = jobs
        self._stop = stop or threading.Event()
        self.job = job
        self.folder = folder

    @property
    def payload(self) -> dict[str, Any]:
        """The job's arguments."""
        return self.job.payload

    def step(self, name: str, run: Callable[[], Any]) -> Any:
        """Run a step once, however often the job is resumed; its JSON result is kept."""
        return self._jobs.step(self.job, name, run)

    def progress(self, fraction: float, note: str) -> None:
        """Tell how far the job is, 0 to 1, and what it does now."""
        self._jobs.progress(self.job, fraction, note)
        self.log(note)

    def log(self, line: str) -> None:
        """Append a line to the job's log."""
        with (self.folder / "job.log").open("a", encoding="utf-8") as out:
            out.write(line.rstrip("\n") + "\n")

    def check(self) -> None:
        """Stop here if the job was cancelled or taken over.

        Raises:
            LeaseLost: Then nothing this worker does for the job counts any more.
            WorkerStopping: The worker was told to stop; the next one goes on with the job.
        """
        if self._stop.is_set():
            raise WorkerStopping(
                f"job {self.job.id} is left to the next worker", hint="start `pomona up` again"
            )
        self._jobs.heartbeat(self.job)


class Worker:
    """Runs jobs of the given workflows until told to stop."""

    def __init__(
        self,
        jobs: JobService,
        workflows: Mapping[str, Workflow],
        folder: Path,
        *,
        owner: str | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._jobs = jobs
        self._workflows = workflows
        self._folder = folder
        self._owner = owner or owner_name()
        self._lease_s = lease_s
        self._stop = threading.Event()

    def run_one(self) -> bool:
        """Claim and run one job; False if nothing was due."""
        job = self._jobs.claim(self._owner, list(self._workflows), lease_s=self._lease_s)
        if job is None:
            return False
        workflow = self._workflows[job.kind]
        if workflow.version != job.version:
            self._jobs.park(
                job, f"begun with version {job.version} of {job.kind}, the code has {workflow.version}"
            )
            return True
        folder = self._folder / job.id
        folder.mkdir(parents=True, exist_ok=True)
        with acting_as(f"job:{job.id}"), _Heartbeat(self._jobs, job, self._lease_s):
            self._run(job, workflow, folder)
        return True

    def run_until(self, stop: threading.Event, *, idle_s: float = 0.2) -> None:
        """Run jobs until ``stop`` is set, looking for work at least every ``idle_s`` seconds."""
        self._stop = stop
        while not stop.is_set():
            try:
                busy = self.run_one()
            except Exception:  # the edge of the process: a full disk passes, the worker stays
                log.exception("no job could be run; trying again")
                stop.wait(_PAUSE_S)
                continue
            if not busy:
                stop.wait(idle_s)

    def _run(self, job: Job, workflow: Workflow, folder: Path) -> None:
        context = JobContext(self._jobs, job, folder, stop=self._stop)
        try:
            self._jobs.finish(job, workflow.run(context))
        except (LeaseLost, WorkerStopping) as left:
            context.log(str(left))
        except Exception as error:  # noqa: BLE001 - the edge of the process: whatever a job raises ends in its record
            context.log(f"{type(error).__name__}: {error}")
            try:
                self._jobs.fail(job, error)
            except LeaseLost as lost:
                context.log(str(lost))


class _Heartbeat:
    """Prolongs a job's lease from a thread while the block runs."""

    def __init__(self, jobs: JobService, job: Job, lease_s: float) -> None:
        self._jobs, self._job, self._lease_s = jobs, job, lease_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{job.id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._lease_s / 3):
            try:
                self._jobs.heartbeat(self._job, lease_s=self._lease_s)
            except LeaseLost:
                return
            except Exception:  # the edge of this thread: the lease lasts for two more beats
                log.exception("the lease of %s could not be prolonged", self._job.id)
