"""Histories of metrics in the protocol."""

from dataclasses import dataclass
from functools import partial

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.server.mlflow.ahead import Ahead, Page, Place
from pomona.server.mlflow.forms import BulkHistoryForm, HistoryForm
from pomona.server.mlflow.wire import SEE_DOCS, Request
from pomona.training.records.runs import MetricPoint
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import place_from
from pomona.training.service.histories import HistoryService

MAX_RUNS = 100
MAX_PER_RUN = 2500
MAX_BULK = 25_000
LONG = range(1_000, 50_001)
"""Points of a page that is worth reading ahead: a shorter one is quick, a longer one takes much memory."""


@dataclass(frozen=True)
class _Read:
    page: Page
    count: int  # of its points
    end: MetricPoint | None  # the last of them
    more: bool  # others come after it


class Metrics:
    """Handlers of ``/mlflow/metrics``."""

    def __init__(self, histories: HistoryService) -> None:
        self._histories = histories
        self._ahead = Ahead(self._next)

    def history(self, request: Request) -> Page:
        form = request.form(HistoryForm, "metric_key")
        run_id, key, limit = form.run_id or form.run_uuid, form.metric_key or "", form.max_results
        if not run_id:
            raise Invalid("Missing value for required parameter 'run_id'.")
        if limit is not None and limit <= 0:
            raise invalid_value("max_results", limit, "It must be a positive integer.")
        after, offset = place_from(form.page_token)
        if after is not None and limit is not None and (page := self._read_ahead(run_id, key, limit, after)):
            return page
        return self._read(run_id, key, limit, after, offset).page

    def _read(
        self, run_id: str, key: str, limit: int | None, after: MetricPoint | None, offset: int = 0
    ) -> _Read:
        found, more = self._histories.page(run_id, key, limit=limit, after=after, offset=offset)
        then = None
        if more is not None and limit is not None and limit in LONG:
            then = partial(self._ahead.begin, (run_id, key, limit, more))
        page = Page(shapes.points(key, found), more, then=then)
        return _Read(page, len(found), found[-1] if found else None, more is not None)

    def _next(self, place: Place) -> _Read:
        return self._read(*place)

    def _read_ahead(self, run_id: str, key: str, limit: int, after: MetricPoint) -> Page | None:
        """A page that was read before it was asked for, if nothing was logged in its stretch since."""
        read = self._ahead.take((run_id, key, limit, after))
        if read is None:
            return None
        holds = self._histories.holds(
            run_id, key, after=after, count=read.count, end=read.end, more=read.more
        )
        return read.page if holds else None

    def bulk(self, request: Request) -> Page:
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
        return Page(b",".join(filter(None, points)))

    def interval(self, request: Request) -> Page:
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
        return Page(b",".join(filter(None, points)))


def _checked(run_ids: list[str] | None) -> list[str]:
    if not run_ids:
        raise Invalid(f"Missing value for required parameter 'run_ids'. {SEE_DOCS}")
    if len(run_ids) > MAX_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids."
            f" Received {len(run_ids)} run_ids. {SEE_DOCS}"
        )
    return run_ids
