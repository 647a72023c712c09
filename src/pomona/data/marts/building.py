"""The job ``build_mart``: run the SQL on fixed versions, commit the rows, note what came from where."""

import time
from itertools import chain

import msgspec
import pyarrow as pa

from pomona.core.errors import Invalid, NotFound, PomonaError
from pomona.core.events import MartBuilt
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Record
from pomona.data import store as datasets
from pomona.data.marts import store
from pomona.data.marts.records import BuildState, ColumnLineage, Mart, MartBuild, MartInput, SqlWarning
from pomona.data.marts.rules import marts as rules
from pomona.data.marts.running import Plan
from pomona.data.marts.service import KIND, MartService, build_id
from pomona.data.records import Committed, DataVersion
from pomona.data.service import DataService
from pomona.data.tables.canonical import fields_of
from pomona.jobs.service import LeaseLost
from pomona.jobs.worker import JobContext, WorkerStopping, Workflow

VERSION = 1


class BuildResult(Record, frozen=True, kw_only=True):
    """The job's result."""

    outcome: str  # built | unchanged | skipped
    build: str | None = None
    version: str | None = None
    ref: str | None = None
    rows: int = 0


class _Begun(Record, frozen=True, kw_only=True):
    """What a build was told to do, fixed at its first step."""

    mart: Mart
    pins: dict[str, str]  # version ids by the name in the SQL
    digest: str
    skip: bool


class _Made(Record, frozen=True, kw_only=True):
    """What the commit step did."""

    version: str
    created: bool
    rows: int
    seconds: float
    inputs: tuple[MartInput, ...]
    lineage: tuple[ColumnLineage, ...]
    warnings: tuple[SqlWarning, ...]
    purposes: tuple[str, ...]


