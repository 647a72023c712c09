"""Hundreds of ways to climb out of a run, at every endpoint that takes a path: none leads anywhere."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.databases import open_sqlite as open_database  # noqa: F401
from tests.server.mlflow.conftest import Caller

PROXY = "/mlflow-artifacts/artifacts"
SECRET = b"quince jelly"
_DOTS = (
    "..",
    "%2e%2e",
    ".%2e",
    "%252e%252e",
    "%c0%ae%c0%ae",
    "..;",
    "․․",
    ". .",
    "...",
    "%u002e%u002e",
    "..\x00",
)
_SLASHES = ("/", "\\", "%2f", "%5c", "%252f", "%255c", "%c0%af", "//", "/./", "／")
_TARGETS = ("secret.txt", "t.db", "etc/passwd")
CLIMBS = [
    slash.join([*[dots] * depth, target])
    for dots, slash, target, depth in itertools.product(_DOTS, _SLASHES, _TARGETS, (1, 4))
]
ABSOLUTE = [
    "/etc/passwd",
    "//etc/passwd",
    "C:/windows/win.ini",
    "c:\\windows\\win.ini",
    "\\\\host\\share\\x",
    "file:///etc/passwd",
    "http://127.0.0.1/x",
    "~/secret.txt",
    "$HOME/secret.txt",
    "a/../../../secret.txt",
    "a/b/../../../../t.db",
    "./../secret.txt",
    "%2fetc%2fpasswd",
    "%252fetc%252fpasswd",
    "con",
    "a\nb",
    "x" * 1001,
]
CORPUS = [*CLIMBS, *ABSOLUTE]


@pytest.fixture
def run(mlflow: Caller) -> str:
    found: str = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for at in (mlflow.home.folder / "secret.txt", mlflow.home.folder.parent / "secret.txt"):
        at.write_bytes(SECRET)
    return found


@pytest.fixture
def model(mlflow: Caller) -> str:
    """A logged model that is the first version of ``scorer``."""
    made = mlflow.post("logged-models", experiment_id="0", name="m")
    found: str = made["model"]["info"]["model_id"]
    mlflow.call("PUT", f"{PROXY}/0/models/{found}/artifacts/MLmodel", body=b"flavors: {python_function: {}}")
    mlflow.post("registered-models/create", name="scorer")
    mlflow.post("model-versions/create", name="scorer", source=f"models:/{found}")
    return found


def test_the_corpus_is_large() -> None:
    assert len(set(CORPUS)) >= 500  # at each of eleven endpoints


def kept(folder: Path) -> dict[str, bytes]:
    """Every file that is not the store's own, and what is in it."""
    own = ("blobs", "uploads", "tables", "incoming")
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] not in own
    ]
    return {str(path): path.read_bytes() for path in files if not path.name.startswith("t.db")}


def asked(mlflow: Caller, run: str, model: str, path: str) -> list[Any]:
    """One path at every endpoint that takes one."""
    root = f"0/{run}/artifacts"
    upload = {"path": path, "num_parts": 1}
    return [
        mlflow.call("GET", f"{PROXY}/{root}/{path}"),
        mlflow.call("PUT", f"{PROXY}/{root}/{path}", body=b"plum"),
        mlflow.call("DELETE", f"{PROXY}/{root}/{path}"),
        mlflow.call("GET", PROXY, path=f"{root}/{path}"),
        mlflow.call("GET", "/mlflow/artifacts/list", run_id=run, path=path),
        mlflow.call("POST", f"/mlflow-artifacts/mpu/create/{root}/{path}", {"path": "x", "num_parts": 1}),
        mlflow.call("POST", f"/mlflow-artifacts/mpu/create/{root}", upload),
        mlflow.call("GET", "/get-artifact", run_id=run, path=path),
        mlflow.call("POST", "/mlflow/upload-artifact", body=b"plum", run_uuid=run, path=path),
        mlflow.call("GET", f"/mlflow/logged-models/{model}/artifacts/files", artifact_file_path=path),
        mlflow.call("GET", "/model-versions/get-artifact", name="scorer", version="1", path=path),
    ]


@pytest.mark.parametrize("start", range(0, len(CORPUS), 50))
def test_no_path_leads_out(mlflow: Caller, run: str, model: str, start: int) -> None:
    before = kept(mlflow.home.folder)
    above = {path.name for path in mlflow.home.folder.parent.iterdir()}
    for path in CORPUS[start : start + 50]:
        for found in asked(mlflow, run, model, path):
            assert found.status < 500, (path, found.body)
            assert SECRET not in found.body, path
            assert b"root:" not in found.body, path
    assert kept(mlflow.home.folder) == before
    assert {path.name for path in mlflow.home.folder.parent.iterdir()} == above


@pytest.mark.parametrize("path", [*CLIMBS[:60:7], *ABSOLUTE[:6]])
def test_a_path_is_no_model_s_source_either(mlflow: Caller, run: str, path: str) -> None:
    mlflow.post("registered-models/create", name="scorer")
    for source in (
        path,
        f"runs:/{run}/{path}",
        f"mlflow-artifacts:/0/{run}/artifacts/{path}",
        f"file://{path}",
    ):
        status, _, _ = mlflow.refuse("POST", "model-versions/create", name="scorer", source=source)
        assert status in (400, 404), source


def test_what_is_put_below_a_run_stays_there(mlflow: Caller, run: str) -> None:
    """Paths that look odd but climb nowhere are kept under their own names."""
    for path in (". .", "...", "a b", "é", "․․"):
        done = mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/{path}", body=b"plum")
        if done.status == 200:
            assert mlflow.call("GET", f"{PROXY}/0/{run}/artifacts/{path}").body == b"plum"
    names = [file.path for file in mlflow.home.tracking.artifacts.tree(run)]
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/")]
