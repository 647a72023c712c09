"""How long runs took, by what they used, summed in SQL."""

from sqlalchemy import exists, func, or_, select

from pomona.core.ports import Transaction
from pomona.training.records.costs import GPU_METRICS, GPUS_TAG, RESOURCE_TAG
from pomona.training.records.runs import HYPOTHESIS_TAG
from pomona.training.store.metrics import latest
from pomona.training.store.runs import keys, runs, tags


def durations(
    tx: Transaction, *, experiment: int | None, hypothesis: str | None
) -> list[tuple[str | None, bool, int, float]]:
    """Resource by tag, whether there were GPUs, number and seconds of active runs that ended."""
    named = select(keys.c.id).where(keys.c.name == RESOURCE_TAG).scalar_subquery()
    gpu = select(keys.c.id).where(keys.c.name.like(GPU_METRICS))
    told, told_key = tags.alias(), select(keys.c.id).where(keys.c.name == GPUS_TAG).scalar_subquery()
    has_gpu = or_(
        exists().where(latest.c.run == runs.c.id, latest.c.key.in_(gpu)),
        exists().where(told.c.run == runs.c.id, told.c.key == told_key, told.c.value.not_in(("", "0"))),
    )
    joined = runs.outerjoin(tags, (tags.c.run == runs.c.id) & (tags.c.key == named))
    inner = (
        select(tags.c.value.label("resource"), has_gpu.label("gpu"), runs.c.started_ms, runs.c.ended_ms)
        .select_from(joined)
        .where(runs.c.state == "active", runs.c.ended_ms >= runs.c.started_ms)
    )
    if experiment is not None:
        inner = inner.where(runs.c.experiment == experiment)
    if hypothesis is not None:
        tested = select(keys.c.id).where(keys.c.name == HYPOTHESIS_TAG).scalar_subquery()
        other = tags.alias()
        wanted = (other.c.run == runs.c.id, other.c.key == tested, other.c.value == hypothesis)
        inner = inner.where(exists().where(*wanted))
    found = inner.subquery()
    took_ms = func.sum(found.c.ended_ms - found.c.started_ms)
    query = select(found.c.resource, found.c.gpu, func.count(), took_ms)
    rows = tx.execute(query.group_by(found.c.resource, found.c.gpu))
    return [(tag, bool(gpu), count, float(ms) / 1000) for tag, gpu, count, ms in rows]
