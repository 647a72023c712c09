"""The commit of a table: rules, spooled rows, difference, checks and profile on the way, one transaction."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, Invalid
from pomona.core.events import VersionCommitted
from pomona.core.ids import new_id
from pomona.core.ports import Blobs, Clock, Database, Tables, Transaction
from pomona.core.records import from_json, to_json
from pomona.core.tables import DataFile
from pomona.data import canonical, rules, store
from pomona.data.drafting import Draft, Drafter, Plan
from pomona.data.files import FileReader
from pomona.data.incoming import Incoming
from pomona.data.profiling import Profiler
from pomona.data.publishing import Publisher
from pomona.data.quality import Inspection, Related
from pomona.data.records import (
    CheckResult,
    CommitMode,
    Committed,
    Dataset,
    DataVersion,
    Origin,
    QualityReport,
)
from pomona.data.runs import Runs
from pomona.stats.records import TableProfile


@dataclass(frozen=True)
class CommitOptions:
    """How a table is committed; see ``DataService.commit``."""

    mode: CommitMode = "full"
    onto: DataVersion | None = None
    note: str = ""
    as_of: datetime | None = None
    allow_empty: bool = False
    new_base: bool = False
    origin: Callable[[], Origin] | None = None  # asked once every row has been read


@dataclass(frozen=True)
class Base:
    """What a commit builds on: the newest version there is, and the parent with its schema and profile."""

    newest: DataVersion | None = None
    parent: DataVersion | None = None
    schema: pa.Schema | None = None  # of the parent
    profile: TableProfile | None = None

    @property
    def next_number(self) -> int:
        """The number of the version to come."""
        return self.newest.number + 1 if self.newest else 1


@dataclass(frozen=True)
class Made:
    """A version's content before it has a record."""

    schema: pa.Schema
    draft: Draft
    profile: TableProfile
    results: tuple[CheckResult, ...]


class Watch:
    """Profile and checks of the rows of one version, in one pass."""

    def __init__(
        self,
        dataset: Dataset,
        base: Base,
        as_of: datetime,
        related: Related,
        sample: pa.Table | None = None,
    ) -> None:
        self._profiler = Profiler(base.profile, sample=sample)
        self._inspection = Inspection(
            dataset.checks,
            key=dataset.key,
            time_column=dataset.time_column,
            rows_before=base.parent.rows if base.parent else None,
            as_of=as_of,
            parent_profile=base.profile,
            related=related,
        )

    def add(self, chunk: pa.Table) -> None:
        """Take in some rows."""
        self._profiler.add(chunk)
        self._inspection.add(chunk)

    def finish(self) -> tuple[TableProfile, tuple[CheckResult, ...]]:
        """What was seen."""
        profile = self._profiler.finish()
        return profile, self._inspection.finish(profile)


