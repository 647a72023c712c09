"""Evaluation datasets of the protocol; tags, schemas and rows travel as JSON in texts."""

from typing import Any

import msgspec
from msgspec import Struct

from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.evaluation import rules
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow
from pomona.training.evaluation.service import MAX_PAGE, EvaluationService
from pomona.training.rules.paging import offset_from, token_for


class EvaluationForm(Struct):
    name: str | None = None
    experiment_ids: list[str] | None = None
    tags: str | None = None
    filter_string: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None
    records: str | None = None
    dataset_record_ids: list[str] | None = None


class Evaluations:
    """Handlers of ``/mlflow/datasets``; ``dataset_id`` and ``key`` come from the path."""

    def __init__(self, evaluations: EvaluationService) -> None:
        self._evaluations = evaluations

    def create(self, request: Request) -> Response:
        form = request.form(EvaluationForm, "name")
        tags = rules.tags_from(form.tags) if form.tags else {}
        made = self._evaluations.create(form.name or "", experiment_ids=form.experiment_ids or [], tags=tags)
        return answer({"dataset": _shape(made)})

    def get(self, request: Request) -> Response:
        return answer({"dataset": _shape(self._evaluations.get(request.params["dataset_id"]))})

    def delete(self, request: Request) -> Response:
        self._evaluations.delete(request.params["dataset_id"])
        return EMPTY

    def search(self, request: Request) -> Response:
        form = request.form(EvaluationForm)
        found, more = self._evaluations.search(
            experiment_ids=form.experiment_ids or [],
            filter=form.filter_string or "",
            order_by=form.order_by or [],
            limit=form.max_results or MAX_PAGE,
            offset=offset_from(form.page_token),
        )
        body: dict[str, Any] = {"datasets": [_shape(item) for item in found]} if found else {}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def set_tags(self, request: Request) -> Response:
        form = request.form(EvaluationForm, "tags")
        self._evaluations.set_tags(request.params["dataset_id"], rules.tags_from(form.tags))
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        self._evaluations.delete_tag(request.params["dataset_id"], request.params["key"])
        return EMPTY

    def experiments(self, request: Request) -> Response:
        found = self._evaluations.get(request.params["dataset_id"]).experiments
        return answer({"experiment_ids": found} if found else {})

    def tie(self, request: Request) -> Response:
        form = request.form(EvaluationForm)
        done = self._evaluations.tie(request.params["dataset_id"], form.experiment_ids or [])
        return answer({"dataset": _shape(done)})

    def untie(self, request: Request) -> Response:
        form = request.form(EvaluationForm)
        done = self._evaluations.untie(request.params["dataset_id"], form.experiment_ids or [])
        return answer({"dataset": _shape(done)})

    def merge(self, request: Request) -> Response:
        form = request.form(EvaluationForm, "records")
        done = self._evaluations.merge(request.params["dataset_id"], rules.rows_from(form.records))
        return answer({"inserted_count": done.inserted, "updated_count": done.updated})

    def rows(self, request: Request) -> Response:
        form = request.form(EvaluationForm)
        limit = form.max_results or MAX_PAGE
        found, more = self._evaluations.rows(request.params["dataset_id"], limit=limit, token=form.page_token)
        body = {"records": _json([_row(item) for item in found])}
        return answer(body if more is None else body | {"next_page_token": more})

    def delete_rows(self, request: Request) -> Response:
        form = request.form(EvaluationForm)
        gone = self._evaluations.delete_rows(request.params["dataset_id"], form.dataset_record_ids or [])
        return answer({"deleted_count": gone})


def _shape(found: EvaluationDataset) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "dataset_id": found.id,
        "name": found.name,
        "tags": _json(found.tags),
        "digest": found.digest,
        "created_time": found.created_ms,
        "last_update_time": found.updated_ms,
        "experiment_ids": found.experiments,
    }
    if found.schema is not None:
        shape["schema"] = _json(found.schema)
    if found.rows:
        shape["profile"] = _json({"num_records": found.rows})
    return shape | _people(found)


def _row(found: EvaluationRow) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "dataset_record_id": found.id,
        "dataset_id": found.dataset,
        "inputs": found.inputs,
        "tags": found.tags,
        "created_time": found.created_ms,
        "last_update_time": found.updated_ms,
    }
    if found.outputs is not None:
        shape["outputs"] = found.outputs
    if found.expectations is not None:
        shape["expectations"] = found.expectations
    if found.source is not None:
        kind, about = found.source.get("source_type"), found.source.get("source_data") or {}
        shape |= {"source": found.source, "source_type": kind}
        if isinstance(about, dict) and (named := about.get("trace_id" if kind == "TRACE" else "source_id")):
            shape["source_id"] = named
    return shape | _people(found)


def _people(found: EvaluationDataset | EvaluationRow) -> dict[str, str]:
    told = {"created_by": found.created_by, "last_updated_by": found.updated_by}
    return {name: value for name, value in told.items() if value is not None}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
