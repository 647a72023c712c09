"""Whatever is sent, the protocol answers with one of its own errors: never a crash, never a 500."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.databases import KINDS, opener
from tests.server.mlflow.conftest import Caller, Home

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
PAIRS = st.dictionaries(
    st.sampled_from(["key", "value", "timestamp", "step", "dataset", "name"]), LEAVES, max_size=4
)
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=3), st.lists(PAIRS, max_size=3), PAIRS)


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
    method, path = data.draw(st.sampled_from(routes))
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
