"""Whatever is sent, the protocol answers with one of its own errors: never a crash, never a 500."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.databases import KINDS, opener
from tests.server.mlflow.conftest import Caller, Home

from pomona.server.mlflow.otlp import _with_bytes

FIELDS = [
    *(
        "name",
        "new_name",
        "experiment_id",
        "experiment_name",
        "experiment_ids",
        "run_id",
        "run_uuid",
        "run_ids",
    ),
    *(
        "metric_key",
        "key",
        "value",
        "timestamp",
        "step",
        "status",
        "start_time",
        "end_time",
        "tags",
        "params",
    ),
    *("metrics", "datasets", "models", "model_id", "version", "alias", "stage", "stages", "source", "filter"),
    *("order_by", "max_results", "page_token", "view_type", "run_view_type", "path", "model_json"),
    *("trace", "trace_id", "trace_ids", "locations", "request_ids", "max_timestamp_millis", "max_traces"),
    *("assessment", "update_mask", "prompt_versions", "timestamp_ms", "request_metadata", "allow_partial"),
    *("events", "event", "url", "secret", "description", "filter_string", "records", "dataset_record_ids"),
    *("upload_id", "num_parts", "parts", "expiration"),
]
INSIDE = [
    *("key", "value", "timestamp", "step", "dataset", "name", "trace_info", "trace_location", "request_time"),
    *(
        "mlflow_experiment",
        "experiment_id",
        "state",
        "feedback",
        "expectation",
        "source",
        "metadata",
        "error",
    ),
    *("serialized_value", "serialization_format", "entity", "action", "part_number", "etag", "inputs"),
]
WORDS = [
    "",
    "0",
    "1",
    "x",
    "Default",
    "NaN",
    "../..",
    "m",
    "0" * 32,
    "metrics.m > 1",
    "name = 'x'",
    "é\u0000",
    "v1",
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
PAIRS = st.dictionaries(st.sampled_from(INSIDE), LEAVES, max_size=4)
DEEP = st.dictionaries(st.sampled_from(INSIDE), st.one_of(LEAVES, PAIRS), max_size=4)
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=3), st.lists(PAIRS, max_size=3), DEEP)
LITERALS = [b"null", b"{}", b"[]", b"-1", b"1e400", b'"x"', b"true", b"18446744073709551615"]
MARK = re.compile(r"\{\w+\}")
SPAN: dict[str, Any] = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "s",
}
SPAN |= {"startTimeUnixNano": "1", "attributes": [{"key": "a", "value": {"arrayValue": {"values": []}}}]}
KNOWN = {"attributes": [{"key": "k", "value": {"intValue": "1"}}]}
SPANS = msgspec.json.encode({"resourceSpans": [{"resource": KNOWN, "scopeSpans": [{"spans": [SPAN]}]}]})


@pytest.fixture(scope="module", params=KINDS)
def caller(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with contextmanager(opener)(request.param, folder, request) as open_database:
        caller = Caller(Home(folder, open_database))
        run = caller.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
        WORDS.append(run)
        yield caller
        WORDS.remove(run)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), fields=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
def test_any_fields_are_answered(caller: Caller, data: st.DataObject, fields: dict[str, Any]) -> None:
    routes = sorted(caller.home.app.routes)
    method, pattern = data.draw(st.sampled_from(routes))
    path = MARK.sub(lambda _: data.draw(st.sampled_from(WORDS)).strip("/") or "x", pattern)
    if method == "GET":
        flat = {name: str(value) for name, value in fields.items()}
        answer = caller.call(method, path, **flat)
    else:
        answer = caller.call(method, path, fields)
    assert answer.status < 500 or answer.status == 501, (method, path, fields, answer.body)
    if answer.status >= 400:
        assert set(answer.json) >= {"error_code", "message"}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), body=st.binary(max_size=60) | st.text(max_size=40).map(msgspec.json.encode))
def test_any_body_is_answered(caller: Caller, data: st.DataObject, body: bytes) -> None:
    method, path = data.draw(st.sampled_from([r for r in sorted(caller.home.app.routes) if r[0] != "GET"]))
    assert caller.call(method, path, body=body).status < 500


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, len(SPANS)),
    cut=st.integers(0, 40),
    put=st.binary(max_size=8) | st.sampled_from(LITERALS),
)
def test_any_spans_are_answered(caller: Caller, at: int, cut: int, put: bytes) -> None:
    headers = {"x-mlflow-experiment-id": "0", "content-type": "application/json"}
    answer = caller.call("POST", "/v1/traces", body=SPANS[:at] + put + SPANS[at + cut :], headers=headers)
    assert answer.status < 500, answer.body


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), at=st.integers(0, 400))
def test_any_protobuf_is_answered(caller: Caller, body: bytes, at: int) -> None:
    whole = ParseDict(
        _with_bytes(msgspec.json.decode(SPANS)), ExportTraceServiceRequest()
    ).SerializeToString()
    headers = {"x-mlflow-experiment-id": "0", "content-type": "application/x-protobuf"}
    answer = caller.call("POST", "/v1/traces", body=whole[:at] + body + whole[at:], headers=headers)
    assert answer.status < 500, answer.body
