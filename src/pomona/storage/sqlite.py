"""SQLite as the Database: one writer per process, group commit, snapshot reads.

WAL with full sync: a commit that returned survives ``kill -9`` and power loss. Several processes
(server, worker) may hold the same file; ``BEGIN IMMEDIATE`` and a busy timeout serialise them.
"""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, text
from sqlalchemy.exc import OperationalError

from pomona.core.errors import PomonaError, StorageFull, Unavailable
from pomona.core.ports import Clock, Condition, Transaction
from pomona.storage.sqlite_transaction import SqliteTransaction, run_by_driver
from pomona.storage.writer import GroupWriter

T = TypeVar("T")

_BUSY_MS = 30_000
_CHECKPOINT_PAGES = 1000  # of the log, after which a commit brings them into the file


class SqliteDatabase:
    """Database in one SQLite file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._clock = clock
        self._writer_engine = _engine(path, begin="BEGIN IMMEDIATE", poolclass=NullPool)
        self._reader_engine = _engine(
            path, begin="BEGIN", read_only=True, poolclass=QueuePool, pool_size=8, max_overflow=56
        )
        self._lone_engine = _engine(path, begin="BEGIN IMMEDIATE", waits=False, poolclass=NullPool)
        self.writer = GroupWriter(self._writer_engine, clock, _Backend(), lone=self._lone_engine)

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._writer_engine

    def submit(self, work: Callable[[Transaction], T], *, alone: bool = False) -> "Future[T]":
        return self.writer.submit(work, alone=alone)

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.submit(work).result()

    def read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._reader_engine.begin() as connection:
                return work(SqliteTransaction(connection, self._clock))
        except OperationalError as error:
            raise translate(error) from error

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
            raise translate(OperationalError("VACUUM", None, error)) from error

    def condition(self) -> Condition:
        size = self._path.stat().st_size
        found = self.read(lambda tx: tx.execute(text("PRAGMA quick_check(1)")).scalar())
        damage = {f"the file is damaged: {found}": "restore it from a backup"} if found != "ok" else {}
        where = f"SQLite {sqlite3.sqlite_version} in {self._path.name}, {size / 1e6:,.1f} MB"
        return Condition(where=where, dangers=damage)

    def close(self) -> None:
        self.writer.close()
        self._reader_engine.dispose()
        self._writer_engine.dispose()
        self._lone_engine.dispose()


class _Backend:
    """A group on SQLite."""

    def transaction(self, connection: Connection, clock: Clock) -> Transaction:
        return SqliteTransaction(connection, clock)

    def passes(self, error: BaseException) -> bool:
        return False

    def translate(self, error: BaseException, *, committing: bool = False) -> BaseException:
        return translate(error)


def _empty_wal(cursor: Any) -> None:
    ends = time.monotonic() + _BUSY_MS / 1000
    while time.monotonic() < ends:
        (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        time.sleep(0.05)  # somebody still reads an older state
    raise Unavailable("others read the database without a pause", hint="try again when it is quieter")


def _engine(path: Path, *, begin: str, read_only: bool = False, waits: bool = True, **options: Any) -> Engine:
    """An engine; one that does not wait fails at others' locks, and leaves checkpoints to others."""
    busy_ms = _BUSY_MS if waits else 0
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": busy_ms / 1000}, **options
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=FAST",  # pages that are given back are overwritten by ``scrub``, not each time
            f"busy_timeout={busy_ms}",
            f"wal_autocheckpoint={_CHECKPOINT_PAGES if waits else 0}",
            "cache_size=-32000",
            "temp_store=MEMORY",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        run_by_driver(connection, begin)

    return engine


def translate(error: BaseException) -> BaseException:
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
