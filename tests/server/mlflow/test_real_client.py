"""Scripts written for `mlflow server` run unchanged against a real Pomona server with its token."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.server.mlflow.serving import TOKEN, ServerProcess

SCRIPTS = Path(__file__).parent / "scripts"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_script(tmp_path: Path) -> Iterator[Run]:
    server = ServerProcess(tmp_path / "home")
    server.start()

    def run(script: str, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
        env = os.environ | {
            "MLFLOW_TRACKING_URI": server.address,
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
        }
        command = [sys.executable, str(SCRIPTS / script)]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)

    yield run
    server.stop()


def test_the_client_logs_searches_and_moves_files(run_script: Run) -> None:
    done = run_script("client.py")
    assert "client script done" in done.stdout, done.stderr[-3000:]
    refused = run_script("client.py", token="plum")
    assert refused.returncode != 0
    assert "token is not valid" in refused.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_program_that_traces_runs_unchanged(run_script: Run) -> None:
    done = run_script("tracing.py")
    assert "tracing script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_program_with_prompts_runs_unchanged(run_script: Run) -> None:
    done = run_script("prompting.py")
    assert "prompting script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_program_that_keeps_webhooks_runs_unchanged(run_script: Run) -> None:
    done = run_script("hooks.py")
    assert "hooks script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_program_with_evaluation_datasets_runs_unchanged(run_script: Run) -> None:
    done = run_script("evaluating.py")
    assert "evaluating script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_large_file_goes_in_parts(run_script: Run) -> None:
    done = run_script("parts.py")
    assert "parts script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_ordinary_script_with_autolog_runs_unchanged(run_script: Run) -> None:
    done = run_script("ordinary.py")
    assert "ordinary script done" in done.stdout, done.stderr[-3000:]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_boosted_trees_and_tuning_run_unchanged(run_script: Run) -> None:
    done = run_script("boosting.py")
    assert "boosting script done" in done.stdout, done.stderr[-3000:]
