"""Model folders built once, a control plane and a running gateway per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving.gateways import Asker, FakeControl, GatewayProcess, running, save_model, small_model


@pytest.fixture(scope="session")
def cold_is_late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says late when it is cold."""
    return save_model(tmp_path_factory.mktemp("models") / "cold", small_model())


@pytest.fixture(scope="session")
def warm_is_late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The opposite model."""
    return save_model(tmp_path_factory.mktemp("models") / "warm", small_model(flip=True))


@pytest.fixture
def control() -> Iterator[FakeControl]:
    made = FakeControl()
    yield made
    made.close()


@pytest.fixture
def gateway(tmp_path: Path, control: FakeControl, cold_is_late: Path) -> Iterator[GatewayProcess]:
    """Serves ``late`` by one champion, mv_1."""
    control.serve("r1", control.add_model("mv_1", cold_is_late))
    with running(tmp_path / "home", control) as process:
        yield process.wait_ready()


@pytest.fixture
def asker(gateway: GatewayProcess) -> Iterator[Asker]:
    made = Asker(gateway.port)
    yield made
    made.close()
