"""Use cases of stage 2: declare a dataset, commit a version, read it, check it, look at its profile."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa

from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import NotFound
from pomona.core.events import ChecksDeclared, DatasetCreated, FailedVersionUsed, VersionChecked
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.core.records import Page, from_json
from pomona.data import rules, store
from pomona.data.committing import CommitOptions, Committer
from pomona.data.decoding import decode
from pomona.data.profiling import profile_table
from pomona.data.quality import run_checks
from pomona.data.records import (
    Check,
    CommitMode,
    Committed,
    Dataset,
    DataVersion,
    NewDataset,
    Origin,
    QualityReport,
    TimeWindow,
)
from pomona.data.tables import json_rows, read_files, to_polars
from pomona.stats.records import TableProfile


class DataService:
    """Datasets and their versions.

    Args:
        blobs: Where the Parquet files and profiles are kept.
        business: Resolves the hypothesis a dataset names.
    """

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, business: BusinessService) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._business = business
        self._committer = Committer(database, blobs, clock)

    def create(self, new: NewDataset) -> Dataset:
        """Declare a dataset.

        Raises:
            Invalid: If the declaration cannot work.
            Conflict: If the name is taken.
            NotFound: If it names a hypothesis that does not exist.
        """
        rules.check_dataset(new)
        hypothesis = self._business.hypothesis(new.hypothesis).id if new.hypothesis else None
        now = self._clock.now()
        dataset = Dataset(
            id=new_id("dat", now),
            name=new.name,
            key=new.key,
            time_column=new.time_column,
            purposes=new.purposes,
            description=new.description,
            hypothesis=hypothesis,
            checks=new.checks,
            created_at=now,
            created_by=current_actor(),
        )

        def add(tx: Transaction) -> Dataset:
            store.datasets.unused(tx, "name", new.name)
            if hypothesis:
                tx.link(dataset.id, "tests", hypothesis)
            tx.emit(DatasetCreated(subject=dataset.id, name=dataset.name))
            return store.datasets.insert(tx, dataset)

        return self._database.write(add)

    def dataset(self, ref: str) -> Dataset:
        """The dataset with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: find_dataset(tx, ref))

    def datasets(self, *, cursor: str | None = None, limit: int = 50) -> Page[Dataset]:
        """Datasets, newest first."""
        return self._database.read(lambda tx: store.datasets.page(tx, cursor=cursor, limit=limit))

    def declare_checks(self, ref: str, checks: Sequence[Check]) -> Dataset:
        """Replace the checks of a dataset; they are run on the next commit, or by ``recheck``."""

        def put(tx: Transaction) -> Dataset:
            dataset = find_dataset(tx, ref)
            rules.check_checks(checks, time_column=dataset.time_column)
            tx.emit(
                ChecksDeclared(
                    subject=dataset.id,
                    dataset=dataset.name,
                    checks=[rules.name_of(check) for check in checks],
                )
            )
            return store.datasets.replace(tx, msgspec.structs.replace(dataset, checks=tuple(checks)))

        return self._database.write(put)

    def commit(
        self,
        ref: str,
        table: pa.Table,
        *,
        mode: CommitMode = "full",
        onto: str | None = None,
        note: str = "",
        as_of: datetime | None = None,
        allow_empty: bool = False,
        origin: Callable[[], Origin] | None = None,
    ) -> Committed:
        """Keep a table as the dataset's next version; content that is there already makes no new one.

        Args:
            mode: ``full``: the whole table as it is now; ``append``: rows behind those of the parent.
            onto: The parent; default the newest version that is not quarantined.
            as_of: When the source was so (freshness counts from here); default now.
            origin: Where the rows came from, asked once all of them have been read.

        Raises:
            Invalid: If the table breaks a rule of the dataset; nothing is stored.
            Conflict: If another commit came first, or an append repeats keys that are there.
        """
        dataset = self.dataset(ref)
        parent = self.resolve(onto) if onto else None
        options = CommitOptions(
            mode=mode, onto=parent, note=note, as_of=as_of, allow_empty=allow_empty, origin=origin
        )
        return self._committer.commit(dataset, table, options)

    def commit_bytes(self, ref: str, body: BinaryIO, content_type: str, **options: Any) -> Committed:
        """``commit`` of a table that comes as Arrow, Parquet or CSV bytes.

        Raises:
            Invalid: If the bytes are not of that type; else as ``commit``.
        """
        dataset = self.dataset(ref)
        newest = self._database.read(lambda tx: store.newest(tx, dataset.id, usable=True))
        return self.commit(ref, decode(body, content_type, newest.schema if newest else ()), **options)

    def resolve(self, ref: str) -> DataVersion:
        """The version named by ``flights``, ``flights@v3``, ``flights@<digest>`` or ``ver_...``.

        ``flights`` and ``flights@latest`` are the newest version that is not quarantined (a critical check),
        ``flights@passed`` the newest that did not fail either, ``flights@newest`` the newest of all.

        Raises:
            NotFound: If there is none.
            Invalid: If the reference is none of these forms, or its digest fits several versions.
        """
        wanted = rules.parse_ref(ref)
        return self._database.read(lambda tx: _resolve(tx, wanted))

    def dataset_of(self, ref: str) -> Dataset:
        """The dataset that a version's reference names; it may have no version yet."""
        wanted = rules.parse_ref(ref)
        if wanted.version_id:
            return self.dataset(self.resolve(ref).dataset_id)
        return self.dataset(wanted.dataset)

    def versions(self, ref: str) -> list[DataVersion]:
        """Every version of a dataset, newest first."""

        def find(tx: Transaction) -> list[DataVersion]:
            dataset = find_dataset(tx, ref)
            columns = store.versions.c
            return store.versions.all(tx, columns.dataset_id == dataset.id, order_by=[columns.number.desc()])

        return self._database.read(find)

    def read(
        self,
        ref: str,
        *,
        columns: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pa.Table:
        """A version's rows, verified against their digests.

        Args:
            columns: Only these; default all.
            since, until: Only rows with ``since <= time < until`` in the dataset's time column.

        Raises:
            Invalid: If a column is unknown, or the dataset has no time column to filter by.
            Tampered: If a stored file changed.
        """
        version = self.resolve(ref)
        dataset = self.dataset(version.dataset_id)
        window = TimeWindow(since=since, until=until)
        rules.check_window(window, dataset.time_column)
        filtered = since is not None or until is not None
        return read_files(
            version.files,
            self._blobs.get,
            columns=columns,
            window=window if filtered else None,
            time_column=dataset.time_column,
        )

    def preview(self, ref: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """The first rows as plain values."""
        version = self.resolve(ref)
        first = read_files(version.files[:1], self._blobs.get)
        return json_rows(to_polars(first.slice(0, max(0, min(limit, 1000)))))

    def profile(
        self, ref: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> TableProfile:
        """One summary per column of a version, or of the rows of a time range in it."""
        if since is not None or until is not None:
            return profile_table(self.read(ref, since=since, until=until))
        return from_json(self._blobs.get(self.resolve(ref).profile), TableProfile)

    def report(self, ref: str) -> QualityReport:
        """What the checks found last on a version."""
        return self._database.read(lambda tx: store.report_of(tx, _resolve(tx, rules.parse_ref(ref)).id))

    def recheck(self, ref: str) -> QualityReport:
        """Run the checks as they are declared now on a version once more; its mark follows."""
        version = self.resolve(ref)
        dataset = self.dataset(version.dataset_id)
        before = self.resolve(version.parent) if version.parent else None
        results = run_checks(
            dataset.checks,
            read_files(version.files, self._blobs.get),
            key=dataset.key,
            time_column=dataset.time_column,
            rows_before=before.rows if before else None,
            as_of=version.as_of,
        )
        now = self._clock.now()
        quality = rules.worst([result.quality for result in results])
        report = QualityReport(
            id=new_id("rep", now), version=version.id, quality=quality, results=results, at=now
        )

        def keep(tx: Transaction) -> QualityReport:
            current = store.versions.get(tx, version.id)
            store.versions.replace(tx, msgspec.structs.replace(current, quality=quality))
            tx.emit(
                VersionChecked(
                    subject=version.id, dataset=version.dataset, number=version.number, quality=quality
                )
            )
            return store.reports.insert(tx, report)

        return self._database.write(keep)

    def check_usable(self, ref: str, force_reason: str | None = None) -> tuple[DataVersion, bool]:
        """The version, and whether it may be trained on only because of the reason given.

        Raises:
            Refused: If it failed its checks and no reason was given.
        """
        version = self.resolve(ref)
        report = self._database.read(lambda tx: store.report_of(tx, version.id))
        return version, rules.check_usable(version, report, force_reason)

    def usable_for_training(self, ref: str, force_reason: str | None = None) -> DataVersion:
        """The version, if a model may be trained on it.

        Raises:
            Refused: If it failed its checks and no reason to use it all the same was given. A given
                reason is written to the ledger.
        """
        version, forced = self.check_usable(ref, force_reason)
        if forced:
            event = FailedVersionUsed(
                subject=version.id, dataset=version.dataset, number=version.number, reason=force_reason or ""
            )
            self._database.write(lambda tx: tx.emit(event))
        return version


def find_dataset(tx: Transaction, ref: str) -> Dataset:
    """The dataset with this id or name."""
    if kind_of(ref) == "dat":
        return store.datasets.get(tx, ref)
    found = store.datasets.first(tx, store.datasets.c.name == ref)
    if found is None:
        raise NotFound(f"no dataset named {ref!r}", hint="`pomona data ls` lists them")
    return found


def _resolve(tx: Transaction, ref: rules.Ref) -> DataVersion:
    if ref.version_id:
        return store.versions.get(tx, ref.version_id)
    dataset = find_dataset(tx, ref.dataset)
    if ref.number is not None:
        found = store.numbered(tx, dataset.id, ref.number)
    elif ref.digest is not None:
        matches = store.by_digest(tx, dataset.id, ref.digest)
        rules.check_one_digest(ref.digest, {match.digest for match in matches})
        found = matches[0] if matches else None
    else:
        found = store.newest(tx, dataset.id, usable=ref.word == "latest", passed=ref.word == "passed")
    if found is None:
        raise rules.missing_version(ref, store.newest(tx, dataset.id))
    return found
