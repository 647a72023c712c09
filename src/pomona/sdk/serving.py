"""Predictions, outcomes and money from Python."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from pomona.core.records import Record, from_json, to_json
from pomona.jobs.records import Job
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part
from pomona.serving.archive.records import AppendTable, Written
from pomona.serving.records import (
    TRUTH,
    LedgerPeriod,
    NewOutcome,
    Outcome,
    OutcomeReceipt,
    OutcomeResult,
    Prediction,
    ValueLedger,
)
from pomona.serving.where import GatewayState

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

OUTCOMES = list[Outcome]
APPEND_TABLES = list[AppendTable]
BATCH = 2_000


class Predicted(Record, frozen=True, kw_only=True):
    """One answer of the gateway."""

    prediction_id: str
    output: Any
    decision: bool | None = None
    arm: str
    model_version: str


class PredictedRows(Record, frozen=True, kw_only=True):
    """All answers to one request."""

    predictions: list[Predicted]


class Gateway:
    """``client.gateway``: ask for predictions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gateway: Session | None = None

    def state(self) -> GatewayState:
        """Where the gateway is, what it serves and how it is doing."""
        return self._session.get("/api/v1/gateway", GatewayState)

    def predict(
        self,
        endpoint: str,
        rows: "Sequence[Mapping[str, Any]] | pd.DataFrame | pl.DataFrame",
        *,
        units: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        at: Sequence[datetime] | datetime | None = None,
        deadline_ms: float | None = None,
    ) -> list[Predicted]:
        """One answer per row, each journalled before it is returned.

        Args:
            rows: Dictionaries (or a data frame) with the model's columns.
            units: Who or what each row is about; the same unit always meets the same model version.
            ids: Your own name for each row: sent again, it gets the first answer, not a second prediction.
            at: When each row happened; default now.
            deadline_ms: Give up on rows that waited longer.

        Raises:
            Invalid: If the rows do not fit the model; nothing is stored then.
            Unavailable: If no gateway runs.
        """
        body = {
            "rows": _plain_rows(rows),
            "units": units,
            "ids": ids,
            "at": at,
            "deadline_ms": deadline_ms,
        }
        given = {name: value for name, value in body.items() if value is not None}
        # Rows without ids are not remembered by the gateway: an empty key says that this is meant.
        unnamed = {"idempotency-key": ""}
        path = f"/predict/{part(endpoint)}"
        reply = self._connected().call("POST", path, body=to_json(given), headers=unnamed)
        return from_json(reply.body, PredictedRows).predictions

    def _connected(self) -> Session:
        if self._gateway is None:
            url = os.environ.get("POMONA_GATEWAY_URL") or self.state().url
            self._gateway = Session(self._session.transport.gateway(url))
        return self._gateway


class Predictions:
    """``client.predictions``: what was answered."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, prediction_id: str) -> Prediction:
        """One prediction with its outcomes."""
        return self._session.get(f"/api/v1/predictions/{part(prediction_id)}", Prediction)

    def id_of(self, endpoint: str, key: str) -> str:
        """The id of the prediction for the row that you named ``key``; no question to the server."""
        from pomona.serving.rules import prediction_id

        return prediction_id(endpoint, key)

    def list(
        self,
        *,
        endpoint: str | None = None,
        release: str | None = None,
        model_version: str | None = None,
        arm: str | None = None,
        unit: str | None = None,
        matched: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[Prediction]:
        """Predictions, newest event time first; ``since`` is included, ``until`` is not."""
        return self._session.all(
            "/api/v1/predictions",
            Prediction,
            limit=limit,
            endpoint=endpoint,
            release=release,
            model_version=model_version,
            arm=arm,
            unit=unit,
            matched=matched,
            since=None if since is None else since.isoformat(),
            until=None if until is None else until.isoformat(),
        )

    def value(self, endpoint: str, *, period: LedgerPeriod = "month") -> ValueLedger:
        """Money of an endpoint per period and model version, with and without the model."""
        return self._session.get(f"/api/v1/endpoints/{part(endpoint)}/value", ValueLedger, period=period)

    def tables(self, endpoint: str | None = None) -> Sequence[AppendTable]:
        """Predictions and outcomes as datasets: their names, the rows they have, those that wait.

        Args:
            endpoint: Default: every endpoint that has answered.
        """
        path = "/api/v1" if endpoint is None else f"/api/v1/endpoints/{part(endpoint)}"
        return self._session.get(f"{path}/append-tables", APPEND_TABLES)

    def write_tables(
        self,
        endpoint: str,
        *,
        timeout_s: float = 3600.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Written:
        """Write what waits to the endpoint's two datasets now, and wait until it is there.

        Raises:
            Invalid: If it could not be written; nothing is lost, and it is tried again.
        """
        job = self._session.post(f"/api/v1/endpoints/{part(endpoint)}/append-tables/batches", None, Job)
        done = Jobs(self._session).done(job.id, timeout_s=timeout_s, on_progress=on_progress)
        return from_json(to_json(done.result), Written)


class Outcomes:
    """``client.outcomes``: what came true."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, items: Iterable[NewOutcome]) -> OutcomeReceipt:
        """Tell what came true, in batches; safe to repeat.

        Returns:
            How many were matched, wait for their prediction, were known already or contradict what is
            known (the notes name those).
        """
        source, batches = iter(items), []
        while batch := list(islice(source, BATCH)):
            batches.append(self._session.post("/api/v1/outcomes", batch, OutcomeReceipt))
        return OutcomeReceipt(
            matched=sum(receipt.matched for receipt in batches),
            waiting=sum(receipt.waiting for receipt in batches),
            repeated=sum(receipt.repeated for receipt in batches),
            conflicts=sum(receipt.conflicts for receipt in batches),
            notes=_notes(batches),
        )

    def record_one(
        self,
        prediction_id: str,
        value: float | bool,  # noqa: FBT001 - yes or no is a value here, not a switch
        *,
        at: datetime | None = None,
        name: str = TRUTH,
        seq: int = 0,
    ) -> OutcomeReceipt:
        """Tell what came true for one prediction; a correction takes the next ``seq``."""
        return self.record([NewOutcome(prediction_id=prediction_id, value=value, at=at, name=name, seq=seq)])

    def waiting(self) -> Sequence[Outcome]:
        """Outcomes whose prediction is not known (yet), newest first."""
        return self._session.get("/api/v1/outcomes/waiting", OUTCOMES)


def _notes(batches: Sequence[OutcomeReceipt]) -> list[OutcomeResult]:
    import msgspec

    return [
        msgspec.structs.replace(note, index=note.index + number * BATCH)
        for number, receipt in enumerate(batches)
        for note in receipt.notes
    ]


def _plain_rows(rows: Any) -> list[dict[str, Any]]:
    """Rows as plain dictionaries; a data frame's missing values become null."""
    if hasattr(rows, "to_dicts"):  # polars
        return list(rows.to_dicts())
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas
        names = [str(name) for name in rows.columns]
        columns = [
            [None if value != value else value for value in rows[name].tolist()] for name in rows.columns
        ]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    return [dict(row) for row in rows]
