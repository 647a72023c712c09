"""Which names the newest traces use: what a filter can be completed with."""

from sqlalchemy import Select, Table, select

from pomona.core.ports import Transaction
from pomona.training.traces import store
from pomona.training.traces.records import NAME_TAG
from pomona.training.traces.shown import TraceNames

_NEWEST = 2_000
_MOST = 200


def names(tx: Transaction) -> TraceNames:
    """Names, tags and judgements of the newest traces."""
    newest = select(store.traces.c.id).order_by(store.traces.c.started_ms.desc()).limit(_NEWEST).subquery()
    of_newest = select(newest.c.id)
    judged = store.assessments
    said = list(
        tx.execute(
            select(judged.c.kind, judged.c.name).where(judged.c.trace.in_(of_newest)).distinct().limit(_MOST)
        )
    )
    named = select(store.tags.c.value).where(store.tags.c.key == NAME_TAG, store.tags.c.trace.in_(of_newest))
    return TraceNames(
        names=sorted(tx.execute(named.distinct().limit(_MOST)).scalars()),
        tags=_keys(tx, store.tags, of_newest),
        feedback=sorted(name for kind, name in said if kind == "feedback"),
        expectations=sorted(name for kind, name in said if kind == "expectation"),
    )


def _keys(tx: Transaction, table: Table, of: Select[tuple[int]]) -> list[str]:
    found = tx.execute(select(table.c.key).where(table.c.trace.in_(of)).distinct().limit(_MOST)).scalars()
    return sorted(key for key in found if not key.startswith("mlflow."))
