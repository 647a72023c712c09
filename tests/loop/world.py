"""A small world around the loop: real database, ledger and jobs; fakes of the stages before it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.databases import Opened

from pomona.core.errors import NotFound
from pomona.core.events import VersionCommitted, WindowClosed
from pomona.data.records import Dataset, DataVersion
from pomona.jobs.service import JobService
from pomona.jobs.worker import Worker
from pomona.loop.facts import FactFinder
from pomona.loop.reacting import Decider, Reactor
from pomona.loop.records import NewTrigger, Reaction, Recipe, Trigger
from pomona.loop.service import LoopService
from pomona.loop.steering import Steering
from pomona.loop.ticking import Ticker
from pomona.monitoring.records import Incident, Window, WindowKind, WindowState
from pomona.registry.records import ModelVersion, Signature
from pomona.releases.records import (
    ArmEvidence,
    CanaryEvidence,
    CanaryPolicy,
    Endpoint,
    Release,
)
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock
from pomona.training.records.entries import DataSelector, TrainingEntry

START = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
RECIPE = Recipe(entry="gbt", label="late", policy=CanaryPolicy(share=0.3))


class FakeData:
    """Versions ``ver_<n>`` of ``flights``, each with 100 more rows than the one before."""

    def __init__(self) -> None:
        self.count = 1
        self.failed: set[int] = set()

    def dataset(self, ref: str) -> Dataset:
        return Dataset(id="dat_1", name="flights", time_column="at", created_at=START, created_by="ann")

    def resolve(self, ref: str) -> DataVersion:
        number = int(ref.removeprefix("ver_")) if ref.startswith("ver_") else self.count
        if number == 0:
            raise NotFound("flights has no version yet")
        return DataVersion(
            id=f"ver_{number}",
            dataset="flights",
            dataset_id="dat_1",
            number=number,
            digest="",
            mode="append",
            schema=(),
            rows=100 * number,
            rows_added=100,
            rows_removed=0,
            rows_changed=0,
            files=(),
            size=0,
            since=START,
            until=START + WEEK * number,
            quality="fail" if number in self.failed else "green",
            profile="",
            as_of=START + WEEK * number,
            created_at=START,
            created_by="ann",
        )

    def usable_for_training(
        self, ref: str, force_reason: str | None = None, purpose: str = "training"
    ) -> DataVersion:
        return self.resolve(ref)


class FakeRegistry:
    """Versions ``mv_<n>``, each trained on ``ver_<n>``."""

    def version(self, ref: str) -> ModelVersion:
        number = int(ref.removeprefix("mv_"))
        return ModelVersion(
            id=ref,
            model="delay",
            model_id="mdl_1",
            number=number,
            run_id=f"{number:032x}",
            source="",
            files=(),
            digest="",
            size=0,
            flavors={},
            signature=Signature(),
            data_version=f"ver_{number}",
            created_at=START,
            updated_at=START,
        )

    def champion(self, model: str) -> ModelVersion | None:
        return None


class FakeReleases:
    """One endpoint ``late`` whose release a test sets."""

    def __init__(self) -> None:
        self.running: Release | None = self.release("mv_1")
        self.judged: list[CanaryEvidence] = []

    def release(self, champion: str, candidate: str | None = None, number: int = 1) -> Release:
        return Release(
            id=f"rel_{number}",
            endpoint="late",
            strategy="canary" if candidate else "champion",
            champion=champion,
            candidate=candidate,
            salt="s",
            started_at=START,
            started_by="ann",
        )

    def endpoint(self, ref: str) -> Endpoint:
        if ref != "late":
            raise NotFound(f"no endpoint {ref!r}")
        return Endpoint(id="end_1", name="late", model="delay", created_at=START, created_by="ann")

    def active(self, endpoint: str) -> Release | None:
        return self.running

    def start_champion(
        self, endpoint: str, version: str, *, reason: str, force: str | None = None
    ) -> Release:
        self.running = self.release(version, number=2)
        return self.running

    def start_canary(
        self, endpoint: str, candidate: str, *, policy: CanaryPolicy | None = None, reason: str
    ) -> Release:
        assert self.running is not None
        self.running = self.release(self.running.champion, candidate, number=2)
        return self.running

    def canaries(self) -> list[Release]:
        return [self.running] if self.running is not None and self.running.candidate else []

    def decide(self, release_id: str, evidence: CanaryEvidence) -> Release:
        assert self.running is not None
        self.judged.append(evidence)
        return self.running


class FakeEntries:
    """The entry ``gbt``, which trains on ``flights``; ``train`` is what a test says."""

    def __init__(self) -> None:
        self.trained: list[tuple[str, Mapping[str, Any]]] = []
        self.on_train: Callable[[], None] = lambda: None

    def entry(self, ref: str) -> TrainingEntry:
        if ref != "gbt":
            raise NotFound(f"no training entry {ref!r}")
        return TrainingEntry(
            id="ent_1",
            name="gbt",
            number=1,
            script="train.py",
            files=(),
            code="",
            experiment="gbt",
            data=DataSelector(ref="flights"),
            params={"holdout_days": 7},
            model="delay",
            created_at=START,
            created_by="ann",
        )


class FakeMonitoring:
    """Windows and open incidents that a test adds."""

    def __init__(self) -> None:
        self.windows: dict[str, Window] = {}
        self.open: dict[str, Incident] = {}

    def window(self, window_id: str) -> Window:
        return self.windows[window_id]

    def open_incident(self, endpoint: str, kind: WindowKind) -> Incident | None:
        return self.open.get(kind)

    def incident_of(self, window: Window) -> Incident | None:
        incident = self.open.get(window.kind)
        return incident if incident is not None and window.id in incident.windows else None


class FakeServing:
    """Event times and evidence."""

    def __init__(self) -> None:
        self.newest: datetime | None = None

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None:
        return None if self.newest is None else (START, self.newest)

    def evidence(self, release: str) -> CanaryEvidence:
        arms = [ArmEvidence(arm=arm, model_version="mv_1") for arm in ("champion", "candidate")]
        return CanaryEvidence(champion=arms[0], candidate=arms[1], share=0.3)


class World:
    """Everything wired as the application does it."""

    def __init__(self, folder: Path, opened: Opened) -> None:
        self.folder = folder
        self.clock = FakeClock(START)
        self.database = opened(self.clock)
        self.ledger = SqlLedger(self.database)
        self.jobs = JobService(self.database, self.clock)
        self.data, self.registry, self.releases = FakeData(), FakeRegistry(), FakeReleases()
        self.entries, self.monitoring, self.serving = FakeEntries(), FakeMonitoring(), FakeServing()
        self.facts = FactFinder(self.data, self.registry, self.releases, self.entries)
        self.loop = self.another_process()

    def another_process(self, queue: Any = None) -> LoopService:
        decider = Decider(self.clock, queue or self.jobs, self.facts)
        reactor = Reactor(
            self.database,
            self.ledger,
            decider=decider,
            facts=self.facts,
            monitoring=self.monitoring,
            data=self.data,
        )
        ticker = Ticker(
            self.database, self.clock, decider=decider, facts=self.facts, predictions=self.serving
        )
        steering = Steering(self.ledger, self.releases, self.serving)
        return LoopService(
            self.database,
            self.clock,
            self.releases,
            facts=self.facts,
            decider=decider,
            reactor=reactor,
            ticker=ticker,
            steering=steering,
        )

    def trigger(self, kind: str = "drift", **more: Any) -> Trigger:
        fields = {"name": kind.replace("_", "-"), "endpoint": "late", "kind": kind, "recipe": RECIPE} | more
        return self.loop.create(NewTrigger(**fields))

    def window(
        self, week: int, state: WindowState = "alarm", *, kind: WindowKind = "drift", incident: bool = True
    ) -> Window:
        """A window closes; a bad one opens or belongs to the incident of its kind."""
        start = START + WEEK * week
        window = Window(
            id=f"win_{kind}_{week}",
            monitor="mon_1",
            endpoint="late",
            kind=kind,
            start=start,
            end=start + WEEK,
            model_version="mv_1",
            rows=1000,
            state=state,
            score=0.4,
            threshold=0.25,
            summary="temp moved",
            closed_at=start,
        )
        self.monitoring.windows[window.id] = window
        if state == "alarm" and incident:
            known = self.monitoring.open.get(kind)
            self.monitoring.open[kind] = Incident(
                id=f"inc_{kind}",
                monitor="mon_1",
                endpoint="late",
                kind=kind,
                model_version="mv_1",
                summary="temp moved",
                score=0.4,
                threshold=0.25,
                windows=(*(known.windows if known else ()), window.id),
                since=start,
                opened_at=start,
            )
        news = WindowClosed(
            subject=window.id,
            endpoint="late",
            start=start,
            end=start + WEEK,
            state=state,
            kind=kind,
            score=0.4,
            threshold=0.25,
            summary="temp moved",
        )
        self.database.write(lambda tx: tx.emit(news))
        return window

    def commit(self) -> DataVersion:
        """A new data version arrives."""
        self.data.count += 1
        version = self.data.resolve("flights")
        news = VersionCommitted(
            subject=version.id,
            dataset="flights",
            number=version.number,
            rows=version.rows,
            rows_added=100,
            quality=version.quality,
        )
        self.database.write(lambda tx: tx.emit(news))
        return version

    def reactions(self) -> list[Reaction]:
        """In the order of their events."""
        return sorted(self.loop.reactions(limit=1000).items, key=lambda r: (r.event or 0, r.id))

    def finish_jobs(self, workflows: Mapping[str, Any]) -> None:
        worker = Worker(self.jobs, workflows, self.folder / "jobs")
        while worker.run_one():
            pass

    def promote(self, version: str) -> None:
        self.releases.running = self.releases.release(version)

    def end_job(self, job_id: str) -> None:
        """The retraining is over, whatever it came to."""
        job = self.jobs.claim("test", ["retrain"])
        assert job is not None
        assert job.id == job_id
        self.jobs.finish(job, None)
