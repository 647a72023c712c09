"""Uploads in parts, compared with a real ``mlflow server`` whose files lie in an object store."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import msgspec
import pytest
import urllib3
from tests.databases import open_database  # noqa: F401
from tests.server.mlflow.conftest import Caller
from tests.server.mlflow.test_differences import running
from tests.servers import free_port, stop, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
MPU, FILES = "/api/2.0/mlflow-artifacts/mpu", "/api/2.0/mlflow-artifacts/artifacts"
BODIES = [b"a" * (5 << 20), b"end"]  # an object store takes no smaller part, but for the last
WHOLE = b"".join(BODIES)
Send = Callable[[str, str, bytes, dict[str, str]], tuple[int, bytes, dict[str, str]]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a reference server whose files lie in a bucket."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process, 60)
        place, key = f"http://127.0.0.1:{port}", "plum"
        boto3.client(
            "s3",
            endpoint_url=place,
            aws_access_key_id=key,
            aws_secret_access_key=key,
            region_name="us-east-1",
        ).create_bucket(Bucket="orchard")
        known = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key, "AWS_DEFAULT_REGION": "us-east-1"}
        options = ["--artifacts-destination", "s3://orchard"]
        folder: Path = tmp_path_factory.mktemp("stored")
        with running(folder, *options, MLFLOW_S3_ENDPOINT_URL=place, **known) as address:
            yield address
    finally:
        stop(process)


def of_reference(address: str) -> Send:
    pool = urllib3.PoolManager(retries=False)

    def send(method: str, to: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        url = to if to.startswith("http") else address + to
        done = pool.request(method, url, body=body, headers=headers)
        return done.status, done.data, {name.lower(): value for name, value in done.headers.items()}

    return send


def of_pomona(mlflow: Caller) -> Send:
    def send(method: str, to: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        where = urlsplit(to)
        query = dict(pair.split("=", 1) for pair in where.query.split("&") if pair)
        done = mlflow.call(method, where.path, body=body, headers=headers, **query)
        return done.status, done.body, done.headers

    return send


def asked(send: Send, to: str, fields: Any) -> tuple[int, Any]:
    status, body, _ = send("POST", to, msgspec.json.encode(fields), {"content-type": "application/json"})
    try:
        return status, msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        return status, {"error_code": "none", "message": body[:300].decode()}  # a page of HTML


def begun(send: Send) -> tuple[str, Any]:
    """A run's folder, and what was answered to an upload of two parts to it."""
    _, made = asked(send, "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})
    at = f"0/{made['run']['info']['run_id']}/artifacts/deep"
    status, upload = asked(send, f"{MPU}/create/{at}", {"path": "model.bin", "num_parts": 2})
    assert status == 200, upload
    return at, upload


def sent(send: Send, credentials: Any) -> list[dict[str, Any]]:
    """What the client keeps of each part that it sent where it was told to."""
    parts = []
    for credential, body in zip(credentials, BODIES, strict=True):
        status, said, headers = send("PUT", credential["url"], body, credential.get("headers") or {})
        assert status == 200, said
        number = credential["part_number"]
        parts.append({"part_number": number, "etag": headers["etag"], "url": credential["url"]})
    return parts


def story(send: Send) -> list[Any]:
    """An upload from its beginning to its end, and one that is given up: what each step answers."""
    at, upload = begun(send)
    shape = [sorted(upload), [part["part_number"] for part in upload["credentials"]]]
    parts = sent(send, upload["credentials"])
    before = send("GET", f"{FILES}?path={at}", b"", {})[:2]
    told = {"path": "model.bin", "upload_id": upload["upload_id"], "parts": parts}
    ended = asked(send, f"{MPU}/complete/{at}", told)
    status, whole, headers = send("GET", f"{FILES}/{at}/model.bin", b"", {})
    listed = send("GET", f"{FILES}?path={at}", b"", {})[:2]
    other, dropped = begun(send)
    sent(send, dropped["credentials"])
    given_up = asked(send, f"{MPU}/abort/{other}", {"path": "model.bin", "upload_id": dropped["upload_id"]})
    after = send("GET", f"{FILES}?path={other}", b"", {})[:2]
    lists = [(code, msgspec.json.decode(body).get("files", [])) for code, body in (before, listed, after)]
    return [shape, ended, (status, whole == WHOLE, headers["content-type"]), given_up, *lists]


BAD: list[tuple[str, Any]] = [
    (f"{MPU}/create/{{at}}", {"num_parts": 2}),
    (f"{MPU}/create/{{at}}", {"path": "model.bin", "num_parts": "x"}),
    (f"{MPU}/create/{{at}}", {"path": 5, "num_parts": 1}),
    (f"{MPU}/create/0/..%2f..%2fx", {"path": "model.bin", "num_parts": 1}),
    (f"{MPU}/complete/{{at}}", {"path": "model.bin", "upload_id": "{upload}"}),
    (f"{MPU}/complete/{{at}}", {"upload_id": "{upload}", "parts": [{"part_number": 1, "etag": "x"}]}),
    (f"{MPU}/abort/{{at}}", {"upload_id": "{upload}"}),
]


def refusals(send: Send) -> list[tuple[int, str, str]]:
    """Status, code and message of each bad request."""
    at, upload = begun(send)
    found = []
    for path, fields in BAD:
        filled = {k: upload["upload_id"] if v == "{upload}" else v for k, v in fields.items()}
        status, body = asked(send, path.format(at=at), filled)
        found.append((status, body["error_code"], body["message"]))
    return found


def test_a_file_in_parts_goes_as_it_goes_to_the_reference(mlflow: Caller, stored: str) -> None:
    assert story(of_pomona(mlflow)) == story(of_reference(stored))


def test_bad_requests_are_refused_as_the_reference_refuses_them(mlflow: Caller, stored: str) -> None:
    ours, theirs = refusals(of_pomona(mlflow)), refusals(of_reference(stored))
    unlike = [
        (case, our, their)
        for case, our, their in zip(BAD, ours, theirs, strict=True)
        if our[:2] != their[:2] or not our[2].startswith(their[2])
    ]
    assert unlike == []
