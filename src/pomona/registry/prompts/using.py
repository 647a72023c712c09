"""Which runs, traces and logged models used a version of a prompt, as far as their clients said so."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, null, select

from pomona.core.ports import Transaction
from pomona.registry.prompts.records import PromptUser, PromptUses, PromptVersion
from pomona.sql import from_us
from pomona.training.store import logged_models
from pomona.training.store.runs import runs, stored_keys
from pomona.training.store.runs import tags as run_tags
from pomona.training.traces.records import PROMPTS_TAG
from pomona.training.traces.store import links, traces

SHOWN = 20


def uses_of(tx: Transaction, version: PromptVersion) -> PromptUses:
    """Everything that used it, the newest first; what is deleted is left out."""
    used_runs, run_count = _found(tx, _runs(tx, version))
    used_traces, trace_count = _found(tx, _traces(version))
    used_models, model_count = _found(tx, _models(version))
    return PromptUses(
        runs=used_runs,
        traces=used_traces,
        models=used_models,
        run_count=run_count,
        trace_count=trace_count,
        model_count=model_count,
    )


def _found(tx: Transaction, query: Select[Any]) -> tuple[list[PromptUser], int]:
    count = int(tx.execute(select(func.count()).select_from(query.subquery())).scalar_one())
    newest = query.order_by(literal_column("at_ms").desc()).limit(SHOWN)
    rows = tx.execute(newest) if count else ()
    found = [
        PromptUser(id=row.id, name=row.name or "", run=row.run, at=from_us(row.at_ms * 1000)) for row in rows
    ]
    return found, count


def _users(own: Any, name: Any, run: Any, at_ms: Any) -> Select[Any]:
    return select(own.label("id"), name.label("name"), run.label("run"), at_ms.label("at_ms"))


def _runs(tx: Transaction, version: PromptVersion) -> Select[Any]:
    key = stored_keys(tx, [PROMPTS_TAG]).get(PROMPTS_TAG, -1)
    users = _users(runs.c.run_id, runs.c.name, runs.c.run_id, runs.c.started_ms)
    return users.join(run_tags, run_tags.c.run == runs.c.id).where(
        run_tags.c.key == key, runs.c.state == "active", _names(run_tags.c.value, version)
    )


def _traces(version: PromptVersion) -> Select[Any]:
    users = _users(traces.c.trace_id, traces.c.request_preview, null(), traces.c.started_ms)
    target = f"{version.prompt}/{version.number}"
    return users.join(links, links.c.trace == traces.c.id).where(
        links.c.kind == "prompt", links.c.target == target
    )


def _models(version: PromptVersion) -> Select[Any]:
    models, tags = logged_models.models, logged_models.tags
    users = _users(models.c.model_id, models.c.name, models.c.source_run, models.c.created_ms)
    return users.join(tags, tags.c.model_id == models.c.model_id).where(
        tags.c.key == PROMPTS_TAG, models.c.state == "active", _names(tags.c.value, version)
    )


def _names(column: ColumnElement[Any], version: PromptVersion) -> ColumnElement[bool]:
    """Whether a tag lists this version; its clients write it so, and LIKE would take ``_`` for any letter."""
    written = json.dumps({"name": version.prompt, "version": str(version.number)})
    return func.replace(column, written, "") != column
