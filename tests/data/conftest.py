"""A data service over a real database and folder, with a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pomona.business.service import BusinessService
from pomona.data import store as _store  # noqa: F401  its tables
from pomona.data.service import DataService
from pomona.sql import metadata
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path, clock: FakeClock) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / "t.db", clock)
    with opened.engine.begin() as connection:
        metadata.create_all(connection)
    yield opened
    opened.close()


@pytest.fixture
def data(database: SqliteDatabase, tmp_path: Path, clock: FakeClock) -> DataService:
    blobs, tables = FileBlobs(tmp_path / "blobs"), delta_tables(tmp_path / "tables")
    return DataService(database, blobs, tables, clock, BusinessService(database, clock), tmp_path / "in")
