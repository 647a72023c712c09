"""Taking over runs and logged models: files first, then rows, marks last, some hundred runs a transaction.

A mark is written with the last row of what it stands for. So an import that is killed loses nothing and
doubles nothing: the next one takes what has no mark, or another one than the store elsewhere now gives.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import msgspec

from pomona.core.errors import Conflict, Invalid, PomonaError
from pomona.core.events import RunsImported
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.door import Files, Origin
from pomona.registry.importing.records import (
    OldExperiment,
    OldFile,
    OldModel,
    OldRun,
    Point,
)
from pomona.registry.importing.rules import Address
from pomona.training.records.runs import ArtifactFile, DatasetInput
from pomona.training.rules.paths import safe_path
from pomona.training.service.lineage import GIT_TAG, Lineage, TagLinks
from pomona.training.store import artifacts, metrics

_THREADS = 8
_OWN = "pomona."
_WIDEST = 250  # characters of a key


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
    whole: bool  # an import before has ended with it, so that it is no new one
    mark: store.Mark
    files: _Copied
    inputs: list[DatasetInput]
    links: TagLinks


class Taking:
    """Takes one experiment over.

    Args:
        files: Where files are read; None: they stay behind.
        job: The job this is done for, which the ledger names.
        trust: Why their models may run code; None: they may not.
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
        trust: str | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._lineage = lineage
        self._origin = origin
        self._files = files
        self._job = job
        self._named = named
        self._trust = trust

    def experiment(
        self, number: int, old: OldExperiment, counting: Counting, told: Callable[[int], None]
    ) -> int:
        """Every run and logged model in it that is new or changed; returns how many runs are there."""
        done = 0
        for models in self._origin.models(old):
            self._models(number, models, counting)
        for batch in self._origin.runs(old):
            self._runs(number, old, batch, counting)
            done += len(batch)
            told(done)
        return done

    def _runs(self, number: int, old: OldExperiment, batch: list[OldRun], counting: Counting) -> None:
        ids = [run.id for run in batch]
        self._answer_for(ids)

        def seen(tx: Transaction) -> tuple[dict[str, store.Mark], dict[str, int]]:
            return store.marks(tx, ids), metrics.run_numbers(tx, ids)

        marks, here = self._database.read(seen)
        wanted = [run for run in batch if self._is_ours(run, marks, here, counting)]
        copied = self._copied([(run.id, run.artifact_uri) for run in wanted], marks, counting)
        ready = [
            self._ready(run, copied[run.id], counting, before=marks.get(run.id))
            for run in wanted
            if _mark(run, copied[run.id]) != marks.get(run.id)
        ]
        if ready:
            self._write(number, old, ready, counting)

    def _answer_for(self, ids: list[str]) -> None:
        """Note that somebody answers for the code in these runs or logged models."""
        names = [store.trust_name(owner) for owner in ids if self._trust is not None]
        known = self._database.read(lambda tx: store.marks(tx, names)) if names else {}
        if new := {name: (self._job, "") for name in names if name not in known}:
            self._database.write(lambda tx: store.mark(tx, new))

    @staticmethod
    def _is_ours(run: OldRun, marks: dict[str, store.Mark], here: dict[str, int], counting: Counting) -> bool:
        if not rules.is_run_id(run.id):
            counting.left.add("runs whose id is not 32 hex digits", run.id)
            return False
        if run.id in here and run.id not in marks:
            counting.left.add("runs that are here already, and that no import brought", run.id)
            return False
        return True

    def _ready(self, run: OldRun, files: _Copied, counting: Counting, *, before: store.Mark | None) -> _Ready:
        params, tags = _fitting(run.params, run.id, counting), _fitting(run.tags, run.id, counting)
        inputs = self._lineage.identify(run.inputs)
        links = [*self._links(run, counting), *self._lineage.input_links(inputs)]
        return _Ready(
            run=msgspec.structs.replace(run, params=params, tags=tags),
            known=before is not None,
            whole=before is not None and before[0] != "",
            mark=_mark(run, files),
            files=files,
            inputs=inputs,
            links=links,
        )

    def _links(self, run: OldRun, counting: Counting) -> TagLinks:
        """What the tags stand for; those of another Pomona may name records that are not here."""
        known = {GIT_TAG: run.tags[GIT_TAG]} if run.tags.get(GIT_TAG) else {}
        for key in (key for key in run.tags if key.startswith(_OWN)):
            try:
                known |= self._lineage.tags({key: run.tags[key]})
            except PomonaError:
                counting.lost.add("links to records that are not here (the tags are kept)", f"{run.id} {key}")
        return Lineage.links(known)

    def _write(self, number: int, old: OldExperiment, ready: list[_Ready], counting: Counting) -> None:
        """One transaction, unless there are very many metric values; the last one counts them all."""
        numbers: dict[str, int] = {}
        amounts = _amounts([one.files for one in ready]) | {
            "new": sum(not one.whole for one in ready),
            "changed": sum(one.whole for one in ready),
            "points": 0,
        }

        def work(tx: Transaction, piece: list[Point], *, is_last: bool) -> dict[str, int]:
            found = numbers or self._begin(tx, number, old, ready, counting)
            store.put_points(tx, found, piece)
            store.mark(tx, _marks(ready, is_done=is_last))
            if is_last:
                counting.keep(tx, **amounts)
            return found

        for piece, is_last in _with_last(self._origin.points([one.run for one in ready])):
            amounts["points"] += len(piece)
            numbers = self._database.write(partial(work, piece=piece, is_last=is_last))

    def _begin(
        self, tx: Transaction, number: int, old: OldExperiment, ready: list[_Ready], counting: Counting
    ) -> dict[str, int]:
        numbers = store.put_runs(
            tx,
            number,
            [one.run for one in ready if not one.known],
            [one.run for one in ready if one.known],
        )
        for one in ready:
            store.put_inputs(tx, number, one.run, numbers[one.run.id], one.inputs)
            self._put_files(tx, one.run.id, one.files.files, counting)
            for relation, target in one.links:
                tx.link(one.run.id, relation, target)
        tx.emit(RunsImported(subject=self._job, experiment=old.name, runs=len(ready), origin=self._named))
        return numbers

    def _models(self, number: int, batch: list[OldModel], counting: Counting) -> None:
        ids = [model.id for model in batch]
        self._answer_for(ids)
        marks, here = self._database.read(lambda tx: (store.marks(tx, ids), store.models_here(tx, ids)))
        wanted = []
        for model in batch:
            if not rules.is_model_id(model.id):
                counting.left.add("logged models whose id is not m- and 32 hex digits", model.id)
            elif model.id in here and model.id not in marks:
                counting.left.add("logged models that are here already, and that no import brought", model.id)
            else:
                wanted.append(model)
        copied = self._copied([(model.id, model.artifact_uri) for model in wanted], marks, counting)
        ready = [
            (model, mark)
            for model in wanted
            if (mark := (rules.model_mark(model), copied[model.id].mark)) != marks.get(model.id)
        ]

        def work(tx: Transaction) -> None:
            for model, _ in ready:
                store.put_model(tx, number, model, known=model.id in here)
                self._put_files(tx, model.id, copied[model.id].files, counting)
            store.mark(tx, {model.id: mark for model, mark in ready})
            amounts = _amounts([copied[model.id] for model, _ in ready])
            counting.keep(tx, models=len(ready), **amounts)

        if ready:
            self._database.write(work)

    def _put_files(
        self, tx: Transaction, root: str, files: Sequence[ArtifactFile] | None, counting: Counting
    ) -> None:
        at = self._clock.now()
        for file in files or ():
            try:
                artifacts.put(tx, root, file.path, digest=str(file.digest), size=file.size or 0, at=at)
            except Conflict:
                counting.lost.add("files whose path is a folder here", f"{root}/{file.path}")

    def _copied(
        self, owners: list[tuple[str, str]], marks: dict[str, store.Mark], counting: Counting
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
                counting.left.add(f"files: {error.detail}{f' ({error.hint})' if error.hint else ''}", owner)
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


def _amounts(copied: Sequence[_Copied]) -> dict[str, int]:
    files = [file for one in copied for file in one.files or ()]
    return {"files": len(files), "bytes": sum(file.size or 0 for file in files)}


def _mark(run: OldRun, files: _Copied) -> store.Mark:
    return rules.run_mark(run), files.mark


def _marks(ready: list[_Ready], *, is_done: bool) -> dict[str, store.Mark]:
    """None's true mark while values are still to come: then the next import takes the runs again."""
    return {one.run.id: one.mark if is_done else ("changing" if one.whole else "", "") for one in ready}


def _fitting(pairs: dict[str, str], owner: str, counting: Counting) -> dict[str, str]:
    long = [key for key in pairs if len(key) > _WIDEST]
    for key in long:
        counting.lost.add(f"params and tags with a name longer than {_WIDEST}", f"{owner} {key[:40]}")
    return {key: value for key, value in pairs.items() if key not in long} if long else pairs


def _with_last(pieces: Iterator[list[Point]]) -> Iterator[tuple[list[Point], bool]]:
    """Each piece, and whether it is the last; one empty piece if there is none."""
    held: list[Point] = []
    for piece in pieces:
        if held:
            yield held, False
        held = piece
    yield held, True
