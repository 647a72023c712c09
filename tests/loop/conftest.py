"""Fixtures of the loop's tests."""

from pathlib import Path

import pytest
from tests.databases import Opened, open_database, records_address  # noqa: F401
from tests.loop.world import World


@pytest.fixture
def world(tmp_path: Path, open_database: Opened) -> World:  # noqa: F811
    return World(tmp_path, open_database)
