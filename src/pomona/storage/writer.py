"""Group commit: writes wait in a queue, and one thread per process runs all that wait in one transaction."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

from pomona.core.errors import Unavailable
from pomona.core.ports import Clock, Transaction
from pomona.core.requests import current_claim
from pomona.storage.requests import claim_key

T = TypeVar("T")

_BATCH = 512  # writes that share one commit at most
_TRIES = 3  # of a transaction that failed for a reason that passes
_MOMENT_S = 0.001  # that a caller's thread may be busy with its own commit
_PAUSES = 3  # what took n moments is followed by so many times n * n in which none is tried
_LOCKED_S = 0.05  # how long none is tried after another process held the database


class Backend(Protocol):
    """What differs between databases when a group is written."""

    def transaction(self, connection: Connection, clock: Clock) -> Transaction:
        """The unit of work over a connection."""
        ...

    def passes(self, error: BaseException) -> bool:
        """Whether nothing was stored and the same transaction may succeed when it is run again."""
        ...

    def translate(self, error: BaseException, *, committing: bool = False) -> BaseException:
        """The database's own words as an error a person can act on."""
        ...


class CommitFailed(Exception):
    """The transaction failed while it was committed; the cause says how."""


class Write:
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

    def run(self, tx: Transaction, clock: Clock) -> None:
        """Do the work; what it raises is its error."""
        try:
            self.result = self.context.run(self._work, tx, clock)
        except Exception as error:
            self.error = error
            self.unclaim()
            raise

    def run_apart(self, connection: Connection, tx: Transaction, clock: Clock) -> None:
        """Do the work behind a savepoint: if it fails, it alone is undone."""
        savepoint = connection.begin_nested()
        try:
            self.run(tx, clock)
            savepoint.commit()
        except Exception as error:
            if self.error is None:  # the savepoint's own
                raise
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            try:
                if savepoint.is_active:
                    savepoint.rollback()
            except OperationalError:  # a full disk made SQLite undo the whole group: nobody's write is kept
                raise error from None

    def again(self) -> None:
        """Forget what a transaction that was undone has left here."""
        self.result = self.error = None
        self.unclaim()

    def unclaim(self) -> None:
        """Nothing of this was kept: the request it belongs to may be sent again."""
        claim = self.context.run(current_claim)
        if claim is not None:
            claim.written = self.claimed_before

    def _work(self, tx: Transaction, clock: Clock) -> Any:
        claim_key(tx, clock.now())
        return self.work(tx)


class GroupWriter:
    """The writing half of a Database.

    Args:
        engine: Its transactions exclude those of every other writer when they begin.
        lone: As ``engine``, but waits for no other writer: for commits in the calling thread. Two changes
            of thread cost more than a commit on a fast disk. The slower a disk is, the less it gets of that
            thread's time: a commit of 3 ms is followed by 27 ms without one, one of 100 ms by 30 s.
    """

    def __init__(self, engine: Engine, clock: Clock, backend: Backend, *, lone: Engine | None = None) -> None:
        self._engine = engine
        self._lone_engine = lone
        self._lone: Connection | None = None
        self._lone_from = 0.0  # not before
        self._turn = threading.Lock()  # whoever writes
        self._clock = clock
        self._backend = backend
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._write_forever, name="pomona-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T], *, alone: bool = False) -> "Future[T]":
        """Queue a write; see ``Database``."""
        if self._closed:
            raise Unavailable("the database is closed", hint="open the store again")
        item = Write(work)
        if not (alone and self._commit_here(item)):
            self._queue.put(item)
        return item.future

    def close(self) -> None:
        """Finish what is queued."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            with self._turn:
                self._lone_engine = None
                self._let_go_of_lone()

    def commit(self, connection: Connection | None, batch: list[Write]) -> Connection | None:
        """Answer a whole batch, whatever happens: a writer that died would leave every caller waiting."""
        for tries_left in range(_TRIES - 1, -1, -1):
            try:
                connection = connection or self._engine.connect()
                self._transact(connection, batch)
            except Exception as error:  # noqa: BLE001 - nothing of this batch became durable: every caller must know
                if connection is not None and (connection.invalidated or connection.in_transaction()):
                    _let_go(connection)
                    connection = None
                if tries_left and self._backend.passes(error):
                    for item in batch:
                        item.again()
                    continue
                for item in batch:
                    item.error = item.error or error
                    item.unclaim()
            break
        for item in batch:
            self._answer(item)
        return connection

    def _commit_here(self, item: Write) -> bool:
        """Answer a lone write in the calling thread; False if that would mean to wait."""
        began = time.monotonic()
        if began < self._lone_from or not self._turn.acquire(blocking=False):
            return False
        try:
            transaction = self._begin_lone() if self._queue.empty() else None
            if transaction is None:
                return False
            try:
                self._run(transaction, [item])
            except Exception as error:  # noqa: BLE001 - as in ``commit``
                self._let_go_of_lone()  # whatever state it is in, it holds no lock
                item.error = item.error or error
                item.unclaim()
            self._answer(item)
        finally:
            ends = time.monotonic()
            if ends - began > _MOMENT_S:
                pause_s = _PAUSES * (ends - began) ** 2 / _MOMENT_S
                self._lone_from = max(self._lone_from, ends + pause_s)
            self._turn.release()
        return True

    def _begin_lone(self) -> RootTransaction | None:
        if self._lone_engine is None:
            return None
        try:
            self._lone = self._lone or self._lone_engine.connect()
            return _begin(self._lone)
        except Exception:  # noqa: BLE001 - another process writes; anything worse the writer's thread will tell
            self._let_go_of_lone()
            self._lone_from = time.monotonic() + _LOCKED_S
            return None

    def _let_go_of_lone(self) -> None:
        _let_go(self._lone)
        self._lone = None

    def _transact(self, connection: Connection, batch: list[Write]) -> None:
        self._run(_begin(connection), batch)

    def _run(self, transaction: RootTransaction, batch: list[Write]) -> None:
        connection = transaction.connection
        try:
            tx = self._backend.transaction(connection, self._clock)
            if len(batch) == 1:
                batch[0].run(tx, self._clock)  # nobody else's work: the transaction is its savepoint
            else:
                self._run_each(connection, tx, batch)
        except BaseException:
            with suppress(DBAPIError):  # it may be gone already
                transaction.rollback()
            raise
        try:
            transaction.commit()
        except Exception as error:
            raise CommitFailed from error

    def _run_each(self, connection: Connection, tx: Transaction, batch: list[Write]) -> None:
        for item in batch:
            for tries_left in range(_TRIES - 1, -1, -1):
                item.run_apart(connection, tx, self._clock)
                if item.error is None or not tries_left or not self._backend.passes(item.error):
                    break
                item.again()

    def _answer(self, item: Write) -> None:
        if item.error is None:
            item.future.set_result(item.result)
            return
        error, committing = item.error, isinstance(item.error, CommitFailed)
        if committing:
            error = error.__cause__ or error
        item.future.set_exception(self._backend.translate(error, committing=committing))

    def _write_forever(self) -> None:
        connection: Connection | None = None
        going = True
        while going:
            batch, going = self._next_batch()
            if batch:
                with self._turn:
                    connection = self.commit(connection, batch)
        _let_go(connection)

    def _next_batch(self) -> tuple[list[Write], bool]:
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


def _begin(connection: Connection) -> RootTransaction:
    try:
        return connection.begin()
    except Exception:
        connection.invalidate()  # whatever state it is in, it is not used again
        raise


def _let_go(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(DBAPIError):
            connection.close()
