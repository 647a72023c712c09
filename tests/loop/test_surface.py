"""The loop through SDK, HTTP and commands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pomona.cli.main import app
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.loop.records import Recipe
from pomona.sdk.client import Client, connect

RECIPE = Recipe(entry="gbt", label="late")


def prepare(client: Client, folder: Path) -> None:
    """An endpoint, a dataset without a version, and an entry that trains on it."""
    script = folder / "train.py"
    script.write_text("print('nothing')\n")
    client.data.create("flights", key=["id"], time_column="at")
    client.training.store("gbt", script=script, data="flights", model="delay")
    client.endpoints.create("late", model="delay")


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as client:
        prepare(client, tmp_path)
        yield client


def test_a_trigger_comes_back_as_it_was_made(client: Client) -> None:
    made = client.loop.trigger("on-drift", endpoint="late", kind="drift", recipe=RECIPE, cooldown_hours=24)
    assert client.loop.get("on-drift") == client.loop.get(made.id) == made
    assert list(client.loop.triggers(endpoint="late")) == [made]
    assert not client.loop.pause("on-drift").enabled
    assert client.loop.resume("on-drift").enabled
    with pytest.raises(Conflict):
        client.loop.resume("on-drift")


def test_a_request_says_why_it_cannot_be(client: Client) -> None:
    client.loop.trigger("by-hand", endpoint="late", kind="request", recipe=RECIPE)
    asked = client.loop.retrain("by-hand", reason="the fair starts")
    assert not asked.fired
    assert asked.reason.endswith("the fair starts: there is no usable data version")
    assert client.loop.reaction(asked.id) == asked
    assert list(client.loop.reactions(trigger="by-hand")) == [asked]


def test_errors_arrive_as_the_class_the_service_raised(client: Client) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        client.loop.trigger("x", endpoint="nowhere", kind="drift", recipe=RECIPE)
    with pytest.raises(NotFound, match="nothing"):
        client.loop.trigger("x", endpoint="late", kind="drift", recipe=Recipe(entry="nothing", label="late"))
    with pytest.raises(Invalid, match="cron"):
        client.loop.trigger("x", endpoint="late", kind="schedule", recipe=RECIPE)
    with pytest.raises(NotFound):
        client.loop.retrain("nothing", reason="now")


def test_a_broken_script_is_told_on_the_reaction(client: Client, tmp_path: Path) -> None:
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    client.data.commit("flights", pl.DataFrame({"id": [1, 2], "at": times, "late": [True, False]}))
    script = tmp_path / "broken.py"
    script.write_text("raise KeyError('hour')\n")
    client.training.store("gbt", script=script, data="flights", model="delay", params={"holdout_days": 1})
    client.loop.trigger("by-hand", endpoint="late", kind="request", recipe=RECIPE)
    asked = client.loop.retrain("by-hand", reason="to see it break")
    assert asked.fired
    assert client.jobs.get(str(asked.job)).state == "failed"
    told = client.loop.reaction(asked.id)
    assert told.outcome == "failed"
    assert "hour" in told.outcome_reason


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    with connect() as client:
        prepare(client, tmp_path)
    run = CliRunner()
    options = ["--endpoint", "late", "--kind", "request", "--entry", "gbt", "--label", "late"]
    made = run.invoke(app, ["loop", "trigger", "by-hand", *options])
    assert made.exit_code == 0, made.output
    assert "by-hand" in run.invoke(app, ["loop", "triggers"]).output
    assert "no reaction yet" in run.invoke(app, ["loop", "reactions"]).output
    asked = run.invoke(app, ["loop", "request", "by-hand", "--reason", "now"])
    assert "no usable data version" in str(asked.exception)
    assert "paused" in run.invoke(app, ["loop", "pause", "by-hand"]).output
    assert "is on" in run.invoke(app, ["loop", "resume", "by-hand"]).output
