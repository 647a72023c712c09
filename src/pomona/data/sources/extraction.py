"""The extraction of a source: a durable job that streams its rows into versions of datasets.

Exactly once. A version keeps how far its rows reach (``origin.cursor``) in the transaction that makes
it, and the next extraction begins where the *parent it builds on* ends: a worker killed before the commit
leaves nothing, one killed after it leaves a version that names its job, which the next worker finds.
"""

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
import pyarrow as pa

from pomona.core.errors import Conflict, NotFound, PomonaError, StorageFull, Unavailable
from pomona.core.ports import Database, Transaction
from pomona.data.records import Committed, Cursor, DataVersion, Origin
from pomona.data.service import DataService
from pomona.data.sources import rules, store
from pomona.data.sources.door import OFFSET, Ask, Stream
from pomona.data.sources.kinds.sql import told_parameters
from pomona.data.sources.records import Extracted, ExtractMode, Feed, Source
from pomona.data.sources.service import KIND, SourceService, recent
from pomona.data.sources.tap import Tap
from pomona.jobs.service import LeaseLost
from pomona.jobs.worker import JobContext, WorkerStopping, Workflow

VERSION = 1


@dataclass(frozen=True)
class _Base:
    """What an extraction builds on."""

    parent: DataVersion | None
    seen: Cursor | None  # how far the parent's rows reach
    mode: ExtractMode


@dataclass(frozen=True)
class _Task:
    """One extraction of one feed."""

    context: JobContext
    source: Source
    feed: Feed
    base: _Base
    ask: Ask
    began: float


