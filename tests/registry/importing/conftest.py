"""A home whose records are in SQLite, or in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import home_records, records_address  # noqa: F401

from pomona.app import App, open_app


@pytest.fixture
def kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    records_address: str | None,  # noqa: F811
) -> Iterator[App]:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path))
    opened = open_app(tmp_path / "home", address=home_records())
    yield opened
    opened.close()
