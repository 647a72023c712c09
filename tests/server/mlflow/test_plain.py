"""Calls that hold nothing but metrics take a shorter way: answers and what is stored are the same."""

from typing import Any

import msgspec
import pytest
from tests.server.mlflow.conftest import Caller

from pomona.server.mlflow import plain, runs

POINT = {"key": "loss", "value": 0.5, "timestamp": 10, "step": 1}
PLAIN_METRICS: list[dict[str, Any]] = [
    {},
    {"step": -3},
    {"value": 3},
    {"value": "0.25", "timestamp": "12", "step": "7"},
    {"timestamp": 253_402_300_799_999, "step": 2**63 - 1},
    {"run_uuid": "0" * 32},
]
OTHER_METRICS: list[dict[str, Any]] = [
    {"key": ""},
    {"key": None},
    {"key": 5},
    {"key": "../up"},
    {"key": "bad\x00name"},
    {"key": "k" * 251},
    {"value": None},
    {"value": "NaN"},
    {"value": "Infinity"},
    {"value": "many"},
    {"value": True},
    {"timestamp": None},
    {"timestamp": -1},
    {"timestamp": 253_402_300_800_000},
    {"timestamp": 1.5},
    {"step": None},
    {"step": 2**63},
    {"step": "x"},
    {"model_id": "m-1"},
    {"dataset_name": "d", "dataset_digest": "1"},
    {"something": "new"},
]
PLAIN_BATCHES: list[dict[str, Any]] = [
    {"metrics": []},
    {"metrics": [POINT], "params": [], "tags": []},
    {"metrics": [POINT | {"key": f"m{i % 3}", "step": i} for i in range(1000)]},
    {"metrics": [POINT, POINT]},
]
OTHER_BATCHES: list[dict[str, Any]] = [
    {},
    {"metrics": None},
    {"metrics": [POINT], "params": [{"key": "depth", "value": "3"}]},
    {"metrics": [POINT], "tags": [{"key": "team", "value": "a"}]},
    {"metrics": [POINT | {"key": f"m{i}"} for i in range(1001)]},
    {"metrics": [POINT, {"key": "x", "timestamp": 1}]},
    {"metrics": [POINT, POINT | {"key": "a//b"}]},
    {"metrics": [POINT, "x"]},
    {"metrics": {"a": 1}},
    {"metrics": [POINT | {"run_id": "0" * 32}]},
    {"metrics": [POINT, POINT | {"value": "NaN"}]},
    {"run_id": ""},
    {"run_id": None, "metrics": [POINT]},
]


@pytest.fixture
def run(mlflow: Caller) -> str:
    run_id: str = mlflow.post("runs/create", experiment_id="0", run_name="one")["run"]["info"]["run_id"]
    return run_id


def both_ways(
    mlflow: Caller, path: str, body: bytes, run: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[int, bytes], dict[str, Any]]:
    """The answer and the run, the short way; the long way gives the same."""
    first = mlflow.call("POST", path, body=body)
    seen = mlflow.get("runs/get", run_id=run)["run"]["data"]
    monkeypatch.setattr(runs, "metric_in", lambda body: None)
    monkeypatch.setattr(runs, "metrics_in", lambda body: None)
    again = mlflow.call("POST", path, body=body)
    assert (first.status, first.body) == (again.status, again.body)
    assert mlflow.get("runs/get", run_id=run)["run"]["data"] == seen
    return (first.status, first.body), seen


@pytest.mark.parametrize("fields", [*PLAIN_METRICS, *OTHER_METRICS])
def test_a_metric_alone(
    mlflow: Caller, run: str, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = msgspec.json.encode({"run_id": run} | POINT | fields)
    assert (plain.metric_in(body) is not None) == (fields in PLAIN_METRICS)
    (status, _), seen = both_ways(mlflow, "/mlflow/runs/log-metric", body, run, monkeypatch)
    assert len(seen.get("metrics", [])) == (status == 200)


@pytest.mark.parametrize("fields", [*PLAIN_BATCHES, *OTHER_BATCHES])
def test_a_batch(mlflow: Caller, run: str, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    body = msgspec.json.encode({"run_id": run} | fields)
    assert (plain.metrics_in(body) is not None) == (fields in PLAIN_BATCHES)
    both_ways(mlflow, "/mlflow/runs/log-batch", body, run, monkeypatch)


@pytest.mark.parametrize("run_id", ["0" * 32, "not a run", "", "x" * 300, 5])
def test_runs_that_are_not_there(
    mlflow: Caller, run: str, run_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, fields in (("log-metric", POINT), ("log-batch", {"metrics": [POINT]})):
        body = msgspec.json.encode({"run_id": run_id} | fields)
        (status, _), _ = both_ways(mlflow, f"/mlflow/runs/{path}", body, run, monkeypatch)
        assert status in (400, 404)
        monkeypatch.undo()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"run_id":', b"\xff", b'"{}"', b"[" * 10_000])
def test_bodies_that_are_no_call(
    mlflow: Caller, run: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("log-metric", "log-batch"):
        (status, _), _ = both_ways(mlflow, f"/mlflow/runs/{path}", body, run, monkeypatch)
        assert status == 400
        monkeypatch.undo()


def test_a_body_encoded_twice_is_read_as_before(
    mlflow: Caller, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = msgspec.json.encode(msgspec.json.encode({"run_id": run} | POINT).decode())
    (status, _), seen = both_ways(mlflow, "/mlflow/runs/log-metric", body, run, monkeypatch)
    assert (status, [metric["value"] for metric in seen["metrics"]]) == (200, [0.5])


def test_the_only_metric_of_a_deleted_run_is_refused(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/delete", run_id=run)
    told = mlflow.refuse("POST", "runs/log-metric", run_id=run, **POINT)
    assert told[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert told == mlflow.refuse("POST", "runs/set-tag", run_id=run, key="a", value="b")
