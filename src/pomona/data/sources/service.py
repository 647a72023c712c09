"""Use cases of sources: register, change, remove; say what is taken; look inside; ask for rows."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, Invalid, MissingExtra, NotFound
from pomona.core.events import (
    FeedDeclared,
    FeedRemoved,
    SourceChanged,
    SourceRegistered,
    SourceRemoved,
    SourceScheduled,
)
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.data.records import Dataset, DataVersion, NewDataset
from pomona.data.service import DataService
from pomona.data.sources import rules, store
from pomona.data.sources.door import OFFSET, PUBLISHED, SourceKind
from pomona.data.sources.guard import LocalGuard
from pomona.data.sources.looking import Lookout
from pomona.data.sources.records import (
    EXTRACT,
    ExtractRequest,
    Feed,
    NewFeed,
    NewSource,
    Question,
    Sample,
    Source,
    SourceDetail,
    SourceKindInfo,
    SourceState,
    SourceTable,
    SourceVersion,
    Tested,
    Trial,
)
from pomona.jobs.records import Job
from pomona.jobs.service import JobService

KIND = EXTRACT  # of the job
_SHOWN = 50


class SourceService:
    """The register of sources.

    Args:
        kind: A kind of source by its name; ``kinds`` names all that are installed.
        guard: What may be reached from here, as the environment says now.
        scratch: A folder for what must be fetched before it can be read.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        data: DataService,
        jobs: JobService,
        *,
        kind: Callable[[str], SourceKind],
        kinds: Callable[[], list[str]],
        guard: Callable[[], LocalGuard],
        scratch: Path,
    ) -> None:
        self._database = database
        self._clock = clock
        self._data = data
        self._jobs = jobs
        self._kind = kind
        self._kinds = kinds
        self.lookout = Lookout(kind, guard, scratch)

    def kinds(self) -> list[SourceKindInfo]:
        """What can be a source here; kinds whose driver is missing are left out."""
        found = []
        for name in self._kinds():
            try:
                found.append(self._kind(name).info)
            except MissingExtra:
                continue
        return found

    def add(self, new: NewSource) -> Source:
        """Register a source. It is not opened: ``test`` does that.

        Raises:
            Invalid: If it cannot be kept so, above all if it carries a password.
            Conflict: If the name is taken.
            NotFound: If there is no such kind.
        """
        self._check(new)
        now = self._clock.now()
        source = Source(
            id=new_id("src", now), created_at=now, created_by=current_actor(), **msgspec.structs.asdict(new)
        )

        def put(tx: Transaction) -> Source:
            store.sources.unused(tx, "name", new.name)
            tx.emit(SourceRegistered(subject=source.id, name=source.name, kind=source.kind))
            return store.sources.insert(tx, source)

        return self._database.write(put)

    def change(self, ref: str, new: NewSource) -> Source:
        """Replace what is registered; its feeds and versions stay."""
        self._check(new)

        def put(tx: Transaction) -> Source:
            old = store.find_source(tx, ref)
            if new.name != old.name:
                store.sources.unused(tx, "name", new.name)
            if new.kind != old.kind and store.feeds_of(tx, old.id):
                raise Conflict(
                    f"{old.name} has feeds that ask a {old.kind} source",
                    hint="register the other source under a name of its own",
                )
            changed = msgspec.structs.replace(old, **msgspec.structs.asdict(new))
            tx.emit(SourceChanged(subject=old.id, name=changed.name, kind=changed.kind))
            return store.sources.replace(tx, changed)

        return self._database.write(put)

    def source(self, ref: str) -> Source:
        """The source with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.find_source(tx, ref))

    def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[SourceState]:
        """Sources, newest first, each with its feeds, its times and its last extraction."""
        found = self._database.read(lambda tx: store.sources.page(tx, cursor=cursor, limit=limit))
        return Page(items=self._states(found.items), next_cursor=found.next_cursor)

    def detail(self, ref: str) -> SourceDetail:
        """A source with its newest extractions and the versions they made."""
        source = self.source(ref)
        [state] = self._states([source])
        versions = [
            SourceVersion(
                id=version.id,
                dataset=version.dataset,
                number=version.number,
                rows=version.rows,
                rows_added=version.rows_added,
                rows_changed=version.rows_changed,
                rows_removed=version.rows_removed,
                quality=version.quality,
                created_at=version.created_at,
                origin=version.origin,
            )
            for feed in state.feeds
            for version in recent(self._data, feed.dataset)
            if version.origin is not None and version.origin.source == source.id
        ]
        versions.sort(key=lambda version: version.created_at, reverse=True)
        jobs = [job for job in self._extractions() if job.payload.get("source") == source.id]
        return SourceDetail(state=state, jobs=tuple(jobs[:_SHOWN]), versions=tuple(versions[:_SHOWN]))

    def remove(self, ref: str) -> None:
        """Forget a source and what was taken from it; the versions it made stay, with their origin."""

        def drop(tx: Transaction) -> None:
            source = store.find_source(tx, ref)
            self._jobs.unschedule(tx, schedule_name(source))
            store.feeds.remove(tx, store.feeds.c.source == source.id)
            store.sources.remove(tx, store.sources.c.id == source.id)
            tx.emit(SourceRemoved(subject=source.id, name=source.name))

        self._database.write(drop)

    def put_feed(self, ref: str, new: NewFeed) -> Feed:
        """Say what is taken from a source into a dataset, or change it; a missing dataset is declared.

        Raises:
            Invalid: If the feed cannot work.
        """
        source = self.source(ref)
        takes = self._kind(source.kind).info.takes
        rules.check_feed(new, takes)
        if takes == "topic" and not new.key:  # an offset is what a message is called
            new = msgspec.structs.replace(new, key=(OFFSET,), time_column=new.time_column or PUBLISHED)
        dataset = self._dataset(new)
        rules.check_keyed(new, dataset.key)
        now = self._clock.now()

        def put(tx: Transaction) -> Feed:
            old = store.feed_into(tx, source.id, dataset.id)
            tx.emit(FeedDeclared(subject=source.id, source=source.name, dataset=dataset.name, mode=new.mode))
            fresh = Feed(
                id=new_id("fee", now),
                source=source.id,
                dataset=dataset.name,
                dataset_id=dataset.id,
                created_at=now,
                table=new.table,
                query=new.query,
                parameters=new.parameters,
                mode=new.mode,
                cursor=new.cursor,
                overlap=new.overlap,
            )
            if old is None:
                return store.feeds.insert(tx, fresh)
            if _same_rows(old, fresh):  # how far it has read stays true
                kept = msgspec.structs.replace(
                    fresh, id=old.id, created_at=old.created_at, seen=old.seen, seen_on=old.seen_on
                )
                return store.feeds.replace(tx, kept)
            store.feeds.remove(tx, store.feeds.c.id == old.id)
            return store.feeds.insert(tx, fresh)

        return self._database.write(put)

    def drop_feed(self, ref: str, dataset: str) -> None:
        """Take nothing more from a source into a dataset; its versions stay."""

        def drop(tx: Transaction) -> None:
            source = store.find_source(tx, ref)
            [feed] = _chosen(source, store.feeds_of(tx, source.id), dataset)
            store.feeds.remove(tx, store.feeds.c.id == feed.id)
            tx.emit(FeedRemoved(subject=source.id, source=source.name, dataset=feed.dataset))

        self._database.write(drop)

    def schedule(self, ref: str, cron: str | None) -> SourceState:
        """Extract at each tick of a cron expression (UTC); None: only when somebody asks.

        Raises:
            Invalid: If the expression cannot be read.
        """

        def put(tx: Transaction) -> Source:
            source = store.find_source(tx, ref)
            if cron is None:
                self._jobs.unschedule(tx, schedule_name(source))
            else:
                self._jobs.schedule(tx, schedule_name(source), cron, KIND, {"source": source.id})
            tx.emit(SourceScheduled(subject=source.id, name=source.name, cron=cron))
            return source

        return self._states([self._database.write(put)])[0]

    def extract(self, ref: str, request: ExtractRequest) -> Job:
        """Queue an extraction: of one dataset's feed, or of all the source has.

        Raises:
            Conflict: If nothing is declared to be taken.
        """

        def put(tx: Transaction) -> Job:
            source = store.find_source(tx, ref)
            chosen = _chosen(source, store.feeds_of(tx, source.id), request.dataset)
            feed = chosen[0].id if request.dataset else None
            return self._jobs.enqueue(tx, KIND, {"source": source.id, "feed": feed, "full": request.full})

        return self._database.write(put)

    def test(self, ref: str) -> Tested:
        """Log in and list what can be taken."""
        return self.lookout.test(self.source(ref), None)

    def try_out(self, trial: Trial) -> Tested:
        """Open a source that is not registered yet, and look at a few rows."""
        self._check(trial.source)
        return self.lookout.test(trial.source, trial.question)

    def tables(self, ref: str) -> list[SourceTable]:
        """What can be taken from a source."""
        return self.lookout.tables(self.source(ref))

    def sample(self, ref: str, question: Question) -> Sample:
        """The first rows of a table or query, or of the source's only feed."""
        source = self.source(ref)
        if question.table is None and question.query is None:
            feeds = self._database.read(lambda tx: store.feeds_of(tx, source.id))
            if len(feeds) == 1:
                question = msgspec.structs.replace(
                    question,
                    table=feeds[0].table,
                    query=feeds[0].query,
                    parameters=feeds[0].parameters | question.parameters,
                )
        return self.lookout.sample(source, question)

    def _check(self, new: NewSource) -> None:
        rules.check_source(new)
        kind = self._kind(new.kind)
        rules.check_options(new.options, kind.info.options, new.kind)
        kind.check(new.location, new.options)

    def _dataset(self, new: NewFeed) -> Dataset:
        try:
            found = self._data.dataset(new.dataset)
        except NotFound:
            rules.check_keyed(new, new.key)
            return self._data.create(NewDataset(name=new.dataset, key=new.key, time_column=new.time_column))
        if new.key and found.key != new.key:
            raise Invalid(
                f"the key of {new.dataset} is {', '.join(found.key) or 'none'}",
                hint="leave the key out for a dataset that is there",
                extra={"field": "key"},
            )
        return found

    def _states(self, sources: Sequence[Source]) -> list[SourceState]:
        schedules = {found.name: found for found in self._jobs.schedules()}
        last: dict[str, Job] = {}
        for job in self._extractions():
            last.setdefault(str(job.payload.get("source")), job)
        found = []
        for source in sources:
            feeds = self._database.read(lambda tx, of=source.id: store.feeds_of(tx, of))  # type: ignore[misc]
            times = schedules.get(schedule_name(source))
            found.append(
                SourceState(
                    source=source,
                    feeds=tuple(feeds),
                    cron=times.cron if times else None,
                    next_at=times.next_at if times else None,
                    last=last.get(source.id),
                )
            )
        return found

    def _extractions(self) -> list[Job]:
        return self._jobs.page(kind=KIND, limit=500).items


