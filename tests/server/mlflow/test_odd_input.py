"""Numbers no column holds, texts nested without end, digits that are none: refused, never a crash."""

from typing import Any

import pytest
from tests.server.mlflow.conftest import Caller

BEYOND = [1 << 63, 1 << 70, -(1 << 70)]


@pytest.mark.parametrize("number", BEYOND)
@pytest.mark.parametrize("field", ["step", "timestamp"])
def test_an_integer_beyond_64_bits_is_a_bad_parameter(mlflow: Caller, field: str, number: int) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    metric: dict[str, Any] = {"key": "loss", "value": 1.0, "step": 0, "timestamp": 1} | {field: number}
    status, code, message = mlflow.refuse("POST", "runs/log-metric", run_id=run, **metric)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message
    status, code, _ = mlflow.refuse("POST", "runs/log-batch", run_id=run, metrics=[metric])
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert mlflow.get("runs/get", run_id=run)["run"]["data"]["metrics"] == []


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"tags": ' + b"[" * 100_000, b"9" * 5000, b"{", b'"\\ud800"', b"\xff"]
)
def test_a_body_that_cannot_be_read_is_a_bad_parameter(mlflow: Caller, body: bytes) -> None:
    answer = mlflow.call("POST", "/mlflow/runs/create", body=body)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 20, "\u00b2", "one", "-" + "9" * 20])
def test_a_version_number_that_is_none_is_no_crash(mlflow: Caller, number: str) -> None:
    mlflow.post("registered-models/create", name="scorer")
    status, code, _ = mlflow.refuse("GET", "model-versions/get", name="scorer", version=number)
    assert (status, code) in ((400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST"))


@pytest.mark.parametrize("view", ["\u00b2", "9" * 5000, "0", "4", "ALL_OF_THEM"])
def test_a_view_that_is_none_is_a_bad_parameter(mlflow: Caller, view: str) -> None:
    status, code, _ = mlflow.refuse("GET", "experiments/search", view_type=view, max_results=5)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


def test_an_address_that_is_none_is_a_bad_parameter(mlflow: Caller) -> None:
    status, code, _ = mlflow.refuse("POST", "experiments/create", name="x", artifact_location="http://[")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    mlflow.post("registered-models/create", name="scorer")
    status, code, _ = mlflow.refuse("POST", "model-versions/create", name="scorer", source="http://[")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
