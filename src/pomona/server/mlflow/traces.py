"""Traces of the protocol, both versions, and what is judged of them."""

from pomona.core.errors import Invalid
from pomona.server.mlflow import trace_forms, trace_shapes
from pomona.server.mlflow.trace_forms import (
    AssessForm,
    DeleteTracesForm,
    OldTraceForm,
    StartForm,
    TraceForm,
    TraceInfoForm,
    TraceSearchForm,
)
from pomona.server.mlflow.wire import EMPTY, SEE_DOCS, Request, Response, answer
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.traces.records import FoundTraces
from pomona.training.traces.service import MAX_PAGE, TraceService

_FIXED_TAGS = ("mlflow.trace.archiveLocation", "mlflow.trace.spansLocation")


class Traces:
    """Handlers of ``/mlflow/traces``; ``trace_id`` and ``assessment_id`` come from the path."""

    def __init__(self, traces: TraceService) -> None:
        self._traces = traces
        self._judged = traces.assessments

    def start(self, request: Request) -> Response:
        """Version 3: keep a finished trace; version 2: begin one."""
        if "/2.0/" in request.scope["path"]:
            return self._begin(request)
        form = request.form(StartForm, "trace")
        info = self._traces.finish(trace_forms.trace_info(form.trace.trace_info or TraceInfoForm()))  # type: ignore[union-attr]
        return answer({"trace": {"trace_info": trace_shapes.info(info)}})

    def _begin(self, request: Request) -> Response:
        form = request.form(OldTraceForm)
        info = self._traces.begin(
            form.experiment_id or "",
            form.timestamp_ms or 0,
            dict(item.item() for item in form.request_metadata or []),
            dict(item.item() for item in form.tags or []),
        )
        return answer({"trace_info": trace_shapes.info_v2(info)})

    def end(self, request: Request) -> Response:
        form = request.form(OldTraceForm)
        info = self._traces.end(
            request.params["trace_id"],
            form.timestamp_ms or 0,
            trace_forms.state_of(form.status),
            dict(item.item() for item in form.request_metadata or []),
            dict(item.item() for item in form.tags or []),
        )
        return answer({"trace_info": trace_shapes.info_v2(info)})

    def info(self, request: Request) -> Response:
        found = self._traces.info(request.params["trace_id"])
        return answer({"trace": {"trace_info": trace_shapes.info(found)}})

    def old_info(self, request: Request) -> Response:
        return answer({"trace_info": trace_shapes.info_v2(self._traces.info(request.params["trace_id"]))})

    def get(self, request: Request) -> Response:
        form = request.form(TraceForm, "trace_id")
        found = self._traces.trace(form.trace_id or "", partial=bool(form.allow_partial))
        return answer({"trace": trace_shapes.trace(found)})

    def batch(self, request: Request) -> Response:
        form = request.form(TraceForm, "trace_ids")
        found = self._traces.traces(_ids(form), form.experiment_ids)
        return answer({"traces": [trace_shapes.trace(item) for item in found]} if found else {})

    def batch_infos(self, request: Request) -> Response:
        form = request.form(TraceForm, "trace_ids")
        found = self._traces.infos(_ids(form), form.experiment_ids)
        return answer({"trace_infos": [trace_shapes.info(item) for item in found]} if found else {})

    def search(self, request: Request) -> Response:
        form = request.form(TraceSearchForm, "locations")
        places = [item.mlflow_experiment for item in form.locations or [] if item.mlflow_experiment]
        found = self._search(form, [place.experiment_id or "" for place in places])
        return _page(found, [trace_shapes.info(item) for item in found.traces])

    def old_search(self, request: Request) -> Response:
        form = request.form(TraceSearchForm, "experiment_ids")
        found = self._search(form, form.experiment_ids or [])
        return _page(found, [trace_shapes.info_v2(item) for item in found.traces])

    def _search(self, form: TraceSearchForm, experiment_ids: list[str]) -> FoundTraces:
        limit = 100 if form.max_results is None else form.max_results
        if limit > MAX_PAGE:
            raise invalid_value("max_results", limit, f" Hint: Value was of type 'int'. {SEE_DOCS}")
        return self._traces.search(
            experiment_ids,
            filter=form.filter or "",
            order_by=form.order_by or [],
            limit=limit,
            offset=offset_from(form.page_token),
        )

    def delete(self, request: Request) -> Response:
        form = request.form(DeleteTracesForm, "experiment_id")
        gone = self._traces.delete(
            form.experiment_id or "",
            until_ms=form.max_timestamp_millis,
            trace_ids=form.request_ids or [],
            limit=form.max_traces,
        )
        return answer({"traces_deleted": gone})

    def set_tag(self, request: Request) -> Response:
        form = request.form(TraceForm, "key")
        _check_tag(form.key or "", "set")
        self._traces.set_tag(request.params["trace_id"], form.key or "", form.value or "")
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        form = request.form(TraceForm, "key")
        _check_tag(form.key or "", "deleted")
        self._traces.delete_tag(request.params["trace_id"], form.key or "")
        return EMPTY

    def link_run(self, request: Request) -> Response:
        form = request.form(TraceForm, "trace_ids", "run_id")
        self._traces.link_run(form.trace_ids or [], form.run_id or "")
        return EMPTY

    def link_prompts(self, request: Request) -> Response:
        form = request.form(TraceForm, "trace_id", "prompt_versions")
        named = [(item.get("name", ""), item.get("version", "")) for item in form.prompt_versions or []]
        self._traces.link_prompts(form.trace_id or "", named)
        return EMPTY

    def assess(self, request: Request) -> Response:
        form = request.form(AssessForm, "assessment")
        made = self._judged.create(request.params["trace_id"], trace_forms.assessment(form.assessment))  # type: ignore[arg-type]
        return answer({"assessment": trace_shapes.assessment(made)})

    def assessment(self, request: Request) -> Response:
        found = self._judged.get(request.params["trace_id"], request.params["assessment_id"])
        return answer({"assessment": trace_shapes.assessment(found)})

    def reassess(self, request: Request) -> Response:
        form = request.form(AssessForm, "assessment", "update_mask")
        change = trace_forms.change(form)
        found = self._judged.update(request.params["trace_id"], request.params["assessment_id"], change)
        return answer({"assessment": trace_shapes.assessment(found)})

    def withdraw(self, request: Request) -> Response:
        self._judged.delete(request.params["trace_id"], request.params["assessment_id"])
        return EMPTY


def _ids(form: TraceForm) -> list[str]:
    if not form.trace_ids:
        raise Invalid("Missing value for required parameter 'trace_ids'.")
    return form.trace_ids


def _page(found: FoundTraces, shapes: list[dict[str, object]]) -> Response:
    body: dict[str, object] = {"traces": shapes} if shapes else {}
    more = found.next_offset
    return answer(body if more is None else body | {"next_page_token": token_for(more)})


def _check_tag(key: str, what: str) -> None:
    if key in _FIXED_TAGS:
        raise Invalid(f"Tag '{key}' is immutable and cannot be {what} on a trace.")
