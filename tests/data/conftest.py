"""A data service over a real database and folder, with a clock that stands still."""

from pathlib import Path

import pytest
from tests.databases import Opened, open_database, records_address  # noqa: F401

from pomona.business.service import BusinessService
from pomona.core.ports import Database
from pomona.data.service import DataService
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database: Opened, clock: FakeClock) -> Database:  # noqa: F811
    return open_database(clock)


@pytest.fixture
def data(database: Database, tmp_path: Path, clock: FakeClock) -> DataService:
    blobs, tables = FileBlobs(tmp_path / "blobs"), delta_tables(tmp_path / "tables")
    return DataService(database, blobs, tables, clock, BusinessService(database, clock), tmp_path / "in")
