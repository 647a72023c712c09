"""Which runs read an evaluation dataset."""

import msgspec
from sqlalchemy import select

from pomona.core.ports import Transaction
from pomona.sql import from_us
from pomona.training.evaluation.records import EvaluationDataset, EvaluationUse
from pomona.training.store.inputs import datasets, run_inputs
from pomona.training.store.runs import runs

_MOST = 200


def uses(tx: Transaction, dataset: EvaluationDataset) -> list[EvaluationUse]:
    """The newest runs that logged it as an input (``mlflow.genai.evaluate`` does)."""
    source = msgspec.json.encode(dataset.id).decode()
    query = (
        select(runs.c.run_id, runs.c.name, runs.c.experiment, runs.c.started_ms, datasets.c.digest)
        .join(run_inputs, run_inputs.c.run == runs.c.id)
        .join(datasets, datasets.c.id == run_inputs.c.dataset)
        .where(datasets.c.source.contains(source, autoescape=True), runs.c.state == "active")
        .order_by(runs.c.started_ms.desc(), runs.c.run_id)
        .limit(_MOST)
    )
    return [
        EvaluationUse(
            run=row.run_id,
            name=row.name,
            experiment=str(row.experiment),
            digest=row.digest,
            started_at=from_us(row.started_ms * 1000),
        )
        for row in tx.execute(query)
    ]
