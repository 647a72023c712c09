"""Evaluation datasets, their rows, tags and experiments in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    String,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store.statements import chunks, compare, insert_new, upsert

datasets = Table(
    "evaluation_datasets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("schema_json", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("created_by", Text),
    Column("updated_by", Text),
    Index("evaluation_datasets_by_time", "created_ms", "id"),
)
tags = Table(
    "evaluation_dataset_tags",
    metadata,
    Column("dataset", String(64), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
)
homes = Table(
    "evaluation_dataset_experiments",
    metadata,
    Column("dataset", String(64), primary_key=True),
    Column("experiment", BigInteger, primary_key=True, autoincrement=False),
    Index("evaluation_datasets_by_experiment", "experiment", "dataset"),
)
rows = Table(
    "evaluation_rows",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("dataset", String(64), nullable=False),
    Column("input_key", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("evaluation_rows_by_input", "dataset", "input_key", unique=True),
    Index("evaluation_rows_by_time", "dataset", "created_ms", "id"),
)
_set_tag, _add_home, _set_row = upsert(tags), insert_new(homes), upsert(rows)
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": datasets.c.name,
    "created_time": datasets.c.created_ms,
    "last_update_time": datasets.c.updated_ms,
    "created_by": datasets.c.created_by,
    "last_updated_by": datasets.c.updated_by,
}


def add(tx: Transaction, made: EvaluationDataset) -> None:
    """A new dataset with its tags and experiments."""
    row = {
        "id": made.id,
        "name": made.name,
        "digest": made.digest,
        "schema_json": None,
        "created_ms": made.created_ms,
        "updated_ms": made.updated_ms,
        "created_by": made.created_by,
        "updated_by": made.updated_by,
    }
    tx.execute(insert(datasets), row)
    set_tags(tx, made.id, made.tags)
    add_homes(tx, made.id, [int(item) for item in made.experiments])


def change(tx: Transaction, dataset: str, **values: Any) -> None:
    """Overwrite columns of one dataset."""
    tx.execute(update(datasets).where(datasets.c.id == dataset).values(**values))


def get(tx: Transaction, dataset: str) -> EvaluationDataset:
    """The dataset with this id.

    Raises:
        NotFound: If there is none.
    """
    found = list(tx.execute(select(datasets).where(datasets.c.id == dataset)))
    if not found:
        raise NotFound(f"Evaluation dataset with id '{dataset}' not found")
    return _loaded(tx, found)[0]


def is_there(tx: Transaction, dataset: str) -> bool:
    """Whether a dataset has this id."""
    return tx.execute(select(datasets.c.id).where(datasets.c.id == dataset)).first() is not None


def set_tags(tx: Transaction, dataset: str, values: Mapping[str, str]) -> None:
    """Add or overwrite tags."""
    if values:
        tx.execute(_set_tag, [{"dataset": dataset, "key": k, "value": v} for k, v in values.items()])


def drop_tag(tx: Transaction, dataset: str, key: str) -> None:
    """Remove a tag, if it is there."""
    tx.execute(delete(tags).where(tags.c.dataset == dataset, tags.c.key == key))


def add_homes(tx: Transaction, dataset: str, numbers: Sequence[int]) -> None:
    """Tie a dataset to experiments."""
    if numbers:
        tx.execute(_add_home, [{"dataset": dataset, "experiment": number} for number in numbers])


def drop_homes(tx: Transaction, dataset: str, numbers: Sequence[int]) -> None:
    """Untie a dataset from experiments."""
    for part in chunks(list(numbers)):
        tx.execute(delete(homes).where(homes.c.dataset == dataset, homes.c.experiment.in_(part)))


def remove(tx: Transaction, dataset: str) -> None:
    """Drop a dataset with all that is its."""
    for table in (tags, homes, rows):
        tx.execute(delete(table).where(table.c.dataset == dataset))
    tx.execute(delete(datasets).where(datasets.c.id == dataset))


def rows_by_input(tx: Transaction, dataset: str, keys: Sequence[str]) -> dict[str, EvaluationRow]:
    """The rows that these inputs have, by the inputs' key."""
    found: dict[str, EvaluationRow] = {}
    for part in chunks(list(keys)):
        where = (rows.c.dataset == dataset, rows.c.input_key.in_(part))
        for row in tx.execute(select(rows.c.input_key, rows.c.body).where(*where)):
            found[row.input_key] = msgspec.json.decode(row.body, type=EvaluationRow)
    return found


