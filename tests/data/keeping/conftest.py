"""A world a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.data.keeping.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = open_world(tmp_path / "home")
    yield opened
    opened.app.close()
