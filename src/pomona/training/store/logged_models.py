"""Logged models, their tags, params and metrics in SQL."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Double, Index, String, Table, Text, delete, insert, select, update

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.sql import from_us, metadata
from pomona.training.records.runs import LoggedModel, Metric
from pomona.training.store.statements import chunks, insert_new, upsert

models = Table(
    "logged_models",
    metadata,
    Column("model_id", String(64), primary_key=True),
    Column("experiment", BigInteger, nullable=False),
    Column("name", String(500), nullable=False),
    Column("model_type", String(500)),
    Column("source_run", String(32)),
    Column("status", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("artifact_uri", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("logged_models_by_experiment", "experiment", "created_ms"),
    Index("logged_models_by_run", "source_run"),
)


def _pairs(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("model_id", String(64), primary_key=True),
        Column("key", String(250), primary_key=True),
        Column("value", Text, nullable=False),
    )


tags = _pairs("logged_model_tags")
params = _pairs("logged_model_params")
metrics = Table(
    "logged_model_metrics",
    metadata,
    Column("model_id", String(64), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", String(32), primary_key=True),
    Column("value", Double, nullable=False),
    Column("dataset_name", String(500)),
    Column("dataset_digest", String(36)),
)
_set_tag, _set_param, _add_metric = upsert(tags), upsert(params), insert_new(metrics)


def add(tx: Transaction, row: Mapping[str, Any]) -> None:
    """A new logged model."""
    tx.execute(insert(models), dict(row))


def change(tx: Transaction, model_id: str, **values: Any) -> None:
    """Overwrite columns of one logged model."""
    tx.execute(update(models).where(models.c.model_id == model_id).values(**values))


def set_pairs(tx: Transaction, table: Table, model_id: str, values: Mapping[str, str]) -> None:
    """Add or overwrite tags or params."""
    if values:
        statement = _set_tag if table is tags else _set_param
        tx.execute(statement, [{"model_id": model_id, "key": key, "value": v} for key, v in values.items()])


def remove_tag(tx: Transaction, model_id: str, key: str) -> bool:
    """Drop a tag; False if it was not there."""
    return bool(tx.execute(delete(tags).where(tags.c.model_id == model_id, tags.c.key == key)).rowcount)


def add_metrics(tx: Transaction, run_id: str, logged: Sequence[Metric]) -> None:
    """Store the metrics that name a model with that model too."""
    rows = [
        {
            "model_id": metric.model_id,
            "key": metric.key,
            "at_ms": metric.timestamp,
            "step": metric.step,
            "run_id": run_id,
            "value": metric.value,
            "dataset_name": metric.dataset_name,
            "dataset_digest": metric.dataset_digest,
        }
        for metric in logged
        if metric.model_id and math.isfinite(metric.value)
    ]
    if rows:
        tx.execute(_add_metric, rows)


def get(tx: Transaction, model_id: str, *, deleted: bool = False) -> LoggedModel:
    """The logged model with this id.

    Raises:
        NotFound: If there is none (or it is deleted, unless ``deleted``).
    """
    query = select(models).where(models.c.model_id == model_id)
    row = tx.execute(query if deleted else query.where(models.c.state == "active")).first()
    if row is None:
        raise NotFound(
            f"Logged model with ID '{model_id}' not found.", hint="open its run to see what it logged"
        )
    return loaded(tx, [row])[0]


def of_run(tx: Transaction, run_id: str) -> list[LoggedModel]:
    """The models that a run logged, oldest first."""
    where = (models.c.source_run == run_id, models.c.state == "active")
    return loaded(tx, list(tx.execute(select(models).where(*where).order_by(models.c.created_ms))))


def loaded(tx: Transaction, rows: list[Any]) -> list[LoggedModel]:
    """Rows as records, with tags, params and metrics."""
    ids = [row.model_id for row in rows]
    found_tags, found_params = _grouped(tx, tags, ids), _grouped(tx, params, ids)
    values: dict[str, list[Metric]] = {model_id: [] for model_id in ids}
    for part in chunks(ids):
        order = (metrics.c.key, metrics.c.at_ms)
        for row in tx.execute(select(metrics).where(metrics.c.model_id.in_(part)).order_by(*order)):
            values[row.model_id].append(_metric(row))
    return [
        LoggedModel(
            id=row.model_id,
            experiment=str(row.experiment),
            name=row.name,
            model_type=row.model_type,
            source_run=row.source_run,
            status=row.status,
            artifact_uri=row.artifact_uri,
            created_at=from_us(row.created_ms * 1000),
            updated_at=from_us(row.updated_ms * 1000),
            tags=found_tags[row.model_id],
            params=found_params[row.model_id],
            metrics=values[row.model_id],
        )
        for row in rows
    ]


def _grouped(tx: Transaction, table: Table, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {model_id: {} for model_id in ids}
    for part in chunks(ids):
        for row in tx.execute(select(table).where(table.c.model_id.in_(part)).order_by(table.c.key)):
            found[row.model_id][row.key] = row.value
    return found


def _metric(row: Any) -> Metric:
    return Metric(
        key=row.key,
        value=row.value,
        timestamp=row.at_ms,
        step=row.step,
        model_id=row.model_id,
        dataset_name=row.dataset_name,
        dataset_digest=row.dataset_digest,
        run_id=row.run_id,
    )
