"""A lone write is done by the caller's thread, unless that would mean to wait."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import RootTransaction

from pomona.core.errors import Unavailable
from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.storage import sqlite, writer
from pomona.storage.clock import SystemClock
from pomona.storage.ledger import SqlLedger
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.database import told


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteDatabase]:
    monkeypatch.setattr(writer, "_MOMENT_S", 60.0)  # however busy this machine is
    monkeypatch.setattr(writer, "_LOCKED_S", 0.0)
    monkeypatch.setattr(sqlite, "_CHECKPOINT_PAGES", 20)
    database = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    metadata.create_all(database.engine)
    yield database
    database.close()


def who(tx: Transaction) -> str:
    tx.emit(told("pear"))
    return threading.current_thread().name


def lone(database: SqliteDatabase) -> str:
    return database.submit(who, alone=True).result(timeout=20)


HERE, WRITER = threading.current_thread().name, "pomona-writer"


def test_who_is_alone_writes_and_nobody_else(database: SqliteDatabase) -> None:
    assert [lone(database), database.write(who), lone(database)] == [HERE, WRITER, HERE]
    assert SqlLedger(database).verify() == 3


def test_a_slow_commit_is_the_last_for_a_while(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_MOMENT_S", 1e-12)
    assert [lone(database), lone(database), lone(database)] == [HERE, WRITER, WRITER]


def test_after_a_pause_it_is_tried_again(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_MOMENT_S", 1e-12)
    monkeypatch.setattr(writer, "_PAUSES", 0)
    assert [lone(database), lone(database)] == [HERE, HERE]


def test_another_process_that_writes_is_waited_for_elsewhere(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "pomona.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        future = database.submit(who, alone=True)
        assert not future.done()
        other.execute("ROLLBACK")
    assert future.result(timeout=20) == WRITER
    assert lone(database) == HERE


def test_a_writer_at_work_is_not_waited_for(database: SqliteDatabase) -> None:
    began, may_end = threading.Event(), threading.Event()

    def long(tx: Transaction) -> None:
        began.set()
        may_end.wait(20)

    first = database.submit(long)
    assert began.wait(20)
    second = database.submit(who, alone=True)
    assert not second.done()
    may_end.set()
    first.result(timeout=20)
    assert second.result(timeout=20) == WRITER


def test_work_that_raises_is_undone(database: SqliteDatabase) -> None:
    def breaks(tx: Transaction) -> None:
        tx.emit(told("broken"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        database.submit(breaks, alone=True).result(timeout=20)
    assert lone(database) == HERE
    assert [entry.data["name"] for entry in SqlLedger(database).entries()] == ["pear"]


def test_a_commit_that_fails_is_told_and_holds_nothing(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(transaction: RootTransaction) -> None:
        raise OSError(5, "the disk is gone")

    lone(database)
    with monkeypatch.context() as patch:
        patch.setattr(RootTransaction, "commit", fails)
        with pytest.raises(OSError, match="the disk is gone"):
            lone(database)
    assert [lone(database), database.write(who)] == [HERE, WRITER]
    assert SqlLedger(database).verify() == 3


def test_what_the_caller_wrote_gets_into_the_file_with_the_next_commit(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """Its own commits leave that to the writer, whom nobody waits for."""
    sizes = []
    for _ in range(8):
        assert [lone(database) for _ in range(10)] == [HERE] * 10
        database.write(who)
        sizes.append((tmp_path / "pomona.db-wal").stat().st_size)
    assert sizes[-1] == sizes[2]  # the log is begun anew, and no longer grows
    assert SqlLedger(database).verify() == 88


def test_a_closed_database_says_so(database: SqliteDatabase) -> None:
    lone(database)
    database.close()
    with pytest.raises(Unavailable):
        database.submit(who, alone=True)
