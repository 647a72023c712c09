"""Training entries from SDK and command line: real scripts in real processes, MLflow included."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import pomona
from pomona.cli.main import app as cli
from pomona.core.errors import NotFound, UserCodeFailed
from pomona.sdk.client import Client, connect
from pomona.sdk.script import params, training_data
from pomona.training.records.entries import DataSelector, Limits

GOOD = """
    import pomona

    data = pomona.training_data()
    assert pomona.params({"rate": 1.0, "depth": 1}) == {"rate": 0.5, "depth": 1}
    print("rows", data.to_arrow().num_rows, data.select(["x"]).to_arrow().column_names)
"""
TRACKED = """
    import mlflow

    mlflow.set_experiment("by hand")
    with mlflow.start_run():
        mlflow.log_param("a", 1)
        mlflow.log_metric("m", 2.0)
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as opened:
        opened.data.create("flights", key=["id"])
        opened.data.commit("flights", pa.table({"id": [1, 2, 3], "x": [1.0, 2.0, 3.0]}))
        yield opened


def script(folder: Path, code: str) -> Path:
    path = folder / "train.py"
    path.write_text(dedent(code))
    return path


def test_a_script_asks_for_its_data_and_parameters(client: Client, tmp_path: Path) -> None:
    client.training.store(
        "late",
        script=script(tmp_path, GOOD),
        data=DataSelector(ref="flights", columns=("id", "x")),
        params={"rate": 0.1},
    )
    done = client.training.run("late", params={"rate": 0.5})
    job = next(client.jobs.list(kind="train"))
    assert "rows 3 ['x']" in client.jobs.log(job.id)
    assert client.runs.get(done.run).run.status == "FINISHED"
    assert client.training.code("late") == dedent(GOOD)


def test_an_ordinary_mlflow_script_continues_the_run_made_for_it(client: Client, tmp_path: Path) -> None:
    client.training.store("late", script=script(tmp_path, TRACKED), data="flights")
    done = client.training.run("late")
    [run] = client.runs.list()
    assert (run.id, run.metrics["m"], run.params["a"]) == (done.run, 2.0, "1")
    assert client.runs.get(run.id).experiment_name == "by hand"


def test_a_broken_script_has_its_traceback_on_the_run_s_page(client: Client, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def explode():\n    raise KeyError('boom')\n")
    path = script(tmp_path, "import helper\nhelper.explode()\n")
    client.training.store("late", script=path, data="flights", include=["hel*.py"])
    with pytest.raises(UserCodeFailed, match="KeyError: 'boom'") as caught:
        client.training.run("late")
    [run] = client.runs.list()
    error = client.runs.get(run.id).error or ""
    assert run.id in (caught.value.hint or "")
    assert 'File "helper.py", line 2, in explode' in error


def test_an_endless_script_is_stopped_and_says_which_limit(client: Client, tmp_path: Path) -> None:
    path = script(tmp_path, "while True: pass")
    client.training.store("late", script=path, data="flights", limits=Limits(wall_s=1))
    with pytest.raises(UserCodeFailed, match="ran longer than 1 s"):
        client.training.run("late")


def test_the_git_state_of_the_script_is_kept(client: Client, tmp_path: Path) -> None:
    import subprocess

    path = script(tmp_path, "print(1)")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "train.py"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    path.write_text("print(2)")
    kept = client.training.store("late", script=path, data="flights")
    assert len(kept.git_commit or "") == 40
    assert kept.git_diff
    assert kept.environment


def test_by_hand_a_script_gets_its_defaults(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pomona.sdk.script._client", lambda: client)
    assert training_data("flights").rows == 3
    assert params({"depth": 1}) == {"depth": 1}
    with pytest.raises(NotFound, match="by hand"):
        training_data()
    assert pomona.params is params


def test_entries_from_the_command_line(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))

    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    path = script(tmp_path, "import pomona\nprint('depth', pomona.params()['depth'] + 1)")
    words: list[Any] = ["train", "store", "late", str(path), "--data", "flights", "-p", "depth=3"]
    assert "late@v1" in run(*words)
    assert "late@v1" in run("train", "ls")
    assert "train.py" in run("train", "show", "late")
    assert "pomona.params" in run("train", "show", "late", "--code")
    assert "run " in run("train", "run", "late", "-p", "depth=6")
    job = next(client.jobs.list(kind="train"))
    assert "depth 7" in run("train", "log", job.id)
