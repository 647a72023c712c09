"""A world a test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.data.keeping.world import World, open_world


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder whose database is migrated, made once."""
    home = tmp_path_factory.mktemp("keeping") / "home"
    open_world(home).app.close()
    return home


@pytest.fixture
def world(empty_home: Path, tmp_path: Path, records_address: str | None) -> Iterator[World]:
    if records_address is None:
        shutil.copytree(empty_home, tmp_path / "home")
    opened = open_world(tmp_path / "home")
    yield opened
    opened.app.close()
