"""Rows of MLflow's tables of evaluation datasets and webhooks as records."""

import json
from typing import Any

from pomona.registry.importing.records import OldEvaluation, OldWebhook
from pomona.registry.importing.rows import Reader, workspaced
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow

_WRAPPED = "mlflow_wrapped"


def evaluations_of(reader: Reader) -> list[OldEvaluation]:
    """All evaluation datasets, without their rows."""
    columns = ("dataset_id", "name", "workspace", "schema", "digest", "created_time", "last_update_time")
    chosen = reader.select("evaluation_datasets", *columns, "created_by", "last_updated_by")
    if chosen is None:
        return []
    rows = sorted(
        reader.connection.execute(chosen[0]), key=lambda row: (row.created_time or 0, row.dataset_id)
    )
    ids = [row.dataset_id for row in rows]
    tags = reader.pairs("evaluation_dataset_tags", "dataset_id", ids, "key", "value")
    count, homes = reader.counts("evaluation_dataset_records", "dataset_id"), _homes(reader, ids)
    return [
        OldEvaluation(
            dataset=EvaluationDataset(
                id=row.dataset_id,
                name=workspaced(row.name, row.workspace),
                digest=row.digest or "",
                tags=tags[row.dataset_id],
                schema=_object(row.schema),
                rows=count.get(row.dataset_id, 0),
                experiments=sorted(homes.get(row.dataset_id, [])),
                created_ms=int(row.created_time or 0),
                updated_ms=int(row.last_update_time or row.created_time or 0),
                created_by=row.created_by,
                updated_by=row.last_updated_by,
            )
        )
        for row in rows
    ]


def _homes(reader: Reader, ids: list[str]) -> dict[str, list[str]]:
    columns = ("source_type", "source_id", "destination_type", "destination_id")
    found: dict[str, list[str]] = {}
    for row in reader.where("entity_associations", "source_id", ids, *columns):
        if (row.source_type, row.destination_type) == ("evaluation_dataset", "experiment"):
            found.setdefault(row.source_id, []).append(row.destination_id)
    return found


def rows_of(reader: Reader, dataset: str, *, after: str, limit: int) -> list[EvaluationRow]:
    """The next rows of an evaluation dataset, in the order of their ids."""
    columns = ("dataset_record_id", "inputs", "outputs", "expectations", "tags", "source")
    more = ("created_time", "last_update_time", "created_by", "last_updated_by")
    chosen = reader.select("evaluation_dataset_records", *columns, *more)
    if chosen is None:
        return []
    query, table = chosen
    key = table.c.dataset_record_id
    query = query.where(table.c.dataset_id == dataset, key > after).order_by(key).limit(limit)
    return [_row(row, dataset) for row in reader.connection.execute(query)]


def _row(row: Any, dataset: str) -> EvaluationRow:
    outputs = _plain(row.outputs)
    return EvaluationRow(
        id=row.dataset_record_id,
        dataset=dataset,
        inputs=_object(row.inputs) or {},
        outputs=outputs.get(_WRAPPED) if isinstance(outputs, dict) else outputs,
        expectations=_object(row.expectations),
        tags={key: str(value) for key, value in (_object(row.tags) or {}).items() if value is not None},
        source=_object(row.source),
        created_ms=int(row.created_time or 0),
        updated_ms=int(row.last_update_time or row.created_time or 0),
        created_by=row.created_by,
        updated_by=row.last_updated_by,
    )


def webhooks_of(reader: Reader) -> list[OldWebhook]:
    """All webhooks, without their secrets."""
    columns = ("webhook_id", "name", "description", "url", "status", "creation_timestamp")
    chosen = reader.select("webhooks", *columns, "deleted_timestamp")
    if chosen is None:
        return []
    query, table = chosen
    if "deleted_timestamp" in table.c:
        query = query.where(table.c.deleted_timestamp.is_(None))
    rows = list(reader.connection.execute(query))
    events: dict[str, set[str]] = {}
    for one in reader.where(
        "webhook_events", "webhook_id", [row.webhook_id for row in rows], "webhook_id", "entity", "action"
    ):
        events.setdefault(one.webhook_id, set()).add(f"{one.entity}.{one.action}".lower())
    return [
        OldWebhook(
            id=row.webhook_id,
            name=row.name,
            url=row.url,
            events=tuple(sorted(events.get(row.webhook_id, ()))),
            description=row.description or "",
            status="DISABLED" if row.status == "DISABLED" else "ACTIVE",
            created_ms=int(row.creation_timestamp or 0),
        )
        for row in sorted(rows, key=lambda row: row.webhook_id)
    ]


def _object(value: Any) -> dict[str, Any] | None:
    found = _plain(value)
    return found if isinstance(found, dict) else None


def _plain(value: Any) -> Any:
    """JSON: a text, or what the driver made of it."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return json.loads(value, parse_constant=str)
    except ValueError:
        return value
