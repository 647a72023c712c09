"""The commit of a table: canonical form, rules, difference, checks, profile, then one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict
from pomona.core.events import VersionCommitted
from pomona.core.ids import new_id
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.core.records import to_json
from pomona.data import rules, store
from pomona.data.changes import Changes, compare, overlap
from pomona.data.profiling import profile_table
from pomona.data.quality import run_checks
from pomona.data.records import (
    CheckResult,
    CommitMode,
    Committed,
    DataFile,
    Dataset,
    DataVersion,
    Field,
    Origin,
    QualityReport,
)
from pomona.data.tables import (
    canonical,
    check_time_column,
    fields_of,
    json_rows,
    key_faults,
    read_files,
    stack,
    to_parquet,
    version_digest,
)


@dataclass(frozen=True)
class CommitOptions:
    """How a table is committed; see ``DataService.commit``."""

    mode: CommitMode = "full"
    onto: DataVersion | None = None
    note: str = ""
    as_of: datetime | None = None
    allow_empty: bool = False
    origin: Callable[[], Origin] | None = None  # asked once every row has been read


@dataclass(frozen=True)
class _Base:
    """What a commit builds on: the newest version there is, and the parent with its rows."""

    newest: DataVersion | None
    parent: DataVersion | None
    rows: pa.Table | None  # of the parent

    @property
    def next_number(self) -> int:
        return self.newest.number + 1 if self.newest else 1


class Committer:
    """Turns tables into versions."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def commit(self, dataset: Dataset, table: pa.Table, options: CommitOptions) -> Committed:
        """See ``DataService.commit``. Nothing is written before every rule has been asked."""
        rules.check_columns(
            table.column_names,
            key=dataset.key,
            time_column=dataset.time_column,
            rows=table.num_rows,
            allow_empty=options.allow_empty and options.mode == "full",
        )
        base = self._base(dataset, options)
        new = _admit(dataset, table, base)
        body, file = to_parquet(new, dataset.time_column)
        known = _known(base, fields_of(new.schema), file, options.mode, keyed=bool(dataset.key))
        if known is not None:
            return self._unchanged(known)
        changes = _changes(dataset, base.rows, new, options.mode)
        if base.parent and changes.none and base.parent.schema == fields_of(new.schema):
            return self._unchanged(base.parent)
        self._blobs.put(body)
        return self._store(dataset, base, new, file, changes, options)

    def _base(self, dataset: Dataset, options: CommitOptions) -> _Base:
        newest = self._database.read(lambda tx: store.newest(tx, dataset.id))
        parent = options.onto or self._database.read(lambda tx: store.newest(tx, dataset.id, usable=True))
        if parent is not None and parent.dataset_id != dataset.id:
            raise Conflict(
                f"{parent.id} is a version of {parent.dataset}, not of {dataset.name}",
                hint=f"name a version of {dataset.name}",
            )
        if options.mode == "append" and parent is None and newest is not None:
            raise Conflict(
                f"every version of {dataset.name} is quarantined, so there is none to append to",
                hint=f"commit the whole table, or name the parent: onto={dataset.name}@v{newest.number}",
            )
        rows = read_files(parent.files, self._blobs.get) if parent else None
        return _Base(newest=newest, parent=parent, rows=rows)

    def _unchanged(self, version: DataVersion) -> Committed:
        report = self._database.read(lambda tx: store.report_of(tx, version.id))
        return Committed(version=version, created=False, report=report)

    def _store(
        self,
        dataset: Dataset,
        base: _Base,
        new: pa.Table,
        file: DataFile,
        changes: Changes,
        options: CommitOptions,
    ) -> Committed:
        now = self._clock.now()
        before = base.parent.files if base.parent and options.mode == "append" else ()
        whole = stack(base.rows, new) if base.rows is not None and before else new
        as_of = options.as_of or now
        results = run_checks(
            dataset.checks,
            whole,
            key=dataset.key,
            time_column=dataset.time_column,
            rows_before=base.parent.rows if base.parent else None,
            as_of=as_of,
        )
        files = (*before, file)
        version = _describe(dataset, base, whole, files, changes, options, results, now)
        return self._write(version, base, whole, results)

    def _write(
        self, version: DataVersion, base: _Base, whole: pa.Table, results: tuple[CheckResult, ...]
    ) -> Committed:
        profile = self._blobs.put(to_json(profile_table(whole)))
        kept = msgspec.structs.replace(version, profile=profile)
        report = QualityReport(
            id=new_id("rep", kept.created_at),
            version=kept.id,
            quality=kept.quality,
            results=results,
            at=kept.created_at,
        )

        def add(tx: Transaction) -> Committed:
            newest = store.newest(tx, kept.dataset_id)
            if (newest.id if newest else None) != (base.newest.id if base.newest else None):
                raise Conflict(
                    f"another commit to {kept.dataset} came first",
                    hint="commit again: it is compared with the version that is newest now",
                )
            store.versions.insert(tx, kept)
            store.reports.insert(tx, report)
            tx.link(kept.id, "belongs_to", kept.dataset_id)
            if kept.parent:
                tx.link(kept.id, "derived_from", kept.parent)
            if kept.origin:
                tx.link(kept.id, "extracted_from", kept.origin.source)
            tx.emit(
                VersionCommitted(
                    subject=kept.id,
                    dataset=kept.dataset,
                    number=kept.number,
                    rows=kept.rows,
                    rows_added=kept.rows_added,
                    quality=kept.quality,
                )
            )
            return Committed(version=kept, created=True, report=report)

        return self._database.write(add)


