"""Marts from Python: SQL over dataset versions, kept as versions of its own."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from pomona.core.errors import Invalid
from pomona.data.marts.records import (
    BuildRequest,
    Mart,
    MartBuild,
    MartChange,
    MartStatus,
    NewMart,
    RebuildPolicy,
    SqlPreview,
    SqlQuery,
)
from pomona.jobs.records import Job
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part


class Marts:
    """``client.marts``: features and labels from SQL, at the right point in time."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def create(
        self,
        name: str,
        sql: str,
        *,
        key: Sequence[str] = (),
        time_column: str | None = None,
        purposes: Sequence[str] = (),
        description: str = "",
        rebuild: RebuildPolicy = "manual",
        cron: str | None = None,
        timeout_s: float = 600.0,
    ) -> Mart:
        """Declare a mart, and the dataset of the same name that it fills; ``build`` fills it.

        Args:
            sql: One SELECT in DuckDB's dialect. Datasets stand after FROM by name; quote what is no plain
                word: ``from loans``, ``from "credit/loans"``, ``from "loans@v3"``.
            key, time_column: Columns of the result, as of any dataset.
            purposes: A part of those that all inputs share; default all of them.
            rebuild: ``on_inputs``: when an unpinned input gets a new version; ``cron``: by ``cron``.

        Raises:
            Invalid: If the SQL cannot be read, or the result lacks a declared column.
            Refused: If it is more than a SELECT over datasets, would read itself, or may serve no purpose.
        """
        new = NewMart(
            name=name,
            sql=sql,
            key=tuple(key),
            time_column=time_column,
            purposes=tuple(purposes),
            description=description,
            rebuild="cron" if cron else rebuild,
            cron=cron,
            timeout_s=timeout_s,
        )
        return self._session.post("/api/v1/marts", new, Mart)

    def change(
        self,
        ref: str,
        *,
        sql: str | None = None,
        purposes: Sequence[str] | None = None,
        description: str | None = None,
        rebuild: RebuildPolicy | None = None,
        cron: str | None = None,
        timeout_s: float | None = None,
    ) -> Mart:
        """Change a mart; what is left out stays. The next build uses it."""
        change = MartChange(
            sql=sql,
            purposes=tuple(purposes) if purposes is not None else None,
            description=description,
            rebuild="cron" if cron else rebuild,
            cron=cron,
            timeout_s=timeout_s,
        )
        body = msgspec.json.encode(change)
        return msgspec.json.decode(self._session.call("PATCH", _path(ref), body=body).body, type=Mart)

    def get(self, ref: str) -> MartStatus:
        """A mart by name or id, its last build, and whether its inputs changed since."""
        return self._session.get(_path(ref), MartStatus)

    def list(self, *, limit: int | None = None) -> Iterator[MartStatus]:
        """Marts, newest first."""
        return self._session.all("/api/v1/marts", MartStatus, limit=limit)

    def remove(self, ref: str) -> None:
        """Forget a mart; its dataset, versions and builds stay."""
        self._session.delete(_path(ref))

    def preview(self, sql: str, *, purpose: str | None = None) -> SqlPreview:
        """The first 100 rows of an SQL text, its warnings and lineage. Nothing is kept.

        Large inputs are read in part; ``sampled`` names them. Rows held by consent need a ``purpose``.
        """
        return self._session.post("/api/v1/sql/preview", SqlQuery(sql=sql, purpose=purpose), SqlPreview)

    def start(self, ref: str, *, reason: str = "") -> Job:
        """Queue a build and return its job at once."""
        return self._session.post(f"{_path(ref)}/builds", BuildRequest(reason=reason), Job)

    def build(
        self,
        ref: str,
        *,
        reason: str = "",
        timeout_s: float = 3600.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> MartBuild:
        """Build a mart and wait for it.

        Raises:
            Invalid: If the build failed; the last version stays as it is.
        """
        started = self.start(ref, reason=reason)
        job = self._jobs.wait(started.id, timeout_s=timeout_s, on_progress=on_progress)
        if job.state != "done":
            raise Invalid(
                f"the build of {ref} ended as {job.state}: {job.error}",
                hint=job.hint or f"`pomona jobs log {job.id}` shows what it did",
                extra={"job": job.id},
            )
        return self._session.get(f"/api/v1/mart-builds/{part(job.result['build'])}", MartBuild)

    def builds(self, ref: str, *, limit: int | None = None) -> Iterator[MartBuild]:
        """Builds of a mart, newest first: their inputs, lineage, duration and error."""
        return self._session.all(f"{_path(ref)}/builds", MartBuild, limit=limit)


def _path(ref: str) -> str:
    return f"/api/v1/marts/{part(ref.replace('/', '~'))}"
