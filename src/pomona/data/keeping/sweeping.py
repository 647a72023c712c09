"""Garbage collection: versions that nothing needs are dropped, then files that no version names go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from pomona.core.actors import current_actor
from pomona.core.events import DataFilesSwept, VersionDropped
from pomona.core.ports import Clock, Database, Tables, Transaction
from pomona.data import store as versions
from pomona.data.keeping import rules
from pomona.data.keeping.records import Collected, Doomed, DropRequest, Held, Pin
from pomona.data.keeping.tagging import Tagger
from pomona.data.records import Dataset, DataVersion
from pomona.data.service import DataService

_AT_ONCE = 500  # files removed in one transaction: nobody else writes meanwhile


@dataclass(frozen=True)
class _Judged:
    """What is to happen to a dataset's versions."""

    doomed: list[DataVersion]
    held: dict[str, list[Pin]]
    versions: Sequence[DataVersion]

    @property
    def left(self) -> list[DataVersion]:
        """Versions whose files must stay."""
        going = {version.id for version in self.doomed}
        return [one for one in self.versions if one.dropped_at is None and one.id not in going]


@dataclass
class _Freed:
    """Files that go, or would."""

    digests: list[str] = field(default_factory=list)
    size: int = 0
    orphans: int = 0
    young: int = 0


class Sweeper:
    """Drops versions and removes files."""

    def __init__(
        self, database: Database, tables: Tables, clock: Clock, data: DataService, tagger: Tagger
    ) -> None:
        self._database = database
        self._tables = tables
        self._clock = clock
        self._data = data
        self._tagger = tagger

    def collect(self, wanted: DropRequest) -> Collected:
        """Drop what may go, or only look.

        The record of a dropped version stays, with its number and digest. A file that was put in the last
        ``spare_h`` hours is left, whoever named it: a commit under way may be about to name it.

        Raises:
            Invalid: If nothing says which versions may go.
        """
        rules.check_keep(wanted.keep)
        found = [self._collect(dataset, wanted) for dataset in self._datasets(wanted.dataset)]
        return Collected(
            done=wanted.act == "drop",
            versions=tuple(one for part in found for one in part.versions),
            held=tuple(one for part in found for one in part.held),
            files=sum(part.files for part in found),
            size=sum(part.size for part in found),
            orphans=sum(part.orphans for part in found),
            young=sum(part.young for part in found),
        )

    def _datasets(self, ref: str | None) -> list[Dataset]:
        if ref is not None:
            return [self._data.dataset(ref)]
        return self._database.read(versions.datasets.all)

    def _collect(self, dataset: Dataset, wanted: DropRequest) -> Collected:
        judged = self._judged(dataset, wanted)
        if wanted.act == "drop":
            judged = self._drop(dataset, judged)
        freed = self._freed(dataset, judged, wanted)
        if wanted.act == "drop":
            self._remove(dataset, freed, judged, wanted)
        return Collected(
            done=wanted.act == "drop",
            versions=tuple(_doomed(version) for version in judged.doomed),
            held=tuple(
                Held(id=one.id, dataset=one.dataset, number=one.number, pins=tuple(judged.held[one.id]))
                for one in judged.versions
                if one.id in judged.held
            ),
            files=len(freed.digests),
            size=freed.size,
            orphans=freed.orphans,
            young=freed.young,
        )

    def _judged(self, dataset: Dataset, wanted: DropRequest) -> _Judged:
        there = self._data.versions(dataset.id)
        old = rules.droppable(there, wanted.keep, self._clock.now())
        held = self._tagger.pins_of(old)
        return _Judged([version for version in old if version.id not in held], held, there)

    def _drop(self, dataset: Dataset, judged: _Judged) -> _Judged:
        gone = [one for one in judged.doomed if self._database.write(partial(self._mark, version=one))]
        return _Judged(gone, judged.held, self._data.versions(dataset.id))

    def _mark(self, tx: Transaction, version: DataVersion) -> bool:
        """Mark a version as dropped, if nothing came to need it since it was judged."""
        current = versions.versions.get(tx, version.id)
        if current.dropped_at is not None or self._tagger.pins_of([current]):
            return False
        tx.emit(
            VersionDropped(
                subject=version.id, dataset=version.dataset, number=version.number, digest=version.digest
            )
        )
        dropped = msgspec.structs.replace(current, dropped_at=self._clock.now(), dropped_by=current_actor())
        versions.versions.replace(tx, dropped)
        return True

    def _freed(self, dataset: Dataset, judged: _Judged, wanted: DropRequest) -> _Freed:
        needed, ever = rules.files_of(judged.left), rules.files_of(judged.versions)
        now, freed = self._clock.now(), _Freed()
        for digest, file in self._tables.files.stored(dataset.id).items():
            if digest in needed:
                continue
            if wanted.spare_h > 0 and (now - file.put_at).total_seconds() < wanted.spare_h * 3600:
                freed.young += 1
                continue
            freed.digests.append(digest)
            freed.size += file.size
            freed.orphans += int(digest not in ever)
        return freed

    def _remove(self, dataset: Dataset, freed: _Freed, judged: _Judged, wanted: DropRequest) -> None:
        gone: set[str] = set()
        for start in range(0, len(freed.digests), _AT_ONCE):
            some = freed.digests[start : start + _AT_ONCE]
            sweep = partial(self._sweep, dataset=dataset, digests=some, spare_s=wanted.spare_h * 3600)
            gone |= self._database.write(sweep)
        if gone:
            event = DataFilesSwept(
                subject=dataset.id, versions=len(judged.doomed), files=len(gone), size=freed.size
            )
            self._database.write(lambda tx: tx.emit(event))

    def _sweep(self, tx: Transaction, dataset: Dataset, digests: Sequence[str], spare_s: float) -> set[str]:
        # A commit names its files in a transaction, too, and looks there whether they still are.
        there = [one for one in versions.history(tx, dataset.id) if one.dropped_at is None]
        needed = rules.files_of(there)
        going = [digest for digest in digests if digest not in needed]
        return self._tables.files.remove(dataset.id, going, spare_s=spare_s)


def _doomed(version: DataVersion) -> Doomed:
    return Doomed(
        id=version.id,
        dataset=version.dataset,
        number=version.number,
        digest=version.digest,
        rows=version.rows,
        created_at=version.created_at,
    )
