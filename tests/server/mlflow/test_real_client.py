"""Scripts written for `mlflow server` run unchanged against a real Pomona server with its token."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

SCRIPTS = Path(__file__).parent / "scripts"
TOKEN = "quince"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_script(tmp_path: Path) -> Iterator[Run]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text(TOKEN)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pomona.server.process", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/health", server)

        def run(script: str, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
            env = os.environ | {
                "MLFLOW_TRACKING_URI": address,
                "MLFLOW_TRACKING_TOKEN": token,
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "GIT_PYTHON_REFRESH": "quiet",
            }
            return subprocess.run(
                [sys.executable, str(SCRIPTS / script)],
                env=env,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )

        yield run
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    pool = urllib3.PoolManager(retries=False)
    for _ in range(300):
        assert server.poll() is None, "the server did not start"
        try:
            if pool.request("GET", url).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


def test_the_client_logs_searches_and_moves_files(run_script: Run) -> None:
    done = run_script("client.py")
    assert "client script done" in done.stdout, done.stderr[-3000:]
    refused = run_script("client.py", token="plum")
    assert refused.returncode != 0
    assert "token is not valid" in refused.stderr


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_ordinary_script_with_autolog_runs_unchanged(run_script: Run) -> None:
    done = run_script("ordinary.py")
    assert "ordinary script done" in done.stdout, done.stderr[-3000:]
