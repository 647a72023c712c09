"""Stage 3 over HTTP: experiments and tracked runs. Logging goes through the MLflow protocol."""

from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from pomona.core.records import Page
from pomona.server.files import file_response, page_response
from pomona.server.wiring import Wired
from pomona.training.code.records import NewRunOrigin, RunDiff, RunOrigin
from pomona.training.records.costs import Spent
from pomona.training.records.runs import (
    ArtifactFile,
    Experiment,
    MetricHistory,
    RunComparison,
    RunDetail,
    RunSummary,
    View,
)
from pomona.training.records.studies import ArtifactTable, Stat
from pomona.training.rules.paths import ArtifactAddress, safe_path

Ids = Annotated[list[str], QueryParameter(name="id", description="A run's id; repeat it for each run.")]


class ExperimentRoutes(Controller):
    """Experiments."""

    path = "/api/v1/experiments"
    tags = ("training",)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Experiment]:
        """Experiments, newest first."""
        return app.tracking.reports.experiments(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Experiment:
        """One experiment, by id or name."""
        return app.tracking.reports.experiment(ref)


class RunRoutes(Controller):
    """Tracked runs."""

    path = "/api/v1/runs"
    tags = ("training",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        hypothesis: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        order_by: FromQuery[list[str] | None] = None,
        view: FromQuery[View] = "ACTIVE_ONLY",
        stat: FromQuery[Stat] = "last",
        step: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[RunSummary]:
        """Runs, newest first; ``filter`` and ``order_by`` as in MLflow (``metrics.rmse < 0.5``)."""
        return app.tracking.reports.page(
            experiment=experiment,
            hypothesis=hypothesis,
            filter=filter,
            order_by=order_by or (),
            view=view,
            stat=stat,
            step=step,
            cursor=cursor,
            limit=limit,
        )

    @get("/cost", sync_to_thread=True)
    def cost(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        hypothesis: FromQuery[str | None] = None,
    ) -> Spent:
        """What runs cost in all, by the prices in POMONA_PRICES."""
        return app.tracking.reports.spent(experiment=experiment, hypothesis=hypothesis)

    @get("/compare", sync_to_thread=True)
    def compare(self, app: Wired, ids: Ids) -> RunComparison:
        """Runs side by side: the params in which they differ, every metric, whether their code differs."""
        return app.tracking.reports.compare(ids)

    @get("/{run_id:str}", sync_to_thread=True)
    def show(self, app: Wired, run_id: FromPath[str]) -> RunDetail:
        """Everything known about a run."""
        return app.tracking.reports.detail(run_id)

    @get("/{run_id:str}/diff", sync_to_thread=True)
    def diff(self, app: Wired, run_id: FromPath[str]) -> RunDiff:
        """What a run ran beside its commit: a patch, without secrets."""
        return app.tracking.reports.diff(run_id)

    @post("/origins", sync_to_thread=True)
    def tell(self, app: Wired, data: JSONBody[NewRunOrigin]) -> RunOrigin:
        """Keep where a run comes from: commit, uncommitted changes, packages, machine."""
        return app.tracking.origins.tell(data)

    @get("/{run_id:str}/metrics/{key:path}", sync_to_thread=True)
    def metric(
        self, app: Wired, run_id: FromPath[str], key: FromPath[str], points: FromQuery[int] = 500
    ) -> MetricHistory:
        """A metric's history, thinned to at most ``points``."""
        return app.tracking.histories.chart(run_id, key.lstrip("/"), limit=points)

    @get("/{run_id:str}/artifacts", sync_to_thread=True)
    def artifacts(self, app: Wired, run_id: FromPath[str]) -> list[ArtifactFile]:
        """Every file of a run."""
        return app.tracking.artifacts.tree(app.tracking.run(run_id).id)

    @get("/{run_id:str}/artifacts/{path:path}", sync_to_thread=True)
    def artifact(self, app: Wired, run_id: FromPath[str], path: FromPath[str]) -> Response[bytes]:
        """A file's bytes, verified against their digest."""
        clean = safe_path(path.lstrip("/"))
        return file_response(clean, app.tracking.artifacts.read(ArtifactAddress(root=run_id, path=clean)))

    @get("/{run_id:str}/tables/{path:path}", sync_to_thread=True)
    def table(
        self, app: Wired, run_id: FromPath[str], path: FromPath[str], limit: FromQuery[int] = 200
    ) -> ArtifactTable:
        """The first rows of a file that is a table: Parquet, CSV, JSON lines, a JSON table."""
        address = ArtifactAddress(root=run_id, path=safe_path(path.lstrip("/")))
        return app.tracking.artifacts.first_rows(address, limit=limit)

    @get("/{run_id:str}/pages/{path:path}", sync_to_thread=True)
    def web_page(self, app: Wired, run_id: FromPath[str], path: FromPath[str]) -> Response[bytes]:
        """An HTML file as a page of its own: its scripts run, but reach neither this site nor any other."""
        clean = safe_path(path.lstrip("/"))
        return page_response(clean, app.tracking.artifacts.read(ArtifactAddress(root=run_id, path=clean)))
