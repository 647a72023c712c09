"""Settings for every test: one profile for property tests, and no surroundings that leak in."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Two slow cores share their time with other work: a deadline per example would measure the machine.
settings.register_profile("pomona", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pomona")


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own server, token or home folder never answers for the code under test."""
    for name in [name for name in os.environ if name.startswith(("POMONA_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
