"""SqliteDatabase keeps the Database contract, and what it acknowledged survives kill -9."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pomona.core.errors import StorageFull, Tampered, Unavailable
from pomona.core.ports import Database, Ledger
from pomona.core.requests import claiming
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.ledger import SqlLedger
from pomona.storage.sqlite import SqliteDatabase, translate
from pomona.storage.writer import Write
from pomona.testing.database import DatabaseContract, told


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return SqlLedger(database)


class TestSqliteDatabase(DatabaseContract):
    pass


def test_after_a_scrub_no_file_holds_what_was_deleted(database: SqliteDatabase, tmp_path: Path) -> None:
    secret = b"a-secret-that-is-easy-to-find"
    for number in range(200):
        database.write(lambda tx, n=number: tx.link(f"{secret.decode()}-{n}", "tests", "hyp_1"))  # type: ignore[misc]
    database.write(lambda tx: tx.execute(text("delete from links")))
    assert any(secret in path.read_bytes() for path in tmp_path.iterdir())
    database.scrub()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())


def test_a_changed_entry_breaks_the_chain(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    for name in ("pear", "quince", "fig"):
        database.write(lambda tx, name=name: tx.emit(told(name)))
    with closing(sqlite3.connect(tmp_path / "pomona.db")) as raw, raw:
        raw.execute('update events set data = \'{"name":"plum"}\' where seq = 2')
    with pytest.raises(Tampered, match="entry 2"):
        ledger.verify()


def test_a_removed_entry_breaks_the_chain(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    for name in ("pear", "quince", "fig"):
        database.write(lambda tx, name=name: tx.emit(told(name)))
    with closing(sqlite3.connect(tmp_path / "pomona.db")) as raw, raw:
        raw.execute("delete from events where seq = 2")
    with pytest.raises(Tampered):
        ledger.verify()


def test_a_damaged_file_is_told(database: SqliteDatabase, tmp_path: Path) -> None:
    for number in range(50):
        database.write(lambda tx, n=number: tx.link(f"{n}" * 60, "tests", "hyp_1"))  # type: ignore[misc]
    assert database.condition().dangers == {}
    database.scrub()
    with closing(sqlite3.connect(tmp_path / "pomona.db")) as connection:
        query = "select rootpage from sqlite_master where name = 'links_by_target'"
        (page,) = connection.execute(query).fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
    with (tmp_path / "pomona.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 100)
    fresh = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    assert any("damaged" in danger for danger in fresh.condition().dangers)
    fresh.close()


def test_a_closed_database_says_so(database: SqliteDatabase) -> None:
    database.close()
    with pytest.raises(Unavailable):
        database.write(lambda tx: None)


WRITER = """
import sys
from pathlib import Path
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.database import told
database = SqliteDatabase(Path(sys.argv[1]), SystemClock())
metadata.create_all(database.engine)
number, alone = 0, sys.argv[2] == "alone"
while True:
    batch = range(number, number + 20)
    futures = [(n, database.submit(lambda tx, n=n: tx.emit(told(str(n))), alone=alone)) for n in batch]
    for n, future in futures:
        future.result()
        print(n, flush=True)
    number += 20
"""


@pytest.mark.crash
@pytest.mark.parametrize("after_s", [0.05, 0.15, 0.4])
@pytest.mark.parametrize("how", ["alone", "together"])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, after_s: float, how: str) -> None:
    path = tmp_path / "pomona.db"
    command = [sys.executable, "-c", WRITER, str(path), how]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    seen = [child.stdout.readline()]
    time.sleep(after_s)
    os.kill(child.pid, signal.SIGKILL)
    seen += child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    acknowledged = {int(line) for line in seen if line.strip().isdigit()}
    database = SqliteDatabase(path, SystemClock())
    stored = [int(entry.data["name"]) for entry in SqlLedger(database).entries(limit=1_000_000)]
    assert SqlLedger(database).verify() == len(stored)
    database.close()
    assert len(stored) == len(set(stored))
    assert acknowledged - {max(acknowledged)} <= set(stored)  # the last line may have been cut short


def test_a_writer_that_cannot_connect_answers_and_tries_again(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledged or refused, never left waiting: out of file handles once is not dead for ever."""
    connect = database.engine.connect
    failing = iter([True])

    def once_refused() -> Any:
        if next(failing, False):
            raise OSError(24, "too many open files")
        return connect()

    monkeypatch.setattr(database.engine, "connect", once_refused)
    with pytest.raises(OSError, match="too many"):
        database.submit(lambda tx: tx.emit(told("pear"))).result(timeout=5)
    database.submit(lambda tx: tx.emit(told("quince"))).result(timeout=5)


def test_a_full_disk_refuses_the_whole_group_and_the_next_write_goes_on(
    database: SqliteDatabase, ledger: Ledger, tmp_path: Path
) -> None:
    """SQLite may undo the whole transaction by itself: nobody in the group may be told it was kept."""
    database.write(lambda tx: tx.emit(told("pear")))

    def limit(tx: Any, pages: int) -> None:
        tx.execute(text(f"PRAGMA max_page_count={pages}"))

    def much(tx: Any) -> None:
        for number in range(200):
            tx.emit(told(f"{number}" * 2000))

    database.write(lambda tx: limit(tx, 1))
    written = [database.submit(much), database.submit(lambda tx: tx.emit(told("fig")))]
    results = [item.exception(timeout=10) for item in written]
    assert isinstance(results[0], StorageFull)
    kept = len(ledger.entries())
    assert kept == 1 + sum(result is None for result in results)
    database.write(lambda tx: limit(tx, 1_000_000))
    database.write(lambda tx: tx.emit(told("quince")))
    assert len(ledger.entries()) == kept + 1
    assert ledger.verify() == kept + 1


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE])
def test_the_extended_codes_of_a_full_disk_are_understood(code: int) -> None:
    origin = sqlite3.OperationalError("disk I/O error")
    origin.sqlite_errorcode = code
    assert isinstance(translate(OperationalError("insert", None, origin)), StorageFull)


def test_a_group_that_is_lost_gives_its_keys_back(database: SqliteDatabase, ledger: Ledger) -> None:
    """Else a retry would be told for ever what went wrong the first time."""
    with claiming("k1") as claim:
        kept = Write(lambda tx: tx.emit(told("pear")))

    def undone(tx: Any) -> None:
        tx.execute(text("ROLLBACK"))  # as SQLite does by itself on a full disk
        raise OSError("disk full")

    lost = Write(undone)
    connection = database.writer.commit(None, [kept, lost])
    assert connection is not None
    connection.close()
    for item in (kept, lost):
        assert isinstance(item.future.exception(timeout=0), OSError)
    assert not claim.written
    assert ledger.entries() == []
