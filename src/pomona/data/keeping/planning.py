"""What an erasure would touch: found before anything is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pomona.core.ids import kind_of
from pomona.core.ports import Database, Ledger, Tables
from pomona.core.records import Link
from pomona.data import store
from pomona.data.keeping.cutting import Cutter, Places
from pomona.data.keeping.holders import Holder
from pomona.data.keeping.records import ErasurePlan, TouchedVersion
from pomona.data.keeping.subjects import Subject
from pomona.data.records import Dataset, DataVersion
from pomona.data.resolving import find_dataset
from pomona.data.tables.files import FileReader

_AT_ONCE = 500


@dataclass(frozen=True)
class Found:
    """A subject's rows in one dataset."""

    dataset: Dataset
    versions: Sequence[DataVersion]  # that are there, oldest first
    places: Mapping[str, Places]  # by the digest of a file
    counts: Mapping[str, int]  # rows by version

    @property
    def rows(self) -> int:
        """Different rows, of all files."""
        return sum(len(places) for places in self.places.values())


class Planner:
    """Looks for a subject."""

    def __init__(
        self,
        database: Database,
        tables: Tables,
        ledger: Ledger,
        holders: Sequence[Holder],
    ) -> None:
        self._database = database
        self._tables = tables
        self._ledger = ledger
        self._holders = holders

    def datasets(self, subject: Subject, names: Sequence[str]) -> list[Dataset]:
        """The datasets that may have the subject's rows; only those named, if any are.

        They have the column in a version, or columns that name whom a row is about.

        Raises:
            NotFound: If one that is named does not exist.
        """
        if names:
            return [self._database.read(lambda tx, name=name: find_dataset(tx, name)) for name in names]  # type: ignore[misc]
        return [
            dataset
            for dataset in self._database.read(store.datasets.all)
            if _speaks(self.versions(dataset), subject.column)
            or (dataset.subject_columns and self.versions(dataset))
        ]

    def versions(self, dataset: Dataset) -> list[DataVersion]:
        """The versions of a dataset that are there, oldest first."""
        c = store.versions.c
        found = self._database.read(
            lambda tx: store.versions.all(tx, c.dataset_id == dataset.id, order_by=[c.number])
        )
        return [version for version in found if version.dropped_at is None]

    def find(self, dataset: Dataset, subject: Subject) -> Found:
        """The subject's rows in a dataset's files."""
        versions = self.versions(dataset)
        places = Cutter(self._tables, dataset, subject).find(versions)
        counts = {version.id: self._live(dataset, version, places) for version in versions}
        return Found(dataset, versions, places, {key: rows for key, rows in counts.items() if rows})

    def plan(self, subject: Subject, names: Sequence[str] = ()) -> ErasurePlan:
        """What an erasure would touch."""
        found = [self.find(dataset, subject) for dataset in self.datasets(subject, names)]
        touched = [version for one in found for version in one.versions if version.id in one.counts]
        return ErasurePlan(
            datasets=tuple(
                one.dataset.name for one in found if one.places or _speaks(one.versions, subject.column)
            ),
            versions=tuple(
                TouchedVersion(
                    id=version.id,
                    ref=f"{version.dataset}@v{version.number}",
                    rows=one.counts[version.id],
                )
                for one in found
                for version in one.versions
                if version.id in one.counts
            ),
            rows=sum(one.rows for one in found),
            files=sum(len(one.places) for one in found),
            places=tuple(holder.holds(subject) for holder in self._holders),
            models=tuple(self._models(touched)),
            marts=tuple(self._marts(touched, subject)),
        )

    def _live(self, dataset: Dataset, version: DataVersion, places: Mapping[str, Places]) -> int:
        reader = FileReader(self._tables, dataset.id, version.files, pa.schema([]), None)
        return sum(
            len(np.setdiff1d(places[file.digest], reader.hidden(file)))
            for file in version.files
            if file.digest in places
        )

    def _models(self, versions: Sequence[DataVersion]) -> Iterator[str]:
        """Runs trained or measured on these versions, and the model versions that came of them."""
        runs = {
            link.source
            for link in self._links([version.id for version in versions])
            if link.relation in ("trained_on", "evaluated_on")
        }
        made = {
            link.target
            for link in self._links(sorted(runs))
            if link.relation == "produced" and link.source in runs and kind_of(link.target) == "mv"
        }
        yield from sorted(runs | made)

    def _marts(self, versions: Sequence[DataVersion], subject: Subject) -> Iterator[str]:
        ids = {version.id for version in versions}
        built = {
            link.source
            for link in self._links(sorted(ids))
            if link.relation == "derived_from" and link.target in ids and link.source not in ids
        }
        for version_id in sorted(built):
            version = self._database.read(lambda tx, key=version_id: store.versions.find(tx, key))  # type: ignore[misc]
            if version and version.dropped_at is None and not _has(version, subject.column):
                yield f"{version.dataset}@v{version.number}"

    def _links(self, ids: list[str]) -> Iterator[Link]:
        for start in range(0, len(ids), _AT_ONCE):
            yield from self._ledger.links(ids[start : start + _AT_ONCE])


def _speaks(versions: Sequence[DataVersion], column: str) -> bool:
    return any(_has(version, column) for version in versions)


def _has(version: DataVersion, column: str) -> bool:
    return any(field.name == column for field in version.schema)
