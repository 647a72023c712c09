"""Experiments of the protocol."""

from typing import get_args

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.server.mlflow.forms import ExperimentForm, SearchForm
from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.records.runs import View
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.service.experiments import ExperimentService

VIEWS: tuple[View, ...] = get_args(View)


def view_of(value: str | int | None) -> View:
    """The view a number (from 1) or a name stands for."""
    text = str(value or 1)
    for number, view in enumerate(VIEWS, start=1):
        if text in (view, str(number)):
            return view
    raise invalid_value("view_type", value)


class Experiments:
    """Handlers of ``/mlflow/experiments``."""

    def __init__(self, experiments: ExperimentService) -> None:
        self._experiments = experiments

    def create(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "name")
        tags = dict(tag.item() for tag in form.tags or [])
        found = self._experiments.create(form.name or "", location=form.artifact_location or "", tags=tags)
        return answer({"experiment_id": found})

    def get(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "experiment_id")
        return answer({"experiment": shapes.experiment(self._experiments.get(form.experiment_id or ""))})

    def named(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "experiment_name")
        return answer({"experiment": shapes.experiment(self._experiments.named(form.experiment_name or ""))})

    def search(self, request: Request) -> Response:
        form = request.form(SearchForm)
        found, more = self._experiments.search(
            filter=form.filter or "",
            order_by=form.order_by or [],
            view=view_of(form.view_type),
            limit=1000 if form.max_results is None else form.max_results,
            offset=offset_from(form.page_token),
        )
        body: dict[str, object] = {"experiments": [shapes.experiment(item) for item in found]}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def delete(self, request: Request) -> Response:
        self._experiments.delete(request.form(ExperimentForm, "experiment_id").experiment_id or "")
        return EMPTY

    def restore(self, request: Request) -> Response:
        self._experiments.restore(request.form(ExperimentForm, "experiment_id").experiment_id or "")
        return EMPTY

    def update(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "experiment_id", "new_name")
        self._experiments.rename(form.experiment_id or "", form.new_name or "")
        return EMPTY

    def set_tag(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "experiment_id", "key")
        self._experiments.set_tag(form.experiment_id or "", form.key or "", form.value or "")
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        form = request.form(ExperimentForm, "experiment_id", "key")
        self._experiments.delete_tag(form.experiment_id or "", form.key or "")
        return EMPTY

    def search_datasets(self, request: Request) -> Response:
        wanted = request.form(SearchForm).experiment_ids or []
        if not wanted:
            raise Invalid("SearchDatasets request must specify at least one experiment_id.")
        if len(wanted) > 20:
            raise Invalid(
                "SearchDatasets request cannot specify more than 20 experiment_ids."
                f" Received {len(wanted)} experiment_ids."
            )
        found = [
            {"experiment_id": item.experiment, "name": item.name, "digest": item.digest}
            | ({"context": item.context} if item.context else {})
            for item in self._experiments.datasets(wanted)
        ]
        return answer({"dataset_summaries": found})
