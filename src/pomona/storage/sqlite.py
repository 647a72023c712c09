"""SQLite as the Database: one writer per process, group commit, snapshot reads.

WAL with full sync: a commit that returned survives ``kill -9`` and power loss. Several processes
(server, worker) may hold the same file; ``BEGIN IMMEDIATE`` and a busy timeout serialise them.
"""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.exc import OperationalError

from pomona.core.errors import PomonaError, StorageFull, Unavailable
from pomona.core.ports import Clock, Transaction
from pomona.core.requests import current_claim
from pomona.storage.ledger import SqlTransaction
from pomona.storage.requests import claim_key

T = TypeVar("T")

_BATCH = 512  # writes that share one commit at most
_BUSY_MS = 30_000


class _Write:
    """One queued unit of work, with its caller's context (actor) and its answer."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # a queued write can no longer be cancelled
        self.context: Context = copy_context()
        self.result: Any = None
        self.error: BaseException | None = None
        claim = current_claim()
        self.claimed_before = claim is not None and claim.written

    def run(self, connection: Connection, clock: Clock) -> None:
        savepoint = connection.begin_nested()
        try:
            self.result = self.context.run(self._work, SqlTransaction(connection, clock), clock)
            savepoint.commit()
        except Exception as error:  # noqa: BLE001 - the caller's; it is raised there
            self.error = error
            self.unclaim()
            try:
                if savepoint.is_active:
                    savepoint.rollback()
            except OperationalError:  # a full disk made SQLite undo the whole group: nobody's write is kept
                raise error from None

    def unclaim(self) -> None:
        """Nothing of this was kept: the request it belongs to may be sent again."""
        claim = self.context.run(current_claim)
        if claim is not None:
            claim.written = self.claimed_before

    def _work(self, tx: Transaction, clock: Clock) -> Any:
        claim_key(tx, clock.now())
        return self.work(tx)

    def answer(self) -> None:
        if self.error is not None:
            self.future.set_exception(_translate(self.error))
        else:
            self.future.set_result(self.result)


class SqliteDatabase:
    """Database in one SQLite file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._writer_engine = _engine(path, begin="BEGIN IMMEDIATE", poolclass=NullPool)
        self._reader_engine = _engine(
            path, begin="BEGIN", read_only=True, poolclass=QueuePool, pool_size=8, max_overflow=56
        )
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._closed = False
        self._writer = threading.Thread(target=self._write_forever, name="pomona-writer", daemon=True)
        self._writer.start()

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._writer_engine

    def submit(self, work: Callable[[Transaction], T]) -> "Future[T]":
        if self._closed:
            raise Unavailable("the database is closed", hint="open the store again")
        item = _Write(work)
        self._queue.put(item)
        return item.future

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.submit(work).result()

    def read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._reader_engine.connect() as connection:
                return work(SqlTransaction(connection, self._clock))
        except OperationalError as error:
            raise _translate(error) from error

    def scrub(self) -> None:
        try:
            connection = self._writer_engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA secure_delete=ON")  # freed pages are overwritten with zeros
                cursor.execute("PRAGMA temp_store=FILE")  # the copy it makes may be larger than memory
                cursor.execute("VACUUM")
                _empty_wal(cursor)
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            raise _translate(OperationalError("VACUUM", None, error)) from error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._writer.join()
            self._reader_engine.dispose()
            self._writer_engine.dispose()

    def _write_forever(self) -> None:
        connection: Connection | None = None
        going = True
        while going:
            batch, going = self._next_batch()
            if batch:
                connection = self._commit(connection, batch)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> tuple[list[_Write], bool]:
        first = self._queue.get()
        if first is None:
            return [], False
        batch = [first]
        while len(batch) < _BATCH:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _commit(self, connection: Connection | None, batch: list[_Write]) -> Connection | None:
        """Answer a whole batch, whatever happens: a writer that died would leave every caller waiting."""
        try:
            connection = connection or self._writer_engine.connect()
            with connection.begin():
                for item in batch:
                    item.run(connection, self._clock)
        except Exception as error:  # noqa: BLE001 - nothing of this batch became durable: every caller must know
            for item in batch:
                item.error = item.error or error
                item.unclaim()
        for item in batch:
            item.answer()
        return connection


def _empty_wal(cursor: Any) -> None:
    ends = time.monotonic() + _BUSY_MS / 1000
    while time.monotonic() < ends:
        (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        time.sleep(0.05)  # somebody still reads an older state
    raise Unavailable("others read the database without a pause", hint="try again when it is quieter")


def _engine(path: Path, *, begin: str, read_only: bool = False, **options: Any) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000}, **options
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={_BUSY_MS}",
            "cache_size=-32000",
            "temp_store=MEMORY",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _translate(error: BaseException) -> BaseException:
    """The database's own words for a full disk or a held lock, as errors a person can act on."""
    if isinstance(error, PomonaError) or not isinstance(error, OperationalError):
        return error
    origin = error.orig
    code = getattr(origin, "sqlite_errorcode", 0) & 0xFF  # the extended codes say the same, more precisely
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StorageFull(
            f"the disk takes no more data ({origin})",
            hint="free some space; everything acknowledged so far is safe, this write was not stored",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable(
            "another process holds the database for too long",
            hint="try again; `pomona doctor` shows who",
        )
    return error
