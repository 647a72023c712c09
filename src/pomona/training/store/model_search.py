"""Searching logged models: conditions and sort keys of the protocol as SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select

from pomona.core.errors import Invalid
from pomona.core.ports import Transaction
from pomona.training.records.runs import DatasetFilter, LoggedModel, ModelOrder
from pomona.training.records.search import Comparison
from pomona.training.store.logged_models import loaded, metrics, models, params, tags
from pomona.training.store.statements import compare

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": models.c.name,
    "model_id": models.c.model_id,
    "model_type": models.c.model_type,
    "status": models.c.status,
    "source_run_id": models.c.source_run,
    "creation_timestamp": models.c.created_ms,
    "creation_timestamp_ms": models.c.created_ms,
    "creation_time": models.c.created_ms,
    "last_updated_timestamp": models.c.updated_ms,
    "last_updated_timestamp_ms": models.c.updated_ms,
    "last_updated_time": models.c.updated_ms,
}


def search(
    tx: Transaction,
    numbers: Sequence[int],
    conditions: Sequence[Comparison],
    datasets: Sequence[DatasetFilter],
    order: Sequence[ModelOrder],
    *,
    limit: int,
    offset: int,
) -> tuple[list[LoggedModel], bool]:
    """One page of logged models, newest first unless ``order`` says otherwise, and whether there is more."""
    query = select(models).where(models.c.state == "active", models.c.experiment.in_(numbers))
    on = or_(*(_on_dataset(item) for item in datasets)) if datasets else None
    for condition in conditions:
        query = query.where(_condition(condition, on))
    if on is not None and not any(condition.entity == "metric" for condition in conditions):
        query = query.where(exists().where(metrics.c.model_id == models.c.model_id, on))
    query = _ordered(query, order)
    rows = list(tx.execute(query.limit(limit + 1).offset(offset)))
    return loaded(tx, rows[:limit]), len(rows) > limit


def _condition(condition: Comparison, on: ColumnElement[bool] | None) -> ColumnElement[bool]:
    if condition.entity == "attribute":
        return compare(_COLUMNS[condition.key], condition.op, condition.value)
    table = {"metric": metrics, "parameter": params, "tag": tags}[condition.entity]
    found = exists().where(
        table.c.model_id == models.c.model_id,
        table.c.key == condition.key,
        compare(table.c.value, condition.op, condition.value),
    )
    return found.where(on) if condition.entity == "metric" and on is not None else found


def _on_dataset(item: DatasetFilter) -> ColumnElement[bool]:
    named = metrics.c.dataset_name == item.name
    return and_(named, metrics.c.dataset_digest == item.digest) if item.digest else named


def _ordered(query: Select[Any], order: Sequence[ModelOrder]) -> Select[Any]:
    for key in order:
        column = _metric_column(key) if "." in key.field else _COLUMNS.get(key.field)
        if column is None:
            raise Invalid(f"Invalid order by field name: {key.field}")
        missing = case((column.is_(None), 1), else_=0)
        query = query.order_by(missing, column.asc() if key.ascending else column.desc())
    return query.order_by(models.c.created_ms.desc(), models.c.model_id)


def _metric_column(key: ModelOrder) -> ColumnElement[Any]:
    entity, name = key.field.split(".", 1)
    if entity != "metrics":
        raise Invalid(f"Invalid order by field name: {key.field}. Only metrics are supported.")
    where = [metrics.c.model_id == models.c.model_id, metrics.c.key == name.strip('`"')]
    if key.dataset_name:
        where.append(metrics.c.dataset_name == key.dataset_name)
    if key.dataset_digest:
        where.append(metrics.c.dataset_digest == key.dataset_digest)
    newest = select(metrics.c.value).where(*where).order_by(metrics.c.at_ms.desc(), metrics.c.step.desc())
    return newest.limit(1).scalar_subquery()