class Extraction:
    """Takes rows from sources."""

    def __init__(self, database: Database, data: DataService, sources: SourceService) -> None:
        self._database = database
        self._data = data
        self._sources = sources

    def workflow(self) -> Workflow:
        """The kind of job that does it."""
        return Workflow(kind=KIND, version=VERSION, run=self.run)

    def run(self, context: JobContext) -> list[Extracted]:
        """One step per feed. A feed that fails does not keep the others from their rows."""
        source = self._sources.source(str(context.payload["source"]))
        feeds = self._wanted(source, context.payload.get("feed"))
        failed: list[PomonaError] = []
        done: list[Extracted] = []
        for feed in feeds:
            try:
                take = partial(self._feed, context, source, feed)
                found = context.step(f"extract {feed.dataset}", take)
                done.append(msgspec.convert(found, Extracted))
            except (LeaseLost, WorkerStopping):
                raise
            except PomonaError as error:
                error.detail = f"{feed.dataset}: {error.detail}"
                failed.append(error)
                context.log(str(error))
        if failed:
            raise max(failed, key=lambda error: error.status >= 500)  # those are tried again
        context.progress(1.0, "; ".join(_told(one) for one in done))
        return done

    def _wanted(self, source: Source, chosen: str | None) -> list[Feed]:
        feeds = self._database.read(lambda tx: store.feeds_of(tx, source.id))
        wanted = [feed for feed in feeds if chosen in (None, feed.id)]
        if not wanted:
            raise Conflict(
                f"nothing is declared to be taken from {source.name} any more",
                hint="declare it, then extract again",
            )
        return wanted

    def _feed(self, context: JobContext, source: Source, feed: Feed) -> Extracted:
        made = self._made_before(context, feed)
        if made is not None and made.origin is not None:
            return _extracted(made, made.origin.rows, made.origin.seconds, created=True)
        base = self._base(source, feed, forget=bool(context.payload.get("full")))
        kind = self._sources.lookout.kind(source.kind)
        since, inclusive = rules.start_of(base.seen, feed.overlap)
        ask = Ask(
            table=feed.table,
            query=feed.query,
            parameters=feed.parameters,
            cursor=OFFSET if kind.info.takes == "topic" else feed.cursor,
            since=since,
            inclusive=inclusive,
            known=base.parent.schema if base.parent else (),
        )
        task = _Task(context, source, feed, base, ask, time.monotonic())
        context.progress(0.0, f"{feed.dataset}: asking {source.name}")
        with self._sources.lookout.site(source, context.log) as site, kind.open(site, ask) as stream:
            return self._take(task, stream)

    def _take(self, task: _Task, stream: Stream) -> Extracted:
        """Stream the rows into a version."""
        dataset = self._data.dataset(task.feed.dataset_id)
        parent = task.base.parent
        expected = stream.total or (parent.rows if parent and task.base.mode == "full" else None)
        tap = Tap(
            stream,
            task.context,
            label=task.feed.dataset,
            cursor=task.ask.cursor,
            seen=task.base.seen,
            time_column=dataset.time_column,
            known=task.ask.known,
            expected=expected,
        )
        empty = not tap.has_rows()
        if empty and (task.base.mode != "full" or task.ask.cursor is not None):
            return _nothing_new(task)
        origin = self._origin(task, stream, tap)
        try:
            committed = self._commit(task, stream, tap, origin)
        except (pa.ArrowException, OSError, PomonaError) as error:
            raise _in_words(tap.failure or error) from None
        self._remember(task.feed, committed, tap.reached())
        return _extracted(
            committed.version, tap.rows, time.monotonic() - task.began, created=committed.created
        )

    def _commit(self, task: _Task, stream: Stream, tap: Tap, origin: Callable[[], Origin]) -> Committed:
        parent = task.base.parent
        return self._data.commit(
            task.feed.dataset,
            tap.reader(),
            mode=task.base.mode if parent else "full",
            onto=parent.id if parent else None,
            as_of=stream.snapshot_at,
            origin=origin,
        )

    def _still_newest(self, task: _Task) -> None:
        """Rows are counted from the parent on: it must be what others still build on."""
        parent = task.base.parent
        newest = self._newest(task.feed)
        if (newest.id if newest else None) != (parent.id if parent else None):
            raise Unavailable(
                f"another version of {task.feed.dataset} was committed meanwhile",
                hint="nothing was stored; the extraction begins again from that one",
            )

    def _newest(self, feed: Feed) -> DataVersion | None:
        try:
            return self._data.resolve(feed.dataset)
        except NotFound:
            return None

    def _made_before(self, context: JobContext, feed: Feed) -> DataVersion | None:
        """The version that this job made before its worker was killed."""
        for version in recent(self._data, feed.dataset):
            if version.origin is not None and (version.origin.job, version.origin.feed) == (
                context.job.id,
                feed.id,
            ):
                return version
            if version.created_at < context.job.created_at:
                return None
        return None

    def _base(self, source: Source, feed: Feed, *, forget: bool) -> _Base:
        """The newest usable version, how far this feed's rows in it reach, and what to do with new ones."""
        parent = self._newest(feed)
        if parent is None or forget or feed.mode == "full":
            return _Base(parent=parent, seen=None, mode="full")
        current: DataVersion | None = parent
        while current is not None:
            origin = current.origin
            if feed.seen is not None and feed.seen_on == current.id:
                return _Base(parent=parent, seen=feed.seen, mode=feed.mode)
            if (
                origin is not None
                and origin.feed == feed.id
                and (origin.cursor is not None or feed.cursor is None)
            ):
                return _Base(parent=parent, seen=origin.cursor, mode=feed.mode)
            if origin is not None and origin.source == source.id and feed.cursor is not None:
                # Its rows were taken by another question: where they end is unknown, so all are taken again.
                return _Base(parent=parent, seen=None, mode="full")
            current = self._data.resolve(current.parent) if current.parent else None
        return _Base(parent=parent, seen=None, mode=feed.mode)

    def _origin(self, task: _Task, stream: Stream, tap: Tap) -> Callable[[], Origin]:
        def made() -> Origin:
            task.context.check()  # a worker that was given up commits nothing
            self._still_newest(task)
            return Origin(
                source=task.source.id,
                source_name=task.source.name,
                feed=task.feed.id,
                query=stream.query,
                parameters=told_parameters(task.ask),
                rows=tap.rows,
                seconds=round(time.monotonic() - task.began, 3),
                snapshot_at=stream.snapshot_at,
                cursor=tap.reached(),
                job=task.context.job.id,
            )

        return made

    def _remember(self, feed: Feed, committed: Committed, reached: Cursor | None) -> None:
        """Rows that changed nothing made no version; how far they reach is kept with the feed."""
        if committed.created or reached is None:
            return

        def keep(tx: Transaction) -> None:
            current = store.feeds.find(tx, feed.id)
            if current is not None:
                kept = msgspec.structs.replace(current, seen=reached, seen_on=committed.version.id)
                store.feeds.replace(tx, kept)

        self._database.write(keep)


def _in_words(error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            "the disk takes no more data",
            hint="the newest version stays; free some space, then extract again",
        )
    return error


def _nothing_new(task: _Task) -> Extracted:
    parent = task.base.parent
    return Extracted(
        dataset=task.feed.dataset,
        version=parent.id if parent else None,
        number=parent.number if parent else None,
        created=False,
        rows=0,
        seconds=round(time.monotonic() - task.began, 3),
        note="nothing new",
    )


def _extracted(version: DataVersion, rows: int, seconds: float, *, created: bool) -> Extracted:
    return Extracted(
        dataset=version.dataset,
        version=version.id,
        number=version.number,
        created=created,
        rows=rows,
        seconds=round(seconds, 3),
        note="" if created else "the content is there already",
    )


def _told(one: Extracted) -> str:
    if one.created:
        return f"{one.dataset}@v{one.number}: {one.rows:,} rows in {one.seconds:.1f} s"
    return f"{one.dataset}: {one.note} ({one.rows:,} rows in {one.seconds:.1f} s)"
