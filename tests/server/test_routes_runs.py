"""Runs and models over our own API, from the SDK and the CLI."""

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
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


def test_a_page_is_shown_where_it_can_reach_nothing(client: Client, runs: list[str]) -> None:
    reply = client.session.call("GET", f"/api/v1/runs/{runs[0]}/pages/page.html")
    policy = reply.headers["content-security-policy"]
    assert reply.headers["content-type"].startswith("text/html")
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    with pytest.raises(Invalid, match="no page"):
        client.session.call("GET", f"/api/v1/runs/{runs[0]}/pages/model/MLmodel")
    with pytest.raises(Invalid, match="no table"):
        client.session.call("GET", f"/api/v1/runs/{runs[0]}/tables/page.html")
    with pytest.raises((Invalid, NotFound)):
        client.session.call("GET", f"/api/v1/runs/{runs[0]}/tables/..%2F..%2Fsecret.csv")


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


def test_runs_come_out_as_frames_and_files(client: Client, runs: list[str], tmp_path: Path) -> None:
    frame = client.runs.frame(order_by="metrics.test_roc_auc DESC").to_polars()
    assert frame["run_id"].to_list() == [runs[1], runs[0]]
    assert frame["params.depth"].to_list() == ["second", "first"]
    assert frame["metrics.a/loss"].to_list() == [1 / 300, 1 / 300]
    assert client.runs.frame(stat="max", limit=1).to_arrow()["metrics.a/loss"].to_pylist() == [1.0]
    assert client.runs.frame(filter="metrics.nope > 1").to_polars().is_empty()
    for end in ("csv", "parquet", "jsonl"):
        written = client.runs.export(tmp_path / f"runs.{end}", filter="params.depth = 'first'")
        assert runs[0].encode() in written.read_bytes() or end == "parquet"
    assert pl.read_parquet(tmp_path / "runs.parquet")["run_name"].to_list() == ["first"]
    assert pl.read_csv(tmp_path / "runs.csv")["metrics.test_roc_auc"].to_list() == [0.72]
    with pytest.raises(Invalid, match="no kind of table"):
        client.runs.export(tmp_path / "runs.xlsx")
    with pytest.raises(Invalid, match="limit"):
        client.runs.frame(limit=0).to_arrow()


def test_many_runs_are_drawn_tagged_and_put_away_from_the_sdk(client: Client, runs: list[str]) -> None:
    drawn = client.runs.curves(runs, ["a/loss"], smooth=0.5, points=50)
    assert [curve.label for curve in drawn.curves] == ["first", "second"]
    assert all(len(curve.x) <= 50 for curve in drawn.curves)
    [mean] = client.runs.curves(runs, ["a/loss"], group_by="params.lr").curves
    assert (mean.label, mean.low is not None) == ("1", True)
    assert client.runs.importance(runs, "test_roc_auc") == []
    assert client.runs.keys().params == ["depth", "lr"]
    assert client.runs.tag([runs[0][:8]], {"team": "risk", "gone": None}) == 1
    assert client.runs.get(runs[0]).run.tags["team"] == "risk"
    assert client.runs.archive(runs) == 2
    assert list(client.runs.list(filter="tags.`pomona.archived` IS NULL")) == []
    assert client.runs.delete(runs[:1]) == 1
    assert [run.name for run in client.runs.list()] == ["second"]
    assert client.runs.restore(runs) == 2
    assert len(list(client.runs.list(filter="tags.`pomona.archived` IS NULL"))) == 2
    with pytest.raises(NotFound):
        client.runs.delete(["0" * 32])


def test_commands_of_many_runs(tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def say(*words: str) -> str:
        result = CliRunner().invoke(commands, ["runs", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    listed = say("ls", "--csv", "-c", "params.depth", "-m", "test_roc_auc", "-o", "metrics.test_roc_auc ASC")
    head, first, _ = listed.splitlines()
    assert head == "run,name,status,started,test_roc_auc,depth"
    assert first.startswith(f"{runs[0]},first,FINISHED,")
    assert first.endswith(",0.72,first")
    assert "0.25" in say("ls", "-m", "a/loss", "--stat", "at", "--step", "3")
    target = tmp_path / "out.csv"
    assert "out.csv" in say("export", str(target), "-n", "1")
    assert len(target.read_text().splitlines()) == 2
    assert "nothing can be said" in say("importance", "test_roc_auc")
    assert "2 runs tagged" in say("tag", *runs, "--set", "team=risk", "--remove", "draft")
    assert "1 runs archived" in say("archive", runs[0])
    assert "1 runs deleted" in say("delete", runs[0])
    assert "1 runs restored" in say("restore", runs[0])
    assert "no view is kept" in say("views")
    with pytest.raises(Invalid, match="no column"):
        say("ls", "-c", "depth")
