"""The commit of a table: rules, spooled rows, difference, checks and profile on the way, one transaction."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa

from pomona.core.errors import Conflict, Invalid
from pomona.core.ids import new_id
from pomona.core.ports import Blobs, Clock, Database, Tables, Transaction
from pomona.core.records import from_json, to_json
from pomona.data import rules, store
from pomona.data.cataloguing import ErasedMeanwhile, add_version, check_there, describe, holding, reach
from pomona.data.commits import Base, CommitOptions, Made
from pomona.data.memories import MEMORIES, Memories
from pomona.data.profiling import Carried
from pomona.data.publishing import Publisher
from pomona.data.purposes import check_consent_column
from pomona.data.quality.inspection import Related
from pomona.data.records import Committed, Dataset, DataVersion, QualityReport
from pomona.data.tables import canonical
from pomona.data.tables.drafting import Drafter, Plan
from pomona.data.tables.files import FileReader
from pomona.data.tables.incoming import Incoming
from pomona.data.tables.ordered import InOrder, in_order
from pomona.data.tables.runs import Runs
from pomona.data.watching import Watch
from pomona.stats.records import TableProfile

_TRIES = 8
_MOVED = 0.4  # of the rows: then all are looked at once more, since rounding adds up


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
        self._memories = Memories(spool / MEMORIES)

    def commit(self, dataset: Dataset, table: Incoming, options: CommitOptions) -> Committed:
        """See ``DataService.commit``. The catalogue is written last: until then nothing happened."""
        rules.check_mode(options.mode, dataset.key)
        if options.onto is not None:
            rules.check_not_dropped(options.onto)
        rules.check_columns(table.schema.names, key=dataset.key, time_column=dataset.time_column)
        told = self._told_before(dataset, options)
        if told is not None:
            return self._unchanged(told)
        base = self._base(dataset, options)
        self._spool.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._spool, prefix="commit-") as folder:
            runs = _in_order(dataset, table, Path(folder), options)
            schema = canonical.canonical_schema(table.schema)
            for _ in range(_TRIES):
                try:
                    return self._attempt(dataset, base, runs, schema, options)
                except ErasedMeanwhile:
                    base = self._base(dataset, options)
                except Conflict:
                    before, base = base, self._base(dataset, options)
                    if not self._harmless(dataset, before, options):
                        raise
            return self._attempt(dataset, base, runs, schema, options)

    def _attempt(
        self, dataset: Dataset, base: Base, runs: InOrder, schema: pa.Schema, options: CommitOptions
    ) -> Committed:
        made = self._make(dataset, base, runs, schema, options)
        parent = base.parent
        if parent and made.draft.changes.none and parent.schema == canonical.fields_of(made.schema):
            return self._unchanged(parent, options)
        return self._write(dataset, base, made, options)

    def _harmless(self, dataset: Dataset, base: Base, options: CommitOptions) -> bool:
        """Whether what was committed meanwhile is no reason to ask: the same rows in other files, or more.

        Only versions since ``base`` count; if there are none, something else was the matter.
        """
        newest = base.newest.number if base.newest is not None else 0
        if options.onto is not None:
            return False
        since = self._database.read(lambda tx: store.since(tx, dataset.id, newest))
        fine = ("rebase", "append") if options.mode == "append" else ("rebase",)
        return bool(since) and all(version.mode in fine for version in since)

    def _told_before(self, dataset: Dataset, options: CommitOptions) -> DataVersion | None:
        """The version that holds the producer's rows up to this offset already."""
        if options.producer is None:
            return None
        rules.check_producer(options.producer, options.offset)
        return self._database.read(lambda tx: holding(tx, dataset.id, options))

    def base(self, dataset: Dataset, onto: DataVersion | None = None) -> Base:
        """What a commit would build on now."""
        return self._base(dataset, CommitOptions(onto=onto))

    def _base(self, dataset: Dataset, options: CommitOptions) -> Base:
        newest = self._database.read(lambda tx: store.newest(tx, dataset.id))
        parent = self._database.read(lambda tx: _parent(tx, dataset, options))
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
        report = self._database.read(lambda tx: store.report_of(tx, parent.id))
        return Base(
            newest=newest,
            parent=parent,
            schema=schema_of(self._blobs, parent),
            profile=profile,
            results=report.results,
            memory=self._memories.get(dataset.id, parent.profile),
        )

    def _make(
        self, dataset: Dataset, base: Base, runs: InOrder, incoming: pa.Schema, options: CommitOptions
    ) -> Made:
        plan = self._plan(dataset, base, incoming, options)
        as_of = options.as_of or self._clock.now()
        watching = partial(Watch, dataset, base, as_of, self._related, sample=runs.sample)
        for _ in range(len(incoming) + 1):  # each time round one column is wider
            carried = _carried(dataset, base, plan)
            watch = watching(carried=carried, expected=runs.rows)
            try:
                draft = Drafter(self._tables, plan, runs, watch).draft()
            except canonical.Widened as wide:
                plan = self._widened(plan, base, wide.column, incoming)
                continue
            reader = FileReader(self._tables, plan.table, draft.files, plan.schema, plan.time_column)
            behind = watch.finish_behind(base, dataset, reader) if options.mode == "append" else None
            if behind is not None:
                return Made(plan.schema, draft, *behind)
            if options.mode != "full" and carried is None:
                watch = watching(expected=sum(file.live for file in draft.files))
                for chunk in reader.batches():
                    watch.add(chunk)
            return Made(plan.schema, draft, *watch.finish(reader))
        raise AssertionError("a column widened twice")

    def _plan(self, dataset: Dataset, base: Base, incoming: pa.Schema, options: CommitOptions) -> Plan:
        marked = options.mode == "delta" and rules.DELETED in incoming.names
        own = pa.schema([field for field in incoming if not marked or field.name != rules.DELETED])
        canonical.check_time_column(own, dataset.time_column)
        check_consent_column(canonical.canonical_schema(own), dataset.consent_column)
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

    def _unchanged(self, version: DataVersion, options: CommitOptions | None = None) -> Committed:
        if options is not None and options.producer is not None:
            self._database.write(lambda tx: reach(tx, version, options))
        report = self._database.read(lambda tx: store.report_of(tx, version.id))
        return Committed(version=version, created=False, report=report)

    def _write(self, dataset: Dataset, base: Base, made: Made, options: CommitOptions) -> Committed:
        version = describe(dataset, base, made, options, self._clock.now())
        if base.newest is not None and version.digest == base.newest.digest:
            return self._unchanged(base.newest, options)
        kept = msgspec.structs.replace(
            version,
            arrow=self._blobs.put(made.schema.serialize().to_pybytes()),
            profile=self._blobs.put(to_json(made.profile)),
        )
        if made.memory is not None:
            self._memories.put(dataset.id, msgspec.structs.replace(made.memory, profile=kept.profile))
        report = QualityReport(
            id=new_id("rep", kept.created_at),
            version=kept.id,
            quality=kept.quality,
            results=made.results,
            at=kept.created_at,
        )

        def keep(tx: Transaction) -> Committed:
            check_there(self._tables, kept.files, dataset.id, base.parent.files if base.parent else ())
            return add_version(tx, kept, base, report, options)

        done = self._database.write(keep)
        self._publisher.catch_up(dataset.id)
        return done


