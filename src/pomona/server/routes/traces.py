"""Stage 3 over HTTP: traces of applications, and what is judged of them. They come in by MLflow and OTLP."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.registry.behind import versions_behind
from pomona.registry.records import ModelVersion
from pomona.server.frames import Format, table_answer
from pomona.server.wiring import Wired
from pomona.training.traces.records import Assessment
from pomona.training.traces.shown import (
    EditedAssessment,
    NewAssessment,
    SpanDetail,
    TraceDetail,
    TraceNames,
    TraceSummary,
)
from pomona.training.traces.tables import Rows


class TraceRoutes(Controller):
    """Traces."""

    path = "/api/v1/traces"
    tags = ("training",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        run: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        order_by: FromQuery[list[str] | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[TraceSummary]:
        """Traces, newest first; ``filter`` and ``order_by`` as in MLflow (``trace.status = 'ERROR'``)."""
        return app.companions.traces.reports.page(
            experiment=experiment,
            run=run,
            filter=filter,
            order_by=order_by or (),
            cursor=cursor,
            limit=limit,
        )

    @get("/frame", sync_to_thread=True)
    def frame(
        self,
        app: Wired,
        rows: FromQuery[Rows] = "traces",
        experiment: FromQuery[str | None] = None,
        run: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        order_by: FromQuery[list[str] | None] = None,
        limit: FromQuery[int] = 10_000,
        format: FromQuery[Format] = "arrow",
    ) -> Response[bytes]:
        """The same search as a table: a row for each trace, or for each span of theirs."""
        table = app.companions.traces.reports.table(
            rows, experiment=experiment, run=run, filter=filter, order_by=order_by or (), limit=limit
        )
        return table_answer(table, format, rows)

    @get("/names", sync_to_thread=True)
    def names(self, app: Wired) -> TraceNames:
        """Names, tags and judgements that the newest traces have."""
        return app.companions.traces.reports.names()

    @get("/{trace_id:str}", sync_to_thread=True)
    def show(self, app: Wired, trace_id: FromPath[str]) -> TraceDetail:
        """One trace and the tree of its spans, without their contents."""
        return app.companions.traces.reports.detail(trace_id)

    @get("/{trace_id:str}/spans/{span_id:str}", sync_to_thread=True)
    def span(self, app: Wired, trace_id: FromPath[str], span_id: FromPath[str]) -> SpanDetail:
        """What one span holds: inputs, outputs, attributes, events."""
        return app.companions.traces.reports.span(trace_id, span_id)

    @get("/{trace_id:str}/model-versions", sync_to_thread=True)
    def model_versions(self, app: Wired, trace_id: FromPath[str]) -> list[ModelVersion]:
        """Registered versions of the logged model that answered."""
        model = app.companions.traces.reports.model(trace_id)
        return versions_behind(model, app.registry, app.tracking.models)

    @post("/{trace_id:str}/assessments", sync_to_thread=True)
    def assess(self, app: Wired, trace_id: FromPath[str], data: JSONBody[NewAssessment]) -> Assessment:
        """Judge a trace, or one of its spans, by hand."""
        return app.companions.traces.reports.assess(trace_id, data)

    @patch("/{trace_id:str}/assessments/{assessment_id:str}", sync_to_thread=True)
    def reassess(
        self,
        app: Wired,
        trace_id: FromPath[str],
        assessment_id: FromPath[str],
        data: JSONBody[EditedAssessment],
    ) -> Assessment:
        """Change a judgement."""
        return app.companions.traces.reports.reassess(trace_id, assessment_id, data)

    @delete("/{trace_id:str}/assessments/{assessment_id:str}", sync_to_thread=True, status_code=200)
    def withdraw(self, app: Wired, trace_id: FromPath[str], assessment_id: FromPath[str]) -> Assessment:
        """Take a judgement back."""
        return app.companions.traces.reports.withdraw(trace_id, assessment_id)
