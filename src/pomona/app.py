"""The composition root: the one place that chooses backends and wires the stages together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pomona.business.service import BusinessService
from pomona.core.ports import Blobs, Clock, Database, Ledger, Requests
from pomona.data.service import DataService
from pomona.jobs.service import JobService
from pomona.jobs.worker import Workflow
from pomona.monitoring.references import TrainingReferences
from pomona.monitoring.scoring import Scorer
from pomona.monitoring.service import MonitoringService
from pomona.monitoring.watch import Watch
from pomona.registry.service import RegistryService
from pomona.releases.service import ReleaseService
from pomona.serving.service import ServingService
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.storage.requests import SqlRequests
from pomona.storage.sqlite import SqliteDatabase
from pomona.training.service.tracking import TrackingService


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
    registry: RegistryService
    releases: ReleaseService
    serving: ServingService
    monitoring: MonitoringService
    workflows: Mapping[str, Workflow]
    chores: Mapping[str, Callable[[], int]]
    """What a worker does between jobs, in this order; each returns how much it did."""

    def job_log(self, job_id: str) -> str:
        """What a job has logged so far; empty if nothing yet."""
        path = self.home / "jobs" / job_id / "job.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def close(self) -> None:
        """Finish what is queued and let go of the store."""
        self.database.close()


def open_app(home: Path, *, clock: Clock | None = None) -> App:
    """Open (or create) the home folder and wire every stage to it; migrations run by themselves."""
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
        registry=registry,
        releases=releases,
        serving=serving,
        monitoring=monitoring,
        workflows={},
        chores={"journal": serving.fold, "windows": monitoring.evaluate, "schedules": jobs.tick},
    )
