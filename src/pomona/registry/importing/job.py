"""The job that takes everything over: a step an experiment, one for the registry."""

import time
from collections.abc import Sequence

import msgspec

from pomona.core.ports import Blobs, Clock, Database
from pomona.jobs.worker import JobContext, Workflow
from pomona.registry.importing import rules
from pomona.registry.importing.door import Files, Origin
from pomona.registry.importing.records import (
    ExperimentTaken,
    ImportReport,
    NewImport,
    OldExperiment,
    RegistryTaken,
    Skipped,
)
from pomona.registry.importing.registering import Registering
from pomona.registry.importing.service import KIND, ImportService, wanted
from pomona.registry.importing.taking import Taking
from pomona.registry.service import RegistryService
from pomona.training.service.experiments import ExperimentService
from pomona.training.service.lineage import Lineage

VERSION = 1
_REGISTRY_SHARE = 0.05  # of the progress bar


class Importing:
    """Carries imports out."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        imports: ImportService,
        *,
        experiments: ExperimentService,
        lineage: Lineage,
        registry: RegistryService,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._imports = imports
        self._experiments = experiments
        self._lineage = lineage
        self._registry = registry

    def workflow(self) -> Workflow:
        """The kind of job that does it."""
        return Workflow(kind=KIND, version=VERSION, run=self.run)

    def run(self, context: JobContext) -> ImportReport:
        """Take over what is new or changed; what did not come along is told with its reason."""
        new = msgspec.convert(context.payload, NewImport)
        began = time.monotonic()
        context.progress(0.0, f"asking {new.origin}")
        self._experiments.prepare()
        with self._imports.opened(new) as (origin, files):
            chosen = wanted(origin.experiments(), new)
            copied = files if new.files == "copy" else None
            taken = self._all(context, new, chosen, origin, copied)
            registry = self._register(context, new, origin, copied)
        missing = sorted(set(new.experiments) - {one.name for one in chosen})
        lost = [Skipped(reason="experiments that are not there", count=len(missing), examples=missing[:5])]
        report = ImportReport(
            origin=new.origin,
            experiments=taken,
            registry=registry,
            skipped=rules.summed(
                [*(one.skipped for one in taken), registry.skipped, lost if missing else []]
            ),
            seconds=round(time.monotonic() - began, 3),
        )
        context.progress(1.0, _told(report))
        return report

    def _all(
        self,
        context: JobContext,
        new: NewImport,
        chosen: Sequence[OldExperiment],
        origin: Origin,
        files: Files | None,
    ) -> list[ExperimentTaken]:
        total, before = sum(one.runs for one in chosen) or 1, 0
        taking = Taking(
            self._database,
            self._blobs,
            self._clock,
            self._lineage,
            origin=origin,
            files=files,
            job=context.job.id,
            named=new.origin,
        )
        taken = []
        for old in chosen:

            def tell(done: int, old: OldExperiment = old, before: int = before) -> None:
                share = (1 - _REGISTRY_SHARE) * min(1.0, (before + done) / total)
                context.check()
                context.progress(share, f"{old.name}: {done:,} of {old.runs:,} runs")

            def take(old: OldExperiment = old) -> ExperimentTaken:
                return taking.experiment(old, tell)

            found = context.step(f"experiment {old.id}", take)
            taken.append(msgspec.convert(found, ExperimentTaken))
            before += old.runs
        return taken

    def _register(
        self, context: JobContext, new: NewImport, origin: Origin, files: Files | None
    ) -> RegistryTaken:
        def take() -> RegistryTaken:
            context.progress(1 - _REGISTRY_SHARE, "registered models")
            registering = Registering(
                self._database,
                self._blobs,
                self._registry,
                files=files,
                named=new.origin,
                trust=new.trust,
            )
            return registering.take(origin.registered())

        return msgspec.convert(context.step("registry", take), RegistryTaken)


def _told(report: ImportReport) -> str:
    new = sum(one.new for one in report.experiments)
    changed = sum(one.changed for one in report.experiments)
    return (
        f"{new:,} new and {changed:,} changed runs, {report.registry.versions:,} model versions"
        f" in {report.seconds:.1f} s"
    )
