"""PostgreSQL as the Database: one writer at a time over all processes, group commit, snapshot reads.

Every write transaction begins with the same advisory lock, as one on SQLite begins with the file's: so
whatever is read in it stays true until its commit, the event log is dense and in the order of commits, and
writers never deadlock. Reads take no lock: each is a repeatable-read snapshot on a pooled connection.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from pomona.core.ports import Clock, Condition, Transaction
from pomona.storage.address import Address
from pomona.storage.postgres.care import condition, scrub
from pomona.storage.postgres.connecting import LOCK_WAIT_S, PATIENCE_S, WRITE_LOCK, Dial
from pomona.storage.postgres.errors import passes, translate
from pomona.storage.postgres.transaction import PostgresTransaction
from pomona.storage.writer import GroupWriter

T = TypeVar("T")

_BEGIN_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITE_LOCK})"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """Database in PostgreSQL.

    Args:
        readers: Connections that read at the same time, at most; one more writes.
        lock_wait_s: How long other processes are waited for.
        patience_s: How long a server that went away is waited for.
    """

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        readers: int = 15,
        lock_wait_s: float = LOCK_WAIT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.address = address
        self._clock = clock
        self._dial = Dial(address, lock_wait_s=lock_wait_s, patience_s=patience_s)
        kept = min(5, readers)
        self._writer_engine = self._engine(_BEGIN_WRITE, poolclass=NullPool)
        self._reader_engine = self._engine(
            _BEGIN_READ, poolclass=QueuePool, pool_size=kept, max_overflow=readers - kept
        )
        self.writer = GroupWriter(self._writer_engine, clock, _Backend(address))
        self._inside = threading.local()

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._writer_engine

    def submit(self, work: Callable[[Transaction], T], *, alone: bool = False) -> "Future[T]":
        return self.writer.submit(work)  # a server is waited for by the writer's thread only

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.submit(work).result()

    def read(self, work: Callable[[Transaction], T]) -> T:
        outer: Transaction | None = getattr(self._inside, "tx", None)
        if outer is not None:  # a read within a read sees the same, and takes no second connection
            return work(outer)
        with self._translating(), self._snapshot() as connection:
            self._inside.tx = PostgresTransaction(connection, self._clock)
            try:
                return work(self._inside.tx)
            finally:
                self._inside.tx = None

    def scrub(self) -> None:
        with self._translating():
            scrub(self._dial.connect)

    def condition(self) -> Condition:
        with self._translating():
            return condition(self._dial.connect, self.address)

    def close(self) -> None:
        self.writer.close()
        self._reader_engine.dispose()
        self._writer_engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told = translate(error, self.address)
            if told is error:
                raise
            raise told from error

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        connection = self._begun()
        try:
            yield connection
            connection.commit()  # at a rollback the driver would forget its prepared statements
        finally:
            connection.close()

    def _begun(self) -> Connection:
        """A connection with a snapshot; if a restart of the server has cut it, another one."""
        connection = self._reader_engine.connect()
        try:
            connection.begin()
        except DBAPIError as error:
            connection.close()
            if not error.connection_invalidated:
                raise
            connection = self._reader_engine.connect()  # all older ones are thrown away by now
            connection.begin()
        return connection

    def _engine(self, begin: str, **options: Any) -> Engine:
        engine = create_engine("postgresql+psycopg://", creator=self._dial.connect, **options)

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine


class _Backend:
    """A group on PostgreSQL."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def transaction(self, connection: Connection, clock: Clock) -> Transaction:
        return PostgresTransaction(connection, clock)

    def passes(self, error: BaseException) -> bool:
        return passes(error)

    def translate(self, error: BaseException, *, committing: bool = False) -> BaseException:
        return translate(error, self._address, committing=committing)
