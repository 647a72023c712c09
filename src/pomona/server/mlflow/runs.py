"""Runs of the protocol: start, log, finish, search. Logging is async: no thread waits for the disk."""

import asyncio

import msgspec

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.server.mlflow.company import Company
from pomona.server.mlflow.experiments import view_of
from pomona.server.mlflow.forms import (
    BatchForm,
    DatasetInputForm,
    InputsForm,
    MetricForm,
    RunForm,
    RunModelForm,
    SearchForm,
)
from pomona.server.mlflow.plain import metric_in, metrics_in
from pomona.server.mlflow.wire import EMPTY, Request, Response, answer, durable
from pomona.training.records.runs import DatasetInput, Metric, Points, RunModel, RunStatus, SearchRuns
from pomona.training.rules import limits
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.service.tracking import TrackingService

STATUSES: dict[str, RunStatus] = {
    "RUNNING": "RUNNING",
    "SCHEDULED": "SCHEDULED",
    "FINISHED": "FINISHED",
    "FAILED": "FAILED",
    "KILLED": "KILLED",
    "1": "RUNNING",
    "2": "SCHEDULED",
    "3": "FINISHED",
    "4": "FAILED",
    "5": "KILLED",
}
_SEE_DOCS = "See the API docs for more information about request parameters."


class Runs:
    """Handlers of ``/mlflow/runs``."""

    def __init__(self, tracking: TrackingService) -> None:
        self._tracking = tracking
        self._loggers = Company()

    def create(self, request: Request) -> Response:
        form = request.form(RunForm)
        run = self._tracking.start(
            form.experiment_id or "0",
            name=form.run_name or "",
            user=form.user_id or "",
            tags=dict(tag.item() for tag in form.tags or []),
            start_ms=form.start_time,
        )
        return answer({"run": shapes.run(run)})

    def get(self, request: Request) -> Response:
        return answer({"run": shapes.run(self._tracking.run(_run_id(request.form(RunForm))))})

    def update(self, request: Request) -> Response:
        form = request.form(RunForm)
        status = None if form.status is None else STATUSES.get(str(form.status))
        if form.status is not None and status is None:
            raise invalid_value("status", form.status)
        run = self._tracking.update(_run_id(form), status=status, end_ms=form.end_time, name=form.run_name)
        return answer({"run_info": shapes.run_info(run)})

    def delete(self, request: Request) -> Response:
        self._tracking.delete(_run_id(request.form(RunForm)))
        return EMPTY

    def restore(self, request: Request) -> Response:
        self._tracking.restore(_run_id(request.form(RunForm)))
        return EMPTY

    def search(self, request: Request) -> Response:
        form = request.form(SearchForm)
        found = self._tracking.search(
            SearchRuns(
                experiments=form.experiment_ids or [],
                filter=form.filter or "",
                view=view_of(form.run_view_type),
                order_by=form.order_by or [],
                limit=1000 if form.max_results is None else form.max_results,
                offset=offset_from(form.page_token),
            )
        )
        body: dict[str, object] = {"runs": [shapes.run(run) for run in found.runs]}
        more = found.next_offset
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    async def log_metric(self, request: Request) -> Response:
        if (plain := metric_in(request.body)) is not None:
            return await self._log_points(*plain)
        form = request.form(MetricForm, "key")
        metric = _metric(form, "")
        limits.check_metric(metric)  # alone it is named otherwise than in a batch
        await durable(self._tracking.log_later(_run_id(form), metrics=[metric]))
        return EMPTY

    async def log_parameter(self, request: Request) -> Response:
        form = request.form(RunForm, "key")
        run_id, param = _run_id(form), (form.key or "", form.value or "")
        try:
            await durable(self._tracking.log_later(run_id, params=[param]))
        except Invalid as error:
            raise limits.alone(error, run_id) from None
        return EMPTY

    async def set_tag(self, request: Request) -> Response:
        form = request.form(RunForm, "key")
        tag = limits.tag(form.key or "", form.value or "")  # alone it is named otherwise than in a batch
        await durable(self._tracking.log_later(_run_id(form), tags=[tag]))
        return EMPTY

    async def log_batch(self, request: Request) -> Response:
        if (plain := metrics_in(request.body)) is not None:
            return await self._log_points(*plain)
        form = request.form(BatchForm, "run_id")
        future = self._tracking.log_later(
            form.run_id or "",
            metrics=[_metric(item, f"metrics[{i}]") for i, item in enumerate(form.metrics or [])],
            params=[item.item() for item in form.params or []],
            tags=[item.item() for item in form.tags or []],
        )
        await durable(future)
        return EMPTY

    async def _log_points(self, run_id: str, points: Points) -> Response:
        with self._loggers as company:
            if company.is_alone:
                await asyncio.sleep(0)  # calls that came at the same time enter here
            await durable(self._tracking.log_points(run_id, points, alone=company.is_alone))
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        form = request.form(RunForm, "run_id", "key")
        self._tracking.delete_tag(form.run_id or "", form.key or "")
        return EMPTY

    def log_inputs(self, request: Request) -> Response:
        form = request.form(InputsForm, "run_id")
        datasets = [_dataset(item) for item in form.datasets or []]
        self._tracking.log_inputs(form.run_id or "", datasets, _models(form.models))
        return EMPTY

    def log_outputs(self, request: Request) -> Response:
        form = request.form(InputsForm, "run_id", "models")
        self._tracking.log_outputs(form.run_id or "", _models(form.models))
        return EMPTY

    def log_model(self, request: Request) -> Response:
        form = request.form(RunForm, "run_id", "model_json")
        try:
            model = msgspec.json.decode(form.model_json or "", type=dict[str, object])
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise Invalid(f"Malformed model info. \n {form.model_json} \n is not a valid JSON.") from None
        missing = {"artifact_path", "flavors", "utc_time_created", "run_id"} - model.keys()
        if missing:
            raise Invalid(f"Model json is missing mandatory fields: {missing}")
        kept = ("run_id", "utc_time_created", "artifact_path", "model_uuid", "flavors")
        self._tracking.log_model_note(form.run_id or "", {key: model[key] for key in kept if key in model})
        return EMPTY