class Committer:
    """Turns tables into versions.

    Args:
        related: Reads columns of other datasets that checks compare with.
        spool: A folder for rows that do not fit into memory while they are sorted.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        tables: Tables,
        clock: Clock,
        publisher: Publisher,
        related: Related,
        spool: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._tables = tables
        self._clock = clock
        self._publisher = publisher
        self._related = related
        self._spool = spool

    def commit(self, dataset: Dataset, table: Incoming, options: CommitOptions) -> Committed:
        """See ``DataService.commit``. The catalogue is written last: until then nothing happened."""
        rules.check_mode(options.mode, dataset.key)
        rules.check_columns(table.schema.names, key=dataset.key, time_column=dataset.time_column)
        base = self._base(dataset, options)
        self._spool.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._spool, prefix="commit-") as folder:
            runs = _spooled(dataset, table, Path(folder), options)
            schema = canonical.canonical_schema(table.schema)
            made = self._make(dataset, base, runs, schema, options)
        parent = base.parent
        if parent and made.draft.changes.none and parent.schema == canonical.fields_of(made.schema):
            return self._unchanged(parent)
        return self._write(dataset, base, made, options)

    def base(self, dataset: Dataset, onto: DataVersion | None = None) -> Base:
        """What a commit would build on now."""
        return self._base(dataset, CommitOptions(onto=onto))

    def _base(self, dataset: Dataset, options: CommitOptions) -> Base:
        newest = self._database.read(lambda tx: store.newest(tx, dataset.id))
        parent = options.onto or self._database.read(lambda tx: store.newest(tx, dataset.id, usable=True))
        if parent is None:
            if options.mode != "full" and newest is not None:
                raise Conflict(
                    f"every version of {dataset.name} is quarantined, so there is none to build on",
                    hint=f"commit the whole table, or name the parent: onto={dataset.name}@v{newest.number}",
                )
            return Base(newest=newest)
        if parent.dataset_id != dataset.id:
            raise Conflict(
                f"{parent.id} is a version of {parent.dataset}, not of {dataset.name}",
                hint=f"name a version of {dataset.name}",
            )
        profile = from_json(self._blobs.get(parent.profile), TableProfile)
        return Base(newest=newest, parent=parent, schema=schema_of(self._blobs, parent), profile=profile)

    def _make(
        self, dataset: Dataset, base: Base, runs: Runs, incoming: pa.Schema, options: CommitOptions
    ) -> Made:
        plan = self._plan(dataset, base, incoming, options)
        as_of = options.as_of or self._clock.now()
        for _ in range(len(incoming) + 1):  # each time round one column is wider
            watch = Watch(dataset, base, as_of, self._related, runs.sample.table())
            try:
                draft = Drafter(self._tables, plan, runs, watch).draft()
            except canonical.Widened as wide:
                plan = self._widened(plan, base, wide.column, incoming)
                continue
            if options.mode != "full":
                watch = Watch(dataset, base, as_of, self._related, runs.sample.table())
                reader = FileReader(self._tables, plan.table, draft.files, plan.schema, plan.time_column)
                for chunk in reader.batches():
                    watch.add(chunk)
            profile, results = watch.finish()
            return Made(plan.schema, draft, profile, results)
        raise AssertionError("a column widened twice")

    def _plan(self, dataset: Dataset, base: Base, incoming: pa.Schema, options: CommitOptions) -> Plan:
        marked = options.mode == "delta" and rules.DELETED in incoming.names
        own = pa.schema([field for field in incoming if not marked or field.name != rules.DELETED])
        canonical.check_time_column(own, dataset.time_column)
        canonical.check_key_types(own, dataset.key)
        schema, clash = canonical.merged_schema(base.schema, own)
        if base.parent is not None and not options.new_base:
            rules.check_against_parent(base.parent.schema, canonical.fields_of(own), clash)
        fresh = bool(clash) or (base.schema is not None and not set(base.schema.names) <= set(schema.names))
        old = None
        if base.parent is not None and base.schema is not None and not set(clash) & set(dataset.key):
            was = pa.schema([base.schema.field(f.name) if f.name in clash else f for f in schema])
            old = FileReader(self._tables, dataset.id, base.parent.files, was, dataset.time_column)
        return Plan(
            table=dataset.id,
            key=dataset.key,
            time_column=dataset.time_column,
            schema=schema,
            mode=options.mode,
            old=old,
            fresh=fresh,
            delete_column=rules.DELETED if marked else None,
        )

    def _widened(self, plan: Plan, base: Base, column: str, incoming: pa.Schema) -> Plan:
        """The same plan with a column as wide as it comes now, written as a new base."""
        was, now = plan.schema.field(column).type, incoming.field(column).type
        if plan.mode != "full" or not canonical.is_wider(now, was):
            wide = [pa.field(f.name, now) if f.name == column else f for f in plan.schema]
            before = base.parent.schema if base.parent else ()
            rules.check_against_parent(before, canonical.fields_of(pa.schema(wide)), (column,))
        index = plan.schema.get_field_index(column)
        schema = plan.schema.set(index, pa.field(column, now))
        old = plan.old
        if old is not None:
            old = FileReader(self._tables, plan.table, old.files, schema, plan.time_column)
        return replace(plan, schema=schema, old=old, fresh=True)

    def _unchanged(self, version: DataVersion) -> Committed:
        report = self._database.read(lambda tx: store.report_of(tx, version.id))
        return Committed(version=version, created=False, report=report)

    def _write(self, dataset: Dataset, base: Base, made: Made, options: CommitOptions) -> Committed:
        version = describe(dataset, base, made, options, self._clock.now())
        if base.newest is not None and version.digest == base.newest.digest:
            return self._unchanged(base.newest)
        kept = msgspec.structs.replace(
            version,
            arrow=self._blobs.put(made.schema.serialize().to_pybytes()),
            profile=self._blobs.put(to_json(made.profile)),
        )
        report = QualityReport(
            id=new_id("rep", kept.created_at),
            version=kept.id,
            quality=kept.quality,
            results=made.results,
            at=kept.created_at,
        )
        done = self._database.write(lambda tx: _add(tx, kept, base, report))
        self._publisher.catch_up(dataset.id)
        return done


def describe(dataset: Dataset, base: Base, made: Made, options: CommitOptions, now: datetime) -> DataVersion:
    """The record of a version, but for its schema's and profile's digests."""
    files, changes = made.draft.files, made.draft.changes
    schema = canonical.fields_of(made.schema)
    times = [end for file in files for end in (file.since, file.until) if end is not None]
    return DataVersion(
        id=new_id("ver", now),
        dataset=dataset.name,
        dataset_id=dataset.id,
        number=base.next_number,
        digest=rules.version_digest(schema, files),
        parent=base.parent.id if base.parent else None,
        mode=options.mode,
        schema=schema,
        rows=sum(file.live for file in files),
        rows_added=changes.added,
        rows_removed=changes.removed,
        rows_changed=changes.changed,
        files=files,
        size=size_of(files),
        since=min(times, default=None),
        until=max(times, default=None),
        quality=rules.worst([result.quality for result in made.results]),
        note=options.note,
        as_of=options.as_of or now,
        origin=options.origin() if options.origin else None,
        created_at=now,
        created_by=current_actor(),
    )


def size_of(files: tuple[DataFile, ...]) -> int:
    """Bytes of these files and their vectors."""
    return sum(file.size + (file.vector.size if file.vector else 0) for file in files)


def schema_of(blobs: Blobs, version: DataVersion) -> pa.Schema:
    """A version's canonical Arrow schema."""
    return pa.ipc.read_schema(pa.py_buffer(blobs.get(version.arrow)))


