"""Histories of metrics in the protocol."""

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.server.mlflow.forms import BulkHistoryForm, HistoryForm
from pomona.server.mlflow.wire import SEE_DOCS, Request, Response
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import place_from, token_after
from pomona.training.service.histories import HistoryService

MAX_RUNS = 100
MAX_PER_RUN = 2500
MAX_BULK = 25_000


class Metrics:
    """Handlers of ``/mlflow/metrics``."""

    def __init__(self, histories: HistoryService) -> None:
        self._histories = histories

    def history(self, request: Request) -> Response:
        form = request.form(HistoryForm, "metric_key")
        run_id, key, limit = form.run_id or form.run_uuid, form.metric_key or "", form.max_results
        if not run_id:
            raise Invalid("Missing value for required parameter 'run_id'.")
        if limit is not None and limit <= 0:
            raise invalid_value("max_results", limit, "It must be a positive integer.")
        after, offset = place_from(form.page_token)
        found, more = self._histories.page(run_id, key, limit=limit, after=after, offset=offset)
        return _answer(shapes.points(key, found), None if more is None else token_after(more))

    def bulk(self, request: Request) -> Response:
        form = request.form(BulkHistoryForm)
        run_ids, key = form.run_id or [], form.metric_key
        if not run_ids:
            raise Invalid("GetMetricHistoryBulk request must specify at least one run_id.")
        if len(run_ids) > MAX_RUNS:
            raise Invalid(
                f"GetMetricHistoryBulk request cannot specify more than {MAX_RUNS} run_ids."
                f" Received {len(run_ids)} run_ids."
            )
        if key is None:
            raise Invalid("GetMetricHistoryBulk request must specify a metric_key.")
        left = min(MAX_BULK if form.max_results is None else form.max_results, MAX_BULK)
        points: list[bytes] = []
        for run_id in sorted(run_ids):
            found, _ = self._histories.page(run_id, key, limit=max(1, left))
            points.append(shapes.points(key, found[:left], run_id))
            left -= len(found)
            if left <= 0:
                break
        return _answer(b",".join(filter(None, points)))

    def interval(self, request: Request) -> Response:
        form = request.form(BulkHistoryForm, "metric_key")
        run_ids, key = _checked(form.run_ids), form.metric_key or ""
        limit = MAX_PER_RUN if form.max_results is None else form.max_results
        if not 1 <= limit <= MAX_PER_RUN:
            raise Invalid(f"max_results must be between 1 and {MAX_PER_RUN}. {SEE_DOCS}")
        start, end = form.start_step, form.end_step
        if (start is None) != (end is None):
            raise Invalid("If either start step or end step are specified, both must be specified.")
        if start is not None and end is not None and start > end:
            raise Invalid(
                f"end_step must be greater than start_step. Found start_step={start} and end_step={end}."
            )
        points = [
            shapes.points(key, self._histories.sample(run_id, key, limit=limit, start=start, end=end), run_id)
            for run_id in run_ids
        ]
        return _answer(b",".join(filter(None, points)))


def _answer(points: bytes, more: str | None = None) -> Response:
    end = b"" if more is None else b',"next_page_token":"%s"' % more.encode()
    return Response(b'{"metrics":[%s]%s}' % (points, end))


def _checked(run_ids: list[str] | None) -> list[str]:
    if not run_ids:
        raise Invalid(f"Missing value for required parameter 'run_ids'. {SEE_DOCS}")
    if len(run_ids) > MAX_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids."
            f" Received {len(run_ids)} run_ids. {SEE_DOCS}"
        )
    return run_ids
