"""The client of the minor version before, in an environment of its own, runs the same scripts."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.mlflow.serving import TOKEN, ServerProcess

SCRIPTS = Path(__file__).parent / "scripts"
OLDER = "3.16.*"
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the older client: what it needs comes from this one's packages."""
    folder = tmp_path_factory.mktemp("older")
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    wanted = [f"mlflow=={OLDER}", "pytest"]
    command = [str(found), "-m", "pip", "install", "-q", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    found = ServerProcess(tmp_path / "home")
    found.start()
    yield found
    found.stop()


@pytest.mark.parametrize(
    "script", ["client", "ordinary", "tracing", "parts", "prompting", "evaluating", "hooks"]
)
def test_the_older_client_runs_it_unchanged(
    python: Path, server: ServerProcess, tmp_path: Path, script: str
) -> None:
    env = os.environ | {
        "MLFLOW_TRACKING_URI": server.address,
        "MLFLOW_TRACKING_TOKEN": TOKEN,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    env.pop("PYTHONPATH", None)
    assert python != Path(sys.executable)
    command = [str(python), str(SCRIPTS / f"{script}.py")]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"{script} script done" in done.stdout, done.stderr[-3000:]
