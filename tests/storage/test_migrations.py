"""The schema that migrations build is the one the code declares, whoever builds it first."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from tests.databases import KINDS, Records

import pomona.app  # noqa: F401 - brings every stage's tables in
from pomona.sql import metadata
from pomona.storage.address import parse
from pomona.storage.clock import SystemClock
from pomona.storage.migrations import _run, current, head, upgrade
from pomona.storage.postgres.database import PostgresDatabase
from pomona.storage.sqlite import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    yield database
    database.close()


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # these are compared by the next test
def test_a_migrated_database_is_what_the_tables_say(database: SqliteDatabase) -> None:
    upgrade(database.engine, metadata)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []  # else: scripts/migration "what changed"
        assert current(connection) == head()


def test_a_migrated_database_has_the_indexes_that_the_tables_say(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    upgrade(database.engine, metadata)
    declared = SqliteDatabase(tmp_path / "declared.db", SystemClock())
    metadata.create_all(declared.engine)
    found = [_indexes(one) for one in (database, declared)]
    declared.close()
    assert found[0] == found[1]
    assert "substr(value, 1, 64)" in found[0]["run_params_by_value"]


def _indexes(database: SqliteDatabase) -> dict[str, str]:
    """The statement that made each index, by its name."""
    named = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    with database.engine.connect() as connection:
        return {name: " ".join(sql.replace('"', "").split()) for name, sql in connection.execute(named)}


def test_upgrading_again_changes_nothing(database: SqliteDatabase) -> None:
    upgrade(database.engine, metadata)
    upgrade(database.engine, metadata)


def test_two_who_open_a_new_home_at_once_both_get_it(tmp_path: Path) -> None:
    databases = [SqliteDatabase(tmp_path / "pomona.db", SystemClock()) for _ in range(3)]
    failures: list[Exception] = []

    def run(database: SqliteDatabase) -> None:
        try:
            upgrade(database.engine, metadata)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert failures == []


_VALUES = 300_000
_FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
    "postgres": "WITH n(i) AS (SELECT generate_series(0, {last}))",
}
_UPGRADE = """
import sys
from pathlib import Path
import pomona.app
from pomona.sql import metadata
from tests.storage.test_migrations import opened
from pomona.storage.migrations import upgrade
database = opened(sys.argv[1])
print("begins", flush=True)
upgrade(database.engine, metadata)
"""


AnyDatabase = SqliteDatabase | PostgresDatabase


def opened(where: str) -> AnyDatabase:
    if where.startswith("postgres"):
        return PostgresDatabase(parse(where), SystemClock())
    return SqliteDatabase(Path(where), SystemClock())


def test_who_opens_a_home_while_a_long_migration_runs_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pomona.storage.sqlite._BUSY_MS", 20)
    opened_ = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    busy = sqlite3.connect(tmp_path / "pomona.db", check_same_thread=False, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: busy.execute("COMMIT"))
    release.start()
    upgrade(opened_.engine, metadata)
    release.join()
    upgrade(opened_.engine, metadata)
    opened_.close()
    busy.close()


@pytest.mark.crash
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_migration_that_is_killed_was_never_begun(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The histories are written anew by 0019: killed anywhere in it, all values are there, and it goes on."""
    where = str(tmp_path / "pomona.db")
    if kind == "postgres":
        records: Records = request.getfixturevalue("postgres_records")
        where = records.create("half_migrated")
    database = opened(where)
    with database.engine.begin() as connection:
        _run(connection, metadata, lambda command, config: command.upgrade(config, "0018"))
        numbers = _FILL[kind].format(last=_VALUES - 1)
        connection.execute(
            text(
                f"{numbers} INSERT INTO metric_history (run, key, step, at_ms, value, nan)"
                " SELECT i / 1000, i % 10, i, 1000000 - i, i * 0.5, false FROM n"
            )
        )
    draws, states = random.Random(7), []
    for _ in range(5):
        states.append(_killed(where, draws.random() * 1.2, database))
    assert {state for state, _ in states} <= {"0018", head()}
    assert {count for _, count in states} == {_VALUES}
    upgrade(database.engine, metadata)
    assert _state(database) == (head(), _VALUES)
    database.close()


def _killed(where: str, after_s: float, database: AnyDatabase) -> tuple[str | None, int]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", _UPGRADE, where]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begins\n"
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return _state(database)


def _state(database: AnyDatabase) -> tuple[str | None, int]:
    with database.engine.begin() as connection:
        count = connection.execute(text("SELECT count(*) FROM metric_history")).scalar_one()
        return current(connection), count
