"""Use cases of training entries: store a version, look it up, plan and start a training of it."""

import re
from typing import TYPE_CHECKING

import msgspec

from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, NotFound
from pomona.core.events import EntryStored
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.core.records import Page
from pomona.data.records import DataVersion
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.training.code.records import COMMIT_TAG, DIFF_TAG
from pomona.training.code.service import CodeService
from pomona.training.records.entries import (
    CodeFile,
    NewEntry,
    TrainingEntry,
    TrainRequest,
)
from pomona.training.rules import entries as rules
from pomona.training.store import entries as store

if TYPE_CHECKING:
    from pomona.data.service import DataService

TRAIN = "train"
"""The kind of job that trains an entry."""


class EntryService:
    """Entries by name and version."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        business: BusinessService,
        data: "DataService",
        jobs: JobService,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._business = business
        self._data = data
        self._jobs = jobs
        self._code = CodeService(database, blobs, clock)

    def store(self, new: NewEntry) -> TrainingEntry:
        """Keep an entry; the same as its newest version returns that one.

        Raises:
            Invalid: If it could not be run.
            NotFound: If its dataset or hypothesis does not exist.
        """
        rules.check_entry(new)
        rules.check_params(new.params)
        self._data.dataset_of(new.data.ref)
        hypothesis = self._business.hypothesis(new.hypothesis).id if new.hypothesis else None
        made = self._described(new, hypothesis)

        def add(tx: Transaction) -> TrainingEntry:
            before = store.newest(tx, new.name)
            if before is not None and rules.same_entry(before, made):
                return before
            entry = msgspec.structs.replace(made, number=before.number + 1 if before else 1)
            tx.emit(EntryStored(subject=entry.id, name=entry.name, digest=entry.code))
            if before is not None:
                tx.link(entry.id, "derived_from", before.id)
            if hypothesis:
                tx.link(entry.id, "tests", hypothesis)
            return store.entries.insert(tx, entry)

        return self._database.write(add)

    def entry(self, ref: str) -> TrainingEntry:
        """The entry named by ``name`` (its newest version), ``name@v3`` or id.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: _find(tx, ref))

    def entries(self, *, cursor: str | None = None, limit: int = 50) -> Page[TrainingEntry]:
        """Every version of every entry, newest first."""
        return self._database.read(lambda tx: store.entries.page(tx, cursor=cursor, limit=limit))

    def file(self, ref: str, path: str) -> bytes:
        """A file of an entry's code, verified.

        Raises:
            NotFound: If the entry has no such file.
        """
        entry = self.entry(ref)
        for file in entry.files:
            if file.path == path:
                return self._blobs.get(file.digest)
        raise NotFound(
            f"{entry.name} has no file {path!r}",
            hint=f"it has: {', '.join(file.path for file in entry.files)}",
        )

    def request(self, wanted: TrainRequest, *, key: str | None = None) -> Job:
        """Queue a training. What is wrong with the request is said now, not by the job.

        Raises:
            NotFound: If the entry or the data version does not exist.
            Refused: If the version failed its checks and no reason was given.
        """
        pinned = self.pin(wanted)
        payload = msgspec.to_builtins(pinned)
        return self._database.write(lambda tx: self._jobs.enqueue(tx, TRAIN, payload, key=key))

    def pin(self, wanted: TrainRequest) -> TrainRequest:
        """The request with its entry and its data version named by id."""
        entry = self.entry(wanted.entry)
        version = self.data_of(entry, wanted)
        return msgspec.structs.replace(wanted, entry=entry.id, data=version.id)

    def data_of(self, entry: TrainingEntry, wanted: TrainRequest) -> DataVersion:
        """The version to train on, if it may be.

        Raises:
            Refused: If it failed its checks and no reason to use it all the same was given.
        """
        rules.check_selector(rules.selector_of(entry, wanted))
        rules.check_params(wanted.params)
        ref = wanted.data or entry.data.ref
        return self._data.check_usable(ref, wanted.force_reason, entry.purpose)[0]

    def _described(self, new: NewEntry, hypothesis: str | None) -> TrainingEntry:
        now = self._clock.now()
        files = tuple(
            CodeFile(path=file.path, digest=self._blobs.put(file.body), size=len(file.body))
            for file in sorted(new.files, key=lambda file: file.path)
        )
        packages = "\n".join(new.environment)
        git = self._code.tags_of(new.git) if new.git else {}
        return TrainingEntry(
            id=new_id("ent", now),
            name=new.name,
            number=0,  # given when it is stored
            script=new.script,
            files=files,
            code=rules.code_digest(files, new.script),
            experiment=rules.experiment_of(new),
            data=new.data,
            params=new.params,
            model=new.model,
            hypothesis=hypothesis,
            limits=new.limits,
            environment=self._blobs.put(packages.encode()) if packages else None,
            purpose=new.purpose,
            git_commit=git.get(COMMIT_TAG),
            git_diff=git.get(DIFF_TAG),
            created_at=now,
            created_by=current_actor(),
        )


def _find(tx: Transaction, ref: str) -> TrainingEntry:
    name, _, number = ref.partition("@")
    if kind_of(ref) == "ent":
        return store.entries.get(tx, ref)
    if not number or number == "latest":
        found = store.newest(tx, name)
    elif re.fullmatch(r"v?[0-9]{1,9}", number):
        found = store.numbered(tx, name, int(number.removeprefix("v")))
    else:
        raise Invalid(f"{ref!r} names no training entry", hint="write `name`, `name@v3` or `ent_...`")
    if found is None:
        raise NotFound(f"no training entry {ref!r}", hint="`pomona train ls` lists them")
    return found
