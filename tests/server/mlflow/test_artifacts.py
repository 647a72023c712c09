"""The artifact proxy of the MLflow protocol."""

import pytest
from tests.server.mlflow.conftest import Caller

PROXY = "/mlflow-artifacts/artifacts"


@pytest.fixture
def run(mlflow: Caller) -> str:
    return str(mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"])


def test_a_file_comes_back_as_it_was_put(mlflow: Caller, run: str) -> None:
    body = bytes(range(256)) * 4000
    path = f"{PROXY}/0/{run}/artifacts/plots/a b.png"
    assert mlflow.call("PUT", path, body=body).status == 200
    answer = mlflow.call("GET", path)
    assert answer.body == body
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_an_empty_file_is_a_file(mlflow: Caller, run: str) -> None:
    path = f"{PROXY}/0/{run}/artifacts/empty.txt"
    mlflow.call("PUT", path)
    assert mlflow.call("GET", path).body == b""


def test_folders_are_listed_by_base_name_and_runs_by_relative_path(mlflow: Caller, run: str) -> None:
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/{name}", body=b"12")
    found = mlflow.call("GET", PROXY, path=f"0/{run}/artifacts").json["files"]
    assert found == [
        {"path": "a.txt", "is_dir": False, "file_size": 2},
        {"path": "sub", "is_dir": True},
    ]
    found = mlflow.call("GET", PROXY, path=f"0/{run}/artifacts/sub").json["files"]
    assert [file["path"] for file in found] == ["b.txt", "deep"]
    listed = mlflow.get("artifacts/list", run_id=run, path="sub")
    assert [file["path"] for file in listed["files"]] == ["sub/b.txt", "sub/deep"]
    assert listed["root_uri"] == f"mlflow-artifacts:/0/{run}/artifacts"
    assert mlflow.call("GET", PROXY, path=f"0/{run}/artifacts/a.txt").json["files"] == []


def test_putting_again_replaces(mlflow: Caller, run: str) -> None:
    path = f"{PROXY}/0/{run}/artifacts/a.txt"
    mlflow.call("PUT", path, body=b"1")
    mlflow.call("PUT", path, body=b"2")
    assert mlflow.call("GET", path).body == b"2"


def test_deleting_a_folder_takes_what_is_below_and_nothing_else(mlflow: Caller, run: str) -> None:
    for name in ("sub/b", "sub/c/d", "subway"):
        mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/{name}", body=b"1")
    assert mlflow.call("DELETE", f"{PROXY}/0/{run}/artifacts/sub").status == 200
    assert [file.path for file in mlflow.home.tracking.artifacts.tree(run)] == ["subway"]


def test_a_file_cannot_take_a_folders_place(mlflow: Caller, run: str) -> None:
    mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/a/b", body=b"1")
    assert mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/a", body=b"1").status == 400
    assert mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/a/b/c", body=b"1").status == 400


def test_nothing_is_kept_for_a_run_that_is_not_there(mlflow: Caller) -> None:
    answer = mlflow.call("PUT", f"{PROXY}/0/{'0' * 32}/artifacts/a", body=b"1")
    assert (answer.status, answer.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow.call("GET", f"{PROXY}/0/{'0' * 32}/artifacts/a").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "a/../../secret",
        "a/./b",
        "/etc/passwd",
        "%2e%2e/secret",
        "..%2fsecret",
        "%252e%252e%252fsecret",
        "..\\secret",
        "C:/windows",
        "a\x00b",
        "a\nb",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_climbs_out(mlflow: Caller, run: str, path: str, method: str) -> None:
    answer = mlflow.call(method, f"{PROXY}/0/{run}/artifacts/{path}", body=b"1")
    assert answer.status in (400, 404), answer.body
    assert mlflow.home.tracking.artifacts.tree(run) == []
    assert mlflow.home.tracking.artifacts.tree("shared") == []


def test_a_listing_that_climbs_is_refused(mlflow: Caller, run: str) -> None:
    assert mlflow.refuse("GET", "artifacts/list", run_id=run, path="../..")[0] == 400
    assert mlflow.call("GET", PROXY, path="../../etc").status == 400


def test_a_changed_blob_is_not_sent_as_if_it_were_whole(mlflow: Caller, run: str) -> None:
    path = f"{PROXY}/0/{run}/artifacts/a.bin"
    mlflow.call("PUT", path, body=b"x" * 100)
    digest = str(mlflow.home.tracking.artifacts.tree(run)[0].digest)
    blob = mlflow.home.folder / "blobs" / digest[:2] / digest[2:]
    blob.chmod(0o644)
    blob.write_bytes(b"y" * 100)
    with pytest.raises(ConnectionError, match="digest"):
        mlflow.call("GET", path)


def test_the_same_bytes_are_kept_once(mlflow: Caller, run: str) -> None:
    for name in ("a", "b"):
        mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/{name}", body=b"same")
    first, second = mlflow.home.tracking.artifacts.tree(run)
    assert first.digest == second.digest
