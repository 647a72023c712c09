"""Erasure: a subject's rows leave every version, every copy of its values leaves the store.

First it is shown what would be touched; then a job does it, step by step, each of which may be done again:
killed anywhere, the next worker goes on. Until the last step the subject itself stands in a table of its
own, never in the job, its log or the ledger; what stays is a signed record with its fingerprint.
"""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import delete, insert, select

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, Invalid, Refused
from pomona.core.events import DataErased
from pomona.core.ids import new_id
from pomona.core.ports import BlobRemoval, Blobs, Clock, Database, Tables, Transaction
from pomona.core.records import to_json
from pomona.data import store as versions
from pomona.data.keeping import rules, store
from pomona.data.keeping.cutting import Cutter
from pomona.data.keeping.holders import Holder
from pomona.data.keeping.leftovers import Leftovers
from pomona.data.keeping.planning import Found, Planner
from pomona.data.keeping.records import (
    ERASE,
    Erasure,
    ErasurePlan,
    ErasureRequest,
    ReplacedFile,
    TouchedPlace,
)
from pomona.data.keeping.rewriting import Rewriter, Rewritten, Tell
from pomona.data.keeping.signing import Signer
from pomona.data.keeping.subjects import Subject, subject_of
from pomona.data.memories import MEMORIES, Memories
from pomona.data.publishing import Publisher
from pomona.data.records import Dataset, DataVersion
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.jobs.worker import JobContext, Workflow
from pomona.stats.records import TableProfile

KIND = ERASE
_TRIES = 5
_SCRATCH = ("incoming", "spill")
_SCRATCH_S = 3600.0
_HALF_S = 600.0  # no file takes longer to be written


