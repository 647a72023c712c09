"""Use cases of tracked runs: start, log, finish, search. The hot ones answer with a future."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, NotFound
from pomona.core.events import RunFinished, RunStarted
from pomona.core.ports import Blobs, Clock, Database, Ledger, Transaction
from pomona.core.requests import current_claim
from pomona.sql import from_us, to_us
from pomona.training.code.service import CodeService
from pomona.training.code.telling import Origins
from pomona.training.records.runs import (
    DATA_VERSION_TAG,
    HYPOTHESIS_TAG,
    RUN_NAME_TAG,
    DatasetInput,
    Found,
    LogBatch,
    Metric,
    Points,
    Run,
    RunModel,
    RunStatus,
    SearchRuns,
)
from pomona.training.rules import filters, limits, paths
from pomona.training.rules.names import generated_name
from pomona.training.rules.paging import check_page_size
from pomona.training.rules.points import metrics_of, points_of
from pomona.training.service.artifacts import ArtifactService
from pomona.training.service.changes import RunChanges, SavedViews
from pomona.training.service.experiments import ExperimentService
from pomona.training.service.frames import RunFrames
from pomona.training.service.histories import HistoryService
from pomona.training.service.intake import MetricIntake
from pomona.training.service.lineage import FindsFileSets, FindsVersions, Lineage
from pomona.training.service.logged_models import LoggedModelService
from pomona.training.service.reports import RunReports
from pomona.training.service.settled import SettledDatabase
from pomona.training.service.studies import RunStudies
from pomona.training.store import experiments, inputs, logged_models, metrics, runs, search

MAX_PAGE = 50_000
_MODEL_HISTORY_TAG = "mlflow.log-model.history"
_FINISHED = ("FINISHED", "FAILED", "KILLED")


class TrackingService:
    """Runs and what they log; the rest is in ``experiments``, ``models``, ``artifacts``, ...."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        ledger: Ledger,
        business: BusinessService,
        data: FindsVersions,
        files: FindsFileSets | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lineage = Lineage(business, data, files)
        self._intake = MetricIntake(database)
        self._settled = settled = SettledDatabase(database, self._intake)
        self.experiments = ExperimentService(database, clock, self._lineage)
        self.models = LoggedModelService(database, clock, self.experiments)
        self.artifacts = ArtifactService(database, blobs, clock)
        self.histories = HistoryService(settled)
        self.code = CodeService(database, blobs, clock)
        self.origins = Origins(blobs, self.code, lambda run, tags: self.log(run, tags=[*tags.items()]))
        self.reports = RunReports(settled, ledger, self.experiments, self.models, self.artifacts, self.code)
        self.studies = RunStudies(settled)
        self.frames = RunFrames(settled, self.reports)
        self.changes = RunChanges(database, clock)
        self.views = SavedViews(database, clock)

    def start(
        self,
        experiment: str = "0",
        *,
        name: str = "",
        user: str = "",
        tags: Mapping[str, str] | None = None,
        start_ms: int | None = None,
    ) -> Run:
        """Start a run; it tests the hypothesis of its tag, or of its experiment's.

        Raises:
            NotFound: If the experiment, or a record named by a ``pomona.*`` tag, does not exist.
            Invalid: If the experiment is deleted or a tag breaks a rule.
        """
        number = limits.experiment_number(experiment or "0")
        now_ms = to_us(self._clock.now()) // 1000
        started = now_ms if start_ms is None else start_ms
        limits.check_time("start_time", started)
        kept = dict(limits.tag(key, value) for key, value in (tags or {}).items())
        name = _run_name(name, kept)
        kept = self._lineage.tags(kept) | {RUN_NAME_TAG: name}
        run_id = secrets.token_hex(16)
        self.experiments.prepare()

        def add(tx: Transaction) -> Run:
            home = experiments.active(tx, number)
            inherited = {key: home.tags[key] for key in (HYPOTHESIS_TAG,) if key in home.tags}
            run = Run(
                id=run_id,
                name=name,
                experiment=str(number),
                user=user or current_actor(),
                status="RUNNING",
                started_at=from_us(started * 1000),
                artifact_uri=paths.run_uri(home.artifact_location, run_id),
                tags=inherited | kept,
            )
            return _begin(tx, run, started_ms=started, experiment=home.name)

        return self._database.write(add)

    def run(self, run_id: str) -> Run:
        """The run with this id, deleted or not.

        Raises:
            NotFound: If there is none.
        """
        return self._settled.read(lambda tx: search.run(tx, run_id))

    def update(
        self,
        run_id: str,
        *,
        status: RunStatus | None = None,
        end_ms: int | None = None,
        name: str | None = None,
    ) -> Run:
        """Change a run's status, end or name; the first final status is told to the loop.

        Raises:
            NotFound: If there is no such run.
            Invalid: If it is deleted.
        """
        if end_ms is not None:
            limits.check_time("end_time", end_ms)
        changed: dict[str, object] = {"status": status, "ended_ms": end_ms}
        values = {key: value for key, value in changed.items() if value is not None}
        if name:
            values["name"] = limits.tag(RUN_NAME_TAG, name)[1][:250]

        def work(tx: Transaction) -> Run:
            run = runs.active(tx, run_id)
            if values:
                runs.change(tx, run.id, **values)
            if name:
                runs.set_tags(tx, run.id, {RUN_NAME_TAG: name})
            if status in _FINISHED and run.status not in _FINISHED:
                tx.emit(RunFinished(subject=run_id, name=name or run.name, status=str(status)))
            return search.run(tx, run_id)

        return self._settled.write(work)

    def finish(self, run_id: str, status: RunStatus = "FINISHED") -> Run:
        """End a run now."""
        return self.update(run_id, status=status, end_ms=to_us(self._clock.now()) // 1000)

    def delete(self, run_id: str) -> None:
        """Move a run to the bin."""
        now_ms = to_us(self._clock.now()) // 1000
        self._change(run_id, state="deleted", deleted_ms=now_ms)

    def restore(self, run_id: str) -> None:
        """Bring a run back."""
        self._change(run_id, state="active", deleted_ms=None)

    def _change(self, run_id: str, **values: object) -> None:
        self._database.write(lambda tx: runs.change(tx, runs.target(tx, run_id).id, **values))

    def log(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Sequence[tuple[str, str]] = (),
        tags: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Store metrics, params and tags together; returns once they are durable."""
        self.log_later(run_id, metrics=metrics, params=params, tags=tags).result()

    def log_later(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Sequence[tuple[str, str]] = (),
        tags: Sequence[tuple[str, str]] = (),
    ) -> "Future[Any]":
        """As ``log``, without waiting: the future is done once everything is durable.

        Raises:
            Invalid: If a limit or a name is broken, a param has another value already (from the
                future), or the run is deleted (from the future).
            NotFound: If there is no such run (from the future).
        """
        limits.check_run_id(run_id)
        batch = limits.checked_batch(metrics, params, tags)
        if any(key.startswith("pomona.") for key in batch.tags):
            known = self.run(run_id).tags if DATA_VERSION_TAG in batch.tags else None
            batch = msgspec.structs.replace(batch, tags=self._lineage.tags(batch.tags, known=known))
        if current_claim() is None and (points := points_of(batch)) is not None:
            return self._intake.put(run_id, points)
        future = self._database.submit(_logging(run_id, batch, self._intake.known))
        future.add_done_callback(self._intake.remember)
        return future

    def log_points(self, run_id: str, points: Points, *, alone: bool = False) -> "Future[Any]":
        """As ``log_later``, of finite metrics whose names, times and steps were checked already.

        ``alone``: no other call is on its way.
        """
        if current_claim() is not None:  # a claim is stored with what it claims, not with others' calls
            return self.log_later(run_id, metrics=metrics_of(points))
        limits.check_run_id(run_id)
        return self._intake.put(run_id, points, alone=alone)

    def close(self) -> None:
        """Finish what is on its way in."""
        self._intake.close()

    def delete_tag(self, run_id: str, key: str) -> None:
        """Drop a tag of a run.

        Raises:
            NotFound: If the run does not have it.
        """

        def work(tx: Transaction) -> None:
            if not runs.remove_tag(tx, runs.active(tx, run_id).id, key):
                raise NotFound(f"No tag with name: {key} in run with id {run_id}")

        self._database.write(work)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[RunModel] = ()
    ) -> None:
        """Tie datasets and logged models to a run as read.

        A Pomona data version is recognised by its id, its address or its digest, and linked.
        """
        limits.check_run_id(run_id)
        for item in datasets:
            limits.check_dataset(
                {
                    "name": item.name,
                    "digest": item.digest,
                    "source_type": item.source_type,
                    "source": item.source,
                    "schema": item.schema,
                    "profile": item.profile,
                }
            )
        known = self._lineage.recognise(datasets, known=self.run(run_id).tags)

        def work(tx: Transaction) -> None:
            run = runs.active(tx, run_id)
            inputs.add(tx, run.id, run.experiment, known)
            inputs.add_models(tx, run.id, "in", models)
            for relation, version in self._lineage.input_links(known):
                tx.link(run_id, relation, version)

        self._database.write(work)

    def log_outputs(self, run_id: str, models: Sequence[RunModel]) -> None:
        """Tie logged models to a run as written."""

        def work(tx: Transaction) -> None:
            inputs.add_models(tx, runs.active(tx, run_id).id, "out", models)

        self._database.write(work)

    def log_model_note(self, run_id: str, note: dict[str, object]) -> None:
        """Append to the run's list of models, as clients before version 3 do."""

        def work(tx: Transaction) -> None:
            run = runs.active(tx, run_id)
            before = msgspec.json.decode(runs.tag(tx, run.id, _MODEL_HISTORY_TAG) or "[]")
            value = msgspec.json.encode([*before, note]).decode()
            runs.set_tags(tx, run.id, {_MODEL_HISTORY_TAG: value})

        self._database.write(work)

    def search(self, wanted: SearchRuns) -> Found:
        """One page of runs, newest first.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(wanted.limit, most=MAX_PAGE)
        conditions = filters.parse_filter(wanted.filter, filters.RUNS)
        order = [filters.parse_order(item, filters.RUNS) for item in wanted.order_by]
        names = wanted.experiments
        numbers = None if names is None else [limits.experiment_number(item) for item in names]

        def find(tx: Transaction) -> Found:
            return search.search_runs(
                tx, numbers, conditions, order, view=wanted.view, limit=wanted.limit, offset=wanted.offset
            )

        return self._settled.read(find)


def _logging(
    run_id: str, batch: LogBatch, known: Mapping[str, int]
) -> Callable[[Transaction], dict[str, int]]:
    def work(tx: Transaction) -> dict[str, int]:
        run = runs.active(tx, run_id)
        names = [metric.key for metric in batch.metrics]
        ids = runs.key_ids(tx, [*dict.fromkeys(names), *batch.params, *batch.tags], known)
        if batch.params:
            stored = runs.stored_params(tx, run.id, batch.params, ids)
            limits.check_param_changes(run_id, stored, batch.params)
            new = {key: value for key, value in batch.params.items() if key not in stored}
            runs.add_params(tx, run.id, new, ids)
        metrics.add(tx, run.id, batch.metrics, ids)
        if any(metric.model_id for metric in batch.metrics):
            logged_models.add_metrics(tx, run_id, batch.metrics)
        if batch.tags:
            runs.set_tags(tx, run.id, batch.tags, ids)
            _link(tx, run_id, batch.tags)
            if RUN_NAME_TAG in batch.tags:
                runs.change(tx, run.id, name=batch.tags[RUN_NAME_TAG][:250])
        return ids

    return work


def _begin(tx: Transaction, run: Run, *, started_ms: int, experiment: str) -> Run:
    runs.add(tx, _row(run, int(run.experiment), started_ms), run.tags)
    _link(tx, run.id, run.tags)
    tx.emit(RunStarted(subject=run.id, name=run.name, experiment=experiment))
    return run


def _link(tx: Transaction, run_id: str, tags: Mapping[str, str]) -> None:
    for relation, target in Lineage.links(tags):
        tx.link(run_id, relation, target)


def _run_name(name: str, tags: Mapping[str, str]) -> str:
    tagged = tags.get(RUN_NAME_TAG, "")
    if name and tagged and name != tagged:
        raise Invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
            f"different values (run_name='{name}', mlflow.runName='{tagged}')."
        )
    return (name or tagged or generated_name(secrets.token_bytes(6)))[:250]


def _row(run: Run, experiment: int, started_ms: int) -> dict[str, object]:
    return {
        "run_id": run.id,
        "experiment": experiment,
        "name": run.name,
        "user_id": run.user[:256],
        "status": run.status,
        "state": run.state,
        "started_ms": started_ms,
        "ended_ms": None,
        "deleted_ms": None,
        "artifact_uri": run.artifact_uri,
    }