def _admit(dataset: Dataset, table: pa.Table, base: _Base) -> pa.Table:
    """The table in canonical form, once every rule about its shape and keys is met."""
    order = [*([dataset.time_column] if dataset.time_column else []), *dataset.key] if dataset.key else []
    new = canonical(table, base.rows.schema if base.rows is not None else None, order=order)
    check_time_column(new.schema, dataset.time_column)
    if base.parent is not None:
        rules.check_against_parent(base.parent.schema, fields_of(new.schema))
    nulls, duplicates, examples = key_faults(new, dataset.key)
    rules.check_key_values(dataset.key, nulls=nulls, duplicates=duplicates, examples=examples)
    return new


def _known(
    base: _Base, schema: Sequence[Field], file: DataFile, mode: CommitMode, *, keyed: bool
) -> DataVersion | None:
    """The version that holds this content already: a commit made twice, perhaps by a retry."""
    for version in (base.parent, base.newest):
        if version is None:
            continue
        if mode == "full" and version.digest == version_digest(schema, [file]):
            return version
        if mode == "append" and keyed and file.digest in {kept.digest for kept in version.files}:
            return version
    return None


def _changes(dataset: Dataset, old: pa.Table | None, new: pa.Table, mode: CommitMode) -> Changes:
    if old is None:
        return Changes(added=new.num_rows, removed=0, changed=0)
    if mode == "full":
        return compare(old, new, dataset.key)
    if dataset.key:
        again = overlap(old, new, dataset.key)
        if again.height:
            raise Conflict(
                f"{again.height} rows have a key ({', '.join(dataset.key)}) that is there already",
                hint="append only new rows; to change rows, commit the whole table",
                extra={"rows": again.height, "examples": json_rows(again.head(5))},
            )
    return Changes(added=new.num_rows, removed=0, changed=0)


def _describe(
    dataset: Dataset,
    base: _Base,
    whole: pa.Table,
    files: tuple[DataFile, ...],
    changes: Changes,
    options: CommitOptions,
    results: Sequence[CheckResult],
    now: datetime,
) -> DataVersion:
    schema = fields_of(whole.schema)
    times = [end for file in files for end in (file.since, file.until) if end is not None]
    return DataVersion(
        id=new_id("ver", now),
        dataset=dataset.name,
        dataset_id=dataset.id,
        number=base.next_number,
        digest=version_digest(schema, files),
        parent=base.parent.id if base.parent else None,
        mode=options.mode,
        schema=schema,
        rows=whole.num_rows,
        rows_added=changes.added,
        rows_removed=changes.removed,
        rows_changed=changes.changed,
        files=files,
        size=sum(file.size for file in files),
        since=min(times, default=None),
        until=max(times, default=None),
        quality=rules.worst([result.quality for result in results]),
        note=options.note,
        as_of=options.as_of or now,
        origin=options.origin() if options.origin else None,
        created_at=now,
        created_by=current_actor(),
    )
