"""Where a search can begin: an index that gives the runs which one condition leaves, or a few more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, and_, func, literal, select

from pomona.core.ports import Transaction
from pomona.training.records.search import Comparison
from pomona.training.store.metrics import latest
from pomona.training.store.runs import params, runs, tags
from pomona.training.store.statements import beyond, compare, head_of

_INDEXED = {"run_id": "run_id", "run_name": "name", "status": "status", "start_time": "started_ms"}
_PAIRS: dict[str, Table] = {"parameter": params, "tag": tags}


class Source(NamedTuple):
    """A table, its column with the number of a run, and which of its rows."""

    table: FromClause
    run: ColumnElement[int]
    where: ColumnElement[bool]


def of_runs(states: Sequence[str], experiments: Sequence[int] | None) -> Source:
    """All runs that a search is about."""
    table = runs.alias()
    where = [among(table.c.state, states)]
    if experiments is not None:
        where.append(among(table.c.experiment, experiments))
    return Source(table, table.c.id, and_(*where))


def indexed(
    conditions: Sequence[Comparison], ids: Mapping[str, int], states: Sequence[str]
) -> Iterator[Source]:
    """A source for each condition of which an index gives exactly the rows; first those that read least."""
    for one in conditions:
        if one.entity == "attribute" and one.key in _INDEXED and not _looks_at_all(one):
            yield _by_attribute(one, states)
    for one in conditions:
        if one.entity == "metric" and one.op != "!=":
            table = latest.alias()
            matches = compare(table.c.value, one.op, one.value)
            yield Source(table, table.c.run, and_(table.c.key == ids[one.key], matches))
    for one in conditions:
        if one.entity in _PAIRS:
            table = _PAIRS[one.entity].alias()
            begins = _begins(one, head_of(table.c.value))
            if begins is not None:
                yield Source(table, table.c.run, and_(table.c.key == ids[one.key], begins))


def scanned(
    conditions: Sequence[Comparison], ids: Mapping[str, int], states: Sequence[str]
) -> Iterator[Source]:
    """A source for each condition for which every value of a name must be looked at, but nothing else."""
    for one in conditions:
        if one.op not in ("LIKE", "ILIKE") or not _looks_at_all(one):
            continue
        if one.entity == "attribute" and one.key == "run_name":
            yield _by_attribute(one, states)
        elif one.entity in _PAIRS:
            table = _PAIRS[one.entity].alias()
            matches = compare(table.c.value, one.op, one.value)
            yield Source(table, table.c.run, and_(table.c.key == ids[one.key], matches))


def rarest(tx: Transaction, sources: Iterator[Source], *, few: int, most: int) -> Source | None:
    """The source with the fewest rows, or the first that has but ``few``; None if all have over ``most``."""
    best, fewest = None, most + 1
    for one in sources:
        some = select(literal(1)).select_from(one.table).where(one.where).limit(fewest).subquery()
        count = tx.execute(select(func.count()).select_from(some)).scalar_one()
        if count < fewest:
            best, fewest = one, count
        if count <= few:
            break
    return best


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """``column`` is one of ``values``."""
    # "= one" lets an index give the order, too; "IN (one)" may not.
    return column == values[0] if len(values) == 1 else column.in_(values)


def _by_attribute(one: Comparison, states: Sequence[str]) -> Source:
    table = runs.alias()
    matches = compare(table.c[_INDEXED[one.key]], one.op, one.value)
    return Source(table, table.c.id, and_(among(table.c.state, states), matches))


def _looks_at_all(one: Comparison) -> bool:
    return one.op in ("!=", "NOT IN", "ILIKE") or (one.op == "LIKE" and not _fixed(str(one.value)))


def _begins(one: Comparison, head: ColumnElement[str]) -> ColumnElement[bool] | None:
    """What the index by value knows of a condition: the beginning of the value."""
    value = str(one.value)
    if one.op == "=":
        return head == head_of(literal(value))
    begin = _fixed(value)[:64] if one.op == "LIKE" else ""
    if not begin:
        return None
    end = beyond(begin)
    return head >= begin if end is None else and_(head >= begin, head < end)


def _fixed(pattern: str) -> str:
    """The beginning of a LIKE pattern that stands for itself."""
    return pattern.partition("%")[0].partition("_")[0].partition("\0")[0]
