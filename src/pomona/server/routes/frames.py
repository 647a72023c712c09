"""Runs as a table over HTTP: Arrow for programs, CSV, Parquet and JSON lines for files."""

from litestar import Controller, Response, get
from litestar.params import FromQuery

from pomona.server.frames import Format, table_answer
from pomona.server.wiring import Wired
from pomona.training.records.runs import View
from pomona.training.records.studies import Stat


class FrameRoutes(Controller):
    """Searches whose answer is a table."""

    path = "/api/v1/runs"
    tags = ("training",)

    @get("/frame", sync_to_thread=True)
    def frame(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        hypothesis: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        order_by: FromQuery[list[str] | None] = None,
        view: FromQuery[View] = "ACTIVE_ONLY",
        stat: FromQuery[Stat] = "last",
        step: FromQuery[int | None] = None,
        limit: FromQuery[int] = 10_000,
        format: FromQuery[Format] = "arrow",
    ) -> Response[bytes]:
        """A row for each run; columns ``metrics.*``, ``params.*``, ``tags.*`` as in MLflow's frames."""
        table = app.tracking.frames.table(
            experiment=experiment,
            hypothesis=hypothesis,
            filter=filter,
            order_by=order_by or (),
            view=view,
            stat=stat,
            step=step,
            limit=limit,
        )
        return table_answer(table, format, "runs")
