"""Use cases of stage 2: declare a dataset, commit a version, read it, check it, look at its profile."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import polars as pl
import pyarrow as pa

from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import NotFound
from pomona.core.events import ChecksDeclared, DatasetCreated, FailedVersionUsed
from pomona.core.ids import new_id
from pomona.core.ports import Blobs, Clock, Database, Tables, Transaction
from pomona.core.records import Page, from_json
from pomona.data import rules, store
from pomona.data.cataloguing import mark_again
from pomona.data.commits import Base, CommitOptions
from pomona.data.committing import Committer, schema_of
from pomona.data.permitting import Permitter
from pomona.data.profiling import Profiler
from pomona.data.publishing import Publisher
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
from pomona.data.references import parse_ref
from pomona.data.resolving import find_dataset, find_version
from pomona.data.rules import TRAINING
from pomona.data.tables.files import FileReader
from pomona.data.tables.frames import json_rows, to_polars
from pomona.data.tables.incoming import decode, incoming
from pomona.data.watching import Watch
from pomona.stats.records import TableProfile


class DataService:
    """Datasets and their versions.

    Args:
        blobs: Where schemas and profiles are kept.
        tables: Where the rows are kept.
        business: Resolves the hypothesis a dataset names.
        spool: A folder for rows that do not fit into memory while they are sorted.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        tables: Tables,
        clock: Clock,
        business: BusinessService,
        spool: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._tables = tables
        self._clock = clock
        self._business = business
        self.permits = Permitter(database)
        self._publisher = Publisher(database, blobs, tables)
        self._committer = Committer(database, blobs, tables, clock, self._publisher, self._related, spool)

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
            consent_column=new.consent_column,
            subject_columns=new.subject_columns,
            upkeep=new.upkeep,
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
        table: pa.Table | pa.RecordBatchReader,
        *,
        mode: CommitMode = "full",
        onto: str | None = None,
        note: str = "",
        as_of: datetime | None = None,
        allow_empty: bool = False,
        new_base: bool = False,
        origin: Callable[[], Origin] | None = None,
        producer: str | None = None,
        offset: int = 0,
    ) -> Committed:
        """Keep a table as the dataset's next version; content that is there already makes no new one.

        Args:
            mode: ``full``: the whole table as it is now; ``append``: rows behind those of the parent;
                ``delta``: rows to add or to change by key, and (where a column ``_deleted`` is true) to
                remove.
            onto: The parent; default the newest version that is not quarantined.
            as_of: When the source was so (freshness counts from here); default now.
            new_base: The table has a new shape: columns may be gone or of another type.
            origin: Where the rows came from, asked once all of them have been read.
            producer, offset: Who sends the rows, and up to which of its own they go. They are stored with
                the version; sent once more, the same or a lower offset gets the version that holds it.

        Raises:
            Invalid: If the table breaks a rule of the dataset; nothing is stored.
            Conflict: If another commit came first, or an append repeats keys that are there.
        """
        dataset = self.dataset(ref)
        options = CommitOptions(
            mode=mode,
            onto=self.resolve(onto) if onto else None,
            note=note,
            as_of=as_of,
            allow_empty=allow_empty,
            new_base=new_base,
            origin=origin,
            producer=producer,
            offset=offset,
        )
        return self._committer.commit(dataset, incoming(table), options)

    def commit_bytes(self, ref: str, body: BinaryIO, content_type: str, **options: Any) -> Committed:
        """``commit`` of a table that comes as Arrow, Parquet or CSV bytes.

        Raises:
            Invalid: If the bytes are not of that type; else as ``commit``.
        """
        dataset = self.dataset(ref)
        newest = self._database.read(lambda tx: store.newest(tx, dataset.id, usable=True))
        table = decode(body, content_type, newest.schema if newest else ())
        onto = options.pop("onto", None)
        parent = self.resolve(onto) if onto else None
        return self._committer.commit(dataset, table, CommitOptions(onto=parent, **options))

    def resolve(self, ref: str) -> DataVersion:
        """The version named by ``flights``, ``flights@v3``, ``@<digest>``, a tag, a day or ``ver_...``.

        ``flights`` and ``flights@latest`` are the newest version that is not quarantined (a critical check),
        ``flights@passed`` the newest that did not fail either, ``flights@newest`` the newest of all.

        Raises:
            NotFound: If there is none.
            Invalid: If the reference is none of these forms, or its digest fits several versions.
        """
        wanted = parse_ref(ref)
        return self._database.read(lambda tx: find_version(tx, wanted))

    def dataset_of(self, ref: str) -> Dataset:
        """The dataset that a version's reference names; it may have no version yet."""
        wanted = parse_ref(ref)
        if wanted.version_id:
            return self.dataset(self.resolve(ref).dataset_id)
        return self.dataset(wanted.dataset)

    def versions(self, ref: str) -> list[DataVersion]:
        """Every version of a dataset, newest first."""
        return self._database.read(lambda tx: store.history(tx, find_dataset(tx, ref).id))

    def newest(self) -> list[DataVersion]:
        """The last version of every dataset that has one."""
        return self._database.read(store.newest_of_each)

    def read(
        self,
        ref: str,
        *,
        columns: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        purpose: str | None = None,
    ) -> pa.Table:
        """A version's rows, verified against their digests: always the same ones in the same order.

        Args:
            columns: Only these; default all.
            since, until: Only rows with ``since <= time < until`` in the dataset's time column.
            purpose: Only rows that may be read for it; default all.

        Raises:
            Invalid: If a column is unknown, or the dataset has no time column to filter by.
            Refused: If the dataset may not serve the purpose.
            Tampered: If a stored file changed.
        """
        reader, window = self._reader(ref, since, until)
        if purpose is None:
            return reader.read(columns, window)
        version = self.resolve(ref)
        return self.permits.reader(self.dataset(version.dataset_id), version, reader, purpose, window).read(
            columns, window
        )

    def batches(
        self,
        ref: str,
        *,
        columns: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pa.RecordBatchReader:
        """``read``, streamed: in the memory of a few row groups."""
        reader, window = self._reader(ref, since, until)
        pieces = chain.from_iterable(table.to_batches() for table in reader.batches(columns, window))
        return pa.RecordBatchReader.from_batches(reader.schema_of(columns), pieces)

    def preview(self, ref: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """The first rows as plain values."""
        reader, _ = self._reader(ref)
        wanted = max(0, min(limit, 1000))
        parts = list(islice((part.slice(0, wanted) for part in reader.batches()), 3))
        return json_rows(to_polars(pa.concat_tables(parts).slice(0, wanted))) if parts else []

    def location(self, ref: str) -> tuple[str, int]:
        """The address of a version's Delta table, and the version's number in its log."""
        version = self.resolve(ref)
        self._publisher.catch_up(version.dataset_id)
        return self._publisher.where(version.dataset_id), version.log

    def verify(self, ref: str, known: set[str] | None = None) -> int:
        """Read everything a version consists of; returns how many files match their digests.

        Args:
            known: Digests of files that were read a moment ago; those read now are added.

        Raises:
            Tampered: If a file, or the version's record, is not what it was.
            NotFound: If a file is gone.
        """
        version = self.resolve(ref)
        reader, _ = self._reader(version.id)
        self._blobs.get(version.profile)
        known = set() if known is None else known
        vectors = {file.vector.digest for file in version.files if file.vector}
        for digest in sorted(({file.digest for file in version.files} | vectors) - known):
            self._tables.files.verify(version.dataset_id, digest)
            known.add(digest)
        for file in version.files:
            reader.hidden(file)
        if version.replaced:
            with suppress(NotFound):  # it may be lost: then a diff reads whole files
                self._tables.files.verify(version.dataset_id, version.replaced)
        rules.check_digest(version)
        return len(version.files)

    def publish(self) -> int:
        """Catch up every Delta log with the catalogue, after a crash; how many entries were missing."""
        datasets = self._database.read(store.datasets.all)
        return sum(self._publisher.catch_up(dataset.id) for dataset in datasets)

    def profile(
        self, ref: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> TableProfile:
        """One summary per column of a version, or of the rows of a time range in it."""
        whole = from_json(self._blobs.get(self.resolve(ref).profile), TableProfile)
        if since is None and until is None:
            return whole
        reader, window = self._reader(ref, since, until)
        profiler = Profiler(whole)
        profiler.add(reader.schema_of().empty_table())
        for chunk in reader.batches(None, window):
            profiler.add(chunk)
        return profiler.finish()

    def _related(self, ref: str, columns: list[str]) -> pl.DataFrame:
        """Columns of another dataset or version, for checks that compare with them."""
        return to_polars(self.read(ref, columns=columns))

    def _reader(
        self, ref: str, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[FileReader, TimeWindow | None]:
        version = self.resolve(ref)
        rules.check_not_dropped(version)
        dataset = self.dataset(version.dataset_id)
        window = TimeWindow(since=since, until=until)
        rules.check_window(window, dataset.time_column)
        schema = schema_of(self._blobs, version)
        reader = FileReader(self._tables, dataset.id, version.files, schema, dataset.time_column)
        return reader, window if since is not None or until is not None else None

    def report(self, ref: str) -> QualityReport:
        """What the checks found last on a version."""
        return self._database.read(lambda tx: store.report_of(tx, find_version(tx, parse_ref(ref)).id))

    def recheck(self, ref: str) -> QualityReport:
        """Run the checks as they are declared now on a version once more; its mark follows."""
        version = self.resolve(ref)
        dataset = self.dataset(version.dataset_id)
        before = self.resolve(version.parent) if version.parent else None  # None: nothing to compare with
        base = self._committer.base(dataset, before) if before else Base()
        watch = Watch(dataset, base, version.as_of, self._related)
        reader, _ = self._reader(version.id)
        for chunk in reader.batches():
            watch.add(chunk)
        _, _, results = watch.finish(reader)
        now = self._clock.now()
        quality = rules.worst([result.quality for result in results])
        report = QualityReport(
            id=new_id("rep", now), version=version.id, quality=quality, results=results, at=now
        )
        kept = self._database.write(lambda tx: mark_again(tx, version, report))
        self._publisher.catch_up(dataset.id)
        return kept

    def check_usable(
        self, ref: str, force_reason: str | None = None, purpose: str = TRAINING
    ) -> tuple[DataVersion, bool]:
        """The version, and whether it may be trained on only because of the reason given.

        Raises:
            Refused: If it failed its checks and no reason was given; or may not serve the purpose.
        """
        version = self.resolve(ref)
        rules.check_not_dropped(version)
        self.permits.check(self.dataset(version.dataset_id), version, purpose)
        report = self._database.read(lambda tx: store.report_of(tx, version.id))
        return version, rules.check_usable(version, report, force_reason)

    def usable_for_training(
        self, ref: str, force_reason: str | None = None, purpose: str = TRAINING
    ) -> DataVersion:
        """The version, if a model may be trained on it.

        Raises:
            Refused: If it failed its checks and no reason to use it all the same was given; or may not
                serve the purpose. A given reason, and a refused purpose, are written to the ledger.
        """
        version, forced = self.check_usable(ref, force_reason, purpose)
        if forced:
            event = FailedVersionUsed(
                subject=version.id, dataset=version.dataset, number=version.number, reason=force_reason or ""
            )
            self._database.write(lambda tx: tx.emit(event))
        return version
