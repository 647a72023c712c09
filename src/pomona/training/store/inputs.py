"""What runs read and wrote, in SQL: datasets (once per experiment) and logged models."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint, insert, select

from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.records.runs import DatasetInput, DatasetSummary, RunModel
from pomona.training.store.experiments import BigKey
from pomona.training.store.runs import runs
from pomona.training.store.statements import chunks, insert_new, upsert

CONTEXT_TAG = "mlflow.data.context"

datasets = Table(
    "logged_datasets",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("experiment", BigInteger, nullable=False),
    Column("name", String(500), nullable=False),
    Column("digest", String(36), nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("schema_json", Text),
    Column("profile_json", Text),
    UniqueConstraint("experiment", "name", "digest"),
)
run_inputs = Table(
    "run_inputs",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("dataset", BigInteger, primary_key=True, autoincrement=False),
    Column("context", String(500)),
    Column("tags_json", Text, nullable=False),
    Column("data_version", String(64)),
    Index("run_inputs_by_dataset", "dataset", "run"),
)
run_models = Table(
    "run_models",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("direction", String(3), primary_key=True),  # in | out
    Column("model_id", String(64), primary_key=True),
    Column("step", BigInteger, nullable=False),
)
_add_input = insert_new(run_inputs)
_set_model = upsert(run_models)


def add(tx: Transaction, run: int, experiment: int, inputs: Sequence[DatasetInput]) -> None:
    """Tie datasets to a run; one that it has already stays as it was."""
    for item in inputs:
        row = {
            "run": run,
            "dataset": _dataset(tx, experiment, item),
            "context": item.tags.get(CONTEXT_TAG),
            "tags_json": msgspec.json.encode(item.tags).decode(),
            "data_version": item.data_version,
        }
        tx.execute(_add_input, row)


def _dataset(tx: Transaction, experiment: int, item: DatasetInput) -> int:
    where = (
        datasets.c.experiment == experiment,
        datasets.c.name == item.name,
        datasets.c.digest == item.digest,
    )
    found = tx.execute(select(datasets.c.id).where(*where)).scalar()
    if found is not None:
        return int(found)
    row = {
        "experiment": experiment,
        "name": item.name,
        "digest": item.digest,
        "source_type": item.source_type,
    }
    row |= {"source": item.source, "schema_json": item.schema, "profile_json": item.profile}
    return int(tx.execute(insert(datasets), row).inserted_primary_key[0])


def add_models(tx: Transaction, run: int, direction: str, models: Sequence[RunModel]) -> None:
    """Tie logged models to a run, as read (``in``) or written (``out``)."""
    rows = [{"run": run, "direction": direction, "model_id": m.model_id, "step": m.step} for m in models]
    if rows:
        tx.execute(_set_model, rows)


def datasets_of(tx: Transaction, numbers: list[int]) -> dict[int, list[DatasetInput]]:
    """The datasets that each run read."""
    found: dict[int, list[DatasetInput]] = {number: [] for number in numbers}
    for part in chunks(numbers):
        query = select(run_inputs, datasets).join(datasets, datasets.c.id == run_inputs.c.dataset)
        for row in tx.execute(query.where(run_inputs.c.run.in_(part)).order_by(run_inputs.c.dataset)):
            found[row.run].append(_input(row))
    return found


def _input(row: Any) -> DatasetInput:
    return DatasetInput(
        name=row.name,
        digest=row.digest,
        source_type=row.source_type,
        source=row.source,
        schema=row.schema_json,
        profile=row.profile_json,
        tags=msgspec.json.decode(row.tags_json),
        data_version=row.data_version,
    )


def models_of(tx: Transaction, numbers: list[int]) -> dict[int, tuple[list[RunModel], list[RunModel]]]:
    """The logged models that each run read and wrote."""
    found: dict[int, tuple[list[RunModel], list[RunModel]]] = {number: ([], []) for number in numbers}
    for part in chunks(numbers):
        query = select(run_models).where(run_models.c.run.in_(part))
        for row in tx.execute(query.order_by(*run_models.primary_key)):
            model = RunModel(model_id=row.model_id, step=row.step)
            found[row.run][0 if row.direction == "in" else 1].append(model)
    return found


def summaries(tx: Transaction, experiments: list[int], *, limit: int = 1000) -> list[DatasetSummary]:
    """Datasets read in these experiments, once per context."""
    query = (
        select(datasets.c.experiment, datasets.c.name, datasets.c.digest, run_inputs.c.context)
        .join(run_inputs, run_inputs.c.dataset == datasets.c.id)
        .join(runs, runs.c.id == run_inputs.c.run)
        .where(datasets.c.experiment.in_(experiments), runs.c.state == "active")
        .distinct()
        .order_by(datasets.c.experiment, datasets.c.name, datasets.c.digest, run_inputs.c.context)
        .limit(limit)
    )
    return [
        DatasetSummary(experiment=str(experiment), name=name, digest=digest, context=context)
        for experiment, name, digest, context in tx.execute(query)
    ]
