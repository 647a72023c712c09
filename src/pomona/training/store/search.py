"""The search grammar as SQL: each condition a look-up by primary key, nothing is filtered in Python."""

from collections.abc import Sequence
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

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.sql import from_us
from pomona.training.records.runs import Experiment, Found, Run, View
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store import experiments, finding, inputs, metrics, runs
from pomona.training.store.statements import chunks, compare

_STATES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
_FROM_INDEX = 20_000  # runs that are read in order of a metric; later pages sort
_RUN_COLUMNS: dict[str, Column[Any]] = {
    "run_id": runs.runs.c.run_id,
    "run_name": runs.runs.c.name,
    "user_id": runs.runs.c.user_id,
    "status": runs.runs.c.status,
    "artifact_uri": runs.runs.c.artifact_uri,
    "start_time": runs.runs.c.started_ms,
    "end_time": runs.runs.c.ended_ms,
}
_DATASET_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": inputs.datasets.c.name,
    "digest": inputs.datasets.c.digest,
    "context": inputs.run_inputs.c.context,
}
_PAIRS: dict[str, Table] = {"parameter": runs.params, "tag": runs.tags, "metric": metrics.latest}
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
    where = [_among(runs.runs.c.state, _STATES[view])]
    if numbers is not None:
        where.append(_among(runs.runs.c.experiment, numbers))
    where += [_test(condition, ids) for condition in conditions]
    joined, sorts = _sorts(order, ids)
    few = finding.few(tx, conditions, ids, _STATES[view])
    if few is not None:
        where.append(runs.runs.c.id.in_(few))
    found = _in_order(tx, order, ids, where, sorts, end=offset + limit) if few is None else None
    if found is not None:
        return found[offset:]
    query = select(runs.runs.c.id).select_from(joined).where(*where).order_by(*sorts)
    return [] if few == [] else list(tx.execute(query.limit(limit).offset(offset)).scalars())


def _in_order(
    tx: Transaction,
    order: Sequence[SortKey],
    ids: dict[str, int],
    where: list[ColumnElement[bool]],
    sorts: list[ColumnElement[Any]],
    *,
    end: int,
) -> list[int] | None:
    """Runs in the order of their metric's index, up to ``end``; None if fewer have a number there."""
    if len(order) != 1 or order[0].entity != "metric" or end > _FROM_INDEX:
        return None
    table, key = metrics.latest, ids.get(order[0].key, -1)
    with_value = runs.runs.join(table, and_(table.c.run == runs.runs.c.id, table.c.key == key))
    first = table.c.value.asc() if order[0].ascending else table.c.value.desc()
    query = select(runs.runs.c.id).select_from(with_value).where(table.c.nan.is_(False), *where)
    found = list(tx.execute(query.order_by(first, *sorts[2:]).limit(end)).scalars())
    return found if len(found) == end else None


def rows_of(tx: Transaction, numbers: list[int]) -> list[Any]:
    """The rows of runs, in the order of their numbers given."""
    rows: dict[int, Any] = {}
    for part in chunks(numbers):
        rows |= {row.id: row for row in tx.execute(select(runs.runs).where(runs.runs.c.id.in_(part)))}
    return [rows[number] for number in numbers]


def _among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    # "= one" lets an index give the order, too; "IN (one)" may not.
    return column == values[0] if len(values) == 1 else column.in_(values)


def _test(condition: Comparison, ids: dict[str, int]) -> ColumnElement[bool]:
    """A condition as a test of one run: a look-up by primary key, which no planner turns into a scan."""
    if condition.entity == "attribute":
        return compare(_RUN_COLUMNS[condition.key], condition.op, condition.value)
    if condition.entity == "dataset":
        return _read_dataset(condition)
    table = _PAIRS[condition.entity].alias()
    of_run = and_(table.c.run == runs.runs.c.id, table.c.key == ids.get(condition.key, -1))
    if condition.op in ("IS NULL", "IS NOT NULL"):
        key = select(table.c.key).where(of_run).scalar_subquery()
        return key.is_not(None) if condition.op == "IS NOT NULL" else key.is_(None)
    matches = compare(table.c.value, condition.op, condition.value)
    if condition.entity == "metric":
        nan = table.c.nan.is_(True)
        matches = or_(matches, nan) if condition.op == "!=" else and_(matches, not_(nan))
    one = select(literal(1)).select_from(table).where(of_run, matches).scalar_subquery()
    return one.is_not(None)


def _read_dataset(condition: Comparison) -> ColumnElement[bool]:
    return (
        exists()
        .where(inputs.run_inputs.c.run == runs.runs.c.id)
        .where(inputs.datasets.c.id == inputs.run_inputs.c.dataset)
        .where(compare(_DATASET_COLUMNS[condition.key], condition.op, condition.value))
    )


def _sorts(order: Sequence[SortKey], ids: dict[str, int]) -> tuple[FromClause, list[ColumnElement[Any]]]:
    joined: FromClause = runs.runs
    sorts: list[ColumnElement[Any]] = []
    seen: set[tuple[str, str]] = set()
    for key in order:
        if (key.entity, key.key) in seen:
            raise Invalid(f"`order_by` contains duplicate fields: {key.key}")
        seen.add((key.entity, key.key))
        if key.entity == "dataset":
            raise Invalid("Invalid identifier type 'dataset'", hint="runs have no single dataset to sort by")
        if key.entity == "attribute":
            column = _RUN_COLUMNS[key.key]
            if column.nullable:
                sorts.append(case((column.is_(None), 1), else_=0))
        else:
            table = _PAIRS[key.entity].alias()
            of_run = and_(table.c.run == runs.runs.c.id, table.c.key == ids.get(key.key, -1))
            joined, column = joined.outerjoin(table, of_run), table.c.value
            missing = case((column.is_(None), 2), else_=0)
            if key.entity == "metric":
                missing = case((column.is_(None), 2), (table.c.nan.is_(True), 1), else_=0)
            sorts.append(missing)
        sorts.append(column.asc() if key.ascending else column.desc())
    if not any(key.entity == "attribute" and key.key == "start_time" for key in order):
        sorts.append(runs.runs.c.started_ms.desc())
    return joined, [*sorts, runs.runs.c.run_id]


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
