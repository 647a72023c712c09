"""The schema that migrations build is the one the code declares, whoever builds it first."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import pomona.app  # noqa: F401 - brings every stage's tables in
from pomona.sql import metadata
from pomona.storage.clock import SystemClock
from pomona.storage.migrations import current, head, upgrade
from pomona.storage.sqlite import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "pomona.db", SystemClock())
    yield database
    database.close()


def test_a_migrated_database_is_what_the_tables_say(database: SqliteDatabase) -> None:
    upgrade(database.engine, metadata)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []  # else: scripts/migration "what changed"
        assert current(connection) == head()


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
