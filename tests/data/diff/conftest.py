"""A diff service over the same store as the data service."""

from pathlib import Path

import pytest

from pomona.data.comparison.service import ComparisonService
from pomona.data.diff.service import DiffService
from pomona.data.service import DataService
from pomona.data.shelf import Shelf
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs


@pytest.fixture
def shelf(data: DataService, tmp_path: Path) -> Shelf:
    return Shelf(data, FileBlobs(tmp_path / "blobs"), delta_tables(tmp_path / "tables"))


@pytest.fixture
def diffs(data: DataService, shelf: Shelf) -> DiffService:
    return DiffService(shelf, ComparisonService(data))
