"""Rows of MLflow's tables as records; what an older schema has not, is taken to be empty."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from pomona.registry.importing.records import (
    OldExperiment,
    OldModel,
    OldModelMetric,
    OldRegistered,
    OldRun,
    OldVersion,
)
from pomona.training.records.runs import (
    DatasetInput,
    LifecycleState,
    LoggedModelStatus,
    RunModel,
    RunStatus,
)
from pomona.training.store.statements import chunks

STATUSES: dict[int, RunStatus] = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
MODEL_STATUSES: dict[int, LoggedModelStatus] = {1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED"}
_DELETED_STAGE = "Deleted_Internal"
_HOME = "default"  # the workspace that is none


class Reader:
    """One short transaction: selects columns, of them those that there are."""

    def __init__(self, connection: sa.Connection, columns: Mapping[str, Sequence[str]]) -> None:
        self.connection = connection
        self._columns = columns

    def table(self, name: str) -> sa.TableClause | None:
        """A table with the columns it has; None if there is no such table."""
        found = self._columns.get(name)
        return None if found is None else sa.table(name, *(sa.column(column) for column in found))

    def select(self, name: str, *wanted: str) -> tuple[sa.Select[Any], sa.TableClause] | None:
        """These columns of a table, null where it has none of the name."""
        table = self.table(name)
        if table is None:
            return None
        chosen = [table.c[one] if one in table.c else sa.null().label(one) for one in wanted]
        return sa.select(*chosen).select_from(table), table

    def where(self, name: str, key: str, values: Sequence[Any], *wanted: str) -> list[Any]:
        """Rows whose ``key`` is one of ``values``; none if there is no such table or column."""
        chosen = self.select(name, *wanted)
        if chosen is None or not values or key not in chosen[1].c:
            return []
        query, table = chosen
        return [
            row
            for part in chunks(list(values))
            for row in self.connection.execute(query.where(table.c[key].in_(part)))
        ]

    def pairs(
        self, name: str, owner: str, values: Sequence[Any], key: str, value: str
    ) -> dict[Any, dict[str, str]]:
        """Tags or params by their owner."""
        found: dict[Any, dict[str, str]] = {one: {} for one in values}
        for row in self.where(name, owner, values, owner, key, value):
            found[row[0]][row[1]] = row[2] or ""
        return found

    def counts(self, name: str, by: str) -> dict[Any, int]:
        """How many rows each value of a column has."""
        table = self.table(name)
        if table is None or by not in table.c:
            return {}
        query = sa.select(table.c[by], sa.func.count()).group_by(table.c[by])
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def points(self, run_ids: Sequence[str]) -> sa.Select[Any]:
        """The question for every metric value of these runs."""
        columns = ("run_uuid", "key", "step", "timestamp", "value", "is_nan")
        query, table = cast("tuple[sa.Select[Any], sa.TableClause]", self.select("metrics", *columns))
        return query.where(table.c.run_uuid.in_(list(run_ids))).order_by(table.c.run_uuid)

    def experiments(self) -> list[OldExperiment]:
        """All experiments with their tags and counts."""
        columns = (
            "experiment_id",
            "name",
            "lifecycle_stage",
            "creation_time",
            "last_update_time",
            "workspace",
        )
        query, _ = cast("tuple[sa.Select[Any], sa.TableClause]", self.select("experiments", *columns))
        rows = list(self.connection.execute(query))
        numbers = [row.experiment_id for row in rows]
        tags = self.pairs("experiment_tags", "experiment_id", numbers, "key", "value")
        runs, models = self.counts("runs", "experiment_id"), self.counts("logged_models", "experiment_id")
        points, traces = self._points(), self.counts("trace_info", "experiment_id")
        return [
            OldExperiment(
                id=str(row.experiment_id),
                name=workspaced(row.name, row.workspace),
                state=state_of(row.lifecycle_stage),
                created_ms=int(row.creation_time or 0),
                updated_ms=int(row.last_update_time or row.creation_time or 0),
                tags=tags[row.experiment_id],
                runs=runs.get(row.experiment_id, 0),
                points=points.get(row.experiment_id, 0),
                models=models.get(row.experiment_id, 0),
                traces=traces.get(row.experiment_id, 0),
            )
            for row in sorted(rows, key=lambda row: row.experiment_id)
        ]

    def _points(self) -> dict[int, int]:
        runs, metrics = self.table("runs"), self.table("metrics")
        if runs is None or metrics is None:
            return {}
        joined = metrics.join(runs, runs.c.run_uuid == metrics.c.run_uuid)
        query = sa.select(runs.c.experiment_id, sa.func.count()).select_from(joined)
        return {row[0]: row[1] for row in self.connection.execute(query.group_by(runs.c.experiment_id))}


def runs_of(reader: Reader, experiment: int, *, after: str, limit: int) -> list[OldRun]:
    """The next runs of an experiment, in the order of their ids."""
    columns = ("run_uuid", "name", "user_id", "status", "lifecycle_stage", "start_time", "end_time")
    query, table = cast(
        "tuple[sa.Select[Any], sa.TableClause]",
        reader.select("runs", *columns, "deleted_time", "artifact_uri"),
    )
    query = query.where(table.c.experiment_id == experiment, table.c.run_uuid > after)
    rows = list(reader.connection.execute(query.order_by(table.c.run_uuid).limit(limit)))
    ids = [row.run_uuid for row in rows]
    params = reader.pairs("params", "run_uuid", ids, "key", "value")
    tags = reader.pairs("tags", "run_uuid", ids, "key", "value")
    measured = _measured(reader, ids)
    inputs, read = _inputs(reader, ids)
    wrote = _ties(reader, "RUN_OUTPUT", "MODEL_OUTPUT", ids)
    return [
        OldRun(
            id=row.run_uuid,
            name=row.name or tags[row.run_uuid].get("mlflow.runName", ""),
            user=row.user_id or "",
            status=cast("RunStatus", row.status or "SCHEDULED"),
            state=state_of(row.lifecycle_stage),
            started_ms=int(row.start_time or 0),
            ended_ms=None if row.end_time is None else int(row.end_time),
            deleted_ms=None if row.deleted_time is None else int(row.deleted_time),
            artifact_uri=row.artifact_uri or "",
            params=params[row.run_uuid],
            tags=tags[row.run_uuid],
            inputs=inputs[row.run_uuid],
            model_inputs=read[row.run_uuid],
            model_outputs=wrote[row.run_uuid],
            measured=str(measured.get(row.run_uuid, 0)),
        )
        for row in rows
    ]


def _measured(reader: Reader, ids: list[str]) -> dict[str, int]:
    table = reader.table("metrics")
    if table is None or not ids:
        return {}
    query = sa.select(table.c.run_uuid, sa.func.count()).where(table.c.run_uuid.in_(ids))
    return {row[0]: row[1] for row in reader.connection.execute(query.group_by(table.c.run_uuid))}


def _inputs(
    reader: Reader, ids: list[str]
) -> tuple[dict[str, list[DatasetInput]], dict[str, list[RunModel]]]:
    """Datasets that runs read, and models."""
    found: dict[str, list[DatasetInput]] = {run: [] for run in ids}
    columns = ("destination_id", "source_id", "input_uuid", "source_type", "destination_type")
    ties = [
        row
        for row in reader.where("inputs", "destination_id", ids, *columns)
        if (row.source_type, row.destination_type) == ("DATASET", "RUN")
    ]
    tags = reader.pairs("input_tags", "input_uuid", [row.input_uuid for row in ties], "name", "value")
    described = ("dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source", "dataset_schema")
    rows = reader.where(
        "datasets", "dataset_uuid", list({row.source_id for row in ties}), *described, "dataset_profile"
    )
    datasets = {row.dataset_uuid: row for row in rows}
    for tie in sorted(ties, key=lambda row: row.input_uuid):
        if (row := datasets.get(tie.source_id)) is not None:
            found[tie.destination_id].append(
                DatasetInput(
                    name=row.name,
                    digest=row.digest,
                    source_type=row.dataset_source_type,
                    source=row.dataset_source,
                    schema=row.dataset_schema,
                    profile=row.dataset_profile,
                    tags=tags[tie.input_uuid],
                )
            )
    return found, _ties(reader, "RUN_INPUT", "MODEL_INPUT", ids)


def _ties(reader: Reader, source: str, target: str, ids: list[str]) -> dict[str, list[RunModel]]:
    found: dict[str, list[RunModel]] = {run: [] for run in ids}
    columns = ("source_id", "destination_id", "source_type", "destination_type", "step")
    for row in reader.where("inputs", "source_id", ids, *columns):
        if (row.source_type, row.destination_type) == (source, target):
            found[row.source_id].append(RunModel(model_id=row.destination_id, step=int(row.step or 0)))
    return {
        run: sorted(models, key=lambda model: (model.step, model.model_id)) for run, models in found.items()
    }


def models_of(reader: Reader, experiment: int, *, after: str, limit: int) -> list[OldModel]:
    """The next logged models of an experiment, in the order of their ids."""
    columns = ("model_id", "name", "artifact_location", "creation_timestamp_ms", "last_updated_timestamp_ms")
    chosen = reader.select(
        "logged_models", *columns, "status", "lifecycle_stage", "model_type", "source_run_id"
    )
    if chosen is None:
        return []
    query, table = chosen
    query = query.where(table.c.experiment_id == experiment, table.c.model_id > after)
    rows = list(reader.connection.execute(query.order_by(table.c.model_id).limit(limit)))
    ids = [row.model_id for row in rows]
    params = reader.pairs("logged_model_params", "model_id", ids, "param_key", "param_value")
    tags = reader.pairs("logged_model_tags", "model_id", ids, "tag_key", "tag_value")
    metrics = _model_metrics(reader, ids)
    return [
        OldModel(
            id=row.model_id,
            name=row.name,
            model_type=row.model_type,
            source_run=row.source_run_id,
            status=MODEL_STATUSES.get(row.status, "READY"),
            state=state_of(row.lifecycle_stage),
            created_ms=int(row.creation_timestamp_ms),
            updated_ms=int(row.last_updated_timestamp_ms),
            artifact_uri=row.artifact_location or "",
            params=params[row.model_id],
            tags=tags[row.model_id],
            metrics=metrics[row.model_id],
        )
        for row in rows
    ]


def _model_metrics(reader: Reader, ids: list[str]) -> dict[str, list[OldModelMetric]]:
    found: dict[str, list[OldModelMetric]] = {model: [] for model in ids}
    columns = ("model_id", "metric_name", "metric_value", "metric_timestamp_ms", "metric_step", "run_id")
    rows = reader.where("logged_model_metrics", "model_id", ids, *columns, "dataset_name", "dataset_digest")
    for row in rows:
        if row.metric_value is not None:
            found[row.model_id].append(
                OldModelMetric(
                    key=row.metric_name,
                    value=float(row.metric_value),
                    at_ms=int(row.metric_timestamp_ms),
                    step=int(row.metric_step or 0),
                    run_id=row.run_id or "",
                    dataset_name=row.dataset_name,
                    dataset_digest=row.dataset_digest,
                )
            )
    return {
        model: sorted(metrics, key=lambda one: (one.key, one.at_ms, one.step, one.run_id))
        for model, metrics in found.items()
    }


def registered_of(reader: Reader) -> list[OldRegistered]:
    """Registered models with their versions, tags and aliases."""
    chosen = reader.select("registered_models", "name", "description", "creation_time", "workspace")
    if chosen is None:
        return []
    rows = list(reader.connection.execute(chosen[0]))
    tags = _by_model(_all(reader, "registered_model_tags", "key", "value"))
    aliases = _by_model(_all(reader, "registered_model_aliases", "alias", "version"))
    versions = _versions(reader)
    return [
        OldRegistered(
            name=workspaced(row.name, row.workspace).replace("/", "."),
            description=row.description or "",
            created_ms=int(row.creation_time or 0),
            tags={one.key: one.value or "" for one in tags.get((row.workspace, row.name), [])},
            aliases={one.alias: int(one.version) for one in aliases.get((row.workspace, row.name), [])},
            versions=versions.get((row.workspace, row.name), []),
        )
        for row in sorted(rows, key=lambda row: row.name)
    ]


def _versions(reader: Reader) -> dict[tuple[Any, str], list[OldVersion]]:
    columns = ("version", "creation_time", "description", "current_stage", "source", "storage_location")
    rows = _all(reader, "model_versions", *columns, "run_id", "run_link")
    tags: dict[tuple[Any, str, int], dict[str, str]] = {}
    for one in _all(reader, "model_version_tags", "version", "key", "value"):
        tags.setdefault((one.workspace, one.name, one.version), {})[one.key] = one.value or ""
    found: dict[tuple[Any, str], list[OldVersion]] = {}
    for row in sorted(rows, key=lambda row: row.version):
        if row.current_stage == _DELETED_STAGE:
            continue
        version = OldVersion(
            number=int(row.version),
            stage=row.current_stage or "None",
            source=row.source or "",
            location=row.storage_location,
            run_id=row.run_id or None,
            run_link=row.run_link or "",
            description=row.description or "",
            created_ms=int(row.creation_time or 0),
            tags=tags.get((row.workspace, row.name, row.version), {}),
        )
        found.setdefault((row.workspace, row.name), []).append(version)
    return found


def _all(reader: Reader, table: str, *columns: str) -> list[Any]:
    chosen = reader.select(table, "name", "workspace", *columns)
    return [] if chosen is None else list(reader.connection.execute(chosen[0]))


def _by_model(rows: Iterable[Any]) -> dict[tuple[Any, str], list[Any]]:
    found: dict[tuple[Any, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.workspace, row.name), []).append(row)
    return found


def state_of(stage: str | None) -> LifecycleState:
    """MLflow's word for it."""
    return "deleted" if stage == "deleted" else "active"


def workspaced(name: str, workspace: str | None) -> str:
    """A name that is unique over all workspaces."""
    return name if workspace in (None, "", _HOME) else f"{workspace}/{name}"
