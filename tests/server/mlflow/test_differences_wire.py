"""What is no JSON of the protocol, compared with a real ``mlflow server``: OpenTelemetry's spans."""

import gzip
import zlib
from typing import Any

import msgspec
import pytest
import urllib3
from tests.databases import open_database  # noqa: F401
from tests.server.mlflow.cases_otlp import BAD_JSON, OTLP, OTLP_ON_PURPOSE, cases, protobuf_of
from tests.server.mlflow.conftest import Caller
from tests.server.mlflow.differences import Ask, Case, differences
from tests.server.mlflow.test_differences import asking, reference, server  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
_PACKED = {"gzip": gzip.compress, "deflate": zlib.compress}


def written(fields: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request to ``/v1/traces``."""
    way = fields["way"]
    media = "application/json" if way == "json" else "application/x-protobuf"
    if "text" in fields:
        body = fields["text"].encode()
    else:
        body = msgspec.json.encode(fields["sent"]) if way == "json" else protobuf_of(fields["sent"])
    headers = {"content-type": fields.get("media", media)}
    if way in _PACKED and "text" not in fields:
        body = _PACKED[way](body)
    if way in _PACKED or "encoding" in fields:
        headers["content-encoding"] = fields.get("encoding", way)
    if fields["experiment"] is not None:
        headers["x-mlflow-experiment-id"] = fields["experiment"]
    return body, headers


def detail(status: int, body: bytes) -> tuple[int, Any]:
    """An answer to spans: what is wrong with them, in FastAPI's way or the protocol's."""
    if status == 200:
        return status, {}
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return status, {"message": body.decode()}
    what = told.get("detail", told.get("message"))
    return status, {"message": what if isinstance(what, str) else what[0]["msg"]}


def of_reference(address: str) -> Ask:
    plain, pool = asking(address), urllib3.PoolManager(retries=False)

    def ask(method: str, path: str, fields: Any) -> tuple[int, Any]:
        if path != OTLP:
            return plain(method, path, fields)
        body, headers = written(fields)
        headers["connection"] = "close"  # after an error of its own it hangs up
        done = pool.request("POST", address + path, body=body, headers=headers)
        return detail(done.status, done.data)

    return ask


def of_pomona(mlflow: Caller) -> Ask:
    def ask(method: str, path: str, fields: Any) -> tuple[int, Any]:
        mlflow.home.clock.advance(seconds=0.01)
        if path == OTLP:
            body, headers = written(fields)
            done = mlflow.call("POST", path, body=body, headers=headers)
            return detail(done.status, done.body)
        where = path if path.startswith("/api/") else f"/mlflow{path}"
        sent, query = (None, fields) if method == "GET" else (fields, {})
        done = mlflow.call(method, where, sent, **query)
        return done.status, done.json

    return ask


@pytest.mark.parametrize("way", ["json", "protobuf", "gzip", "deflate", "bad"])
def test_spans_are_kept_as_the_reference_keeps_them(
    mlflow: Caller,
    reference: str,  # noqa: F811
    way: str,
) -> None:
    asked: list[Case] = BAD_JSON if way == "bad" else cases(way)
    found = list(differences(of_pomona(mlflow), of_reference(reference), asked))
    wanted = {f"{method} {path} {fields}" for method, path, fields in OTLP_ON_PURPOSE}
    assert not [item for item in found if item[0] not in wanted], "\n".join(map(str, ["", *found]))
