"""Fixtures of the marts' tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.data.marts.world import World, prepare

from pomona.app import open_app
from pomona.data.marts.engine import SqlEngine


@pytest.fixture
def engine(tmp_path: Path) -> SqlEngine:
    return SqlEngine(tmp_path / "spill", memory_mb=256)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with loans and payments, made once."""
    home = tmp_path_factory.mktemp("marts") / "home"
    prepare(home)
    return home


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    shutil.copytree(prepared, tmp_path / "home")
    app = open_app(tmp_path / "home")
    yield World(app)
    app.close()
