"""What the home page asks of data: the last version of each dataset, however long the histories are."""

import time
from datetime import UTC, datetime

import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.core.ports import Database
from pomona.core.tables import DataFile
from pomona.data import store
from pomona.data.records import DataVersion, Field
from pomona.testing.clock import FakeClock

DATASETS, EACH = 50, 100
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(open_database: Opened) -> Database:  # noqa: F811
    return open_database(FakeClock())


def version(dataset: int, number: int) -> DataVersion:
    return DataVersion(
        id=f"ver_{dataset:03}_{number:04}",
        dataset=f"d{dataset}",
        dataset_id=f"dat_{dataset:03}",
        number=number,
        digest=f"{dataset:032x}{number:032x}",
        mode="full",
        schema=tuple(Field(name=f"c{place}", type="double") for place in range(20)),
        rows=number,
        rows_added=1,
        rows_removed=0,
        rows_changed=0,
        files=tuple(DataFile(digest=f"{place:064x}", rows=1, size=1) for place in range(20)),
        size=20,
        quality="green",
        as_of=AT,
        created_at=AT,
        created_by="ann",
    )


def test_the_last_versions_of_five_thousand_are_one_quick_query(database: Database) -> None:
    kept = [version(dataset, number) for number in range(1, EACH + 1) for dataset in range(DATASETS)]
    database.write(lambda tx: store.versions.insert_many(tx, kept))
    database.read(store.newest_of_each)  # the first one compiles the statement
    began = time.process_time()
    found = database.read(store.newest_of_each)
    took = time.process_time() - began
    assert [one.id for one in found] == [f"ver_{dataset:03}_{EACH:04}" for dataset in range(DATASETS)]
    assert took < 0.05, took  # measured: 0.002 s; to read all 5,000 takes 0.14 s


def test_a_dataset_without_a_version_has_no_last_one(database: Database) -> None:
    assert database.read(store.newest_of_each) == []
