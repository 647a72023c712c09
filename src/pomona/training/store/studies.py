"""What many runs logged, in few statements: histories, their extremes, the names in use."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, exists, func, select

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.training.records.studies import RunKeys, Stat
from pomona.training.store.metrics import history, latest
from pomona.training.store.runs import keys, params, runs, stored_keys, tags
from pomona.training.store.statements import chunks

_MOST_NAMES = 5_000
LONG, STRETCHES = 8_000, 1_000
_BY_TIME = (history.c.at_ms, history.c.step, history.c.value, history.c.nan)  # as the table is clustered
_SAMPLE = 2_000  # of the newest runs with a key, for its usual values

Point = tuple[int, int, float, bool]  # step, Unix milliseconds, value, whether it is no number


def numbers_of(tx: Transaction, run_ids: Sequence[str]) -> dict[str, Any]:
    """Rows (id, run_id, name, status, started_ms) of runs, by the ids given; beginnings will do.

    Raises:
        NotFound: Naming the first id that no run has.
    """
    columns = (runs.c.id, runs.c.run_id, runs.c.name, runs.c.status, runs.c.started_ms)
    found: dict[str, Any] = {}
    for part in chunks([one for one in run_ids if len(one) == 32]):
        for row in tx.execute(select(*columns).where(runs.c.run_id.in_(part))):
            found[row.run_id] = row
    for short in (one for one in run_ids if 8 <= len(one) < 32):
        row = tx.execute(select(*columns).where(runs.c.run_id.between(short, f"{short}~")).limit(1)).first()
        if row is not None:
            found[short] = row
    missing = next((one for one in run_ids if one not in found), None)
    if missing is not None:
        raise NotFound(f"Run with id={missing} not found", hint="`pomona runs ls` lists them")
    return {one: found[one] for one in run_ids}


class Stored(NamedTuple):
    """A metric of a run: its points in order of step, then time; of a long history a summary."""

    key: str
    total: int  # values stored
    each: float  # values behind a point
    points: list[Point]


def histories(tx: Transaction, number: int, names: Sequence[str], *, means: bool) -> Iterator[Stored]:
    """Each of these metrics that the run has.

    A history of more than ``LONG`` values is summed up by the database in ``STRETCHES`` of equal length: by
    the mean of each (``means``), or by its lowest and highest value.
    """
    ids = stored_keys(tx, names)
    columns = (history.c.step, history.c.at_ms, history.c.value, history.c.nan)
    spans = select(
        history.c.key, func.count(), *(of(one) for one in columns[:2] for of in (func.min, func.max))
    )
    of_run = history.c.run == number
    query = spans.where(of_run, history.c.key.in_(list(ids.values()))).group_by(history.c.key)
    found = {key: (total, span) for key, total, *span in tx.execute(query)}
    for name, key in ids.items():
        total, span = found.get(key, (0, []))
        if total > LONG:
            points = [
                point
                for row in tx.execute(_stretches(number, key, span))
                for point in _ends(row, means=means)
            ]
            yield Stored(name, total, total / max(1, len(points)), points)
        elif total:
            rows = select(*columns).where(of_run, history.c.key == key).order_by(*_BY_TIME)
            yield Stored(name, total, 1.0, sorted(map(tuple, tx.execute(rows)), key=itemgetter(0)))


def _stretches(number: int, key: int, span: Sequence[int]) -> Any:
    """First and last step and time, lowest, highest and mean value of each stretch of a history."""
    first, last, began, ended = span
    by, low, high = (history.c.step, first, last) if last > first else (history.c.at_ms, began, ended)
    width = max(1, -(-(high - low + 1) // STRETCHES))
    stretch = ((by - low) // width).label("stretch")
    values = (func.min(history.c.value), func.max(history.c.value), func.avg(history.c.value))
    ends = (of(one) for one in (history.c.step, history.c.at_ms) for of in (func.min, func.max))
    query = select(*ends, *values).where(history.c.run == number, history.c.key == key)
    return query.where(history.c.nan.is_(False)).group_by(stretch).order_by(stretch)


def _ends(row: Any, *, means: bool) -> list[Point]:
    first, last, began, ended, low, high, mean = row
    if means:
        return [((first + last) // 2, (began + ended) // 2, float(mean), False)]
    return [(first, began, low, False), (last, ended, high, False)]


def measured(
    tx: Transaction, numbers: Sequence[int], stat: Stat, step: int | None
) -> dict[int, dict[str, float]]:
    """The least, the greatest or the value at a step (the last one not after it) of each metric."""
    found: dict[int, dict[str, float]] = {number: {} for number in numbers}
    for part in chunks(list(numbers)):
        query = _at(part, step or 0) if stat == "at" else _extreme(part, stat)
        for run, name, value in tx.execute(query):
            found[run][name] = value
    return found


def _extreme(numbers: list[int], stat: Stat) -> Any:
    value = func.min(history.c.value) if stat == "min" else func.max(history.c.value)
    return (
        select(history.c.run, keys.c.name, value)
        .join(keys, keys.c.id == history.c.key)
        .where(history.c.run.in_(numbers), history.c.nan.is_(False))
        .group_by(history.c.run, keys.c.name)
    )


def _at(numbers: list[int], step: int) -> Any:
    reached = (
        select(history.c.run, history.c.key, func.max(history.c.step).label("step"))
        .where(history.c.run.in_(numbers), history.c.step <= step, history.c.nan.is_(False))
        .group_by(history.c.run, history.c.key)
        .subquery()
    )
    same = and_(
        history.c.run == reached.c.run, history.c.key == reached.c.key, history.c.step == reached.c.step
    )
    query = select(history.c.run, keys.c.name, history.c.value).join(reached, same)
    return (
        query.join(keys, keys.c.id == history.c.key).where(history.c.nan.is_(False)).order_by(history.c.at_ms)
    )


def names(tx: Transaction) -> RunKeys:
    """The names of metrics, params and tags that any run has."""
    return RunKeys(metrics=_used(tx, latest), params=_used(tx, params), tags=_used(tx, tags))


def _used(tx: Transaction, table: Table) -> list[str]:
    used = exists().where(table.c.key == keys.c.id)
    return list(
        tx.execute(select(keys.c.name).where(used).order_by(keys.c.name).limit(_MOST_NAMES)).scalars()
    )


def usual_values(tx: Transaction, table: Table, name: str, *, limit: int) -> list[str]:
    """Values that the newest runs with this param or tag have, the most frequent first."""
    key = stored_keys(tx, [name]).get(name, -1)
    newest = (
        select(table.c.run).where(table.c.key == key).order_by(table.c.run.desc()).limit(_SAMPLE).subquery()
    )
    query = (
        select(table.c.value)
        .join(newest, newest.c.run == table.c.run)
        .where(table.c.key == key)
        .group_by(table.c.value)
        .order_by(func.count().desc(), table.c.value)
    )
    return list(tx.execute(query.limit(limit)).scalars())


def values_of(tx: Transaction, table: Table, numbers: Iterable[int], name: str) -> dict[int, str]:
    """One param or tag of many runs."""
    key = stored_keys(tx, [name]).get(name, -1)
    found: dict[int, str] = {}
    for part in chunks(list(numbers)):
        query = select(table.c.run, table.c.value).where(table.c.run.in_(part), table.c.key == key)
        found |= {row.run: row.value for row in tx.execute(query)}
    return found
