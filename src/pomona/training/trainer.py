"""One training, from plan to finished run, as durable steps of a job.

The run is made before the script starts, so a script that breaks at once still has a page with its
traceback. Killed at any point, the next worker finds the run by its job, adopts the script if it still
runs, and finishes what is left.
"""

import os
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import msgspec

from pomona.core.errors import NotFound
from pomona.core.ports import Blobs
from pomona.core.records import to_json
from pomona.data.records import DataVersion
from pomona.jobs.service import JobService, LeaseLost
from pomona.jobs.worker import JobContext, WorkerStopping, Workflow
from pomona.training.code.records import COMMIT_TAG, DIFF_TAG
from pomona.training.environment import freeze
from pomona.training.executors import Executor, Task, TaskState
from pomona.training.machine import machine_tags
from pomona.training.reach import Address, Reach
from pomona.training.records.entries import Trained, TrainingEntry, TrainingPlan, TrainRequest
from pomona.training.records.runs import (
    CODE_TAG,
    DATA_VERSION_TAG,
    ENTRY_TAG,
    ENVIRONMENT_TAG,
    FORCE_TAG,
    HYPOTHESIS_TAG,
    PURPOSE_TAG,
    DatasetInput,
    SearchRuns,
)
from pomona.training.rules import entries as rules
from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.entries import TRAIN, EntryService
from pomona.training.service.reports import ERROR_TAG
from pomona.training.service.tracking import TrackingService

JOB_TAG = "pomona.job"
LOG_PATH = "pomona/log.txt"
_POLL_S = 0.2
_CHECK_S = 1.0
_STARTS = 3  # of a task that is lost while it starts

Register = Callable[[str, str], str]
"""Registers what a run logged under a model's name; returns the version's id. Repeating it is harmless."""


class Trainer:
    """Runs trainings inside jobs.

    Args:
        executor: Where scripts run.
        reach: How a script gets at the API.
        register: What to do with a trained model; the registry is a later stage, so ``app`` passes it in.
    """

    def __init__(
        self,
        entries: EntryService,
        tracking: TrackingService,
        jobs: JobService,
        blobs: Blobs,
        *,
        executor: Executor,
        reach: Reach,
        register: Register,
    ) -> None:
        self._entries = entries
        self._tracking = tracking
        self._jobs = jobs
        self._blobs = blobs
        self._executor = executor
        self._reach = reach
        self._register = register

    def workflow(self) -> Workflow:
        """The job ``train``: its payload is a ``TrainRequest``, its result a ``Trained``."""
        return Workflow(kind=TRAIN, version=1, run=self._run_job)

    def train(self, wanted: TrainRequest, context: JobContext, *, step: str = "train") -> Trained:
        """Train an entry once, as steps of the job in ``context`` that begin with ``step``.

        Raises:
            UserCodeFailed: If the script fails or breaks a limit; its traceback and log are on the run.
            Refused: If the data version failed its checks and the request gives no reason to use it.
        """
        plan = msgspec.convert(
            context.step(f"{step}.plan", lambda: self._plan(wanted, context, step)), TrainingPlan
        )
        entry = self._entries.entry(plan.entry)
        context.log(f"run {plan.run}: {entry.name}@v{entry.number} on {plan.data_version}")
        context.step(f"{step}.run", lambda: self._run(plan, entry, context, step))
        version = None
        if wanted.register and entry.model:
            model = entry.model
            version = context.step(f"{step}.register", lambda: self._register(model, plan.run))
        return Trained(
            run=plan.run,
            entry=entry.id,
            data_version=plan.data_version,
            model=entry.model,
            model_version=version,
        )

    def _run_job(self, context: JobContext) -> Trained:
        wanted = msgspec.convert(context.payload, TrainRequest)
        entry = self._entries.entry(wanted.entry)
        context.progress(0.05, f"training {entry.name}@v{entry.number}")
        return self.train(wanted, context)

    def _plan(self, wanted: TrainRequest, context: JobContext, step: str) -> TrainingPlan:
        entry = self._entries.entry(wanted.entry)
        version = self._entries.data_of(entry, wanted)
        selector = rules.selector_of(entry, wanted)
        since, until = rules.window_of(selector, version.until)
        task = f"{context.job.id}/{step}"
        environment = self._blobs.put("\n".join(freeze()).encode())
        tags = _tags(entry, version, environment) | {JOB_TAG: task}
        if wanted.force_reason:
            tags[FORCE_TAG] = wanted.force_reason
        experiment = self._experiment(entry.experiment)
        run = self._run_of(task) or self._start(experiment, wanted.run_name, context.job.actor, tags)
        plan = TrainingPlan(
            run=run,
            experiment=experiment,
            entry=entry.id,
            data_version=version.id,
            columns=selector.columns,
            since=since,
            until=until,
            params={**entry.params, **wanted.params},
        )
        self._tracking.log_inputs(run, [_input(plan, version)])
        return plan

    def _experiment(self, name: str) -> str:
        try:
            return self._tracking.experiments.named(name).id
        except NotFound:
            return self._tracking.experiments.create(name)

    def _run_of(self, task: str) -> str | None:
        """The run that this task made before a crash."""
        found = self._tracking.search(
            SearchRuns(experiments=None, filter=f"tags.`{JOB_TAG}` = '{task}'", limit=1)
        ).runs
        return found[0].id if found else None

    def _start(self, experiment: str, name: str | None, user: str, tags: dict[str, str]) -> str:
        return self._tracking.start(experiment, name=name or "", user=user, tags=tags).id

    def _run(self, plan: TrainingPlan, entry: TrainingEntry, context: JobContext, step: str) -> None:
        task = Task(
            name=f"{context.job.id}/{step}",
            script=entry.script,
            files={file.path: file.digest for file in entry.files},
            limits=entry.limits,
        )
        self._tracking.log(plan.run, tags=[*machine_tags().items()])  # of whoever runs it now
        with self._reach() as address:
            try:
                state = self._until_end(task, _environment(plan, entry, address), context)
            except LeaseLost:
                self._leave(plan, task, context)
                raise
            except WorkerStopping:
                self._executor.stop(task.name)
                raise
        log = self._executor.log(task.name)
        self._tracking.artifacts.put(ArtifactAddress(root=plan.run, path=LOG_PATH), BytesIO(log))
        if not state.good:
            self._fail(plan, entry, task, state, log.decode(errors="replace"))
        elif self._tracking.run(plan.run).status in ("RUNNING", "SCHEDULED"):
            self._tracking.finish(plan.run)

    def _until_end(self, task: Task, environment: dict[str, str], context: JobContext) -> TaskState:
        before = self._executor.poll(task.name)
        adopted = before.state == "running" or before.reason == "exit"
        shown = len(self._executor.log(task.name)) if adopted else 0
        for _ in range(_STARTS):
            self._executor.submit(task, environment)
            state = self._watch(task, context, shown)
            if adopted and state.reason in ("exit", "killed") and not state.good:
                context.log(
                    "it failed while this worker was not there, perhaps for want of a server: once more"
                )
                self._executor.forget(task.name)
            elif state.state == "ended":
                return state
            adopted, shown = False, 0
        return TaskState(state="ended", reason="killed")

    def _watch(self, task: Task, context: JobContext, shown: int) -> TaskState:
        looked = 0.0
        while True:
            state = self._executor.poll(task.name)
            if state.state != "running" or time.monotonic() - looked > _CHECK_S:
                looked = time.monotonic()
                shown = _show(self._executor.log(task.name), shown, context)
                context.check()
            if state.state != "running":
                return state
            time.sleep(_POLL_S)

    def _leave(self, plan: TrainingPlan, task: Task, context: JobContext) -> None:
        """The job is not ours any more: cancelled by a person, or another worker goes on with it."""
        if self._jobs.get(context.job.id).state == "cancelled":
            self._executor.stop(task.name)
            self._tracking.finish(plan.run, "KILLED")

    def _fail(self, plan: TrainingPlan, entry: TrainingEntry, task: Task, state: TaskState, log: str) -> None:
        trace = rules.traceback_in(log, task=task.name)
        error = rules.failure(
            state.reason or "killed", state.exit_code, entry.limits, trace=trace, run=plan.run
        )
        self._tracking.log(plan.run, tags=[(ERROR_TAG, f"{error.detail}\n\n{trace}".strip())])
        self._tracking.finish(plan.run, "FAILED")
        self._executor.forget(task.name)  # a retry of the job runs the script again
        raise error


