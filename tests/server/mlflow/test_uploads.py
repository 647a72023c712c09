"""Files in parts: whole or not there at all, whatever order the parts come in."""

import io
import os
import time
from typing import Any

import pytest
from tests.databases import open_sqlite as open_database  # noqa: F401
from tests.server.mlflow.conftest import Caller

from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.uploads import UploadedPart, UploadService

MPU = "/mlflow-artifacts/mpu"
PROOF = {"authorization": "Bearer quince", "host": "orchard:5000"}


@pytest.fixture
def run(mlflow: Caller) -> str:
    found: str = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    return found


def begin(mlflow: Caller, run: str, parts: int = 3) -> Any:
    asked = {"path": "/home/ada/model.bin", "num_parts": parts}
    done = mlflow.call("POST", f"{MPU}/create/0/{run}/artifacts/deep", asked, headers=PROOF)
    assert done.status == 200, done.body
    return done.json


def send(mlflow: Caller, credential: Any, body: bytes) -> dict[str, Any]:
    prefix = "http://orchard:5000/api/2.0"
    assert credential["url"].startswith(prefix)
    done = mlflow.call("PUT", credential["url"].removeprefix(prefix), body=body)
    assert done.status == 200, done.body
    return {"part_number": credential["part_number"], "etag": done.headers["etag"], "url": credential["url"]}


def end(mlflow: Caller, run: str, what: str, upload: str, **fields: Any) -> Any:
    asked = {"path": "/home/ada/model.bin", "upload_id": upload} | fields
    return mlflow.call("POST", f"{MPU}/{what}/0/{run}/artifacts/deep", asked)


def test_parts_in_any_order_make_one_file(mlflow: Caller, run: str) -> None:
    begun = begin(mlflow, run)
    bodies = [os.urandom(70_000), os.urandom(70_000), b"end"]
    order = (2, 0, 1)
    send(mlflow, begun["credentials"][0], b"a part may come again")
    parts = [send(mlflow, begun["credentials"][at], bodies[at]) for at in order]
    assert mlflow.get("artifacts/list", run_id=run, path="deep")["files"] == []
    assert end(mlflow, run, "complete", begun["upload_id"], parts=parts).json == {}
    got = mlflow.call("GET", f"/mlflow-artifacts/artifacts/0/{run}/artifacts/deep/model.bin")
    assert got.body == b"".join(bodies)
    assert list((mlflow.home.folder / "uploads").iterdir()) == []
    assert end(mlflow, run, "complete", begun["upload_id"], parts=parts).status == 404


def test_the_sender_s_own_proof_goes_with_its_parts(mlflow: Caller, run: str) -> None:
    assert begin(mlflow, run, 1)["credentials"][0]["headers"] == {"Authorization": "Bearer quince"}


def test_an_upload_given_up_leaves_nothing(mlflow: Caller, run: str) -> None:
    begun = begin(mlflow, run)
    send(mlflow, begun["credentials"][0], b"x")
    assert end(mlflow, run, "abort", begun["upload_id"]).json == {}
    assert list((mlflow.home.folder / "uploads").iterdir()) == []
    assert end(mlflow, run, "abort", begun["upload_id"]).status == 404