def _run_id(form: RunForm | MetricForm) -> str:
    run_id = form.run_id or form.run_uuid
    if not run_id:
        raise Invalid(f"Missing value for required parameter 'run_id'. {_SEE_DOCS}")
    return run_id


def _metric(form: MetricForm, path: str) -> Metric:
    where = f"{path}." if path else ""
    if not form.key:
        raise Invalid(f"Missing value for required parameter '{where}key'. {_SEE_DOCS}")
    if form.value is None:
        raise Invalid(f"Missing value for required parameter '{where}value'. {_SEE_DOCS}")
    if form.timestamp is None:
        raise Invalid(f"Missing value for required parameter '{where}timestamp'. {_SEE_DOCS}")
    return Metric(
        key=form.key,
        value=form.value,
        timestamp=form.timestamp,
        step=form.step or 0,
        model_id=form.model_id or None,
        dataset_name=form.dataset_name or None,
        dataset_digest=form.dataset_digest or None,
    )


def _dataset(form: DatasetInputForm) -> DatasetInput:
    if form.dataset is None:
        raise Invalid("Dataset input must have a dataset associated with it.")
    return DatasetInput(
        name=form.dataset.name or "",
        digest=form.dataset.digest or "",
        source_type=form.dataset.source_type or "",
        source=form.dataset.source or "",
        schema=form.dataset.schema,
        profile=form.dataset.profile,
        tags=dict(tag.item() for tag in form.tags or []),
    )


def _models(forms: list[RunModelForm] | None) -> list[RunModel]:
    return [RunModel(model_id=item.model_id, step=item.step or 0) for item in forms or []]
