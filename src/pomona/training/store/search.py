"""Runs and experiments searched in SQL: nothing is filtered in Python."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    exists,
    not_,
    select,
)

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.sql import from_us
from pomona.training.records.runs import Experiment, Found, Run, View
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store import experiments, finding, inputs, metrics, runs
from pomona.training.store.statements import chunks, compare

_STATES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
_EXPERIMENT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": experiments.experiments.c.name,
    "experiment_id": experiments.experiments.c.id,
    "creation_time": experiments.experiments.c.created_ms,
    "last_update_time": experiments.experiments.c.updated_ms,
}


def search_runs(
    tx: Transaction,
    numbers: Sequence[int] | None,
    conditions: Sequence[Comparison],
    order: Sequence[SortKey],
    *,
    view: View,
    limit: int,
    offset: int,
) -> Found:
    """One page of runs (of every experiment without ``numbers``), newest first unless ``order`` differs."""
    found = matching(tx, numbers, conditions, order, view=view, limit=limit + 1, offset=offset)
    more = offset + limit if len(found) > limit else None
    return Found(runs=loaded(tx, rows_of(tx, found[:limit])), next_offset=more)


def matching(
    tx: Transaction,
    numbers: Sequence[int] | None,
    conditions: Sequence[Comparison],
    order: Sequence[SortKey],
    *,
    view: View,
    limit: int,
    offset: int = 0,
) -> list[int]:
    """As ``search_runs``, but only the runs' numbers."""
    ids = runs.stored_keys(tx, {item.key for item in conditions} | {item.key for item in order})
    return finding.find(
        tx, finding.Asked(ids, _STATES[view], numbers, conditions, order, limit=limit, offset=offset)
    )


def rows_of(tx: Transaction, numbers: list[int]) -> list[Any]:
    """The rows of runs, in the order of their numbers given."""
    rows: dict[int, Any] = {}
    for part in chunks(numbers):
        rows |= {row.id: row for row in tx.execute(select(runs.runs).where(runs.runs.c.id.in_(part)))}
    return [rows[number] for number in numbers]


def run(tx: Transaction, run_id: str) -> Run:
    """One run, deleted or not.

    Raises:
        NotFound: If there is none.
    """
    row = tx.execute(select(runs.runs).where(runs.runs.c.run_id == run_id)).first()
    if row is None:
        raise NotFound(f"Run with id={run_id} not found", hint="`pomona runs ls` lists them")
    return loaded(tx, [row])[0]


def by_ids(tx: Transaction, run_ids: Sequence[str]) -> list[Run]:
    """Runs with these ids, in this order, deleted or not.

    Raises:
        NotFound: If one does not exist.
    """
    rows: dict[str, Any] = {}
    for part in chunks(list(dict.fromkeys(run_ids))):
        rows |= {row.run_id: row for row in tx.execute(select(runs.runs).where(runs.runs.c.run_id.in_(part)))}
    missing = next((one for one in run_ids if one not in rows), None)
    if missing is not None:
        raise NotFound(f"Run with id={missing} not found", hint="`pomona runs ls` lists them")
    return loaded(tx, [rows[one] for one in run_ids])


def loaded(tx: Transaction, rows: list[Any]) -> list[Run]:
    """Run rows as records, with everything they logged."""
    numbers = [row.id for row in rows]
    params, tags = runs.pairs(tx, runs.params, numbers), runs.pairs(tx, runs.tags, numbers)
    values = metrics.latest_of(tx, numbers)
    read, models = inputs.datasets_of(tx, numbers), inputs.models_of(tx, numbers)
    return [
        Run(
            id=row.run_id,
            name=row.name,
            experiment=str(row.experiment),
            user=row.user_id,
            status=row.status,
            state=row.state,
            started_at=from_us(row.started_ms * 1000),
            ended_at=None if row.ended_ms is None else from_us(row.ended_ms * 1000),
            artifact_uri=row.artifact_uri,
            params=params[row.id],
            metrics=values[row.id],
            tags=tags[row.id],
            inputs=read[row.id],
            model_inputs=models[row.id][0],
            model_outputs=models[row.id][1],
        )
        for row in rows
    ]


def search_experiments(
    tx: Transaction,
    conditions: Sequence[Comparison],
    order: Sequence[SortKey],
    *,
    view: View,
    limit: int,
    offset: int,
) -> list[Experiment]:
    """Experiments, newest first unless ``order`` says otherwise; one more than ``limit`` if there are."""
    table = experiments.experiments
    query = select(table).where(table.c.state.in_(_STATES[view]))
    for condition in conditions:
        query = query.where(_experiment_condition(condition))
    keys = list(order) or [SortKey(entity="attribute", key="creation_time", ascending=False)]
    for key in keys:
        if key.entity != "attribute":
            raise Invalid(f"Invalid order_by entity: {key.entity}")
        column = _EXPERIMENT_COLUMNS[key.key]
        query = query.order_by(column.asc() if key.ascending else column.desc())
    query = query.order_by(table.c.id.asc() if not order else table.c.id.desc())
    return experiments.loaded(tx, list(tx.execute(query.limit(limit + 1).offset(offset))))


def _experiment_condition(condition: Comparison) -> ColumnElement[bool]:
    if condition.entity == "tag":
        table = experiments.experiment_tags
        tagged = exists().where(
            table.c.experiment == experiments.experiments.c.id, table.c.key == condition.key
        )
        if condition.op == "IS NULL":
            return not_(tagged)
        if condition.op != "IS NOT NULL":
            tagged = tagged.where(compare(table.c.value, condition.op, condition.value))
        return tagged
    column, value = _EXPERIMENT_COLUMNS[condition.key], condition.value
    if condition.key == "experiment_id":
        given = value if isinstance(value, tuple) else (str(value),)
        chosen = column.in_([int(item) for item in given])
        return chosen if condition.op in ("=", "IN") else not_(chosen)
    return compare(column, condition.op, value)
