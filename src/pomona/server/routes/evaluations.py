"""Stage 3 over HTTP: evaluation datasets. They are filled by ``mlflow.genai.datasets``."""

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery

from pomona.core.records import Page
from pomona.server.frames import Format, table_answer
from pomona.server.wiring import Wired
from pomona.training.evaluation.records import EvaluationDataset, EvaluationDetail, EvaluationRow


class EvaluationRoutes(Controller):
    """Datasets that applications are judged by."""

    path = "/api/v1/evaluations"
    tags = ("training",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[EvaluationDataset]:
        """Evaluation datasets, last changed first; ``filter`` as in MLflow (``name LIKE 'support%'``)."""
        return app.companions.evaluations.reports.page(
            experiment=experiment, filter=filter, cursor=cursor, limit=limit
        )

    @get("/{dataset:str}", sync_to_thread=True)
    def show(self, app: Wired, dataset: FromPath[str]) -> EvaluationDetail:
        """One dataset, its experiments, and the runs that read it."""
        return app.companions.evaluations.reports.detail(dataset)

    @get("/{dataset:str}/records", sync_to_thread=True)
    def records(
        self,
        app: Wired,
        dataset: FromPath[str],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[EvaluationRow]:
        """Its records, the oldest first."""
        return app.companions.evaluations.reports.rows(dataset, cursor=cursor, limit=limit)

    @get("/{dataset:str}/frame", sync_to_thread=True)
    def frame(
        self, app: Wired, dataset: FromPath[str], format: FromQuery[Format] = "arrow"
    ) -> Response[bytes]:
        """Its records as a table; inputs, outputs and expectations are JSON texts."""
        return table_answer(app.companions.evaluations.reports.table(dataset), format, "records")
