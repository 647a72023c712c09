"""Use cases of marts: declare, change, preview, build, look back."""

from collections.abc import Iterable

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import MartChanged, MartCreated, MartRemoved
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.data import store as datasets
from pomona.data.marts import store
from pomona.data.marts.records import (
    BuildState,
    Mart,
    MartBuild,
    MartChange,
    MartStatus,
    NewMart,
)
from pomona.data.marts.rules import marts as rules
from pomona.data.marts.running import Plan, SqlRunner
from pomona.data.records import Dataset, NewDataset
from pomona.data.service import DataService
from pomona.jobs.records import Job
from pomona.jobs.rules import next_tick
from pomona.jobs.service import JobService
from pomona.jobs.store import open_jobs

KIND = "build_mart"


class MartService:
    """Marts.

    Args:
        data: Holds the datasets they read and fill.
        jobs: Where builds are queued.
        sql: Reads and runs their SQL.
    """

    def __init__(
        self, database: Database, clock: Clock, data: DataService, jobs: JobService, sql: SqlRunner
    ) -> None:
        self._database = database
        self._clock = clock
        self._data = data
        self._jobs = jobs
        self.sql = sql

    def create(self, new: NewMart) -> Mart:
        """Declare a mart, and the dataset it fills. Nothing is built yet.

        Raises:
            Invalid: If the SQL cannot be read, or the result lacks a declared column.
            Refused: If the SQL is more than a SELECT over datasets, the mart would be built from itself, or
                its inputs share no purpose.
            Conflict: If the name is that of a mart, or of a dataset that something else fills.
        """
        rules.check_mart(new)
        if new.cron:
            next_tick(new.cron, self._clock.now())
        plan = self._planned(new)
        purposes = self._purposes(plan, new.purposes)
        self._database.read(lambda tx: self._check_name(tx, new.name, plan.statement.tables))
        dataset = self._dataset_for(new, purposes)
        now = self._clock.now()
        mart = Mart(
            **{name: getattr(new, name) for name in new.__struct_fields__},
            id=new_id("mrt", now),
            dataset_id=dataset.id,
            inputs=plan.statement.tables,
            warnings=plan.warnings,
            created_at=now,
            created_by=current_actor(),
            changed_at=now,
            changed_by=current_actor(),
        )

        def add(tx: Transaction) -> Mart:
            self._check_name(tx, mart.name, mart.inputs)
            tx.link(mart.id, "produced", mart.dataset_id)
            tx.emit(MartCreated(subject=mart.id, name=mart.name, inputs=list(mart.inputs)))
            self._schedule(tx, mart)
            return store.marts.insert(tx, mart)

        return self._database.write(add)

    def change(self, ref: str, change: MartChange) -> Mart:
        """Change what a mart is; what was built stays. The next build uses it.

        Raises:
            Invalid, Refused: As ``create``.
        """
        before = self.mart(ref)
        given = {name: value for name, value in _given(change) if value is not None}
        if given.get("rebuild", before.rebuild) != "cron":
            given["cron"] = None
        wanted = msgspec.structs.replace(before, **given)
        rules.check_mart(wanted)
        if wanted.cron:
            next_tick(wanted.cron, self._clock.now())
        plan = self._planned(wanted)
        purposes = self._purposes(plan, wanted.purposes)
        after = msgspec.structs.replace(
            wanted,
            inputs=plan.statement.tables,
            warnings=plan.warnings,
            revision=before.revision + (wanted.sql != before.sql),
            changed_at=self._clock.now(),
            changed_by=current_actor(),
        )

        def put(tx: Transaction) -> Mart:
            if store.marts.get(tx, before.id).changed_at != before.changed_at:
                raise Conflict(
                    f"{before.name} was changed meanwhile", hint="look at it again, then change it"
                )
            self._check_round(tx, after.name, after.inputs)
            tx.emit(MartChanged(subject=after.id, name=after.name, revision=after.revision))
            self._schedule(tx, after)
            self._give_purposes(tx, after.dataset_id, purposes)
            return store.marts.replace(tx, after)

        return self._database.write(put)

    def remove(self, ref: str) -> Mart:
        """Forget a mart. Its dataset, versions and builds stay: models may rest on them."""

        def drop(tx: Transaction) -> Mart:
            mart = store.find_mart(tx, ref)
            store.marts.remove(tx, store.marts.c.id == mart.id)
            self._jobs.unschedule(tx, _schedule_name(mart))
            tx.emit(MartRemoved(subject=mart.id, name=mart.name))
            return mart

        return self._database.write(drop)

    def mart(self, ref: str) -> Mart:
        """The mart with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.find_mart(tx, ref))

    def marts(self, *, cursor: str | None = None, limit: int = 50) -> Page[MartStatus]:
        """Marts with their last builds, newest first."""
        found = self._database.read(lambda tx: store.marts.page(tx, cursor=cursor, limit=limit))
        return Page(items=[self._status(mart) for mart in found.items], next_cursor=found.next_cursor)

    def status(self, ref: str) -> MartStatus:
        """A mart, its last build, and whether its inputs changed since."""
        return self._status(self.mart(ref))

    def build(self, ref: str, *, reason: str = "") -> Job:
        """Queue a build now, whether or not an input changed."""
        by = f"{current_actor()} asks for it" + (f": {reason}" if reason else "")

        def put(tx: Transaction) -> Job:
            return self.enqueue(tx, store.find_mart(tx, ref), reason=by, force=True)

        return self._database.write(put)

    def enqueue(
        self, tx: Transaction, mart: Mart, *, reason: str, force: bool = False, key: str | None = None
    ) -> Job:
        """Queue a build inside the caller's transaction; one that waits already serves for both."""
        for job in open_jobs(tx, KIND):
            waits = job.state == "queued" and job.payload.get("mart") == mart.id
            if waits and (job.payload.get("force") or not force):
                return job
        return self._jobs.enqueue(tx, KIND, {"mart": mart.id, "reason": reason, "force": force}, key=key)

    def builds(self, ref: str, *, cursor: str | None = None, limit: int = 50) -> Page[MartBuild]:
        """Builds of a mart (by name or id; also of one that was removed), newest first."""

        def find(tx: Transaction) -> Page[MartBuild]:
            name = store.find_mart(tx, ref).name if ref.startswith("mrt_") else ref
            page = store.builds.page(tx, store.builds.c.mart == name, cursor=cursor, limit=limit)
            if not page.items and cursor is None:
                store.find_mart(tx, ref)
            return page

        return self._database.read(find)

    def build_record(self, build_id: str) -> MartBuild:
        """One build.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.builds.get(tx, build_id))

    def maker_of(self, version_id: str) -> MartBuild | None:
        """The build that made a data version; None if none did."""
        return self._database.read(lambda tx: store.built_version(tx, version_id))

    def readers_of(self, dataset: str) -> list[Mart]:
        """Marts that are to be rebuilt when this dataset gets a new version."""
        found = self._database.read(lambda tx: store.marts.all(tx, store.marts.c.rebuild == "on_inputs"))
        return [mart for mart in found if dataset in rules.floating(mart)]

    def is_stale(self, mart: Mart) -> bool:
        """An input means another content than at the last build."""
        try:
            contents = {name: self.sql.content_of(self._data.resolve(name)) for name in mart.inputs}
        except NotFound:
            return False  # an input has no usable version: there is nothing to build from
        last = self._database.read(lambda tx: store.last_build(tx, mart.name))
        return rules.is_stale(rules.inputs_digest(mart, contents), last)

    def job_ended(self, tx: Transaction, job_id: str, state: str, error: str | None) -> bool:
        """Close the build of a job that ended without closing it itself: cancelled, or failed inside."""
        build = store.builds.find(tx, build_id(job_id))
        if build is None or build.state != "running" or state == "done":
            return False
        ended: BuildState = "cancelled" if state == "cancelled" else "failed"
        store.builds.replace(
            tx, msgspec.structs.replace(build, state=ended, error=error, finished_at=self._clock.now())
        )
        return True

    def purposes_now(self, mart: Mart, plan: Plan) -> tuple[str, ...]:
        """What the mart may serve, by what its inputs declare now."""
        return self._purposes(plan, mart.purposes)

    def give_purposes(self, tx: Transaction, mart: Mart, purposes: tuple[str, ...]) -> None:
        """Note on the mart's dataset what it may serve."""
        self._give_purposes(tx, mart.dataset_id, purposes)

    def _status(self, mart: Mart) -> MartStatus:
        last = self._database.read(lambda tx: store.last_build(tx, mart.name))
        built = self._database.read(lambda tx: store.last_good_build(tx, mart.name))
        return MartStatus(mart=mart, last=last, built=built, stale=self.is_stale(mart))

    def _planned(self, mart: NewMart | Mart) -> Plan:
        plan = self.sql.plan(mart.sql)
        if plan.traced is not None:
            from pomona.data.marts.rules.columns import check_outputs  # sqlglot: 0.1 s

            check_outputs(plan.traced.outputs, key=mart.key, time_column=mart.time_column)
        return plan

    def _purposes(self, plan: Plan, narrowed: tuple[str, ...]) -> tuple[str, ...]:
        inputs = {one.dataset: self._data.dataset(one.dataset).purposes for one in plan.inputs}
        return rules.purposes_of(inputs, narrowed)

    def _check_name(self, tx: Transaction, name: str, inputs: Iterable[str]) -> None:
        store.marts.unused(tx, "name", name)
        self._check_round(tx, name, inputs)

    def _check_round(self, tx: Transaction, name: str, inputs: Iterable[str]) -> None:
        others = {mart.name: mart.inputs for mart in store.marts.all(tx)}
        rules.check_acyclic(name, inputs, others)

    def _dataset_for(self, new: NewMart, purposes: tuple[str, ...]) -> Dataset:
        """A fresh dataset, or the one that a mart of this name filled before it was removed."""
        there = self._database.read(
            lambda tx: datasets.datasets.first(tx, datasets.datasets.c.name == new.name)
        )
        if there is None:
            return self._data.create(
                NewDataset(
                    name=new.name,
                    key=new.key,
                    time_column=new.time_column,
                    purposes=purposes,
                    description=new.description,
                )
            )
        own = not self._data.versions(there.id) or self._database.read(
            lambda tx: store.last_build(tx, new.name)
        )
        if not own or (there.key, there.time_column) != (new.key, new.time_column):
            raise Conflict(
                f"there is a dataset {new.name!r} with "
                + ("versions of its own" if not own else "another key or time column"),
                hint="give the mart another name",
            )
        return there

    def _give_purposes(self, tx: Transaction, dataset_id: str, purposes: tuple[str, ...]) -> None:
        dataset = datasets.datasets.get(tx, dataset_id)
        if dataset.purposes != purposes:
            datasets.datasets.replace(tx, msgspec.structs.replace(dataset, purposes=purposes))

    def _schedule(self, tx: Transaction, mart: Mart) -> None:
        if mart.cron is not None:
            payload = {"mart": mart.id, "reason": f"schedule {mart.cron!r}", "force": False}
            self._jobs.schedule(tx, _schedule_name(mart), mart.cron, KIND, payload)
        else:
            self._jobs.unschedule(tx, _schedule_name(mart))


def build_id(job_id: str) -> str:
    """One build a job, so that a resumed job finds its own."""
    return "bld_" + job_id.partition("_")[2]


def _given(change: MartChange) -> Iterable[tuple[str, object]]:
    return ((name, getattr(change, name)) for name in change.__struct_fields__)


def _schedule_name(mart: Mart) -> str:
    return f"mart {mart.id}"
