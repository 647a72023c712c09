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
def home(prepared: Path, tmp_path: Path, records_address: str | None) -> Path:
    """A home folder of the test's own that holds the same."""
    if records_address is None:
        shutil.copytree(prepared, tmp_path / "home")
    else:
        prepare(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def world(home: Path, records_address: str | None) -> Iterator[World]:
    app = open_app(home, address=records_address)
    yield World(app)
    app.close()
