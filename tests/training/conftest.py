"""Tracking over a real database, with a hypothesis and a data version to tie runs to."""

from pathlib import Path

import pyarrow as pa
import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.business.records import Hypothesis, NewHypothesis
from pomona.business.service import BusinessService
from pomona.core.ports import Database
from pomona.data.records import DataVersion, NewDataset
from pomona.data.service import DataService
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock
from pomona.training.service.tracking import TrackingService


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database: Opened, clock: FakeClock) -> Database:  # noqa: F811
    return open_database(clock)


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database)


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def business(database: Database, clock: FakeClock) -> BusinessService:
    return BusinessService(database, clock)


@pytest.fixture
def data(
    database: Database, blobs: FileBlobs, clock: FakeClock, business: BusinessService, tmp_path: Path
) -> DataService:
    tables = delta_tables(tmp_path / "tables")
    return DataService(database, blobs, tables, clock, business, tmp_path / "incoming")


@pytest.fixture
def tracking(
    database: Database,
    blobs: FileBlobs,
    clock: FakeClock,
    ledger: SqlLedger,
    business: BusinessService,
    data: DataService,
) -> TrackingService:
    return TrackingService(database, blobs, clock, ledger, business, data)


@pytest.fixture
def hypothesis(business: BusinessService) -> Hypothesis:
    new = NewHypothesis(
        name="late", statement="If we warn, people wait less", metric="roc_auc", baseline=0.5, target=0.7
    )
    return business.create(new)


@pytest.fixture
def version(data: DataService) -> DataVersion:
    data.create(NewDataset(name="flights", key=("id",)))
    return data.commit("flights", pa.table({"id": [1, 2], "late": [0, 1]})).version
