"""The composition root: the one place that chooses backends and wires the stages together."""

import os
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pomona import plugins
from pomona.business.service import BusinessService
from pomona.circle.describe import Describer
from pomona.circle.doctor import Doctor
from pomona.circle.state import CircleService
from pomona.circle.trace import Tracer
from pomona.core.later import later
from pomona.core.ports import Blobs, Clock, Ledger, Records, Requests, Tables
from pomona.data.diff.records import Diff
from pomona.data.filesets.service import FileSetService
from pomona.data.keeping.holders import JobTexts, KeptAnswers
from pomona.data.keeping.records import RebaseRequest
from pomona.data.sources.door import SourceKind
from pomona.data.sources.guard import guard_of
from pomona.data.tools import DataTools
from pomona.jobs.service import JobService
from pomona.loop.facts import FactFinder
from pomona.loop.retraining import Retraining
from pomona.loop.service import LoopService
from pomona.loop.wiring import wire_loop
from pomona.monitoring.service import MonitoringService
from pomona.monitoring.watch import Watch
from pomona.registry.approvals.service import ApprovalService
from pomona.registry.cards.service import CardService
from pomona.registry.companions import Companions, wire_companions
from pomona.registry.comparing.service import Comparer
from pomona.registry.importing.job import Importing
from pomona.registry.importing.service import ImportService
from pomona.registry.outside.service import Gangway
from pomona.registry.records import NewVersion
from pomona.registry.service import RegistryService
from pomona.releases.service import ReleaseService
from pomona.serving.archive.service import COMPACT_HIDDEN, Archive
from pomona.serving.forgetting import PredictionHolder
from pomona.serving.service import ServingService
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.files import FileBlobs
from pomona.storage.filesets.store import PackStore
from pomona.storage.keys import FileKeys
from pomona.storage.ledger import SqlLedger
from pomona.storage.opening import open_database
from pomona.storage.requests import SqlRequests
from pomona.storage.sealing import KeySealer
from pomona.training.local import LocalExecutor
from pomona.training.reach import Reach, server_of
from pomona.training.service.entries import EntryService
from pomona.training.service.lineage import Lineage
from pomona.training.service.tracking import TrackingService
from pomona.training.trainer import Trainer

if TYPE_CHECKING:  # loaded when first used: they handle rows, with libraries that a start need not wait for
    from pomona.data.keeping.wiring import Keeping
    from pomona.data.service import DataService
    from pomona.data.sources.extraction import Extraction
    from pomona.data.sources.service import SourceService
    from pomona.loop.evaluation import Evaluation
    from pomona.monitoring.references import References
    from pomona.monitoring.scoring import Scorer


@dataclass(frozen=True)
class App(DataTools):
    """Every service of one Pomona home, wired. Build it with ``open_app``."""

    home: Path
    clock: Clock
    database: Records
    ledger: Ledger
    requests: Requests
    blobs: Blobs
    tables: Tables
    jobs: JobService
    business: BusinessService
    data: "DataService"
    files: FileSetService
    tracking: TrackingService
    entries: EntryService
    registry: RegistryService
    releases: ReleaseService
    serving: ServingService
    reach: Reach  # how training scripts get at the API

    @cached_property
    def keeping(self) -> "Keeping":
        """What happens to data versions after their commit."""
        from pomona.data.keeping.wiring import wire_keeping

        return wire_keeping(
            self.database,
            self.blobs,
            self.tables,
            self.clock,
            self.ledger,
            data=self.data,
            jobs=self.jobs,
            home=self.home,
            removal=FileBlobs(self.home / "blobs"),
            holders=(
                PredictionHolder(self.database, self.home / "gateway" / "journal", self.archive.settle),
                JobTexts(self.database, self.home / "jobs"),
                KeptAnswers(self.requests),
            ),
        )

    @cached_property
    def archive(self) -> Archive:
        """Predictions and outcomes as datasets."""
        return Archive(
            self.database,
            self.clock,
            self.jobs,
            data=self.data,
            shelf=later(lambda: self.shelf),
            endpoints=self.releases,
            models=self.registry,
            compact=lambda ref: self.keeping.rebaser.start(ref, RebaseRequest(threshold=COMPACT_HIDDEN)),
        )

    @cached_property
    def sources(self) -> "SourceService":
        """Where tables come from."""
        from pomona.data.sources.service import SourceService

        return SourceService(
            self.database,
            self.clock,
            self.data,
            self.jobs,
            kind=_source_kind,
            kinds=partial(plugins.names, "sources"),
            guard=partial(guard_of, self.home),
            scratch=self.home / "incoming",
        )

    @cached_property
    def extraction(self) -> "Extraction":
        """The workflow that takes rows from sources."""
        from pomona.data.sources.extraction import Extraction

        return Extraction(self.database, self.data, self.sources)

    @cached_property
    def approvals(self) -> ApprovalService:
        """Who agreed to what may serve."""
        return ApprovalService(self.database, self.clock, self.registry)

    @cached_property
    def comparer(self) -> Comparer:
        """Model versions side by side."""
        return Comparer(
            self.registry,
            self.tracking,
            self.blobs,
            partial(_diff, self),
            self.serving.latency,
        )

    @cached_property
    def cards(self) -> CardService:
        """What is said about model versions."""
        return CardService(
            self.database,
            self.clock,
            self.registry,
            tracking=self.tracking,
            business=self.business,
            data=self.data,
            comparer=self.comparer,
        )

    @cached_property
    def gangway(self) -> Gangway:
        """Lets models in that no run here logged."""
        return Gangway(self.database, self.blobs, self.registry)

    @cached_property
    def imports(self) -> ImportService:
        """What is taken over from MLflow."""
        return ImportService(self.database, self.jobs, guard=partial(guard_of, self.home))

    @cached_property
    def importing(self) -> Importing:
        """The job that takes it over."""
        return Importing(
            self.database,
            self.blobs,
            self.clock,
            self.imports,
            experiments=self.tracking.experiments,
            lineage=Lineage(self.business, self.data, self.files),
            registry=self.registry,
        )

    @cached_property
    def scorer(self) -> "Scorer":
        """Lets model versions answer rows that are kept here."""
        from pomona.monitoring.scoring import Scorer

        return Scorer(self.blobs, self.home / "models", self.registry.seals.of)

    @cached_property
    def monitoring(self) -> MonitoringService:
        """Watches what the gateway answers."""
        watch = Watch(
            self.database,
            self.clock,
            self.ledger,
            predictions=self.serving,
            releases=self.releases,
            business=self.business,
            references=later(partial(_references, self)),
        )
        return MonitoringService(self.database, self.clock, self.releases, watch)

    @cached_property
    def companions(self) -> Companions:
        """Traces, prompts and the like: what programs around models keep here."""
        return wire_companions(
            self.database,
            self.clock,
            tracking=self.tracking,
            jobs=self.jobs,
            sealer=KeySealer(self.home / "keys" / "secrets.key"),
            reach=partial(guard_of, self.home),
            incoming=self.home / "uploads",
        )

    @cached_property
    def trainer(self) -> Trainer:
        """Runs training entries."""
        return Trainer(
            self.entries,
            self.tracking,
            self.jobs,
            self.blobs,
            executor=LocalExecutor(self.home / "jobs", self.blobs.get),
            reach=self.reach,
            register=partial(_register_run, self.registry),
        )

    @cached_property
    def facts(self) -> FactFinder:
        """What the loop's decisions rest on."""
        return FactFinder(self.data, self.registry, self.releases, self.entries)

    @cached_property
    def loop(self) -> LoopService:
        """Turns events into the next action."""
        return wire_loop(
            self.database,
            self.clock,
            self.ledger,
            jobs=self.jobs,
            facts=self.facts,
            data=self.data,
            releases=self.releases,
            serving=self.serving,
            monitoring=self.monitoring,
        )

    @cached_property
    def retraining(self) -> Retraining:
        """The workflow that makes a new candidate."""
        return Retraining(
            self.database,
            trainer=self.trainer,
            registry=self.registry,
            releases=self.releases,
            business=self.business,
            data=self.data,
            facts=self.facts,
            evaluation=later(partial(_evaluation, self)),
        )

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
        return Doctor(self, self.ledger, self.database)

    def job_log(self, job_id: str) -> str:
        """What a job has logged so far; empty if nothing yet."""
        path = self.home / "jobs" / job_id / "job.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def close(self) -> None:
        """Finish what is queued and let go of the store."""
        self.tracking.close()
        self.database.close()