class MartBuilder:
    """Builds marts."""

    def __init__(self, database: Database, clock: Clock, marts: MartService, data: DataService) -> None:
        self._database = database
        self._clock = clock
        self._marts = marts
        self._data = data

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=VERSION, run=self.run)

    def run(self, context: JobContext) -> BuildResult:
        """All steps. Killed anywhere, the next worker goes on; the version is there whole or not at all.

        Raises:
            PomonaError: If the SQL, its inputs or its result are at fault; the last version stays.
        """
        try:
            begun = msgspec.convert(context.step("begin", lambda: self._begin(context)), _Begun)
            if begun.skip:
                context.progress(1.0, f"{begun.mart.name}: no input changed since the last build")
                return BuildResult(outcome="skipped")
            context.progress(0.1, f"run the SQL of {begun.mart.name} on {len(begun.pins)} inputs")
            made = msgspec.convert(context.step("commit", lambda: self._make(context, begun)), _Made)
            build = self._database.write(lambda tx: self._keep(tx, context, begun, made))
        except (LeaseLost, WorkerStopping):
            raise
        except PomonaError as error:
            self._failed(context, error)
            raise
        context.progress(1.0, f"{build.ref}: {build.state}, {build.rows:,} rows")
        outcome = "built" if build.state == "built" else "unchanged"
        return BuildResult(
            outcome=outcome, build=build.id, version=build.version, ref=build.ref, rows=build.rows
        )

    def _begin(self, context: JobContext) -> _Begun:
        mart = self._marts.mart(str(context.payload["mart"]))
        plan = self._marts.sql.plan(mart.sql)
        contents = {name: self._marts.sql.content_of(found) for name, found in plan.versions.items()}
        digest = rules.inputs_digest(mart, contents)
        last = self._database.read(lambda tx: store.last_build(tx, mart.name))
        same = not rules.is_stale(digest, last) and not rules.reproducibility(plan.statement.functions)
        begun = _Begun(
            mart=mart,
            pins={one.name: one.version for one in plan.inputs},
            digest=digest,
            skip=same and not context.payload.get("force"),
        )
        if not begun.skip:
            self._database.write(lambda tx: self._put(tx, self._started(context, begun, plan)))
        return begun

    def _started(self, context: JobContext, begun: _Begun, plan: Plan) -> MartBuild:
        return MartBuild(
            id=build_id(context.job.id),
            mart=begun.mart.name,
            mart_id=begun.mart.id,
            revision=begun.mart.revision,
            sql=begun.mart.sql,
            state="running",
            reason=str(context.payload.get("reason", "")),
            job=context.job.id,
            inputs=plan.inputs,
            inputs_digest=begun.digest,
            warnings=plan.warnings,
            started_at=self._clock.now(),
            by=context.job.actor,
        )

    def _make(self, context: JobContext, begun: _Begun) -> _Made:
        began, mart = time.monotonic(), begun.mart
        plan = self._marts.sql.plan(mart.sql, pins=begun.pins)
        for warning in plan.warnings:
            context.log(f"warning ({warning.kind}): {warning.message}")
        purposes = self._marts.purposes_now(mart, plan)
        purpose = rules.purpose_of_build(purposes)
        with self._marts.sql.rows(
            plan, timeout_s=mart.timeout_s, may_go_on=context.check, purpose=purpose
        ) as reader:
            lineage = plan.lineage(fields_of(reader.schema))
            done = self._commit(context, begun, plan, _with_rows(reader))
        return _Made(
            version=done.version.id,
            created=done.created,
            rows=done.version.rows,
            seconds=time.monotonic() - began,
            inputs=plan.inputs,
            lineage=lineage,
            warnings=plan.warnings,
            purposes=purposes,
        )

    def _commit(
        self, context: JobContext, begun: _Begun, plan: Plan, rows: pa.RecordBatchReader
    ) -> Committed:
        """A job commits once: asked again it gets the version it made, though ties may fall anew."""
        as_of = max((version.as_of for version in plan.versions.values()), default=None)
        said = ", ".join(one.ref for one in plan.inputs)
        note = f"built from {said}" if said else "built from no input"
        other = _is_another_shape(self._data.versions(begun.mart.dataset_id), rows.schema)
        return self._data.commit(
            begun.mart.dataset_id,
            rows,
            note=note,
            as_of=as_of,
            new_base=other,
            producer=context.job.id,
            offset=1,
        )

    def _keep(self, tx: Transaction, context: JobContext, begun: _Begun, made: _Made) -> MartBuild:
        """The build, its links and its event in one transaction."""
        version = datasets.versions.get(tx, made.version)
        # A worker that died between the commit and this finds the version there: it made it all the same.
        state: BuildState = (
            "built" if made.created or store.built_version(tx, version.id) is None else "unchanged"
        )
        build = msgspec.structs.replace(
            store.builds.get(tx, build_id(context.job.id)),
            state=state,
            inputs=made.inputs,
            version=version.id,
            ref=f"{version.dataset}@v{version.number}",
            rows=version.rows,
            rows_added=version.rows_added if state == "built" else 0,
            rows_removed=version.rows_removed if state == "built" else 0,
            rows_changed=version.rows_changed if state == "built" else 0,
            lineage=made.lineage,
            warnings=made.warnings,
            seconds=made.seconds,
            error=None,
            hint=None,
            finished_at=self._clock.now(),
        )
        if state == "built":
            for one in made.inputs:
                tx.link(version.id, "derived_from", one.version)
            tx.link(build.id, "produced", version.id)
        tx.link(build.id, "belongs_to", build.mart_id)
        self._marts.give_purposes(tx, begun.mart, made.purposes)
        self._tell(tx, build)
        return self._put(tx, build)

    def _failed(self, context: JobContext, error: PomonaError) -> None:
        """Note what went wrong; what was built before stays as it is."""

        def note(tx: Transaction) -> None:
            found = store.builds.find(tx, build_id(context.job.id)) or self._stillborn(tx, context)
            if found is None or found.state in ("built", "unchanged"):
                return
            failed = msgspec.structs.replace(
                found,
                state="failed",
                error=error.detail,
                hint=error.hint,
                line=_number(error.extra.get("line")),
                column=_number(error.extra.get("column")),
                finished_at=self._clock.now(),
            )
            self._tell(tx, failed)
            self._put(tx, failed)

        self._database.write(note)

    def _stillborn(self, tx: Transaction, context: JobContext) -> MartBuild | None:
        """A build whose inputs could not even be found."""
        try:
            mart = store.find_mart(tx, str(context.payload.get("mart")))
        except NotFound:
            return None  # the mart was removed meanwhile: there is nothing to tell it of
        return MartBuild(
            id=build_id(context.job.id),
            mart=mart.name,
            mart_id=mart.id,
            revision=mart.revision,
            sql=mart.sql,
            state="failed",
            reason=str(context.payload.get("reason", "")),
            job=context.job.id,
            started_at=self._clock.now(),
            by=context.job.actor,
        )

    def _tell(self, tx: Transaction, build: MartBuild) -> None:
        tx.emit(
            MartBuilt(
                subject=build.id,
                mart=build.mart,
                state=build.state,
                version=build.ref,
                rows=build.rows,
                error=build.error,
            )
        )

    def _put(self, tx: Transaction, build: MartBuild) -> MartBuild:
        if store.builds.find(tx, build.id) is None:
            return store.builds.insert(tx, build)
        return store.builds.replace(tx, build)


def _number(value: object) -> int | None:
    """A place in the SQL; other errors name a column of the table under the same word."""
    return value if isinstance(value, int) else None


def _is_another_shape(versions: list[DataVersion], schema: pa.Schema) -> bool:
    """The SQL, or an input, lost a column or gave it another type since the version before."""
    now = {field.name: field.type for field in fields_of(schema)}
    return bool(versions) and any(now.get(field.name) != field.type for field in versions[0].schema)


def _with_rows(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The stream, once it is known that something comes.

    Raises:
        Invalid: If it is empty.
    """
    ahead = iter(reader)
    first = next((batch for batch in ahead if batch.num_rows), None)
    if first is None:
        raise Invalid(
            "the SQL gives no rows, so there is nothing to keep",
            hint="look at its preview: a join or a filter lets nothing through",
        )
    return pa.RecordBatchReader.from_batches(reader.schema, chain([first], ahead))