@pytest.mark.parametrize("spoil", ["missing", "other", "gap", "climbing"])
def test_parts_that_are_not_what_was_answered_make_no_file(mlflow: Caller, run: str, spoil: str) -> None:
    begun = begin(mlflow, run, 2)
    first, second = (send(mlflow, credential, b"x") for credential in begun["credentials"])
    parts = {
        "missing": [first, second | {"part_number": 3}],
        "other": [first, second | {"etag": first["etag"][:-3] + '00"'}],
        "gap": [second],
        "climbing": [first, second | {"etag": "../../../t.db"}],
    }[spoil]
    done = end(mlflow, run, "complete", begun["upload_id"], parts=parts)
    assert (done.status, done.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert mlflow.get("artifacts/list", run_id=run, path="deep")["files"] == []


def test_an_upload_is_one_file_s(mlflow: Caller, run: str) -> None:
    begun = begin(mlflow, run, 1)
    part = send(mlflow, begun["credentials"][0], b"x")
    other = {"path": "other.bin", "upload_id": begun["upload_id"], "parts": [part]}
    done = mlflow.call("POST", f"{MPU}/complete/0/{run}/artifacts", other)
    assert (done.status, done.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("0/{run}/artifacts", {"num_parts": 1}, 400),
        ("0/{run}/artifacts", {"path": "x", "num_parts": 0x7FFF_FFFF}, 400),
        ("0/{run}/artifacts", {"path": "x", "num_parts": -1}, 400),
        ("0/{run}/artifacts", {"path": "..", "num_parts": 1}, 400),
        ("0/{run}/artifacts/../..", {"path": "x", "num_parts": 1}, 400),
        ("0/%s/artifacts" % ("a" * 32), {"path": "x", "num_parts": 1}, 404),
        ("model-versions/mv_%s/artifacts" % ("0" * 26), {"path": "x", "num_parts": 1}, 403),
    ],
)
def test_what_no_file_can_be_begun_for_is_refused(
    mlflow: Caller, run: str, path: str, asked: Any, status: int
) -> None:
    done = mlflow.call("POST", f"{MPU}/create/{path.format(run=run)}", asked)
    assert done.status == status, done.body


@pytest.mark.parametrize("tail", ["none/1", "../1", f"{'a' * 32}/1", f"{'a' * 32}/0", f"{'a' * 32}/x", "1"])
def test_a_part_of_no_upload_is_not_found(mlflow: Caller, tail: str) -> None:
    assert mlflow.call("PUT", f"{MPU}/part/{tail}", body=b"x").status == 404


def test_uploads_that_nobody_ends_are_swept(mlflow: Caller, run: str) -> None:
    begun = begin(mlflow, run)
    old = time.time() - 8 * 86_400
    os.utime(mlflow.home.folder / "uploads" / begun["upload_id"], (old, old))
    again = begin(mlflow, run)
    assert [place.name for place in (mlflow.home.folder / "uploads").iterdir()] == [again["upload_id"]]


def test_there_are_no_addresses_without_this_server(mlflow: Caller, run: str) -> None:
    found = mlflow.call("GET", f"/mlflow-artifacts/presigned/0/{run}/artifacts/x")
    assert (found.status, found.json["error_code"]) == (501, "NOT_IMPLEMENTED")
    for path, asked, message in (
        ("upload", {"run_id": run, "path": "x"}, "Presigned upload is not supported for proxied"),
        ("upload", {"path": "x"}, "Exactly one of run_id and model_id"),
        ("download", {"run_id": run, "path": "x"}, "Presigned download is not supported for runs"),
        (
            "download",
            {"run_id": run, "path": "x", "expiration": 0},
            "expiration must be between 1 and",
        ),
        ("download", {"run_id": run, "path": "../x"}, "Invalid path"),
    ):
        status, code, said = mlflow.refuse("POST", f"artifacts/presigned-{path}-url", **asked)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert said.startswith(message)
    assert mlflow.get("server-info")["multipart_downloads_enabled"] is False


def test_a_server_that_was_killed_goes_on_with_an_upload(mlflow: Caller, run: str) -> None:
    begun = begin(mlflow, run, 2)
    first = send(mlflow, begun["credentials"][0], b"half ")
    uploads = mlflow.home.folder / "uploads"
    (uploads / begun["upload_id"] / "incoming-torn").write_bytes(
        b"what the killed server had of the next part"
    )
    again = UploadService(uploads, mlflow.home.tracking.artifacts)
    digest = again.take(begun["upload_id"], 2, io.BytesIO(b"whole"))
    parts = [UploadedPart(number=1, digest=first["etag"]), UploadedPart(number=2, digest=digest)]
    address = ArtifactAddress(root=run, path="deep/model.bin")
    assert again.complete(begun["upload_id"], address, parts).size == 10
    got = mlflow.call("GET", f"/mlflow-artifacts/artifacts/0/{run}/artifacts/deep/model.bin")
    assert got.body == b"half whole"
    assert list(uploads.iterdir()) == []
