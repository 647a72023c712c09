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
# What decides on a change tries the same cases every time (scripts/test); elsewhere they are drawn anew.
settings.register_profile("repeatable", settings.get_profile("pomona"), derandomize=True)
settings.load_profile("pomona")


os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and Rich would keep it: each test has its own below

# Which tests that run on both databases depend on how each speaks: the others run on the second one in
# scripts/test-long only.
_DIALECT = {
    "test_jobs.py",
    "test_same_answers.py",
    "test_search.py",
    "test_runs.py",
    "test_fuzz.py",
    "test_figures.py",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the usual run short."""
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        kinds = [given.get(name) for name in ("open_database", "records_address", "caller")]
        if "postgres" in kinds and item.path.name not in _DIALECT:
            item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own server, token, home folder or terminal never changes what is tested."""
    for name in [name for name in os.environ if name.startswith(("POMONA_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")  # lines do not break by the length of a temporary folder's name


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
