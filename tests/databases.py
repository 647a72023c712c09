"""Every kind of Database for tests: a file each on SQLite, one clean database in turn on PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from tests.servers import Postgres

import pomona.app  # noqa: F401 - brings every stage's tables in
from pomona.core.ports import Clock, Database
from pomona.process import DATABASE_VARIABLE
from pomona.sql import metadata
from pomona.storage.address import parse
from pomona.storage.clock import SystemClock
from pomona.storage.migrations import upgrade
from pomona.storage.postgres.database import PostgresDatabase
from pomona.storage.postgres.schema import make_bytewise
from pomona.storage.sqlite import SqliteDatabase

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_NAME = "pomona"
_EMPTY = """
CREATE PROCEDURE empty_all() LANGUAGE plpgsql AS $$
DECLARE t text; found boolean;
BEGIN
    FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', t);
    END LOOP;
    FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' LOOP
        PERFORM setval(t::regclass, 1, false);
    END LOOP;
END $$
"""


class Opened(Protocol):
    """A Database whose tables exist, closed by the fixture that opened it."""

    def __call__(self, clock: Clock) -> Database: ...


class Records:
    """The databases of one PostgreSQL server."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self.create(_NAME)
        with closing(PostgresDatabase(parse(server.url_of(_NAME)), SystemClock())) as database:
            upgrade(database.engine, metadata)
            with database.engine.begin() as connection:  # of tables that have no migration yet
                metadata.create_all(connection)
                make_bytewise(connection)
        self._run(_NAME, _EMPTY)

    def create(self, name: str, *, template: str = "template0") -> str:
        """A new database that sorts as people do, not by bytes; its address."""
        self._run("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        order = " LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'" if template == "template0" else ""
        self._run("postgres", f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'{order}")
        return self.server.url_of(name)

    def clean(self) -> str:
        """The address of a database that holds nothing but the schema."""
        self._run(_NAME, "CALL empty_all()")
        return self.server.url_of(_NAME)

    def _run(self, name: str, statement: Any) -> None:
        with psycopg.connect(self.server.url_of(name), autocommit=True) as connection:
            connection.execute(statement)


def opener(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Opens databases of a kind and closes them at the end."""
    opened: list[Database] = []

    def on_postgres(clock: Clock) -> Database:
        opened.append(PostgresDatabase(parse(request.getfixturevalue("postgres_records").clean()), clock))
        return opened[-1]

    def on_sqlite(clock: Clock) -> Database:
        database = SqliteDatabase(folder / "t.db", clock)
        metadata.create_all(database.engine)
        opened.append(database)
        return database

    yield on_postgres if kind == "postgres" else on_sqlite
    for database in opened:
        database.close()


@pytest.fixture(params=KINDS)
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Clock], Database]]:
    """Both kinds: import it into a conftest whose tests shall run on both."""
    yield from opener(request.param, tmp_path, request)


@pytest.fixture(params=KINDS)
def records_address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Both kinds for tests that open a home: None for its own folder, or a clean database's address.

    The address stands in the environment, too, where ``connect`` and ``home_records`` find it.
    """
    if request.param == "sqlite":
        return None
    address = str(request.getfixturevalue("postgres_records").clean())
    monkeypatch.setenv(DATABASE_VARIABLE, address)
    return address


def home_records() -> str | None:
    """The address that ``records_address`` gave the test that runs, for ``open_app``."""
    return os.environ.get(DATABASE_VARIABLE)


@pytest.fixture
def open_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Clock], Database]]:
    """One kind: import it as ``open_database`` into tests that have nothing to do with the database."""
    yield from opener("sqlite", tmp_path, request)
