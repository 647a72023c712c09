"""The job that takes everything over: a step an experiment, one for what judges, one for the registry."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from pomona.core.errors import NotFound, Refused
from pomona.core.ports import Blobs, Clock, Database
from pomona.jobs.worker import JobContext, Workflow
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.door import Files, Observed, Origin
from pomona.registry.importing.hooking import Hooking
from pomona.registry.importing.judging import TakingEvaluations
from pomona.registry.importing.prompting import Prompting
from pomona.registry.importing.records import (
    EvaluationsTaken,
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
from pomona.registry.importing.tracing import TakingTraces
from pomona.registry.prompts.rules import is_prompt
from pomona.registry.service import RegistryService
from pomona.training.service.experiments import ExperimentService
from pomona.training.service.lineage import Lineage

VERSION = 1
_REGISTRY_SHARE = 0.05  # of the progress bar
Tell = Callable[[int, str], None]
"""Called with how many runs and traces of an experiment are done, and what is done now."""


class Elsewhere(NamedTuple):
    """A store elsewhere; ``files`` is None where they stay behind."""

    origin: Origin
    observed: Observed
    files: Files | None


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
        context.progress(0.0, f"asking {new.origin}")
        self._experiments.prepare()
        with self._imports.opened(new) as (origin, observed, files):
            chosen = wanted(origin.experiments(), new)
            copied = files if new.files == "copy" else None
            taken = self._all(context, new, chosen, Elsewhere(origin, observed, copied))
            evaluations = self._evaluations(context, new, observed, chosen, taken)
            registry = self._register(context, new, Elsewhere(origin, observed, copied))
        missing = sorted(set(new.experiments) - {one.name for one in chosen})
        lost = [Skipped(reason="experiments that are not there", count=len(missing), examples=missing[:5])]
        parts: list[ExperimentTaken | EvaluationsTaken | RegistryTaken] = [*taken, evaluations, registry]
        report = ImportReport(
            origin=new.origin,
            experiments=taken,
            registry=registry,
            evaluations=evaluations,
            skipped=rules.summed([*(one.skipped for one in parts), lost if missing else []]),
            seconds=round(sum(one.seconds for one in parts), 3),
        )
        context.progress(1.0, _told(report))
        return report

    def _all(
        self,
        context: JobContext,
        new: NewImport,
        chosen: Sequence[OldExperiment],
        elsewhere: "Elsewhere",
    ) -> list[ExperimentTaken]:
        total, before = sum(one.runs + (one.traces or 0) for one in chosen) or 1, 0
        runs = Taking(
            self._database,
            self._blobs,
            self._clock,
            self._lineage,
            origin=elsewhere.origin,
            files=elsewhere.files,
            job=context.job.id,
            named=new.origin,
            trust=new.trust,
        )
        traces = TakingTraces(self._database, elsewhere.observed, elsewhere.files)
        taken = []
        for old in chosen:

            def tell(done: int, what: str, old: OldExperiment = old, before: int = before) -> None:
                share = (1 - _REGISTRY_SHARE) * min(1.0, (before + done) / total)
                context.check()
                context.progress(share, f"{old.name}: {what}")

            def take(old: OldExperiment = old, tell: Tell = tell) -> ExperimentTaken:
                counting = Counting(self._database, context.job.id, f"experiment {old.id}")
                return self._experiment(old, runs, traces, counting, tell)

            found = context.step(f"experiment {old.id}", take)
            taken.append(msgspec.convert(found, ExperimentTaken))
            before += old.runs + (old.traces or 0)
        return taken

    def _experiment(
        self, old: OldExperiment, runs: Taking, traces: TakingTraces, counting: Counting, tell: "Tell"
    ) -> ExperimentTaken:
        number = self._database.write(lambda tx: store.home(tx, old))
        count = runs.experiment(
            number, old, counting, lambda done: tell(done, f"{done:,} of {old.runs:,} runs")
        )
        traces.experiment(number, old, counting, lambda done: tell(old.runs + done, f"{done:,} traces"))
        counts = counting.counts()
        return ExperimentTaken(
            id=str(number),
            name=old.name,
            runs=count,
            new=counts.new,
            changed=counts.changed,
            points=counts.points,
            models=counts.models,
            files=counts.files,
            bytes=counts.bytes,
            traces=counts.traces,
            skipped=counting.skipped(),
            seconds=counting.seconds(),
        )

    def _evaluations(
        self,
        context: JobContext,
        new: NewImport,
        observed: Observed,
        chosen: Sequence[OldExperiment],
        taken: Sequence[ExperimentTaken],
    ) -> EvaluationsTaken:
        homes = {old.id: int(one.id) for old, one in zip(chosen, taken, strict=True)}

        def take() -> EvaluationsTaken:
            context.progress(1 - _REGISTRY_SHARE, "evaluation datasets")
            counting = Counting(self._database, context.job.id, "evaluations")
            taking = TakingEvaluations(self._database, observed, homes, only_theirs=bool(new.experiments))
            try:
                taking.take(counting)
            except (Refused, NotFound) as error:
                counting.left.add(f"evaluation datasets: {error.detail}", new.origin)
            counts = counting.counts()
            return EvaluationsTaken(
                datasets=counts.datasets,
                rows=counts.rows,
                skipped=counting.skipped(),
                seconds=counting.seconds(),
            )

        return msgspec.convert(context.step("evaluations", take), EvaluationsTaken)

    def _register(self, context: JobContext, new: NewImport, elsewhere: "Elsewhere") -> RegistryTaken:
        def take() -> RegistryTaken:
            counting = Counting(self._database, context.job.id, "registry")
            registering = Registering(
                self._database,
                self._blobs,
                self._registry,
                counting,
                files=elsewhere.files,
                named=new.origin,
                trust=new.trust,
            )
            prompting = Prompting(self._database, self._clock, counting)
            registering.begin()
            for old in elsewhere.origin.registered():
                context.check()
                context.progress(1 - _REGISTRY_SHARE, f"registered: {old.name}")
                (prompting if is_prompt(old.tags) else registering).take(old)
            try:
                Hooking(self._database, self._clock, counting).take(elsewhere.observed.webhooks())
            except (Refused, NotFound) as error:  # only who administers a server may see them
                counting.left.add(f"webhooks: {error.detail}", new.origin)
            counts = counting.counts()
            return RegistryTaken(
                models=counts.models,
                versions=counts.versions,
                prompts=counts.prompts,
                prompt_versions=counts.prompt_versions,
                webhooks=counts.webhooks,
                skipped=counting.skipped(),
                seconds=counting.seconds(),
            )

        return msgspec.convert(context.step("registry", take), RegistryTaken)


def _told(report: ImportReport) -> str:
    new = sum(one.new for one in report.experiments)
    changed = sum(one.changed for one in report.experiments)
    return (
        f"{new:,} new and {changed:,} changed runs, {sum(one.traces for one in report.experiments):,} traces,"
        f" {report.registry.versions:,} model versions in {report.seconds:.1f} s"
    )