def _tags(entry: TrainingEntry, version: DataVersion, environment: str) -> dict[str, str]:
    tags = {
        ENTRY_TAG: entry.id,
        CODE_TAG: entry.code,
        ENVIRONMENT_TAG: environment,
        DATA_VERSION_TAG: version.id,
        PURPOSE_TAG: entry.purpose,
        "mlflow.source.name": entry.script,
        "mlflow.source.type": "JOB",
    }
    if entry.hypothesis:
        tags[HYPOTHESIS_TAG] = entry.hypothesis
    if entry.git_commit:
        tags[COMMIT_TAG] = entry.git_commit
    if entry.git_diff:
        tags[DIFF_TAG] = entry.git_diff
    return tags


def _input(plan: TrainingPlan, version: DataVersion) -> DatasetInput:
    return DatasetInput(
        name=version.dataset,
        digest=version.digest[:36],
        source_type="pomona",
        source=to_json({"version": version.id, "selection": _selection(plan)}).decode(),
        tags={"mlflow.data.context": "training", DATA_VERSION_TAG: version.id},
    )


def _selection(plan: TrainingPlan) -> dict[str, Any]:
    found = {"columns": plan.columns, "since": plan.since, "until": plan.until}
    return {name: value for name, value in found.items() if value is not None}


def _environment(plan: TrainingPlan, entry: TrainingEntry, address: Address) -> dict[str, str]:
    """What a script sees: the machine's own variables, and where and what it trains."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("POMONA_", "MLFLOW_"))}
    return own | {
        "PYTHONUNBUFFERED": "1",
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_TRACKING_URI": address.url,
        "MLFLOW_TRACKING_TOKEN": address.token,
        "MLFLOW_RUN_ID": plan.run,
        "MLFLOW_EXPERIMENT_ID": plan.experiment,
        "POMONA_URL": address.url,
        "POMONA_TOKEN": address.token,
        "POMONA_RUN": plan.run,
        "POMONA_ENTRY": entry.id,
        "POMONA_DATA_VERSION": plan.data_version,
        "POMONA_DATA_SELECTION": to_json(_selection(plan)).decode(),
        "POMONA_PURPOSE": entry.purpose,
        "POMONA_PARAMS": to_json(plan.params).decode(),
        **({"POMONA_MODEL": entry.model} if entry.model else {}),
    }


def _show(log: bytes, shown: int, context: JobContext) -> int:
    """Copy what is new in a script's output to the job's log, whole lines only; returns how far."""
    end = log.rfind(b"\n") + 1
    if end > shown:
        for line in log[shown:end].decode(errors="replace").splitlines():
            context.log(f"  {line}")
    return max(shown, end)
