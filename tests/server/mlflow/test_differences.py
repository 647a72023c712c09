"""Answers compared field by field with those of a real ``mlflow server``."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
import urllib3
from tests.databases import open_database  # noqa: F401
from tests.server.mlflow.cases import ALL, ON_PURPOSE
from tests.server.mlflow.cases_files import FILES_ON_PURPOSE, VIEWER
from tests.server.mlflow.cases_more import MORE, MORE_ON_PURPOSE
from tests.server.mlflow.conftest import ABSOLUTE, Caller
from tests.server.mlflow.differences import Ask, differences

CASES = ALL | MORE | {"files in pages": VIEWER}
MEANT = ON_PURPOSE + MORE_ON_PURPOSE + FILES_ON_PURPOSE
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@contextmanager
def running(folder: Path, *options: str, **variables: str) -> Iterator[str]:
    """The address of a reference server of its own, its database in ``o.db`` of the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/o.db", *options]
    env = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"} | variables
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(process, address, folder / "log")
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    pool = urllib3.PoolManager(retries=False)
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if pool.request("GET", f"{address}/health").status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of the reference server, and its database."""
    folder: Path = tmp_path_factory.mktemp("reference")
    with running(folder, "--artifacts-destination", str(folder / "a")) as address:
        yield address, folder / "o.db"


@pytest.fixture
def reference(server: tuple[str, Path]) -> str:
    """The address of the reference server, that holds no more than the default experiment."""
    address, database = server
    kept = ("alembic_version", "sqlite_sequence", "workspaces")
    with closing(sqlite3.connect(database, timeout=30)) as rows, rows:
        found = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in found:
            if table not in kept:
                but = " WHERE experiment_id <> 0" if table == "experiments" else ""
                rows.execute(f"DELETE FROM {table}{but}")
    return address


def asking(reference: str) -> Ask:
    pool = urllib3.PoolManager(retries=False)

    def ask(method: str, path: str, fields: Any) -> tuple[int, Any]:
        url = f"{reference}{path if path.startswith(ABSOLUTE) else f'/api/2.0/mlflow{path}'}"
        if method == "GET":
            found = pool.request("GET", f"{url}?{urlencode(fields, doseq=True)}")
        else:
            found = pool.request(method, url, json=fields)
        return found.status, _body(found.data)

    return ask


def _body(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data or b"{}")
    except msgspec.DecodeError:
        return {"message": data[:200].decode()}  # a page of HTML


@pytest.mark.parametrize("name", list(CASES))
def test_answers_are_those_of_the_reference(mlflow: Caller, reference: str, name: str) -> None:
    def ask(method: str, path: str, fields: Any) -> tuple[int, Any]:
        where = path if path.startswith(ABSOLUTE) else f"/mlflow{path}"
        mlflow.home.clock.advance(seconds=0.01)
        plain, _, query = where.partition("?")
        query_of = fields if method == "GET" else dict(parse_qsl(query))
        done = mlflow.call(method, plain, None if method == "GET" else fields, **query_of)
        return done.status, _body(done.body)

    found = list(differences(ask, asking(reference), CASES[name]))
    wanted = {f"{method} {path} {fields}" for method, path, fields in MEANT}
    assert not [item for item in found if item[0] not in wanted], "\n".join(map(str, ["", *found]))
    asked = {f"{method} {path.partition(' => ')[0]} {fields}" for method, path, fields in CASES[name]}
    assert wanted & asked <= {item[0] for item in found}, "what differs no more is no longer on purpose"
