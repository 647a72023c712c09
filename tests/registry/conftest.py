"""A registry over real services."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.training.conftest import (  # noqa: F401  the same fixtures, one stage on
    blobs,
    business,
    clock,
    data,
    database,
    hypothesis,
    ledger,
    open_database,
    tracking,
    version,
)

from pomona.business.service import BusinessService
from pomona.core.ports import Database
from pomona.registry.service import RegistryService
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock
from pomona.testing.keys import MemoryKeys
from pomona.training.service.tracking import TrackingService


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def registry(
    database: Database,  # noqa: F811
    blobs: FileBlobs,  # noqa: F811
    clock: FakeClock,  # noqa: F811
    ledger: SqlLedger,  # noqa: F811
    business: BusinessService,  # noqa: F811
    tracking: TrackingService,  # noqa: F811
    keys: MemoryKeys,
) -> RegistryService:
    return RegistryService(database, blobs, clock, ledger, business, tracking, keys)


@pytest.fixture
def renewed(
    database: Database,  # noqa: F811
    blobs: FileBlobs,  # noqa: F811
    clock: FakeClock,  # noqa: F811
    ledger: SqlLedger,  # noqa: F811
    business: BusinessService,  # noqa: F811
    tracking: TrackingService,  # noqa: F811
) -> Callable[[MemoryKeys], RegistryService]:
    """The registry of a server that was started again, with other keys."""
    return lambda keys: RegistryService(database, blobs, clock, ledger, business, tracking, keys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
