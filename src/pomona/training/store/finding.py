"""How a search among hundreds of thousands of runs is begun: from the rarest condition, or in order.

A search either *walks*: it reads runs in the order asked for and tests each until a page is full, which is
fast when many match; or it *seeks*: it starts from the few runs that one condition leaves, which is fast
when hardly any does. A database that has no statistics guesses wrongly which of both to do, so this asks:
does an index give at most ``FEW`` runs for one of the conditions?
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from pomona.core.ports import Transaction
from pomona.training.records.search import Comparison
from pomona.training.store.metrics import latest
from pomona.training.store.runs import params, runs, tags
from pomona.training.store.statements import compare

FEW = 2_000
_INDEXED = {"run_id": runs.c.run_id, "run_name": runs.c.name, "status": runs.c.status}
_PAIRS = {"parameter": params, "tag": tags}


def few(
    tx: Transaction, conditions: Sequence[Comparison], ids: Mapping[str, int], states: Sequence[str]
) -> list[int] | None:
    """Numbers of the runs that one of the conditions leaves, and perhaps more; None if each leaves many."""
    for query in _probes(conditions, ids, states):
        found = [] if query is None else list(tx.execute(query.limit(FEW + 1)).scalars())
        if len(found) <= FEW:
            return found
    return None


def _probes(
    conditions: Sequence[Comparison], ids: Mapping[str, int], states: Sequence[str]
) -> Iterator[Any | None]:
    """A query for the runs of each condition that an index serves; None where no run can match."""
    for one in conditions:
        if one.entity == "attribute" and one.key in _INDEXED and one.op not in ("!=", "NOT IN"):
            matches = compare(_INDEXED[one.key], one.op, one.value)
            yield select(runs.c.id).where(runs.c.state.in_(states), matches)
    for one in conditions:
        if one.entity in ("metric", *_PAIRS) and one.op != "IS NULL" and one.key not in ids:
            yield None
        elif one.entity == "metric" and one.op != "!=":
            matches = compare(latest.c.value, one.op, one.value)
            yield select(latest.c.run).where(latest.c.key == ids[one.key], matches)
    for one in conditions:
        if one.entity in _PAIRS and one.op in ("=", "LIKE", "ILIKE"):
            table = _PAIRS[one.entity]
            matches = compare(table.c.value, one.op, one.value)
            yield select(table.c.run).where(table.c.key == ids[one.key], matches).order_by(table.c.run.desc())