class Eraser:
    """Erases subjects.

    Args:
        removal: Takes old profiles away.
        holders: Places beside the tables.
        home: The folder in which no copy may be left.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        removal: BlobRemoval,
        tables: Tables,
        clock: Clock,
        jobs: JobService,
        *,
        planner: Planner,
        holders: Sequence[Holder],
        signer: Signer,
        home: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._removal = removal
        self._tables = tables
        self._clock = clock
        self._jobs = jobs
        self._planner = planner
        self._holders = holders
        self._signer = signer
        self._home = home
        self._publisher = Publisher(database, blobs, tables)
        self._leftovers = Leftovers(database, blobs, removal, tables, home)

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=1, run=self.run)

    # --- before ------------------------------------------------------------------------------

    def plan(self, wanted: ErasureRequest) -> ErasurePlan:
        """What an erasure would touch; nothing is changed.

        Raises:
            Invalid: If no subject is named.
            NotFound: If a dataset does not exist.
        """
        return self._planner.plan(subject_of(wanted.column, wanted.value), wanted.datasets)

    def start(self, wanted: ErasureRequest) -> Job:
        """Queue an erasure.

        Raises:
            Refused: If it is not confirmed, or for no reason.
            Invalid: If the reason itself names the subject: it is kept.
            Conflict: If the subject is nowhere.
        """
        subject = subject_of(wanted.column, wanted.value)
        reason = rules.check_reason(wanted.reason)
        if wanted.confirm != f"{wanted.column}={wanted.value}":
            raise Refused(
                "the erasure is not confirmed",
                hint="look at what it touches first, then name the subject once more: column=value",
            )
        if subject.in_text(reason):
            raise Invalid(
                "the reason names the subject, and reasons are kept", hint="say why without naming whom"
            )
        plan = self._planner.plan(subject, wanted.datasets)
        if plan.nothing:
            raise Conflict(
                f"no row has this value in {wanted.column}",
                hint="look at the column's name and the value's spelling",
            )
        now = self._clock.now()
        record = Erasure(
            id=new_id("ers", now),
            column=subject.column,
            fingerprint=self._signer.fingerprint(f"{subject.column}={subject.value}"),
            reason=reason,
            state="running",
            by=current_actor(),
            at=now,
            plan=plan,
        )

        def put(tx: Transaction) -> Job:
            payload = {"erasure": record.id, "only": list(plan.datasets) if wanted.datasets else None}
            job = self._jobs.enqueue(tx, KIND, payload, key=record.id)
            store.erasures.insert(tx, msgspec.structs.replace(record, job=job.id))
            tx.execute(insert(store.subjects), {"erasure": record.id, "value": subject.value})
            return job

        return self._database.write(put)

    def erasures(self) -> list[Erasure]:
        """Every erasure, newest first."""
        c = store.erasures.c
        return self._database.read(lambda tx: store.erasures.all(tx, order_by=[c.id.desc()]))

    def erasure(self, erasure_id: str) -> Erasure:
        """One erasure.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.erasures.get(tx, erasure_id))

    def is_signed(self, record: Erasure) -> bool:
        """Whether a finished record is what was signed here."""
        return record.state == "done" and self._signer.is_signed(record)

    # --- the job -----------------------------------------------------------------------------

    def run(self, context: JobContext) -> dict[str, object]:
        """The job: each step finds what the ones before have left to do."""

        def tell(share: float, note: str) -> None:
            context.check()
            context.progress(share, note)

        return self.erase(str(context.payload["erasure"]), tell, only=context.payload.get("only"))

    def erase(
        self, erasure_id: str, tell: Tell = lambda *_: None, *, only: Sequence[str] | None = None
    ) -> dict[str, object]:
        """Do it, or what is left of it.

        Args:
            only: The datasets, where the request named some; else those of the plan, and those of rows
                about subjects that may have come since.
        """
        record = self.erasure(erasure_id)
        value = self._database.read(
            lambda tx: tx.execute(
                select(store.subjects.c.value).where(store.subjects.c.erasure == erasure_id)
            ).scalar()
        )
        if value is not None:
            subject = Subject(record.column, str(value))
            # Predictions come first: from then on none with the subject is on its way into a dataset.
            places = [holder.forget(subject) for holder in self._holders]
            for name in self._names(record, subject) if only is None else only:
                self._erase_from(record.id, name, subject, tell)
            tell(0.8, "predictions, logs, answers")
            places = [
                _both(one, holder.forget(subject)) for one, holder in zip(places, self._holders, strict=True)
            ]
            self._sweep_scratch()
            tell(0.9, "the database's own files")
            self._database.scrub()
            left = self._leftovers.find(subject)
            record = self._database.write(lambda tx: self._finish(tx, record.id, tuple(places), left))
        self._database.scrub()  # the subject itself was in it until now
        tell(1.0, "done")
        rows = sum(file.rows for file in record.files)
        return {"erasure": record.id, "rows": rows, "left": len(record.left)}

    def _names(self, record: Erasure, subject: Subject) -> list[str]:
        """The datasets of the plan, and all that are of rows about subjects."""
        names = dict.fromkeys(record.plan.datasets)
        for dataset in self._planner.datasets(subject, ()):
            if dataset.subject_columns:
                names[dataset.name] = None
        return list(names)

    def _erase_from(self, erasure_id: str, name: str, subject: Subject, tell: Tell) -> None:
        (dataset,) = self._planner.datasets(subject, [name])
        for _ in range(_TRIES):
            found = self._planner.find(dataset, subject)
            if not found.places:
                break
            done = Rewriter(self._blobs, self._tables, subject, tell).rewrite(found)
            if self._database.write(lambda tx, d=done, f=found: self._swap(tx, erasure_id, subject, f, d)):  # type: ignore[misc]
                break
        else:
            raise Conflict(
                f"{name} is committed to faster than it can be rewritten",
                hint="pause its commits, then retry",
            )
        self._clean(dataset, subject, self.erasure(erasure_id))

    def _swap(
        self, tx: Transaction, erasure_id: str, subject: Subject, found: Found, done: Rewritten
    ) -> bool:
        """All versions of a dataset at once; False if one was committed or dropped meanwhile."""
        now = {one.id: one for one in _all(tx, found.dataset) if one.dropped_at is None}
        if {one.id: one.digest for one in now.values()} != {one.id: one.digest for one in done.before}:
            return False
        for version in done.after:
            current = now[version.id]
            versions.versions.replace(tx, msgspec.structs.replace(version, quality=current.quality))
        record = store.erasures.get(tx, erasure_id)
        profiles = self._forget_words(tx, found.dataset, subject)
        store.erasures.replace(
            tx,
            msgspec.structs.replace(
                record,
                files=(*record.files, *done.files, *profiles),
                versions=(*record.versions, *done.erased),
            ),
        )
        return True

    def _forget_words(self, tx: Transaction, dataset: Dataset, subject: Subject) -> list[ReplacedFile]:
        """Reasons of pins, examples of failing rows; what dropped versions were like: none can count that."""
        profiles = []
        for version in _all(tx, dataset):
            for pin in store.pins.all(tx, store.pins.c.version == version.id):
                if subject.in_text(pin.reason):
                    masked = msgspec.structs.replace(pin, reason=subject.masked(pin.reason))
                    store.pins.replace(tx, masked)
            for report in versions.reports.all(tx, versions.reports.c.version == version.id):
                if any(result.examples for result in report.results):
                    plain = [msgspec.structs.replace(result, examples=()) for result in report.results]
                    versions.reports.replace(tx, msgspec.structs.replace(report, results=tuple(plain)))
            if version.dropped_at is not None:
                empty = self._blobs.put(to_json(TableProfile(rows=version.rows)))
                versions.versions.replace(tx, msgspec.structs.replace(version, profile=empty))
                gone = ReplacedFile(what="profile", dataset=dataset.name, before=version.profile, after=empty)
                profiles += [gone] if version.profile != empty else []
        return profiles

    def _clean(self, dataset: Dataset, subject: Subject, record: Erasure) -> None:
        """The log anew, then away with files and profiles that no version names any more."""
        self._publisher.restart(dataset.id)
        Memories(self._home / "incoming" / MEMORIES).forget(dataset.id)
        mine = [file for file in record.files if file.dataset == dataset.name]
        old = {file.before for file in mine if file.what != "profile"}
        old |= self._unnamed(dataset, subject)

        def sweep(tx: Transaction) -> None:
            # A commit names its files in a transaction, too, and looks there whether they still are.
            named = rules.files_of([one for one in _all(tx, dataset) if one.dropped_at is None])
            self._tables.files.remove(dataset.id, old - named, spare_s=0)

        self._database.write(sweep)
        profiles = {one.profile for one in self._database.read(versions.versions.all)}
        self._removal.remove({file.before for file in mine if file.what == "profile"} - profiles)

    def _unnamed(self, dataset: Dataset, subject: Subject) -> set[str]:
        """Files with such rows that no version names: of dropped versions, of commits that failed."""
        there = self._database.read(lambda tx: _all(tx, dataset))
        named = rules.files_of([version for version in there if version.dropped_at is None])
        stored = self._tables.files.stored(dataset.id)
        half = [name for name in stored if name.startswith(".")]  # left by a writer that was killed
        self._tables.files.remove(dataset.id, half, spare_s=_HALF_S)
        cutter = Cutter(self._tables, dataset, subject)
        return {digest for digest in stored if digest not in named and cutter.holds(digest)}

    def _sweep_scratch(self) -> None:
        """What commits and queries that were killed have left behind."""
        for name in _SCRATCH:
            folder = self._home / name
            for path in folder.iterdir() if folder.is_dir() else ():
                if time.time() - path.stat().st_mtime > _SCRATCH_S:
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def _finish(
        self, tx: Transaction, erasure_id: str, places: tuple[TouchedPlace, ...], left: list[str]
    ) -> Erasure:
        record = msgspec.structs.replace(
            store.erasures.get(tx, erasure_id),
            state="done",
            places=places,
            left=tuple(left),
            finished_at=self._clock.now(),
        )
        record = msgspec.structs.replace(record, signature=self._signer.signature(record))
        tx.execute(delete(store.subjects).where(store.subjects.c.erasure == erasure_id))
        tx.emit(
            DataErased(
                subject=record.id,
                column=record.column,
                fingerprint=record.fingerprint,
                reason=record.reason,
                rows=sum(file.rows for file in record.files),
                versions=len(record.versions),
                files=len(record.files),
            )
        )
        return store.erasures.replace(tx, record)


def _both(one: TouchedPlace, other: TouchedPlace) -> TouchedPlace:
    return msgspec.structs.replace(one, count=one.count + other.count)


def _all(tx: Transaction, dataset: Dataset) -> list[DataVersion]:
    c = versions.versions.c
    return versions.versions.all(tx, c.dataset_id == dataset.id, order_by=[c.number])
