"""Logged models of the protocol."""

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.server.mlflow.forms import LoggedModelForm, ModelSearchForm
from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.records.runs import DatasetFilter, LoggedModelStatus, ModelOrder
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.rules.paths import ArtifactAddress, safe_path
from pomona.training.service.tracking import TrackingService

_STATUSES: dict[str, LoggedModelStatus] = {
    "1": "PENDING",
    "2": "READY",
    "3": "UPLOAD_FAILED",
    "LOGGED_MODEL_PENDING": "PENDING",
    "LOGGED_MODEL_READY": "READY",
    "LOGGED_MODEL_UPLOAD_FAILED": "UPLOAD_FAILED",
}


class LoggedModels:
    """Handlers of ``/mlflow/logged-models``; ``model_id`` and ``tag_key`` come from the path."""

    def __init__(self, tracking: TrackingService) -> None:
        self._models = tracking.models
        self._artifacts = tracking.artifacts

    def create(self, request: Request) -> Response:
        form = request.form(LoggedModelForm, "experiment_id")
        found = self._models.create(
            form.experiment_id or "",
            name=form.name or None,
            model_type=form.model_type or None,
            source_run=form.source_run_id or None,
            params=dict(item.item() for item in form.params or []),
            tags=dict(item.item() for item in form.tags or []),
        )
        return answer({"model": shapes.logged_model(found)})

    def get(self, request: Request) -> Response:
        deleted = dict(request.query).get("allow_deleted", "").lower() == "true"
        found = self._models.get(request.params["model_id"], deleted=deleted)
        return answer({"model": shapes.logged_model(found)})

    def finish(self, request: Request) -> Response:
        form = request.form(LoggedModelForm, "status")
        status = _STATUSES.get(str(form.status))
        if status is None:
            raise invalid_value("status", form.status)
        return answer({"model": shapes.logged_model(self._models.finish(request.params["model_id"], status))})

    def delete(self, request: Request) -> Response:
        self._models.delete(request.params["model_id"])
        return EMPTY

    def set_tags(self, request: Request) -> Response:
        tags = dict(tag.item() for tag in request.form(LoggedModelForm).tags or [])
        self._models.set_tags(request.params["model_id"], tags)
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        self._models.delete_tag(request.params["model_id"], request.params["tag_key"])
        return EMPTY

    def add_params(self, request: Request) -> Response:
        params = dict(param.item() for param in request.form(LoggedModelForm).params or [])
        self._models.add_params(request.params["model_id"], params)
        return EMPTY

    def search(self, request: Request) -> Response:
        form = request.form(ModelSearchForm, "experiment_ids")
        if not all(item.dataset_name for item in form.datasets or []):
            raise Invalid("`dataset_name` in the `datasets` clause must be specified.")
        found, more = self._models.search(
            form.experiment_ids or [],
            filter=form.filter or "",
            datasets=[
                DatasetFilter(name=item.dataset_name or "", digest=item.dataset_digest or None)
                for item in form.datasets or []
            ],
            order_by=[
                ModelOrder(
                    field=item.field_name or "",
                    ascending=item.ascending is not False,
                    dataset_name=item.dataset_name,
                    dataset_digest=item.dataset_digest,
                )
                for item in form.order_by or []
            ],
            limit=form.max_results or 50,
            offset=offset_from(form.page_token),
        )
        body: dict[str, object] = {"models": [shapes.logged_model(item) for item in found]}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def files(self, request: Request) -> Response:
        form = request.form(LoggedModelForm)
        model = self._models.get(request.params["model_id"])
        folder = safe_path(form.artifact_directory_path or "")
        found = self._artifacts.children(ArtifactAddress(root=model.id, path=folder))
        return answer({"root_uri": model.artifact_uri, "files": [shapes.file_info(item) for item in found]})
