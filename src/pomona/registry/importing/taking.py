"""Taking over runs and logged models: files first, then rows, marks last, some hundred runs a transaction.

A mark is written with the last row of what it stands for. So an import that is killed loses nothing and
doubles nothing: the next one takes what has no mark, or another one than the store elsewhere now gives.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import msgspec

from pomona.core.errors import Conflict, Invalid, PomonaError
from pomona.core.events import RunsImported
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.registry.importing import rules, store
from pomona.registry.importing.door import Files, Origin
from pomona.registry.importing.records import (
    ExperimentTaken,
    OldExperiment,
    OldFile,
    OldModel,
    OldRun,
    Point,
)
from pomona.registry.importing.rules import Address, Left
from pomona.training.records.runs import ArtifactFile, DatasetInput
from pomona.training.rules.paths import safe_path
from pomona.training.service.lineage import GIT_TAG, Lineage, TagLinks
from pomona.training.store import artifacts, metrics

_THREADS = 8
_OWN = "pomona."
_WIDEST = 250  # characters of a key


@dataclass
class Counts:
    """How much was taken so far."""

    new: int = 0
    changed: int = 0
    points: int = 0
    models: int = 0
    files: int = 0
    bytes: int = 0
    left: Left = field(default_factory=Left)


@dataclass(frozen=True)
class _Copied:
    """The files of one run or model: None where they stay as they are here."""

    files: list[ArtifactFile] | None
    mark: str


@dataclass(frozen=True)
class _Ready:
    """A run that is about to be written."""

    run: OldRun
    known: bool
    mark: store.Mark
    files: _Copied
    inputs: list[DatasetInput]
    links: TagLinks


class Taking:
    """Takes one experiment over.

    Args:
        files: Where files are read; None: they stay behind.
        job: The job this is done for, which the ledger names.
        told: Called after each batch with the number of runs done so far.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        lineage: Lineage,
        *,
        origin: Origin,
        files: Files | None,
        job: str,
        named: str,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._lineage = lineage
        self._origin = origin
        self._files = files
        self._job = job
        self._named = named

    def experiment(self, old: OldExperiment, told: Callable[[int], None]) -> ExperimentTaken:
        """Everything in it that is new or changed."""
        number = self._database.write(lambda tx: store.home(tx, old))
        counts, done = Counts(), 0
        for models in self._origin.models(old):
            self._models(number, models, counts)
        for batch in self._origin.runs(old):
            self._runs(number, old, batch, counts)
            done += len(batch)
            told(done)
        return ExperimentTaken(
            id=str(number),
            name=old.name,
            runs=done,
            new=counts.new,
            changed=counts.changed,
            points=counts.points,
            models=counts.models,
            files=counts.files,
            bytes=counts.bytes,
            skipped=counts.left.told(),
        )

    def _runs(self, number: int, old: OldExperiment, batch: list[OldRun], counts: Counts) -> None:
        ids = [run.id for run in batch]

        def seen(tx: Transaction) -> tuple[dict[str, store.Mark], dict[str, int]]:
            return store.marks(tx, ids), metrics.run_numbers(tx, ids)

        marks, here = self._database.read(seen)
        wanted = [run for run in batch if self._is_ours(run, marks, here, counts)]
        copied = self._copied([(run.id, run.artifact_uri) for run in wanted], marks, counts)
        ready = [
            self._ready(run, copied[run.id], counts, known=run.id in here)
            for run in wanted
            if _mark(run, copied[run.id]) != marks.get(run.id)
        ]
        if ready:
            self._write(number, old, ready, counts)

    @staticmethod
    def _is_ours(run: OldRun, marks: dict[str, store.Mark], here: dict[str, int], counts: Counts) -> bool:
        if not rules.is_run_id(run.id):
            counts.left.add("runs whose id is not 32 hex digits", run.id)
            return False
        if run.id in here and run.id not in marks:
            counts.left.add("runs that are here already, and that no import brought", run.id)
            return False
        return True

    def _ready(self, run: OldRun, files: _Copied, counts: Counts, *, known: bool) -> _Ready:
        params, tags = _fitting(run.params, run.id, counts), _fitting(run.tags, run.id, counts)
        inputs = self._lineage.identify(run.inputs)
        links = [*self._links(run, counts), *self._lineage.input_links(inputs)]
        return _Ready(
            run=msgspec.structs.replace(run, params=params, tags=tags),
            known=known,
            mark=_mark(run, files),
            files=files,
            inputs=inputs,
            links=links,
        )

    def _links(self, run: OldRun, counts: Counts) -> TagLinks:
        """What the tags stand for; those of another Pomona may name records that are not here."""
        known = {GIT_TAG: run.tags[GIT_TAG]} if run.tags.get(GIT_TAG) else {}
        for key in (key for key in run.tags if key.startswith(_OWN)):
            try:
                known |= self._lineage.tags({key: run.tags[key]})
            except PomonaError:
                counts.left.add("links to records that are not here (the tags are kept)", f"{run.id} {key}")
        return Lineage.links(known)

    def _write(self, number: int, old: OldExperiment, ready: list[_Ready], counts: Counts) -> None:
        """One transaction, unless there are very many metric values."""
        pieces = _with_last(self._origin.points([one.run for one in ready]))
        piece, is_last = next(pieces)

        def begin(tx: Transaction) -> dict[str, int]:
            numbers = self._begin(tx, number, old, ready, counts)
            _go_on(numbers, piece, _marks(ready, is_done=is_last), tx)
            return numbers

        numbers = self._database.write(begin)
        counts.points += len(piece)
        for more, is_done in pieces:
            self._database.write(partial(_go_on, numbers, more, _marks(ready, is_done=is_done)))
            counts.points += len(more)
        counts.new += sum(not one.known for one in ready)
        counts.changed += sum(one.known for one in ready)

    def _begin(
        self, tx: Transaction, number: int, old: OldExperiment, ready: list[_Ready], counts: Counts
    ) -> dict[str, int]:
        numbers = store.put_runs(
            tx,
            number,
            [one.run for one in ready if not one.known],
            [one.run for one in ready if one.known],
        )
        for one in ready:
            store.put_inputs(tx, number, one.run, numbers[one.run.id], one.inputs)
            self._put_files(tx, one.run.id, one.files.files, counts)
            for relation, target in one.links:
                tx.link(one.run.id, relation, target)
        tx.emit(RunsImported(subject=self._job, experiment=old.name, runs=len(ready), origin=self._named))
        return numbers

    def _models(self, number: int, batch: list[OldModel], counts: Counts) -> None:
        ids = [model.id for model in batch]
        marks, here = self._database.read(lambda tx: (store.marks(tx, ids), store.models_here(tx, ids)))
        wanted = []
        for model in batch:
            if not rules.is_model_id(model.id):
                counts.left.add("logged models whose id is not m- and 32 hex digits", model.id)
            elif model.id in here and model.id not in marks:
                counts.left.add("logged models that are here already, and that no import brought", model.id)
            else:
                wanted.append(model)
        copied = self._copied([(model.id, model.artifact_uri) for model in wanted], marks, counts)
        ready = [
            (model, mark)
            for model in wanted
            if (mark := (rules.model_mark(model), copied[model.id].mark)) != marks.get(model.id)
        ]

        def work(tx: Transaction) -> None:
            for model, _ in ready:
                store.put_model(tx, number, model, known=model.id in here)
                self._put_files(tx, model.id, copied[model.id].files, counts)
            store.mark(tx, {model.id: mark for model, mark in ready})

        if ready:
            self._database.write(work)
        counts.models += len(ready)

    def _put_files(
        self, tx: Transaction, root: str, files: Sequence[ArtifactFile] | None, counts: Counts
    ) -> None:
        at = self._clock.now()
        for file in files or ():
            try:
                artifacts.put(tx, root, file.path, digest=str(file.digest), size=file.size or 0, at=at)
            except Conflict:
                counts.left.add("files whose path is a folder here", f"{root}/{file.path}")

    def _copied(
        self, owners: list[tuple[str, str]], marks: dict[str, store.Mark], counts: Counts
    ) -> dict[str, _Copied]:
        """Files of runs or models, in this store but not yet named by them."""
        before = {owner: marks.get(owner, ("", ""))[1] for owner, _ in owners}
        if self._files is None:
            return {owner: _Copied(files=None, mark=before[owner]) for owner, _ in owners}
        with ThreadPoolExecutor(_THREADS) as pool:
            found = pool.map(
                lambda one: self._copy(Address(owner=one[0], uri=one[1]), before[one[0]]), owners
            )
            results = dict(zip((owner for owner, _ in owners), found, strict=True))
        copied = {}
        for owner, (one, error) in results.items():
            if error is not None:
                counts.left.add(f"files: {error.detail}{f' ({error.hint})' if error.hint else ''}", owner)
            counts.files += len(one.files or ())
            counts.bytes += sum(file.size or 0 for file in one.files or ())
            copied[owner] = one
        return copied

    def _copy(self, address: Address, before: str) -> tuple[_Copied, PomonaError | None]:
        files = self._files
        if files is None or not address.uri:
            return _Copied(files=None, mark=before), None
        try:
            listed = files.listed(address)
            mark = rules.files_mark(listed)
            if mark == before:
                return _Copied(files=None, mark=before), None
            return _Copied(files=[self._kept(files, address, one) for one in listed], mark=mark), None
        except (PomonaError, OSError) as error:
            told = error if isinstance(error, PomonaError) else Invalid(f"{error.strerror or error}")
            if told.status >= 500:
                raise
            return _Copied(files=None, mark=before), told

    def _kept(self, files: Files, address: Address, one: OldFile) -> ArtifactFile:
        path = safe_path(one.path)
        with files.open(address, one.path) as stream:
            digest, size = self._blobs.put_stream(stream)
        return ArtifactFile(path=path, digest=digest, size=size)


def _mark(run: OldRun, files: _Copied) -> store.Mark:
    return rules.run_mark(run), files.mark


def _marks(ready: list[_Ready], *, is_done: bool) -> dict[str, store.Mark]:
    """Empty while values are still to come: then the next import takes the runs again."""
    return {one.run.id: one.mark if is_done else ("", "") for one in ready}


def _go_on(
    numbers: dict[str, int], points: list[Point], marks: dict[str, store.Mark], tx: Transaction
) -> None:
    store.put_points(tx, numbers, points)
    store.mark(tx, marks)


def _fitting(pairs: dict[str, str], owner: str, counts: Counts) -> dict[str, str]:
    long = [key for key in pairs if len(key) > _WIDEST]
    for key in long:
        counts.left.add(f"params and tags with a name longer than {_WIDEST}", f"{owner} {key[:40]}")
    return {key: value for key, value in pairs.items() if key not in long} if long else pairs


def _with_last(pieces: Iterator[list[Point]]) -> Iterator[tuple[list[Point], bool]]:
    """Each piece, and whether it is the last; one empty piece if there is none."""
    held: list[Point] = []
    for piece in pieces:
        if held:
            yield held, False
        held = piece
    yield held, True