def recent(data: DataService, dataset: str) -> Iterator[DataVersion]:
    """The newest versions of a dataset, newest first; a stream may have made ten thousand."""
    try:
        newest = data.resolve(f"{dataset}@newest")
    except NotFound:
        return
    yield newest
    for number in range(newest.number - 1, max(0, newest.number - _SHOWN), -1):
        try:
            yield data.resolve(f"{dataset}@v{number}")
        except NotFound:  # dropped
            continue


def schedule_name(source: Source) -> str:
    """The name of the schedule that reads a source."""
    return f"extract:{source.id}"


def _same_rows(old: Feed, new: Feed) -> bool:
    return (old.table, old.query, old.parameters, old.cursor, old.mode) == (
        new.table,
        new.query,
        new.parameters,
        new.cursor,
        new.mode,
    )


def _chosen(source: Source, feeds: Sequence[Feed], dataset: str | None) -> list[Feed]:
    chosen = [feed for feed in feeds if dataset in (None, feed.dataset, feed.dataset_id)]
    if not chosen:
        what = f"into {dataset}" if dataset else "from it"
        raise Conflict(
            f"nothing is declared to be taken {what} ({source.name})",
            hint=f"`pomona sources extract {source.name} --table T --into DATASET` declares it and runs it",
        )
    return chosen
