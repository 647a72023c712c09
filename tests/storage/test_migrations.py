"""The schema that migrations build is the one the code declares, whoever builds it first."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

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
