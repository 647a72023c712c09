"""Settings for every test: one profile for property tests, and no surroundings that leak in."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.databases import Records

# Two slow cores share their time with other work: a deadline per example would measure the machine.
settings.register_profile("pomona", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pomona")


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own server, token or home folder never answers for the code under test."""
    for name in [name for name in os.environ if name.startswith(("POMONA_", "MLFLOW_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_records() -> "Iterator[Records]":
    """A PostgreSQL server that keeps Pomona's records, started when the first test asks for it."""
    from tests.databases import Records
    from tests.servers import Postgres

    # Not below pytest's own folder, which only its user may enter: the server is another user.
    with tempfile.TemporaryDirectory(prefix="pomona-records-") as root:
        server = Postgres(Path(root))
        try:
            server.run("SELECT 1")  # it listens a moment before it answers
            yield Records(server)
        finally:
            server.stop()
