"""Stage 5 over HTTP: what gateways fetch, predictions, outcomes, money."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from pomona.core.records import Page, to_json
from pomona.jobs.records import Job
from pomona.releases.records import CanaryEvidence
from pomona.server.wiring import Wired
from pomona.serving.archive.records import AppendTable
from pomona.serving.asking import PredictionFilter
from pomona.serving.records import (
    JournalSegment,
    LedgerPeriod,
    NewOutcome,
    Outcome,
    OutcomeReceipt,
    Prediction,
    ValueLedger,
)
from pomona.serving.where import GatewayState, ask_gateway

_CHUNK = 1 << 20


class GatewayRoutes(Controller):
    """The gateway: what it fetches, and how it is doing."""

    path = "/api/v1"
    tags = ("serving",)

    @get("/gateway", sync_to_thread=True)
    def state(self, app: Wired) -> GatewayState:
        """The gateway's address and its own report."""
        return ask_gateway(app.home)

    @get("/gateway/snapshot", sync_to_thread=True)
    def snapshot(self, app: Wired, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Everything gateways serve now; 304 when ``If-None-Match`` names the same revision."""
        found = app.serving.snapshot()
        tag = f'"{found.revision}"'
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers={"etag": tag})
        return Response(to_json(found), media_type="application/json", headers={"etag": tag})

    @get("/gateway/journal", sync_to_thread=True)
    def journal(self, app: Wired) -> list[JournalSegment]:
        """How far each segment of the journal is folded."""
        return app.serving.journal()

    @get("/blobs/{digest:str}", sync_to_thread=True)
    def blob(self, app: Wired, digest: FromPath[str]) -> Stream:
        """The bytes with this digest."""
        return Stream(_pieces(app.blobs.open(digest)), media_type="application/octet-stream")


class PredictionRoutes(Controller):
    """Predictions."""

    path = "/api/v1/predictions"
    tags = ("serving",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        release: FromQuery[str | None] = None,
        model_version: FromQuery[str | None] = None,
        arm: FromQuery[str | None] = None,
        unit: FromQuery[str | None] = None,
        matched: FromQuery[bool | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Prediction]:
        """Predictions, newest event time first."""
        wanted = PredictionFilter(
            endpoint=endpoint,
            release=release,
            model_version=model_version,
            arm=arm,
            unit=unit,
            matched=matched,
            since=since,
            until=until,
        )
        return app.serving.predictions(wanted, cursor=cursor, limit=limit)

    @get("/{prediction_id:str}", sync_to_thread=True)
    def show(self, app: Wired, prediction_id: FromPath[str]) -> Prediction:
        """One prediction with its outcomes."""
        return app.serving.prediction(prediction_id)


class OutcomeRoutes(Controller):
    """Outcomes: what came true."""

    path = "/api/v1/outcomes"
    tags = ("serving",)

    @post(sync_to_thread=True)
    def record(self, app: Wired, data: JSONBody[list[NewOutcome]]) -> OutcomeReceipt:
        """Tell what came true; safe to repeat. Outcomes of unknown predictions are kept aside."""
        return app.serving.record_outcomes(data)

    @get("/waiting", sync_to_thread=True)
    def waiting(self, app: Wired, limit: FromQuery[int] = 100) -> list[Outcome]:
        """Outcomes whose prediction is not known (yet), newest first."""
        return app.serving.waiting_outcomes(limit=min(max(limit, 1), 1000))


class ValueRoutes(Controller):
    """What endpoints and releases earned."""

    path = "/api/v1"
    tags = ("serving",)

    @get("/endpoints/{name:str}/value", sync_to_thread=True)
    def value(
        self, app: Wired, name: FromPath[str], period: FromQuery[LedgerPeriod] = "month"
    ) -> ValueLedger:
        """Money per period and model version, with and without the model."""
        return app.serving.value_ledger(name, period=period)

    @get("/releases/{release_id:str}/evidence", sync_to_thread=True)
    def evidence(self, app: Wired, release_id: FromPath[str]) -> CanaryEvidence:
        """What both arms of a release did so far."""
        return app.serving.evidence(release_id)


class AppendTableRoutes(Controller):
    """Predictions and outcomes as datasets."""

    path = "/api/v1"
    tags = ("serving",)

    @get("/append-tables", sync_to_thread=True)
    def all_tables(self, app: Wired) -> list[AppendTable]:
        """The append tables of every endpoint that has answered, and how many rows wait for them."""
        return app.archive.tables()

    @get("/endpoints/{name:str}/append-tables", sync_to_thread=True)
    def tables(self, app: Wired, name: FromPath[str]) -> list[AppendTable]:
        """The two append tables of an endpoint."""
        return app.archive.tables(name)

    @post("/endpoints/{name:str}/append-tables/batches", sync_to_thread=True)
    def write(self, app: Wired, name: FromPath[str]) -> Job:
        """Queue a job that writes the rows that wait, however few they are."""
        return app.archive.start(name)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(_CHUNK):
            yield piece
