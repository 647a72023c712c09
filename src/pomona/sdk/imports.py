"""Taking over from MLflow, from Python."""

from collections.abc import Callable, Iterator, Sequence

from pomona.core.errors import Unavailable
from pomona.jobs.records import Job
from pomona.registry.importing.records import Import, ImportPreview, ImportReport, NewImport
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part


class Imports:
    """``client.imports``: what is taken over from MLflow."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def preview(
        self, origin: str, *, credentials: str | None = None, experiments: Sequence[str] = ()
    ) -> ImportPreview:
        """What would be taken over; nothing is.

        Args:
            origin: ``sqlite:///...``, ``postgresql://...``, ``mysql://...``, ``http(s)://...``, or a folder.
            credentials: Where the password or token is: ``env:NAME`` or ``file:/path``.
            experiments: Their names; none: all.
        """
        new = NewImport(origin=origin, credentials=credentials, experiments=tuple(experiments))
        return self._session.post("/api/v1/import-previews", new, ImportPreview)

    def start(self, new: NewImport) -> Import:
        """Queue an import."""
        return self._session.post("/api/v1/imports", new, Import)

    def get(self, import_id: str) -> Import:
        """How far an import is, and its report once it is done."""
        return self._session.get(f"/api/v1/imports/{part(import_id)}", Import)

    def list(self, *, limit: int | None = None) -> Iterator[Import]:
        """Imports, newest first."""
        return self._session.all("/api/v1/imports", Import, limit=limit)

    def mlflow(
        self,
        origin: str,
        *,
        credentials: str | None = None,
        experiments: Sequence[str] = (),
        files: bool = True,
        artifacts: str | None = None,
        trust: str | None = None,
        timeout_s: float = 7 * 86_400.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> ImportReport:
        """Take over experiments, runs, models, files, traces and the registry; wait until it is done.

        Prompts and evaluation datasets come, too, and webhooks, disabled and without their secrets.
        Done again, only what is new or changed there is taken.

        Args:
            origin, credentials, experiments: As for ``preview``.
            files: Whether artifacts come along.
            artifacts: The folder that artifacts lie below, where their addresses lead nowhere from here.
            trust: Why registered models whose files run code (pickles) may come in.

        Raises:
            Unavailable: If it failed, with what was said.
        """
        new = NewImport(
            origin=origin,
            credentials=credentials,
            experiments=tuple(experiments),
            files="copy" if files else "leave",
            artifacts=artifacts,
            trust=trust,
        )
        return self.take(new, timeout_s=timeout_s, on_progress=on_progress)

    def take(
        self,
        new: NewImport,
        *,
        timeout_s: float = 7 * 86_400.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> ImportReport:
        """``start`` an import and wait until it is done.

        Raises:
            Unavailable: If it failed, with what was said.
        """
        job = self._jobs.wait(self.start(new).id, timeout_s=timeout_s, on_progress=on_progress)
        report = self.get(job.id).report
        if job.state != "done" or report is None:
            raise Unavailable(
                f"the import {job.id} is {job.state}: {job.error or 'no reason given'}",
                hint=job.hint or "what came over stays; import again to go on",
            )
        return report