def _spooled(dataset: Dataset, table: Incoming, folder: Path, options: CommitOptions) -> Runs:
    runs = Runs(dataset.key, folder)
    nulls = dict.fromkeys(dataset.key, 0)
    for piece in table.pieces:
        rows = canonical.canonical(piece)
        for name in nulls:
            nulls[name] += canonical.missing(rows.column(name))
        runs.add(rows)
    rules.check_key_values(dataset.key, nulls=nulls, duplicates=0, examples=[])
    if runs.rows == 0:
        if not (options.allow_empty and options.mode == "full"):
            raise Invalid("the table has no rows", hint="if that is right, say so: allow_empty")
        runs.add(canonical.canonical_schema(table.schema).empty_table())
    return runs


def _add(tx: Transaction, kept: DataVersion, base: Base, report: QualityReport) -> Committed:
    newest = store.newest(tx, kept.dataset_id)
    if (newest.id if newest else None) != (base.newest.id if base.newest else None):
        raise Conflict(
            f"another commit to {kept.dataset} came first",
            hint="commit again: it is compared with the version that is newest now",
        )
    number = store.append_log(tx, kept.dataset_id, kept.id)
    if kept.quality == "critical" and base.parent is not None:
        store.append_log(tx, kept.dataset_id, base.parent.id)  # who reads the newest must not see it
    version = msgspec.structs.replace(kept, log=number)
    store.versions.insert(tx, version)
    store.reports.insert(tx, report)
    tx.link(version.id, "belongs_to", version.dataset_id)
    if version.parent:
        tx.link(version.id, "derived_from", version.parent)
    if version.origin:
        tx.link(version.id, "extracted_from", version.origin.source)
    tx.emit(
        VersionCommitted(
            subject=version.id,
            dataset=version.dataset,
            number=version.number,
            rows=version.rows,
            rows_added=version.rows_added,
            quality=version.quality,
        )
    )
    return Committed(version=version, created=True, report=report)
