"""Many runs at once over HTTP: curves, importances, names, changes, saved views."""

from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from pomona.server.wiring import Wired
from pomona.training.records.studies import (
    Curves,
    NewView,
    ParamImportance,
    RunKeys,
    RunsChange,
    RunsChanged,
    SavedView,
    ViewPage,
    XAxis,
)

Ids = Annotated[
    list[str],
    QueryParameter(
        name="id", description="A run's id, or its first 8 digits and more; repeat it for each run."
    ),
]
Keys = Annotated[list[str], QueryParameter(name="key", description="A metric; repeat it for each.")]


class StudyRoutes(Controller):
    """Runs looked at, and changed, together."""

    path = "/api/v1/runs"
    tags = ("training",)

    @get("/keys", sync_to_thread=True)
    def names(self, app: Wired) -> RunKeys:
        """The names of metrics, params and tags that any run has."""
        return app.tracking.studies.names()

    @get("/values", sync_to_thread=True)
    def values(self, app: Wired, field: FromQuery[str], limit: FromQuery[int] = 20) -> list[str]:
        """Values of a param or tag (``params.depth``) among the newest runs, the most frequent first."""
        return app.tracking.studies.usual_values(field, limit=limit)

    @get("/curves", sync_to_thread=True)
    def curves(
        self,
        app: Wired,
        ids: Ids,
        keys: Keys,
        x: FromQuery[XAxis] = "step",
        smooth: FromQuery[float] = 0.0,
        group_by: FromQuery[str | None] = None,
        points: FromQuery[int] = 500,
    ) -> Curves:
        """Metrics of many runs for a chart: smoothed, then thinned; with ``group_by`` as means with bands."""
        return app.tracking.studies.curves(ids, keys, x=x, smooth=smooth, group_by=group_by, points=points)

    @get("/importance", sync_to_thread=True)
    def importance(self, app: Wired, ids: Ids, metric: FromQuery[str]) -> list[ParamImportance]:
        """How much of a metric goes with each param (Kruskal-Wallis effect size), the largest first."""
        return app.tracking.studies.importance(ids, metric)

    @post("/changes", sync_to_thread=True, status_code=200)
    def change(self, app: Wired, data: JSONBody[RunsChange]) -> RunsChanged:
        """Tag many runs, move them to the bin or bring them back: all of them, or none."""
        return RunsChanged(changed=app.tracking.changes.change(data))


class ViewRoutes(Controller):
    """Views of pages that people keep and share."""

    path = "/api/v1/views"
    tags = ("training",)

    @get(sync_to_thread=True)
    def list_(self, app: Wired, page: FromQuery[ViewPage | None] = None) -> list[SavedView]:
        """Saved views by name."""
        return app.tracking.views.list(page)

    @post(sync_to_thread=True)
    def save(self, app: Wired, data: JSONBody[NewView]) -> SavedView:
        """Keep a view; one of your own with the same name is replaced."""
        return app.tracking.views.save(data)

    @delete("/{view_id:str}", sync_to_thread=True, status_code=200)
    def remove(self, app: Wired, view_id: FromPath[str]) -> SavedView:
        """Forget a view."""
        return app.tracking.views.remove(view_id)
