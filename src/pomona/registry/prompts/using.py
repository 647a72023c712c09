"""Which runs, traces and logged models used a version of a prompt, as far as their clients said so."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

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
    used_runs, run_count = _found(tx, *_runs(tx, version))
    used_traces, trace_count = _found(tx, *_traces(version))
    used_models, model_count = _found(tx, *_models(version))
    return PromptUses(
        runs=used_runs,
        traces=used_traces,
        models=used_models,
        run_count=run_count,
        trace_count=trace_count,
        model_count=model_count,
    )


def _found(tx: Transaction, query: Select[Any], newest: ColumnElement[Any]) -> tuple[list[PromptUser], int]:
    count = int(tx.execute(select(func.count()).select_from(query.subquery())).scalar_one())
    rows = tx.execute(query.order_by(newest.desc()).limit(SHOWN)) if count else ()
    found = [
        PromptUser(id=row.id, name=row.name or "", run=row.run, at=from_us(row.at_ms * 1000)) for row in rows
    ]
    return found, count


def _runs(tx: Transaction, version: PromptVersion) -> tuple[Select[Any], ColumnElement[Any]]:
    key = stored_keys(tx, [PROMPTS_TAG]).get(PROMPTS_TAG, -1)
    query = (
        select(
            runs.c.run_id.label("id"),
            runs.c.name,
            runs.c.run_id.label("run"),
            runs.c.started_ms.label("at_ms"),
        )
        .join(run_tags, run_tags.c.run == runs.c.id)
        .where(run_tags.c.key == key, runs.c.state == "active", _names(run_tags.c.value, version))
    )
    return query, runs.c.started_ms


def _traces(version: PromptVersion) -> tuple[Select[Any], ColumnElement[Any]]:
    query = (
        select(
            traces.c.trace_id.label("id"),
            traces.c.request_preview.label("name"),
            traces.c.trace_id.label("run"),
            traces.c.started_ms.label("at_ms"),
        )
        .join(links, links.c.trace == traces.c.id)
        .where(links.c.kind == "prompt", links.c.target == f"{version.prompt}/{version.number}")
    )
    return query, traces.c.started_ms


def _models(version: PromptVersion) -> tuple[Select[Any], ColumnElement[Any]]:
    models, tags = logged_models.models, logged_models.tags
    query = (
        select(
            models.c.model_id.label("id"),
            models.c.name,
            models.c.source_run.label("run"),
            models.c.created_ms.label("at_ms"),
        )
        .join(tags, tags.c.model_id == models.c.model_id)
        .where(tags.c.key == PROMPTS_TAG, models.c.state == "active", _names(tags.c.value, version))
    )
    return query, models.c.created_ms


def _names(column: ColumnElement[Any], version: PromptVersion) -> ColumnElement[bool]:
    """Whether a tag lists this version; its clients write it so, and LIKE would take ``_`` for any letter."""
    written = json.dumps({"name": version.prompt, "version": str(version.number)})
    return func.replace(column, written, "") != column
