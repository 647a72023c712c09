"""Who is let in, and what the others are told, compared with a real ``mlflow server`` that asks for Basic."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from tests.server.mlflow.serving import TOKEN, ServerProcess
from tests.server.mlflow.test_differences import running

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SEARCH, RUN = "/api/2.0/mlflow/experiments/search", "/api/2.0/mlflow/runs/get?run_id=none"
ASKED = [
    ("POST", SEARCH),
    ("GET", RUN),
    ("POST", "/ajax-api/2.0/mlflow/runs/search"),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=none"),
    ("GET", "/get-artifact?run_id=none&path=x"),
    ("GET", "/api/3.0/mlflow/server-info"),
    ("GET", "/health"),
]
ADMIN = f"{TOKEN}-{TOKEN}"  # the reference wants twelve characters


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of a Pomona and of a reference server that let in who knows the password."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    config = f"""[mlflow]
default_permission = EDIT
database_uri = sqlite:///{folder}/auth.db
admin_username = ann
admin_password = {ADMIN}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""
    (folder / "auth.ini").write_text(config)
    options = ["--app-name", "basic-auth", "--artifacts-destination", str(folder / "a")]
    secrets = {"MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "plum"}
    ours = ServerProcess(folder / "home")
    ours.start()
    try:
        with running(folder, *options, **secrets) as theirs:
            yield ours.address, theirs
    finally:
        ours.stop()


@pytest.mark.parametrize("who", ["nobody", "ann", "ann with another password", "junk"])
def test_the_same_are_let_in(servers: tuple[str, str], who: str) -> None:
    pool = urllib3.PoolManager(retries=False)
    found = []
    for address, password in zip(servers, (TOKEN, ADMIN), strict=True):
        proof = {
            "ann": basic("ann", password),
            "ann with another password": basic("ann", "plum"),
            "junk": "Basic !!!",
        }.get(who)
        told = []
        for method, path in ASKED:
            headers = {"content-type": "application/json"} | ({"authorization": proof} if proof else {})
            body = b'{"max_results": 5, "experiment_ids": []}' if method == "POST" else None
            done = pool.request(method, address + path, body=body, headers=headers)
            asks = done.headers.get("www-authenticate", "").partition(" ")[0]
            told.append((path, done.status, asks))
        found.append(told)
    assert found[0] == found[1]