def open_app(
    home: Path, *, address: str | None = None, clock: Clock | None = None, reach: Reach | None = None
) -> App:
    """Open (or create) the home folder and wire every stage to it; migrations run by themselves.

    Args:
        address: A URL of PostgreSQL for the records; default: where they are already, else SQLite.
        clock: Default: the machine's.
        reach: How training scripts get at the API; default: the server that holds the folder.
    """
    os.environ.setdefault("MIMALLOC_ALLOW_THP", "0")  # Arrow clears far more memory than it uses, else
    clock = clock or SystemClock()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(home, clock, metadata, address=address)
    ledger, blobs = SqlLedger(database), FileBlobs(home / "blobs")
    tables = later(partial(_tables, home / "tables"))
    jobs = JobService(database, clock)
    business = BusinessService(database, clock)
    data = later(partial(_data, database, blobs, tables, clock, business, home / "incoming"))
    packs = PackStore(home / "filesets")
    files = FileSetService(database, blobs, packs, clock, ledger, nearby=packs)
    tracking = TrackingService(database, blobs, clock, ledger, business, data, files)
    registry = RegistryService(database, blobs, clock, ledger, business, tracking, FileKeys(home / "keys"))
    entries = EntryService(database, blobs, clock, business, data, jobs)
    releases = ReleaseService(database, clock, registry, business)
    serving = ServingService(database, clock, releases, registry, home / "gateway" / "journal")
    return App(
        home=home,
        clock=clock,
        database=database,
        ledger=ledger,
        requests=SqlRequests(database, clock),
        blobs=blobs,
        tables=tables,
        jobs=jobs,
        business=business,
        data=data,
        files=files,
        tracking=tracking,
        entries=entries,
        registry=registry,
        releases=releases,
        serving=serving,
        reach=reach or partial(server_of, home),
    )


def _register_run(registry: RegistryService, model: str, run: str) -> str:
    """The version of ``model`` that a run made: the one its script registered, else a new one."""
    own = [version for version in registry.versions_of_run(run) if version.model == model]
    return (own[0] if own else registry.register(model, NewVersion(run_id=run))).id


def _source_kind(name: str) -> SourceKind:
    """The kind of source of this name; a fresh one, it keeps nothing."""
    kind: SourceKind = plugins.load("sources", name, extra="sources")()
    return kind


def _tables(folder: Path) -> Tables:
    from pomona.storage.delta.tables import delta_tables

    return delta_tables(folder)


def _data(*given: Any) -> "DataService":
    from pomona.data.service import DataService

    return DataService(*given)


def _diff(app: App, before: str, after: str) -> Diff:
    return app.diff.diff(before, after)


def _references(app: App) -> "References":
    from pomona.monitoring.references import TrainingReferences

    return TrainingReferences(app.registry, app.data, app.scorer)


def _evaluation(app: App) -> "Evaluation":
    from pomona.loop.evaluation import Evaluation

    return Evaluation(app.data, app.scorer)
