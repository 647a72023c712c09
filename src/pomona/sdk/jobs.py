"""Jobs from Python: look, wait, cancel, retry."""

import time
from collections.abc import Callable, Iterator

from pomona.core.errors import Conflict, Invalid
from pomona.jobs.records import OPEN_STATES, Job, Step
from pomona.sdk.session import Session, part

STEPS = list[Step]  # `list` is a method below


class Jobs:
    """``client.jobs``: durable work."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, job_id: str) -> Job:
        """One job."""
        return self._session.get(f"/api/v1/jobs/{part(job_id)}", Job)

    def list(
        self, *, kind: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        """Jobs, newest first."""
        return self._session.all("/api/v1/jobs", Job, limit=limit, kind=kind, job_state=state)

    def steps(self, job_id: str) -> STEPS:
        """The job's finished steps, in order."""
        return self._session.get(f"/api/v1/jobs/{part(job_id)}/steps", STEPS)

    def log(self, job_id: str) -> str:
        """The job's log so far."""
        return self._session.call("GET", f"/api/v1/jobs/{part(job_id)}/log").body.decode()

    def cancel(self, job_id: str) -> Job:
        """Cancel a waiting job now, a running one at its next check."""
        return self._session.post(f"/api/v1/jobs/{part(job_id)}/cancel", {}, Job)

    def retry(self, job_id: str) -> Job:
        """Queue a failed, cancelled or parked job again; finished steps are not run again."""
        return self._session.post(f"/api/v1/jobs/{part(job_id)}/retry", {}, Job)

    def wait(
        self,
        job_id: str,
        *,
        timeout_s: float = 3600.0,
        poll_s: float = 0.2,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until the job has ended; ``on_progress`` sees it at each look.

        Raises:
            Conflict: If it still runs after ``timeout_s`` seconds.
        """
        ends = time.monotonic() + timeout_s
        while True:
            job = self.get(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.state not in OPEN_STATES:
                return job
            if time.monotonic() >= ends:
                raise Conflict(f"job {job_id} is still {job.state}", hint="wait longer, or look at its log")
            time.sleep(poll_s)

    def done(
        self,
        job_id: str,
        *,
        timeout_s: float = 3600.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until the job has ended well.

        Raises:
            Invalid: If it did not, with what it said.
            Conflict: If it still runs after ``timeout_s`` seconds.
        """
        ended = self.wait(job_id, timeout_s=timeout_s, on_progress=on_progress)
        if ended.state != "done":
            raise Invalid(
                f"the job ended as {ended.state}: {ended.error}",
                hint=ended.hint or f"`pomona jobs log {ended.id}` shows what it did",
                extra={"job": ended.id},
            )
        return ended
