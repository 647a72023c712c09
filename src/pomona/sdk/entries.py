"""Training entries from Python: store a script, have it trained."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.errors import NotFound, UserCodeFailed
from pomona.jobs.records import Job
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part
from pomona.training.records.entries import (
    CodeUpload,
    DataSelector,
    Limits,
    NewEntry,
    Trained,
    TrainingEntry,
    TrainRequest,
)

if TYPE_CHECKING:
    from pomona.training.code.records import GitState


class Training:
    """``client.training``: scripts that can be run again on newer data."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def store(
        self,
        name: str,
        *,
        script: str | Path,
        data: str | DataSelector,
        params: Mapping[str, Any] | None = None,
        model: str | None = None,
        hypothesis: str | None = None,
        limits: Limits | None = None,
        include: Sequence[str] = (),
        purpose: str = "training",
    ) -> TrainingEntry:
        """Keep a script, the data it learns from and its parameters; unchanged, it is the same entry.

        Args:
            script: A .py file. It asks ``pomona.training_data()`` for its rows, ``pomona.params()`` for
                its parameters, and logs with MLflow as it would anywhere.
            data: A dataset (its newest good version each time), a version, or a part of one.
            model: Register what the script logs under this name.
            purpose: What the data is read for; a dataset that may not serve it refuses.
            include: Patterns of more files it needs, relative to its folder, e.g. ``features/*.py``.

        Raises:
            NotFound: If there is no such file, dataset or hypothesis.
            Invalid: If the entry could not be run.
        """
        path = Path(script).absolute()
        new = NewEntry(
            name=name,
            script=path.name,
            files=_files(path, include),
            data=DataSelector(ref=data) if isinstance(data, str) else data,
            params=dict(params or {}),
            model=model,
            hypothesis=hypothesis,
            limits=limits or Limits(),
            environment=_freeze(),
            purpose=purpose,
            git=_git_state(path.parent),
        )
        return self._session.post("/api/v1/entries", new, TrainingEntry)

    def get(self, ref: str) -> TrainingEntry:
        """One entry, by name (its newest version), ``name@v3`` or id."""
        return self._session.get(f"/api/v1/entries/{part(ref)}", TrainingEntry)

    def list(self, *, limit: int | None = None) -> Iterator[TrainingEntry]:
        """Every version of every entry, newest first."""
        return self._session.all("/api/v1/entries", TrainingEntry, limit=limit)

    def code(self, ref: str, path: str | None = None) -> str:
        """A file of an entry's code; default the script."""
        query = {"path": path}
        return self._session.call("GET", f"/api/v1/entries/{part(ref)}/code", query=query).body.decode()

    def start(
        self,
        entry: str,
        *,
        data: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        params: Mapping[str, Any] | None = None,
        force: str | None = None,
        run_name: str | None = None,
    ) -> Job:
        """Queue a training and return its job at once.

        Args:
            data: A version instead of the entry's newest.
            since, until: A part of it instead of the entry's.
            params: Over the entry's own.
            force: Why to train on a version that failed its checks.
        """
        wanted = TrainRequest(
            entry=entry,
            data=data,
            since=since,
            until=until,
            params=dict(params or {}),
            force_reason=force,
            run_name=run_name,
        )
        return self._session.post("/api/v1/entries/train", wanted, Job)

    def run(
        self,
        entry: str,
        *,
        timeout_s: float = 3600.0,
        on_progress: Callable[[Job], None] | None = None,
        **options: Any,
    ) -> Trained:
        """Train an entry and wait for it; the options are those of ``start``.

        Raises:
            UserCodeFailed: If the training failed; the log and the run's page say why.
        """
        job = self._jobs.wait(self.start(entry, **options).id, timeout_s=timeout_s, on_progress=on_progress)
        if job.state != "done":
            raise UserCodeFailed(
                f"training {entry} ended as {job.state}: {job.error}",
                hint=job.hint or f"`pomona jobs log {job.id}` shows what it printed",
                extra={"job": job.id},
            )
        return msgspec.convert(job.result, Trained)


def _files(script: Path, include: Sequence[str]) -> tuple[CodeUpload, ...]:
    if not script.is_file():
        raise NotFound(f"no file {script}", hint="check the path")
    found = {script}
    for pattern in include:
        matches = [path for path in script.parent.glob(pattern) if path.is_file()]
        if not matches:
            raise NotFound(f"no file beside {script.name} fits {pattern!r}", hint="e.g. features/*.py")
        found.update(matches)
    return tuple(
        CodeUpload(path=path.relative_to(script.parent).as_posix(), body=path.read_bytes())
        for path in sorted(found)
    )


def _freeze() -> tuple[str, ...]:
    from pomona.training.environment import freeze

    return freeze()


def _git_state(folder: Path) -> "GitState | None":
    from pomona.training.worktree import git_state

    return git_state(folder)
