"""How a search among hundreds of thousands of runs is done: from the rarest condition, or in order.

A search either *seeks*: it begins with the few runs that one condition leaves, tests and sorts them, which is
fast when hardly any matches; or it *walks*: it reads runs in the order asked for and tests each until a page
is full, which is fast when many match. A database that has no statistics guesses wrongly which of both to do,
and every one may join in the wrong order. So this asks how many runs an index gives for each condition, walks
a short way to see how often runs match, and writes statements that can be read in one order only: what is
begun with stands first, all else are look-ups from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, or_, select

from pomona.core.ports import Transaction
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store import conditions, sources
from pomona.training.store.metrics import latest
from pomona.training.store.runs import runs
from pomona.training.store.sources import Source
from pomona.training.store.statements import compare

FEW = 2_000  # runs: these are sought at once
MANY = 50_000  # runs: these are sought if a walk does not get on
WINDOW = 4_000  # runs that are walked by before anything is known of how often they match
PATIENCE = 10  # a walk goes on if it may take so many windows
_FROM_INDEX = 20_000  # runs that are read in order of a metric; later pages sort


class Asked(NamedTuple):
    """A search; ``ids`` are the numbers of the names in it, as far as any run has them."""

    ids: Mapping[str, int]
    states: Sequence[str]
    experiments: Sequence[int] | None
    conditions: Sequence[Comparison]
    order: Sequence[SortKey]
    limit: int
    offset: int

    @property
    def end(self) -> int:
        """How many runs must be known, from the first."""
        return self.offset + self.limit

    @property
    def tests(self) -> list[ColumnElement[bool]]:
        """What a run must be like."""
        found = [sources.among(runs.c.state, self.states)]
        if self.experiments is not None:
            found.append(sources.among(runs.c.experiment, self.experiments))
        return [*found, *(conditions.test_of(one, self.ids) for one in self.conditions)]


def find(tx: Transaction, asked: Asked) -> list[int]:
    """Numbers of the runs of one page, in order.

    Raises:
        Invalid: If nothing can be sorted by a key of the order.
    """
    conditions.check_order(asked.order)
    if conditions.impossible(asked.conditions, asked.ids):
        return []
    begin = sources.rarest(tx, _cheap(asked), few=FEW, most=FEW)
    if begin is not None:
        return _seek(tx, asked, begin)
    walk = _walk(asked)
    if walk is not None:
        edge = walk.edge(tx, max(WINDOW, 3 * asked.end))
        found = walk.read(tx, edge)
        if edge is not None and len(found) < asked.end <= len(found) * PATIENCE:
            edge, found = None, walk.read(tx, None)
        if edge is None and len(found) < asked.end:
            found += walk.rest(tx, asked.end - len(found))
        if edge is None or len(found) == asked.end:
            return found[asked.offset :]
    begin = sources.rarest(tx, _cheap(asked), few=FEW, most=MANY)
    begin = begin or next(sources.scanned(asked.conditions, asked.ids, asked.states), None)
    return _read(tx, asked) if begin is None else _seek(tx, asked, begin)


def _cheap(asked: Asked) -> Iterator[Source]:
    if asked.experiments is not None:
        yield sources.of_runs(asked.states, asked.experiments)
    yield from sources.indexed(asked.conditions, asked.ids, asked.states)


def _seek(tx: Transaction, asked: Asked, begin: Source) -> list[int]:
    """Test and sort the runs of a source."""
    joined, sorts = conditions.sorts(asked.order, asked.ids, _runs_of(begin))
    query = select(begin.run).select_from(joined).where(begin.where, _all(asked.tests)).order_by(*sorts)
    return list(tx.execute(query.limit(asked.limit).offset(asked.offset)).scalars())


def _read(tx: Transaction, asked: Asked, *more: ColumnElement[bool]) -> list[int]:
    """Test all runs; they are sorted, unless an index has them in order."""
    joined, sorts = conditions.sorts(asked.order, asked.ids)
    query = select(runs.c.id).select_from(joined).where(*asked.tests, *more).order_by(*sorts)
    return list(tx.execute(query.limit(asked.limit).offset(asked.offset)).scalars())


def _runs_of(begin: Source) -> Any:
    # An outer join cannot be begun from its right side, whatever a planner thinks of it ...
    return begin.table.outerjoin(runs, runs.c.id == begin.run)


def _all(tests: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    # ... as long as no condition, taken by itself, says that a run is there.
    return case((and_(*tests), 1), else_=0) != 0  # "= 1" would let PostgreSQL expect hardly any


def _walk(asked: Asked) -> "_ByColumn | _ByMetric | None":
    """How an index gives runs in the order asked for, if one does."""
    if asked.end > _FROM_INDEX:
        return None
    first = asked.order[0] if asked.order else SortKey(entity="attribute", key="start_time", ascending=False)
    if first.entity == "metric":
        return _ByMetric(asked)
    one_stretch = len(asked.states) == 1 and (asked.experiments is None or len(asked.experiments) == 1)
    if first.entity != "attribute" or not one_stretch:
        return None
    known = {"start_time"} if asked.experiments else {"start_time", "run_name", "status"}
    return _ByColumn(asked, first) if first.key in known else None


class _ByColumn:
    """Runs in the order of a column that none of them is without."""

    def __init__(self, asked: Asked, first: SortKey) -> None:
        self._asked = asked._replace(limit=asked.end, offset=0)
        self._column = conditions.RUN_COLUMNS[first.key]
        self._rising = first.ascending

    def edge(self, tx: Transaction, rank: int) -> Any:
        """The value at a place in the order; None if there are fewer."""
        asked = self._asked._replace(conditions=())
        first = self._column.asc() if self._rising else self._column.desc()
        query = select(self._column).where(*asked.tests).order_by(first)
        return tx.execute(query.limit(1).offset(rank)).scalar()

    def read(self, tx: Transaction, edge: Any) -> list[int]:
        """Runs that match, to the edge and those equal to it."""
        if edge is None:
            return _read(tx, self._asked)
        return _read(tx, self._asked, self._column <= edge if self._rising else self._column >= edge)

    def rest(self, tx: Transaction, count: int) -> list[int]:
        """None is without."""
        return []


class _ByMetric:
    """Runs in the order of a metric's newest value, then those where it is no number, then those without."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._then = asked, asked.order[1:]
        self._table = table = latest.alias()
        self._of_key = table.c.key == asked.ids.get(asked.order[0].key, -1)
        ranges = [one for one in asked.conditions if (one.entity, one.key) == ("metric", asked.order[0].key)]
        self._wanted = bool(ranges)  # a run without this metric does not match
        self._stretch = and_(self._of_key, *(compare(table.c.value, one.op, one.value) for one in ranges))
        self._rising = asked.order[0].ascending
        self._first = table.c.value.asc() if self._rising else table.c.value.desc()

    def edge(self, tx: Transaction, rank: int) -> Any:
        """The value at a place in the order; None if there are fewer."""
        query = select(self._table.c.value).where(self._stretch).order_by(self._first)
        return tx.execute(query.limit(1).offset(rank)).scalar()

    def read(self, tx: Transaction, edge: Any) -> list[int]:
        """Runs with a number that match, to the edge and those equal to it."""
        value = self._table.c.value
        where = self._stretch
        if edge is not None:
            where = and_(where, value <= edge if self._rising else value >= edge)
        # What is no number is kept as 0; only then its row need be looked at, which the index has not.
        table = latest.alias()
        row = select(table.c.nan).where(table.c.run == self._table.c.run, table.c.key == self._table.c.key)
        number = or_(value != 0, row.scalar_subquery().is_(False))
        return self._found(tx, where, [number, *self._asked.tests], [self._first], self._asked.end)

    def rest(self, tx: Transaction, count: int) -> list[int]:
        """Runs without a number that match, as many as ``count``."""
        nan = and_(self._of_key, self._table.c.value == 0, self._table.c.nan.is_(True))
        found = self._found(tx, nan, self._asked.tests, [], count)
        if len(found) < count and not self._wanted:
            unset = Comparison(entity="metric", key=self._asked.order[0].key, op="IS NULL")
            left = self._asked._replace(
                conditions=[*self._asked.conditions, unset],
                order=self._then,
                limit=count - len(found),
                offset=0,
            )
            found += _read(tx, left)
        return found

    def _found(
        self,
        tx: Transaction,
        where: ColumnElement[bool],
        tests: Sequence[ColumnElement[bool]],
        first: Sequence[ColumnElement[Any]],
        count: int,
    ) -> list[int]:
        begin = Source(self._table, self._table.c.run, where)
        joined, sorts = conditions.sorts(self._then, self._asked.ids, _runs_of(begin))
        query = select(begin.run).select_from(joined).where(begin.where, _all(tests))
        return list(tx.execute(query.order_by(*first, *sorts).limit(count)).scalars())
