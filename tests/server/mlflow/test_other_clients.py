"""Requests as the clients for R and Java write them: numbers as texts, both names of a run."""

from typing import Any

import pytest
from tests.databases import open_sqlite as open_database  # noqa: F401
from tests.server.mlflow.conftest import Caller

NOW = 1_700_000_000_123


def test_java_writes_long_numbers_as_texts(mlflow: Caller) -> None:
    made = mlflow.post("experiments/create", name="java")["experiment_id"]
    asked = {"experiment_id": made, "user_id": "ada", "start_time": str(NOW), "run_name": "one"}
    run = mlflow.post("runs/create", **asked)["run"]["info"]
    assert (run["start_time"], run["run_uuid"]) == (NOW, run["run_id"])
    both = {"run_uuid": run["run_id"], "run_id": run["run_id"]}
    mlflow.post("runs/log-metric", **both, key="loss", value=0.5, timestamp=str(NOW), step="3")
    mlflow.post("runs/log-metric", **both, key="loss", value="NaN", timestamp=str(NOW), step="4")
    mlflow.post("runs/log-parameter", **both, key="p", value="1")
    mlflow.post("runs/set-tag", **both, key="t", value="v")
    metrics = [{"key": "acc", "value": 1.0, "timestamp": str(NOW), "step": "0"}]
    mlflow.post("runs/log-batch", run_id=run["run_id"], metrics=metrics, params=[], tags=[])
    mlflow.post("runs/update", **both, status="FINISHED", end_time=str(NOW + 1))
    found = mlflow.get("runs/get", run_uuid=run["run_id"], run_id=run["run_id"])["run"]
    assert (found["info"]["status"], found["info"]["end_time"]) == ("FINISHED", NOW + 1)
    assert {item["key"]: item["value"] for item in found["data"]["metrics"]} == {"loss": "NaN", "acc": 1.0}
    history = mlflow.get(
        "metrics/get-history", run_uuid=run["run_id"], run_id=run["run_id"], metric_key="loss"
    )
    assert [item["step"] for item in history["metrics"]] == [3, 4]
    wanted = {"experiment_ids": [made], "filter": "metrics.acc > 0", "run_view_type": "ACTIVE_ONLY"}
    page = mlflow.post("runs/search", **wanted, max_results="1000", order_by=[])
    assert len(page["runs"]) == 1


def test_r_writes_every_number_as_a_double(mlflow: Caller) -> None:
    made = mlflow.post("experiments/create", name="r")["experiment_id"]
    tags = '[{"key":"mlflow.user","value":"ada"}]'
    body = f'{{"experiment_id":"{made}","user_id":"ada","start_time":1.7e12,"tags":{tags}}}'
    done = mlflow.call("POST", "/mlflow/runs/create", body=body.encode())
    assert done.status == 200, done.body
    run = done.json["run"]["info"]
    assert run["start_time"] == 1_700_000_000_000
    both = f'"run_uuid":"{run["run_id"]}","run_id":"{run["run_id"]}"'
    body = f'{{{both},"key":"loss","value":5e-1,"timestamp":1.7e12,"step":0}}'
    assert mlflow.call("POST", "/mlflow/runs/log-metric", body=body.encode()).status == 200
    body = (
        f'{{"run_id":"{run["run_id"]}","metrics":[{{"key":"acc","value":1,"timestamp":1700000000000,"step":0}}],'
        '"params":[{"key":"lr","value":"0.1"}],"tags":[]}'
    )
    assert mlflow.call("POST", "/mlflow/runs/log-batch", body=body.encode()).status == 200
    found = mlflow.get("runs/get", run_uuid=run["run_id"], run_id=run["run_id"])["run"]
    assert {item["key"]: item["value"] for item in found["data"]["metrics"]} == {"loss": 0.5, "acc": 1.0}
    assert mlflow.get("experiments/get-by-name", experiment_name="r")["experiment"]["experiment_id"] == made
    listed = mlflow.get("experiments/search", view_type="ACTIVE_ONLY", max_results="1000")["experiments"]
    assert {item["name"] for item in listed} == {"Default", "r"}


def test_both_register_models(mlflow: Caller) -> None:
    mlflow.post("registered-models/create", name="scorer")
    found = mlflow.post("registered-models/get-latest-versions", name="scorer", stages=["Production"])
    assert found.get("model_versions", []) == []
    assert mlflow.get("registered-models/get-latest-versions", name="scorer", stages="Production") is not None
    listed = mlflow.get("registered-models/search", max_results="10", filter="name='scorer'")
    assert listed["registered_models"][0]["name"] == "scorer"


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "application/json", "text/plain", ""])
def test_the_media_type_of_a_body_does_not_matter(mlflow: Caller, media: str) -> None:
    headers: dict[str, Any] = {"content-type": media} if media else {}
    done = mlflow.call("POST", "/mlflow/experiments/create", body=b'{"name": "one"}', headers=headers)
    assert done.status == 200, done.body