def set_rows(tx: Transaction, changed: Mapping[str, EvaluationRow]) -> None:
    """Add or overwrite rows, by their inputs' key."""
    if changed:
        tx.execute(
            _set_row,
            [
                {
                    "id": row.id,
                    "dataset": row.dataset,
                    "input_key": key,
                    "created_ms": row.created_ms,
                    "body": msgspec.json.encode(row).decode(),
                }
                for key, row in changed.items()
            ],
        )


def page(
    tx: Transaction, dataset: str, *, after: tuple[int, str] | None, limit: int
) -> tuple[list[EvaluationRow], bool]:
    """Rows, the oldest first, and whether there are more."""
    query = select(rows.c.body).where(rows.c.dataset == dataset)
    if after is not None:
        at, row = after
        later = or_(rows.c.created_ms > at, and_(rows.c.created_ms == at, rows.c.id > row))
        query = query.where(later)
    bodies = list(tx.execute(query.order_by(rows.c.created_ms, rows.c.id).limit(limit + 1)).scalars())
    return [msgspec.json.decode(body, type=EvaluationRow) for body in bodies[:limit]], len(bodies) > limit


def drop_rows(tx: Transaction, dataset: str, ids: Sequence[str]) -> int:
    """Remove rows; returns how many were there."""
    gone = 0
    for part in chunks(list(dict.fromkeys(ids))):
        gone += tx.execute(delete(rows).where(rows.c.dataset == dataset, rows.c.id.in_(part))).rowcount
    return gone


def search(
    tx: Transaction,
    numbers: Sequence[int] | None,
    conditions: Sequence[Comparison],
    order: Sequence[SortKey],
    *,
    limit: int,
    offset: int,
) -> tuple[list[EvaluationDataset], bool]:
    """One page of datasets, newest first unless ``order`` says otherwise, and whether there is more."""
    query = select(datasets)
    if numbers is not None:
        tied = exists().where(homes.c.dataset == datasets.c.id, homes.c.experiment.in_(numbers))
        query = query.where(tied)
    for condition in conditions:
        query = query.where(_condition(condition))
    for key in order or [SortKey(entity="attribute", key="created_time", ascending=False)]:
        column = _COLUMNS[key.key]
        query = query.order_by(column.asc() if key.ascending else column.desc())
    found = list(tx.execute(query.order_by(datasets.c.id.desc()).limit(limit + 1).offset(offset)))
    return _loaded(tx, found[:limit]), len(found) > limit


def _condition(condition: Comparison) -> ColumnElement[bool]:
    if condition.entity == "attribute":
        return compare(_COLUMNS[condition.key], condition.op, condition.value)
    tagged = exists().where(tags.c.dataset == datasets.c.id, tags.c.key == condition.key)
    return tagged.where(compare(tags.c.value, condition.op, condition.value))


def _loaded(tx: Transaction, found: list[Any]) -> list[EvaluationDataset]:
    named: dict[str, dict[str, str]] = {row.id: {} for row in found}
    tied: dict[str, list[str]] = {row.id: [] for row in found}
    count: dict[str, int] = {}
    for part in chunks(list(named)):
        for row in tx.execute(select(tags).where(tags.c.dataset.in_(part))):
            named[row.dataset][row.key] = row.value
        for row in tx.execute(select(homes).where(homes.c.dataset.in_(part)).order_by(homes.c.experiment)):
            tied[row.dataset].append(str(row.experiment))
        counted = (
            select(rows.c.dataset, func.count()).where(rows.c.dataset.in_(part)).group_by(rows.c.dataset)
        )
        count |= {row[0]: row[1] for row in tx.execute(counted)}
    return [
        EvaluationDataset(
            id=row.id,
            name=row.name,
            digest=row.digest,
            tags=named[row.id],
            schema=None if row.schema_json is None else msgspec.json.decode(row.schema_json),
            rows=count.get(row.id, 0),
            experiments=tied[row.id],
            created_ms=row.created_ms,
            updated_ms=row.updated_ms,
            created_by=row.created_by,
            updated_by=row.updated_by,
        )
        for row in found
    ]
