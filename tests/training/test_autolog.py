"""A script with one line more: its MLflow runs say which code and which machine made them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.mlflow.serving import TOKEN, ServerProcess

from pomona.sdk.client import Client, connect
from pomona.training.code.rules import said_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SCRIPT = """
import logging, mlflow
logging.basicConfig(level="WARNING")
import pomona
early = mlflow.start_run(run_name="early")
pomona.autolog()
mlflow.end_run()
with mlflow.start_run(run_name="late"):
    mlflow.log_metric("loss", 0.5)
pomona.autolog(disable=True)
with mlflow.start_run(run_name="silent"):
    pass
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    found = ServerProcess(tmp_path / "home")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with connect(server.address, token=TOKEN) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "train.py").write_text("print(1)\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root)]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (root / "train.py").write_text(SCRIPT)
    return root


def run(script: Path, address: str, **more: str) -> str:
    told = {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_TRACKING_TOKEN": TOKEN,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | told | more, cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def test_runs_say_where_they_come_from(server: ServerProcess, client: Client, project: Path) -> None:
    run(project / "train.py", server.address)
    by_name = {row.name: client.runs.get(row.id) for row in client.runs.list()}
    for name in ("early", "late"):
        found = by_name[name]
        assert found.code.changes is not None
        assert "with uncommitted changes" in str(said_of(found.code))
        assert [file.path for file in found.code.changes.files] == ["train.py"]
        assert "+pomona.autolog()" in client.runs.diff(found.run.id).text
        assert found.environment
        assert found.machine is not None
        assert found.machine.python == sys.version.split()[0]
    assert by_name["early"].code.diff == by_name["late"].code.diff
    assert by_name["silent"].code.diff is None
    compared = client.runs.compare([by_name[name].run.id for name in ("early", "late")])
    assert compared.same_code is True


def test_a_variable_does_it_without_a_line_and_a_foreign_server_is_left_alone(
    server: ServerProcess, client: Client, project: Path, tmp_path: Path
) -> None:
    script = project / "train.py"
    script.write_text("import mlflow\nwith mlflow.start_run(run_name='plain'):\n    pass\n")
    run(script, server.address, POMONA_AUTOLOG="1")
    run(script, server.address)
    with_it, without = sorted(client.runs.list(), key=lambda row: row.started_at)
    assert client.runs.get(with_it.id).code.diff
    assert client.runs.get(without.id).code.diff is None
    said = run(script, f"sqlite:///{tmp_path / 'own.db'}", POMONA_AUTOLOG="1")
    assert "Pomona" not in said
