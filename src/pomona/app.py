"""The composition root: the one place that chooses backends and wires the stages together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from pomona.business.service import BusinessService
from pomona.circle.describe import Describer
from pomona.circle.doctor import Doctor
from pomona.circle.state import CircleService
from pomona.circle.trace import Tracer
from pomona.core.ports import Blobs, Clock, Database, Ledger, Requests
from pomona.data.service import DataService
from pomona.jobs.service import JobService
from pomona.jobs.worker import Workflow
from pomona.loop.evaluation import Evaluation
from pomona.loop.facts import KIND as RETRAIN
from pomona.loop.facts import FactFinder
from pomona.loop.retraining import Retraining
from pomona.loop.service import LoopService
from pomona.loop.wiring import wire_loop
from pomona.monitoring.references import TrainingReferences
from pomona.monitoring.scoring import Scorer
from pomona.monitoring.service import MonitoringService
from pomona.monitoring.watch import Watch
from pomona.registry.records import NewVersion
from pomona.registry.service import RegistryService
from pomona.releases.service import ReleaseService
from pomona.serving.service import ServingService
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.storage.requests import SqlRequests
from pomona.storage.sqlite import SqliteDatabase
from pomona.training.local import LocalExecutor
from pomona.training.reach import Reach, server_of
from pomona.training.service.entries import TRAIN, EntryService
from pomona.training.service.tracking import TrackingService
from pomona.training.trainer import Trainer


@dataclass(frozen=True)
class App:
    """Every service of one Pomona home, wired. Build it with ``open_app``."""

    home: Path
    clock: Clock
    database: Database
    ledger: Ledger
    requests: Requests
    blobs: Blobs
    jobs: JobService
    business: BusinessService
    data: DataService
    tracking: TrackingService
    entries: EntryService
    trainer: Trainer
    registry: RegistryService
    releases: ReleaseService
    serving: ServingService
    monitoring: MonitoringService
    loop: LoopService
    workflows: Mapping[str, Workflow]
    chores: Mapping[str, Callable[[], int]]
    """What a worker does between jobs, in this order; each returns how much it did."""

    @cached_property
    def circle(self) -> CircleService:
        """The home page's state."""
        return CircleService(self, self.ledger, self.clock)

    @cached_property
    def tracer(self) -> Tracer:
        """From any record back to its idea, forward to its money."""
        return Tracer(self.ledger, Describer(self).by_kind())

    @cached_property
    def doctor(self) -> Doctor:
        """Whether what was acknowledged is there, and what it was."""
        return Doctor(self, self.ledger, self.blobs)

    def job_log(self, job_id: str) -> str:
        """What a job has logged so far; empty if nothing yet."""
        path = self.home / "jobs" / job_id / "job.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def close(self) -> None:
        """Finish what is queued and let go of the store."""
        self.database.close()


def open_app(home: Path, *, clock: Clock | None = None, reach: Reach | None = None) -> App:
    """Open (or create) the home folder and wire every stage to it; migrations run by themselves.

    Args:
        clock: Default: the machine's.
        reach: How training scripts get at the API; default: the server that holds the folder.
    """
    clock = clock or SystemClock()
    home.mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(home / "pomona.db", clock)
    metadata.create_all(database.engine)
    blobs = FileBlobs(home / "blobs")
    jobs = JobService(database, clock)
    business = BusinessService(database, clock)
    data = DataService(database, blobs, clock, business)
    ledger = SqlLedger(database)
    tracking = TrackingService(database, blobs, clock, ledger, business, data)
    registry = RegistryService(database, blobs, clock, ledger, business, tracking)
    entries = EntryService(database, blobs, clock, business, data, jobs)
    trainer = Trainer(
        entries,
        tracking,
        jobs,
        blobs,
        executor=LocalExecutor(home / "jobs", blobs.get),
        reach=reach or partial(server_of, home),
        register=partial(_register_run, registry),
    )
    releases = ReleaseService(database, clock, registry, business)
    serving = ServingService(database, clock, releases, registry, home / "gateway" / "journal")
    scorer = Scorer(blobs, home / "models")
    watch = Watch(
        database,
        clock,
        ledger,
        predictions=serving,
        releases=releases,
        business=business,
        references=TrainingReferences(registry, data, scorer),
    )
    monitoring = MonitoringService(database, clock, releases, watch)
    facts = FactFinder(data, registry, releases, entries)
    loop = wire_loop(
        database,
        clock,
        ledger,
        jobs=jobs,
        facts=facts,
        data=data,
        releases=releases,
        serving=serving,
        monitoring=monitoring,
    )
    retraining = Retraining(
        database,
        trainer=trainer,
        registry=registry,
        releases=releases,
        business=business,
        data=data,
        facts=facts,
        evaluation=Evaluation(data, scorer),
    )
    return App(
        home=home,
        clock=clock,
        database=database,
        ledger=ledger,
        requests=SqlRequests(database, clock),
        blobs=blobs,
        jobs=jobs,
        business=business,
        data=data,
        tracking=tracking,
        entries=entries,
        trainer=trainer,
        registry=registry,
        releases=releases,
        serving=serving,
        monitoring=monitoring,
        loop=loop,
        workflows={TRAIN: trainer.workflow(), RETRAIN: retraining.workflow()},
        chores={
            "journal": serving.fold,
            "windows": monitoring.evaluate,
            "reactions": loop.react,
            "ticks": loop.tick,
            "canaries": loop.steer,
            "schedules": jobs.tick,
        },
    )


def _register_run(registry: RegistryService, model: str, run: str) -> str:
    """The version of ``model`` that a run made: the one its script registered, else a new one."""
    own = [version for version in registry.versions_of_run(run) if version.model == model]
    return (own[0] if own else registry.register(model, NewVersion(run_id=run))).id