def _parent(tx: Transaction, dataset: Dataset, options: CommitOptions) -> DataVersion | None:
    if options.onto is not None:
        return store.versions.get(tx, options.onto.id)
    return store.newest(tx, dataset.id, usable=True)


def _carried(dataset: Dataset, base: Base, plan: Plan) -> Carried | None:
    """The parent's profile to put changes into; None where that is impossible, or not worth it."""
    memory = base.memory
    if base.profile is None or memory is None or not plan.key:
        return None
    if plan.fresh or plan.schema != base.schema or memory.columns.keys() != set(plan.schema.names):
        return None
    if plan.mode == "append" or (plan.mode == "delta" and dataset.checks):  # checks need all rows
        return None
    if memory.moved > base.profile.rows * _MOVED:
        return None
    return Carried(base.profile, memory, plan.schema)


def schema_of(blobs: Blobs, version: DataVersion) -> pa.Schema:
    """A version's canonical Arrow schema."""
    return pa.ipc.read_schema(pa.py_buffer(blobs.get(version.arrow)))


def _in_order(dataset: Dataset, table: Incoming, folder: Path, options: CommitOptions) -> InOrder:
    """The rows by key: where they are if they came so, else sorted and spooled."""
    if table.again is not None and dataset.key:
        found = in_order(table.again, dataset.key)
        if found is not None and found.rows:
            return found
    return _spooled(dataset, table, folder, options)


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
