"""Use cases of stage 5: what gateways serve, predictions remembered, outcomes matched, money counted."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from pomona.core.errors import Invalid, NotFound, Tampered
from pomona.core.latency import Latency
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.releases.records import CanaryEvidence, Endpoint, Plan, Release
from pomona.serving import asking, latencies, matching, store
from pomona.serving.asking import PredictionFilter, Window
from pomona.serving.folding import Folder
from pomona.serving.records import (
    EndpointRoute,
    GatewaySnapshot,
    JournalSegment,
    LedgerPeriod,
    NewOutcome,
    Outcome,
    OutcomeReceipt,
    Prediction,
    ServedFile,
    ServedModel,
    ServedSeal,
    ValueLedger,
)
from pomona.sql import to_us

MAX_BATCH = 10_000


class Releases(Protocol):
    """What the endpoints are and what serves them (stage 4)."""

    def plans(self) -> Sequence[Plan]:
        """Every endpoint with a running release."""
        ...

    def endpoint(self, ref: str) -> Endpoint:
        """One endpoint, by id or name."""
        ...

    def release(self, release_id: str) -> Release:
        """One release."""
        ...


class File(Protocol):
    """One file of a model version."""

    @property
    def path(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...


class Version(Protocol):
    """A registered model version."""

    @property
    def id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def files(self) -> Sequence[File]: ...


class Seal(Protocol):
    """What the registry signed."""

    @property
    def manifest(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def signature(self) -> str: ...


class Registry(Protocol):
    """Where model versions come from (stage 3)."""

    def sealed(self, ref: str) -> tuple[Version, Seal]:
        """One model version and its seal.

        Raises:
            Tampered: If it is not what was registered.
        """
        ...


class ServingService:
    """The control plane's side of serving.

    Args:
        database, clock: Where predictions live; wall time.
        releases: Endpoints and plans.
        registry: Model versions.
        journal: Folder of the gateway's journal.
    """

    def __init__(
        self, database: Database, clock: Clock, releases: Releases, registry: Registry, journal: Path
    ) -> None:
        self._database, self._clock = database, clock
        self._releases, self._registry = releases, registry
        self._endpoints: dict[str, Endpoint] = {}
        self._folder = Folder(database, clock, journal, self._endpoint_of)

    def snapshot(self) -> GatewaySnapshot:
        """Everything gateways are to serve now."""
        plans = sorted(self._releases.plans(), key=lambda plan: plan.endpoint.name)
        routes = tuple(_route(plan) for plan in plans)
        wanted = sorted({arm.model_version for route in routes for arm in route.arms})
        models = tuple(self._served(model_version) for model_version in wanted)
        revision = asking.revision_of((routes, models))
        return GatewaySnapshot(revision=revision, endpoints=routes, models=models)

    def fold(self) -> int:
        """Move what the gateway journalled into the predictions table; returns how many are new."""
        return self._folder.fold()

    def journal(self) -> list[JournalSegment]:
        """How far each segment of the journal is folded."""
        return list(self._database.read(store.segments).values())

    def prediction(self, prediction_id: str) -> Prediction:
        """One prediction with its outcomes.

        Raises:
            NotFound: If it is unknown, or not folded yet.
        """
        found = self._database.read(partial(store.find, prediction_id=prediction_id))
        if found is None:
            raise NotFound(
                f"no prediction {prediction_id!r}",
                hint="`pomona predictions ls` lists them; a new one shows up within a second",
            )
        return found

    def latency(self, model_version: str) -> Latency | None:
        """How long a model version (its id) took to answer; None if it answered nothing."""
        return self._database.read(lambda tx: latencies.of_version(tx, model_version))

    def predictions(
        self, wanted: PredictionFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Prediction]:
        """Predictions, newest event time first."""
        chosen = wanted or PredictionFilter()
        return self._database.read(partial(asking.page, wanted=chosen, cursor=cursor, limit=limit))

    def record_outcomes(self, items: Sequence[NewOutcome]) -> OutcomeReceipt:
        """Tell what came true. Safe to repeat; an unknown prediction's outcome waits for it.

        Raises:
            Invalid: If an item could never be used; then nothing of the batch is stored. A value that
                contradicts a stored one is listed in the receipt instead.
        """
        if len(items) > MAX_BATCH:
            raise Invalid(f"{len(items)} outcomes at once", hint=f"send at most {MAX_BATCH} at a time")
        matching.check_outcomes(items)
        return self._database.write(partial(self._record, items=items))

    def _record(self, tx: Transaction, *, items: Sequence[NewOutcome]) -> OutcomeReceipt:
        now = self._clock.now()
        sorting = matching.Sorting(tx, items, to_us(now))
        store.add_outcomes(tx, sorting.fresh, now)
        tally = matching.Tally()
        rows = matching.write_truths(tx, sorting.truths, self._endpoint_of, tally)
        store.add_to_days(tx, tally.sums())
        matching.tell_outcomes(tx, rows, self._endpoint_of)
        return sorting.receipt()

    def waiting_outcomes(self, *, limit: int = 100) -> list[Outcome]:
        """Outcomes whose prediction is not known (yet), newest first."""
        return self._database.read(partial(store.waiting, limit=limit))

    def value_ledger(self, endpoint: str, *, period: LedgerPeriod = "month") -> ValueLedger:
        """Money of an endpoint per period and model version, with and without the model.

        Raises:
            NotFound: If there is no such endpoint.
        """
        found = self._releases.endpoint(endpoint)
        return self._database.read(partial(asking.value_ledger, endpoint=found, period=period))

    def evidence(
        self, release: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> CanaryEvidence:
        """What both arms of a release did so far.

        Raises:
            NotFound: If there is no such release.
        """
        found = self._releases.release(release)
        endpoint = self._releases.endpoint(found.endpoint)
        ask = partial(asking.evidence, release=found, endpoint=endpoint, since=since, until=until)
        return self._database.read(ask)

    def window(
        self,
        endpoint: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        model_version: str | None = None,
        labelled: bool = False,
        limit: int | None = None,
    ) -> Window:
        """Inputs and answers of a stretch of event time as Arrow tables; ``labelled``: matched rows only."""
        wanted = PredictionFilter(
            endpoint=endpoint,
            since=since,
            until=until,
            model_version=model_version,
            matched=True if labelled else None,
        )
        return self._database.read(partial(asking.window, wanted=wanted, limit=limit))

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None:
        """First and newest event time of an endpoint's predictions."""
        return self._database.read(partial(asking.span, endpoint=endpoint))

    def counts(self, endpoint: str, *, since: datetime, until: datetime) -> tuple[int, int]:
        """How many predictions a stretch of event time has, and how many of them are matched."""
        return self._database.read(partial(asking.counts, endpoint=endpoint, since=since, until=until))

    def per_day(self, endpoint: str) -> list[tuple[datetime, int, int]]:
        """Predictions and matched ones per day of event time: cheap, from the daily sums."""
        return self._database.read(partial(asking.per_day, endpoint=endpoint))

    def _served(self, model_version: str) -> ServedModel:
        """A version with its seal; without one if it was tampered with, so that gateways refuse it alone."""
        try:
            version, seal = self._registry.sealed(model_version)
        except Tampered:
            return ServedModel(id=model_version, model="", number=0, files=())
        signed = ServedSeal(manifest=seal.manifest, key=seal.key, signature=seal.signature)
        files = tuple(
            ServedFile(path=file.path, digest=file.digest, size=file.size) for file in version.files
        )
        return ServedModel(
            id=version.id, model=version.model, number=version.number, files=files, seal=signed
        )

    def _endpoint_of(self, name: str) -> Endpoint | None:
        """The endpoint by name, remembered: its payoffs never change. None if it is not ours."""
        if name not in self._endpoints:
            try:
                self._endpoints[name] = self._releases.endpoint(name)
            except NotFound:
                return None
        return self._endpoints[name]


def _route(plan: Plan) -> EndpointRoute:
    endpoint, release = plan.endpoint, plan.release
    return EndpointRoute(
        name=endpoint.name,
        release=release.id,
        strategy=release.strategy,
        salt=release.salt,
        arms=plan.arms,
        durability=endpoint.durability,
        hypothesis=endpoint.hypothesis,
        threshold=endpoint.threshold,
        positive_class=endpoint.positive_class,
        unit_column=endpoint.unit_column,
    )
