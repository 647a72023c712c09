"""Durable work over HTTP: jobs, their steps and logs, schedules."""

from litestar import Controller, MediaType, get, post
from litestar.params import FromPath, FromQuery

from pomona.core.records import Page
from pomona.jobs.records import Job, Schedule, Step
from pomona.server.wiring import Wired


class JobRoutes(Controller):
    """Jobs."""

    path = "/api/v1/jobs"
    tags = ("jobs",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        kind: FromQuery[str | None] = None,
        job_state: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Job]:
        """Jobs, newest first."""
        return app.jobs.page(kind=kind, state=job_state, cursor=cursor, limit=limit)

    @get("/{job_id:str}", sync_to_thread=True)
    def show(self, app: Wired, job_id: FromPath[str]) -> Job:
        """One job."""
        return app.jobs.get(job_id)

    @get("/{job_id:str}/steps", sync_to_thread=True)
    def steps(self, app: Wired, job_id: FromPath[str]) -> list[Step]:
        """The job's finished steps, in order."""
        return app.jobs.steps(job_id)

    @get("/{job_id:str}/log", sync_to_thread=True, media_type=MediaType.TEXT)
    def log(self, app: Wired, job_id: FromPath[str]) -> str:
        """The job's log so far."""
        return app.job_log(app.jobs.get(job_id).id)

    @post("/{job_id:str}/cancel", sync_to_thread=True)
    def cancel(self, app: Wired, job_id: FromPath[str]) -> Job:
        """Cancel a job."""
        return app.jobs.cancel(job_id)

    @post("/{job_id:str}/retry", sync_to_thread=True)
    def retry(self, app: Wired, job_id: FromPath[str]) -> Job:
        """Queue an ended, unfinished job again."""
        return app.jobs.retry(job_id)


class ScheduleRoutes(Controller):
    """Schedules."""

    path = "/api/v1/schedules"
    tags = ("jobs",)

    @get(sync_to_thread=True)
    def all(self, app: Wired) -> list[Schedule]:
        """Every schedule."""
        return app.jobs.schedules()
