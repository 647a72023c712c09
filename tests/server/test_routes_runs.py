"""Runs and models over our own API, from the SDK and the CLI."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pomona.app import open_app
from pomona.business.records import NewHypothesis
from pomona.cli.main import app as commands
from pomona.core.errors import Invalid, NotFound, Refused
from pomona.registry.records import Score
from pomona.sdk.client import Client, connect
from pomona.training.records.runs import Metric
from pomona.training.rules.paths import ArtifactAddress

MLMODEL = b"flavors:\n  python_function:\n    loader_module: x\n"


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two finished runs, each with a model and a page."""
    opened = open_app(tmp_path)
    opened.business.create(
        NewHypothesis(
            name="late", statement="if we warn, people wait less", metric="roc_auc", baseline=0.5, target=0.7
        )
    )
    made = []
    for name, auc in (("first", 0.72), ("second", 0.8)):
        run = opened.tracking.start(name=name, tags={"pomona.hypothesis": "late"})
        metrics = [Metric(key="test_roc_auc", value=auc, timestamp=1)]
        metrics += [Metric(key="a/loss", value=1 / (i + 1), timestamp=i, step=i) for i in range(300)]
        opened.tracking.log(run.id, metrics=metrics, params=[("depth", name), ("lr", "1")])
        for path, body in (("model/MLmodel", MLMODEL), ("page.html", b"<script>alert(1)</script>")):
            opened.tracking.artifacts.put(ArtifactAddress(root=run.id, path=path), io.BytesIO(body))
        opened.tracking.finish(run.id)
        made.append(run.id)
    opened.close()
    return made


@pytest.fixture
def client(tmp_path: Path, runs: list[str]) -> Iterator[Client]:
    with connect(home=tmp_path) as found:
        yield found


def test_runs_are_listed_filtered_and_shown(client: Client, runs: list[str]) -> None:
    assert [run.name for run in client.runs.list(order_by="metrics.test_roc_auc ASC")] == ["first", "second"]
    found = list(client.runs.list(filter="metrics.test_roc_auc > 0.75", experiment="Default", limit=5))
    assert [run.id for run in found] == [runs[1]]
    detail = client.runs.get(runs[0][:10])
    assert (detail.run.id, detail.experiment_name) == (runs[0], "Default")
    assert [file.path for file in detail.artifacts] == ["model/MLmodel", "page.html"]
    assert {link.relation for link in detail.links} == {"tests"}
    assert [item.name for item in client.runs.experiments()] == ["Default"]
    with pytest.raises(NotFound):
        client.runs.get("0" * 32)
    with pytest.raises(Invalid):
        list(client.runs.list(filter="oops"))


def test_a_chart_has_as_many_points_as_asked_for(client: Client, runs: list[str]) -> None:
    chart = client.runs.metric(runs[0], "a/loss", points=50)
    assert chart.total == 300
    assert len(chart.points) <= 50
    with pytest.raises(NotFound):
        client.runs.metric(runs[0], "nope")


def test_runs_are_compared_where_they_differ(client: Client, runs: list[str]) -> None:
    found = client.runs.compare(runs)
    assert found.params == {"depth": ["first", "second"]}
    assert found.metrics["test_roc_auc"] == [0.72, 0.8]
    with pytest.raises(Invalid):
        client.runs.compare(runs[:1])


def test_a_page_that_a_user_stored_never_runs_as_ours(client: Client, runs: list[str]) -> None:
    reply = client.session.call("GET", f"/api/v1/runs/{runs[0]}/artifacts/page.html")
    assert reply.body == b"<script>alert(1)</script>"
    assert reply.headers["content-type"].startswith("text/plain")
    assert "sandbox" in reply.headers["content-security-policy"]
    with pytest.raises((Invalid, NotFound)):
        client.runs.read(runs[0], "../secret")


def test_a_model_goes_from_run_to_champion(client: Client, runs: list[str]) -> None:
    made = client.models.register("late", run_id=runs[0], description="first")
    with pytest.raises(Refused, match="not checked"):
        client.models.set_alias("late", "champion", 1)
    assert client.models.check_gate("late", 1).passed
    assert client.models.set_alias("late", "champion", 1).aliases == ("champion",)
    client.models.register("late", run_id=runs[1])
    lost = client.models.check_gate(
        "late", 2, candidate=Score(metric="roc_auc", value=0.6), champion=Score(metric="roc_auc", value=0.7)
    )
    assert not lost.passed
    assert [gate.id for gate in client.models.gates("late", 2)] == [lost.id]
    detail = client.models.get("late")
    assert [version.number for version in detail.versions] == [2, 1]
    assert (detail.model.aliases, detail.model.latest) == ({"champion": 1}, 2)
    assert client.models.version("late@champion").version.id == made.id
    assert client.models.version("models:/late/1").gates[0].passed
    assert client.models.verify("late", 1).digest == made.digest
    assert client.models.read("late", 1, "MLmodel") == MLMODEL
    client.models.remove_alias("late", "champion")
    assert [model.aliases for model in client.models.list()] == [{}]


def test_every_command_prints_something_sensible(
    tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def say(*words: str) -> str:
        result = CliRunner().invoke(commands, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "second" in say("runs", "ls", "--where", "metrics.test_roc_auc > 0.75")
    assert "model/MLmodel" in say("runs", "show", runs[0])
    assert "depth" in say("runs", "compare", *runs)
    assert "Default" in say("runs", "experiments")
    assert "late/1" in say("models", "register", "late", "--run", runs[0])
    assert "target 0.7 reached" in say("models", "gate", "late", "1")
    assert "version 1" in say("models", "alias", "late", "champion", "1")
    assert "champion" in say("models", "show", "late")
    assert "late" in say("models", "ls", "--json")
    assert "as registered" in say("models", "verify", "late", "1")
