"""The search grammar as SQL: each condition a test of one run by look-ups, and the keys of an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Table,
    and_,
    case,
    exists,
    literal,
    not_,
    or_,
    select,
)

from pomona.core.errors import Invalid
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store.inputs import datasets, run_inputs
from pomona.training.store.metrics import latest
from pomona.training.store.runs import params, runs, tags
from pomona.training.store.statements import compare

RUN_COLUMNS: dict[str, Column[Any]] = {
    "run_id": runs.c.run_id,
    "run_name": runs.c.name,
    "user_id": runs.c.user_id,
    "status": runs.c.status,
    "artifact_uri": runs.c.artifact_uri,
    "start_time": runs.c.started_ms,
    "end_time": runs.c.ended_ms,
}
PAIRS: dict[str, Table] = {"parameter": params, "tag": tags, "metric": latest}
_DATASET_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": datasets.c.name,
    "digest": datasets.c.digest,
    "context": run_inputs.c.context,
}


def impossible(conditions: Sequence[Comparison], ids: Mapping[str, int]) -> bool:
    """Whether no run can meet them: one asks for a name that none has."""
    return any(one.entity in PAIRS and one.op != "IS NULL" and one.key not in ids for one in conditions)


def test_of(condition: Comparison, ids: Mapping[str, int]) -> ColumnElement[bool]:
    """A condition as a test of one run: a look-up by primary key, which no planner turns into a scan."""
    if condition.entity == "attribute":
        return compare(RUN_COLUMNS[condition.key], condition.op, condition.value)
    if condition.entity == "dataset":
        return _read_dataset(condition)
    table = PAIRS[condition.entity].alias()
    of_run = and_(table.c.run == runs.c.id, table.c.key == ids.get(condition.key, -1))
    if condition.op in ("IS NULL", "IS NOT NULL"):
        key = select(table.c.key).where(of_run).scalar_subquery()
        return key.is_not(None) if condition.op == "IS NOT NULL" else key.is_(None)
    matches = compare(table.c.value, condition.op, condition.value)
    if condition.entity == "metric":
        nan = table.c.nan.is_(True)
        matches = or_(matches, nan) if condition.op == "!=" else and_(matches, not_(nan))
    one = select(literal(1)).select_from(table).where(of_run, matches).scalar_subquery()
    return one.is_not(None)


def check_order(order: Sequence[SortKey]) -> None:
    """Refuse keys that nothing can be sorted by.

    Raises:
        Invalid: If a key stands there twice, or is one of a dataset.
    """
    seen: set[tuple[str, str]] = set()
    for key in order:
        if (key.entity, key.key) in seen:
            raise Invalid(f"`order_by` contains duplicate fields: {key.key}")
        seen.add((key.entity, key.key))
        if key.entity == "dataset":
            raise Invalid("Invalid identifier type 'dataset'", hint="runs have no single dataset to sort by")


def sorts(
    order: Sequence[SortKey], ids: Mapping[str, int], joined: FromClause = runs
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """What to read from, and the keys of an order: runs without a value last, equal ones newest first."""
    found: list[ColumnElement[Any]] = []
    for key in order:
        if key.entity == "attribute":
            column = RUN_COLUMNS[key.key]
            if column.nullable:
                found.append(case((column.is_(None), 1), else_=0))
        else:
            table = PAIRS[key.entity].alias()
            of_run = and_(table.c.run == runs.c.id, table.c.key == ids.get(key.key, -1))
            joined, column = joined.outerjoin(table, of_run), table.c.value
            missing = case((column.is_(None), 2), else_=0)
            if key.entity == "metric":
                missing = case((column.is_(None), 2), (table.c.nan.is_(True), 1), else_=0)
            found.append(missing)
        found.append(column.asc() if key.ascending else column.desc())
    if not any(key.entity == "attribute" and key.key == "start_time" for key in order):
        found.append(runs.c.started_ms.desc())
    return joined, [*found, runs.c.run_id]


def _read_dataset(condition: Comparison) -> ColumnElement[bool]:
    return (
        exists()
        .where(run_inputs.c.run == runs.c.id)
        .where(datasets.c.id == run_inputs.c.dataset)
        .where(compare(_DATASET_COLUMNS[condition.key], condition.op, condition.value))
    )
