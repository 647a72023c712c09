"""Use cases of an import: look what is there, begin, and tell how far it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pomona.core.errors import NotFound, Refused
from pomona.core.ports import Database
from pomona.core.records import Page
from pomona.data.sources.guard import LocalGuard
from pomona.data.sources.secrets import look_up
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.registry.importing import rules
from pomona.registry.importing.door import Files, Observed, Origin
from pomona.registry.importing.records import (
    Import,
    ImportPreview,
    ImportReport,
    NewImport,
    OldExperiment,
)
from pomona.registry.prompts.rules import is_prompt

KIND = "import"  # of the job


class ImportService:
    """What is taken over from MLflow.

    Args:
        guard: What may be reached from here, as the environment says now.
    """

    def __init__(self, database: Database, jobs: JobService, *, guard: Callable[[], LocalGuard]) -> None:
        self._database = database
        self._jobs = jobs
        self._guard = guard

    def preview(self, new: NewImport) -> ImportPreview:
        """What would be taken over; nothing is.

        Raises:
            Invalid: If the address is none of MLflow's, or nothing of MLflow is there.
            Refused: If it may not be reached from here.
            Unavailable: If it does not answer.
        """
        rules.check_import(new)
        with self.opened(new) as (origin, observed, _):
            found = origin.experiments()
            registered = origin.registered()
            evaluations, webhooks = _seen(observed.evaluations), _seen(observed.webhooks)
        chosen = wanted(found, new)
        models = [one for one in registered if not is_prompt(one.tags)]
        prompts = [one for one in registered if is_prompt(one.tags)]
        return ImportPreview(
            origin=new.origin,
            kind=rules.kind_of(new.origin),
            experiments=chosen,
            missing=sorted(set(new.experiments) - {one.name for one in chosen}),
            registered=len(models),
            versions=sum(len(one.versions) for one in models),
            prompts=len(prompts),
            prompt_versions=sum(len(one.versions) for one in prompts),
            evaluations=len(evaluations),
            webhooks=len(webhooks),
        )

    def start(self, new: NewImport) -> Import:
        """Queue an import.

        Raises:
            Invalid: If it cannot be carried out as it is written.
            Refused, Unavailable: If what it names does not let us in, or does not answer.
        """
        rules.check_import(new)
        with self.opened(new):  # what is wrong with the address is said now, not by a job that tries again
            pass
        payload = msgspec.to_builtins(new)
        return told(self._database.write(lambda tx: self._jobs.enqueue(tx, KIND, payload)))

    def get(self, job_id: str) -> Import:
        """An import, and its report once it is done.

        Raises:
            NotFound: If there is none of this id.
        """
        job = self._jobs.get(job_id)
        if job.kind != KIND:
            raise NotFound(f"{job_id} is no import", hint="`pomona jobs ls --kind import` lists them")
        return told(job)

    def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[Import]:
        """Imports, newest first."""
        found = self._jobs.page(kind=KIND, cursor=cursor, limit=limit)
        return Page(items=[told(job) for job in found.items], next_cursor=found.next_cursor)

    @contextmanager
    def opened(self, new: NewImport) -> Iterator[tuple[Origin, Observed, Files]]:
        """The store elsewhere, what it observed, and its files, as long as the block runs."""
        guard = self._guard()
        secret = look_up(new.credentials, guard)
        root = Path(new.artifacts).absolute() if new.artifacts is not None else None
        kind = rules.kind_of(new.origin)
        from pomona.registry.importing.files import LocalFiles

        if kind == "database":
            from pomona.registry.importing.database import database
            from pomona.registry.importing.observed import DatabaseObserved

            files = LocalFiles(guard, root)
            with database(new.origin, secret, guard) as origin:
                yield origin, DatabaseObserved(origin), files
        elif kind == "server":
            from pomona.registry.importing.server import server

            with server(new.origin, secret, guard) as (remote, observed, its_files):
                yield remote, observed, its_files if root is None else LocalFiles(guard, root)
        else:
            from pomona.registry.importing.folder import FolderOrigin
            from pomona.registry.importing.folder_observed import FolderObserved

            folder = FolderOrigin(Path(rules.path_of(new.origin)), guard)
            yield folder, FolderObserved(folder), LocalFiles(guard, root)


def _seen(ask: Callable[[], Sequence[object]]) -> Sequence[object]:
    """What there is; nothing where only who administers the server may see it, or it cannot tell."""
    try:
        return ask()
    except (Refused, NotFound):
        return ()


def wanted(found: list[OldExperiment], new: NewImport) -> list[OldExperiment]:
    """The experiments that were asked for."""
    return [one for one in found if not new.experiments or one.name in new.experiments]


def told(job: Job) -> Import:
    """A job as the import it is."""
    return Import(
        id=job.id,
        request=msgspec.convert(job.payload, NewImport),
        state=job.state,
        progress=job.progress,
        note=job.note,
        error=job.error,
        hint=job.hint,
        report=msgspec.convert(job.result, ImportReport) if job.result is not None else None,
        actor=job.actor,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
