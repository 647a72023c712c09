"""Stage 4 through SDK, HTTP and commands: what is asked for is what the service is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import records_address  # noqa: F401
from typer.testing import CliRunner

from pomona.cli.main import app
from pomona.core.errors import Invalid, NotFound
from pomona.sdk.client import Client, connect


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:  # noqa: F811
    with connect(home=tmp_path / "home") as client:
        yield client


def test_an_endpoint_comes_back_as_it_was_made(client: Client) -> None:
    made = client.endpoints.create("late", model="delay", threshold=0.4, unit_column="flight")
    assert client.endpoints.get("late") == client.endpoints.get(made.id) == made
    assert list(client.endpoints.list()) == [made]
    assert client.releases.active("late") is None
    assert list(client.releases.list(endpoint="late")) == []


def test_errors_arrive_as_the_class_the_service_raised(client: Client) -> None:
    with pytest.raises(Invalid, match="threshold"):
        client.endpoints.create("late", model="delay", threshold=4.0)
    with pytest.raises(NotFound, match="nowhere"):
        client.releases.active("nowhere")
    client.endpoints.create("late", model="delay")
    with pytest.raises(NotFound):
        client.releases.start("late", "delay/1", reason="the first", strategy="champion")
    with pytest.raises(NotFound):
        client.releases.promote("rel_nothing", reason="now")
    with pytest.raises(NotFound):
        client.releases.verdicts("rel_nothing")


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    run = CliRunner()
    made = run.invoke(app, ["endpoints", "create", "late", "--model", "delay", "--threshold", "0.4"])
    assert made.exit_code == 0, made.output
    assert "endpoint late" in made.output
    assert "late" in run.invoke(app, ["endpoints", "ls"]).output
    assert "delay" in run.invoke(app, ["endpoints", "show", "late"]).output
    assert "no release yet" in run.invoke(app, ["releases", "ls"]).output
    refused = run.invoke(app, ["releases", "rollback", "rel_x", "--reason", "it is slow"])
    assert isinstance(refused.exception, NotFound)
