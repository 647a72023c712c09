"""Stage 6 through SDK, HTTP and commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import records_address  # noqa: F401
from typer.testing import CliRunner

from pomona.cli.main import app
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.monitoring.records import Thresholds
from pomona.sdk.client import Client, connect


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:  # noqa: F811
    with connect(home=tmp_path / "home") as client:
        yield client


def test_a_monitor_comes_back_as_it_was_made(client: Client) -> None:
    client.endpoints.create("late", model="delay")
    made = client.monitors.create("late", window_hours=24, ignore=("temp",), thresholds=Thresholds(floor=0.8))
    assert client.monitors.get("late") == client.monitors.get(made.id) == made
    assert list(client.monitors.list()) == [made]
    assert list(client.monitors.windows(endpoint="late")) == []
    assert list(client.incidents.list(state="open")) == []
    with pytest.raises(Conflict):
        client.monitors.create("late")


def test_errors_arrive_as_the_class_the_service_raised(client: Client) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        client.monitors.create("nowhere")
    client.endpoints.create("late", model="delay")
    with pytest.raises(Invalid, match="window_hours"):
        client.monitors.create("late", window_hours=-1)
    for ask in (client.monitors.window, client.incidents.get, client.incidents.acknowledge):
        with pytest.raises(NotFound):
            ask("inc_nothing")


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    run = CliRunner()
    run.invoke(app, ["endpoints", "create", "late", "--model", "delay"])
    made = run.invoke(app, ["monitors", "create", "late", "--floor", "0.8"])
    assert made.exit_code == 0, made.output
    assert "late" in run.invoke(app, ["monitors", "ls"]).output
    assert "no window is over yet" in run.invoke(app, ["monitors", "show", "late"]).output
    assert "no incident" in run.invoke(app, ["incidents", "ls"]).output
    assert isinstance(run.invoke(app, ["incidents", "ack", "inc_x"]).exception, NotFound)
