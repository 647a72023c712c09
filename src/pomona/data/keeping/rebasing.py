"""Rebase: the newest version once more, in fewer files and without the rows that it hides.

The new version has the same rows and counts no change. It is written beside the files that are there;
older versions keep theirs until a garbage collection. The replaced files need not be the whole version,
so a commit that comes meanwhile is no conflict: the replacement is made in the version that is newest
when the catalogue is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import UpkeepDeclared, VersionRebased
from pomona.core.ids import new_id
from pomona.core.ports import Blobs, Clock, Database, Tables, Transaction
from pomona.core.tables import DataFile
from pomona.data import rules as data_rules
from pomona.data import store
from pomona.data.cataloguing import check_there, size_of
from pomona.data.committing import schema_of
from pomona.data.keeping import rules
from pomona.data.keeping.merging import MayGoOn, Merger
from pomona.data.keeping.records import REBASE, Rebased, RebaseRequest
from pomona.data.publishing import Publisher
from pomona.data.records import Dataset, DataVersion, QualityReport, Upkeep
from pomona.data.resolving import find_dataset
from pomona.data.service import DataService
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.jobs.worker import JobContext, Workflow

KIND = REBASE
_TRIES = 3


@dataclass(frozen=True)
class _Replacement:
    """Files of a version, and what is to stand in the place of each."""

    of: DataVersion
    before: Sequence[DataFile]
    after: Sequence[Sequence[DataFile]]

    def applied(self, files: Sequence[DataFile]) -> list[DataFile] | None:
        """The files of a version after the replacement; None if it does not have all of them as they were."""
        at = dict(zip(self.before, self.after, strict=True))
        if not set(self.before) <= set(files):
            return None
        return [one for file in files for one in at.get(file, (file,))]


class Rebaser:
    """Rewrites versions."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        tables: Tables,
        clock: Clock,
        data: DataService,
        jobs: JobService,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._tables = tables
        self._clock = clock
        self._data = data
        self._jobs = jobs
        self._publisher = Publisher(database, blobs, tables)

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=1, run=self.run)

    def declare_upkeep(self, ref: str, upkeep: Upkeep) -> Dataset:
        """When a dataset's files are rewritten.

        Raises:
            Invalid: If a bound cannot be.
        """
        rules.check_upkeep(upkeep)

        def put(tx: Transaction) -> Dataset:
            dataset = find_dataset(tx, ref)
            event = UpkeepDeclared(subject=dataset.id, dataset=dataset.name, **msgspec.structs.asdict(upkeep))
            tx.emit(event)
            return store.datasets.replace(tx, msgspec.structs.replace(dataset, upkeep=upkeep))

        return self._database.write(put)

    def start(self, ref: str, wanted: RebaseRequest) -> Job:
        """Queue a rebase of a dataset.

        Raises:
            Invalid: If the threshold is no share.
        """
        rules.check_threshold(wanted.threshold)
        dataset = self._data.dataset(ref)
        threshold = dataset.upkeep.hidden if wanted.threshold is None else wanted.threshold
        return self._jobs.submit(KIND, {"dataset": dataset.id, "threshold": threshold})

    def enqueue_due(self, tx: Transaction, ref: str) -> Job | None:
        """Queue a rebase if the newest version's files have become worth it."""
        try:
            dataset = find_dataset(tx, ref)
        except NotFound:
            return None
        version = store.newest(tx, dataset.id, usable=True)
        if version is None or not rules.is_due(version.files, dataset.upkeep):
            return None
        payload = {"dataset": dataset.id, "threshold": None}
        return self._jobs.enqueue(tx, KIND, payload, key=f"rebase:{version.id}")

    def run(self, context: JobContext) -> Rebased:
        """The job."""

        def may_go_on(share: float) -> None:
            context.check()
            context.progress(0.9 * share, "rewrite files")

        done = self.rebase(
            str(context.payload["dataset"]), context.payload.get("threshold"), may_go_on=may_go_on
        )
        context.progress(1.0, f"{done.ref or 'nothing to do'}: {done.rewritten} files in {done.written}")
        return done

    def rebase(
        self, ref: str, threshold: float | None = None, *, may_go_on: MayGoOn = lambda _: None
    ) -> Rebased:
        """Rewrite what is worth it in the newest version that is not quarantined.

        Args:
            threshold: The share of a file that may stay hidden; small files are merged from the second on.
                None: both as the dataset declares it.

        Raises:
            Conflict: If others change the same files again and again.
        """
        dataset = self._data.dataset(ref)
        for _ in range(_TRIES - 1):
            try:
                return self._rebase(dataset, threshold, may_go_on)
            except Conflict:
                continue
        return self._rebase(dataset, threshold, may_go_on)

    def _rebase(self, dataset: Dataset, threshold: float | None, may_go_on: MayGoOn) -> Rebased:
        version = self._database.read(lambda tx: store.newest(tx, dataset.id, usable=True))
        if version is None:
            raise NotFound(f"{dataset.name} has no version to rewrite", hint="`pomona data commit` makes one")
        places = rules.to_rewrite(
            version.files,
            threshold=threshold if threshold is not None else dataset.upkeep.hidden,
            small_files=dataset.upkeep.small_files if threshold is None else 1,
            least_rows=rules.SMALL_ROWS if threshold is None else 0,
        )
        if not places:
            return Rebased(outcome="nothing to do")
        replacement = self._replacement(dataset, version, places, may_go_on)
        may_go_on(1.0)
        made = self._database.write(lambda tx: self._keep(tx, replacement))
        self._publisher.catch_up(dataset.id)
        return Rebased(
            outcome="rebased",
            version=made.id,
            ref=f"{made.dataset}@v{made.number}",
            rewritten=len(replacement.before),
            written=sum(len(files) for files in replacement.after),
            size_before=version.size,
            size_after=made.size,
        )

    def _replacement(
        self, dataset: Dataset, version: DataVersion, places: Sequence[int], may_go_on: MayGoOn
    ) -> _Replacement:
        merger = Merger(
            self._tables,
            dataset.id,
            schema_of(self._blobs, version),
            key=dataset.key,
            time_column=dataset.time_column,
            may_go_on=may_go_on,
        )
        after = merger.merge(version.files, places)
        return _Replacement(version, [version.files[place] for place in places], after)

    def _keep(self, tx: Transaction, replacement: _Replacement) -> DataVersion:
        """Apply the replacement to what is newest now, and say so, in one transaction."""
        newest = store.newest(tx, replacement.of.dataset_id)
        current = store.newest(tx, replacement.of.dataset_id, usable=True)
        files = replacement.applied(current.files) if current is not None else None
        if newest is None or current is None or files is None or current.arrow != replacement.of.arrow:
            raise Conflict(
                f"the files of {replacement.of.dataset} were changed by somebody else meanwhile",
                hint="rebase again if there is still something to gain",
            )
        check_there(self._tables, files, current.dataset_id, current.files)
        made = _same_rows(current, newest.number + 1, tuple(files), self._clock)
        made = msgspec.structs.replace(made, log=store.append_log(tx, made.dataset_id, made.id))
        store.versions.insert(tx, made)
        report = store.report_of(tx, current.id)
        store.reports.insert(
            tx,
            QualityReport(
                id=new_id("rep", made.created_at),
                version=made.id,
                quality=report.quality,
                results=report.results,
                at=made.created_at,
            ),
        )
        tx.link(made.id, "belongs_to", made.dataset_id)
        tx.link(made.id, "derived_from", current.id)
        tx.emit(
            VersionRebased(
                subject=made.id,
                dataset=made.dataset,
                number=made.number,
                of=current.number,
                rewritten=len(replacement.before),
                written=sum(len(after) for after in replacement.after),
            )
        )
        return made


def _same_rows(version: DataVersion, number: int, files: tuple[DataFile, ...], clock: Clock) -> DataVersion:
    """The record of a version that has the rows of another in other files."""
    now = clock.now()
    return msgspec.structs.replace(
        version,
        id=new_id("ver", now),
        number=number,
        digest=data_rules.version_digest(version.schema, files),
        parent=version.id,
        mode="rebase",
        rows_added=0,
        rows_removed=0,
        rows_changed=0,
        rows_erased=0,
        files=files,
        size=size_of(files),
        replaced="",
        note=f"the rows of v{version.number} in other files",
        created_at=now,
        created_by=current_actor(),
    )
