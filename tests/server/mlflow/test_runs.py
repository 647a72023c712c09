"""Runs, metrics, params, tags and inputs over the MLflow protocol."""

import math

import msgspec
import pytest
from tests.server.mlflow.conftest import Caller

NOW_MS = 1_767_225_600_000  # where the fake clock stands


@pytest.fixture
def run(mlflow: Caller) -> str:
    return str(mlflow.post("runs/create", experiment_id="0", run_name="first")["run"]["info"]["run_id"])


def data(mlflow: Caller, run: str) -> dict[str, dict[str, object]]:
    found = mlflow.get("runs/get", run_id=run)["run"]["data"]
    return {
        kind: {item["key"]: item["value"] for item in found[kind]} for kind in ("metrics", "params", "tags")
    }


def test_a_new_run_is_running_and_named(mlflow: Caller) -> None:
    made = mlflow.post(
        "runs/create", experiment_id="0", user_id="ann", start_time=5, tags=[{"key": "a", "value": "b"}]
    )
    info = made["run"]["info"]
    assert info["status"] == "RUNNING"
    assert info["start_time"] == 5
    assert info["user_id"] == "ann"
    assert len(info["run_id"]) == 32
    assert info["run_name"].count("-") == 2
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/{info['run_id']}/artifacts"
    assert {"key": "mlflow.runName", "value": info["run_name"]} in made["run"]["data"]["tags"]
    assert mlflow.get("runs/get", run_id=info["run_id"]) == made


def test_finishing_tells_the_ledger_once(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/update", run_id=run, status="FINISHED", end_time=NOW_MS)
    mlflow.post("runs/update", run_id=run, status=3, end_time=NOW_MS + 1)
    told = [entry.type for entry in mlflow.home.ledger.entries(subject=run)]
    assert told == ["training.run_started", "training.run_finished"]
    info = mlflow.get("runs/get", run_id=run)["run"]["info"]
    assert (info["status"], info["end_time"]) == ("FINISHED", NOW_MS + 1)


def test_a_renamed_run_has_its_new_name_in_info_and_tag(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/update", run_id=run, run_name="second")
    assert data(mlflow, run)["tags"]["mlflow.runName"] == "second"
    mlflow.post("runs/set-tag", run_id=run, key="mlflow.runName", value="third")
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["run_name"] == "third"


def test_the_newest_value_of_a_metric_is_the_one_of_the_last_step(mlflow: Caller, run: str) -> None:
    for step, value in ((1, 0.5), (3, 0.7), (2, 0.9)):
        mlflow.post("runs/log-metric", run_id=run, key="acc", value=value, timestamp=NOW_MS, step=step)
    assert data(mlflow, run)["metrics"] == {"acc": 0.7}
    points = mlflow.get("metrics/get-history", run_id=run, metric_key="acc")["metrics"]
    assert [point["value"] for point in points] == [0.5, 0.9, 0.7]


def test_the_same_value_twice_is_one_point(mlflow: Caller, run: str) -> None:
    for _ in range(2):
        mlflow.post("runs/log-metric", run_id=run, key="acc", value=0.5, timestamp=NOW_MS, step=1)
    assert len(mlflow.get("metrics/get-history", run_id=run, metric_key="acc")["metrics"]) == 1


def test_not_a_number_and_infinity_survive_as_the_protocol_writes_them(mlflow: Caller, run: str) -> None:
    for step, value in enumerate(("NaN", "Infinity", "-Infinity")):
        mlflow.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=NOW_MS, step=step)
    points = mlflow.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert points[0]["value"] == "NaN"
    assert [points[1]["value"], points[2]["value"]] == [1.7976931348623157e308, -1.7976931348623157e308]


def test_history_comes_in_pages(mlflow: Caller, run: str) -> None:
    metrics = [{"key": "m", "value": i, "timestamp": NOW_MS + i, "step": i} for i in range(25)]
    mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
    first = mlflow.get("metrics/get-history", run_id=run, metric_key="m", max_results=10)
    last = mlflow.get(
        "metrics/get-history", run_id=run, metric_key="m", max_results=20, page_token=first["next_page_token"]
    )
    assert [p["value"] for p in first["metrics"] + last["metrics"]] == list(range(25))
    assert "next_page_token" not in last
    assert mlflow.refuse("GET", "metrics/get-history", run_id=run, metric_key="m", max_results=0)[0] == 400


def test_many_runs_histories_are_sampled_with_first_and_last(mlflow: Caller, run: str) -> None:
    metrics = [{"key": "m", "value": i, "timestamp": NOW_MS, "step": i} for i in range(100)]
    mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
    path = "metrics/get-history-bulk-interval"
    found = mlflow.get(path, run_ids=[run], metric_key="m", max_results=5)["metrics"]
    assert [point["step"] for point in found] == [0, 20, 40, 60, 99]
    assert {point["run_id"] for point in found} == {run}
    found = mlflow.get(path, run_ids=[run], metric_key="m", start_step=10, end_step=12)["metrics"]
    assert [point["step"] for point in found] == [10, 11, 12]
    assert (
        mlflow.refuse("GET", path, run_ids=[run], metric_key="m", start_step=1)[1]
        == "INVALID_PARAMETER_VALUE"
    )
    assert len(mlflow.get("metrics/get-history-bulk", run_id=[run], metric_key="m")["metrics"]) == 100


def test_a_batch_is_stored_whole(mlflow: Caller, run: str) -> None:
    mlflow.post(
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": f"m{i}", "value": i, "timestamp": NOW_MS} for i in range(100)],
        params=[{"key": f"p{i}", "value": str(i)} for i in range(100)],
        tags=[{"key": f"t{i}", "value": str(i)} for i in range(100)],
    )
    found = data(mlflow, run)
    assert (len(found["metrics"]), len(found["params"]), len(found["tags"])) == (100, 100, 101)


def test_a_param_alone_is_named_with_both_values(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/log-parameter", run_id=run, key="lr", value="1")
    mlflow.post("runs/log-parameter", run_id=run, key="lr", value="1")
    status, code, message = mlflow.refuse("POST", "runs/log-parameter", run_id=run, key="lr", value="2")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message.startswith(
        "Changing param values is not allowed. Param with key='lr' was already logged with value='1'"
        f" for run ID='{run}'. Attempted logging new value '2'."
    )


def test_a_batch_with_one_bad_entry_stores_nothing(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/log-parameter", run_id=run, key="lr", value="1")
    status, code, message = mlflow.refuse(
        "POST",
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": "m", "value": 1, "timestamp": NOW_MS}],
        params=[{"key": "new", "value": "1"}, {"key": "lr", "value": "2"}],
    )
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "Changing param values is not allowed" in message
    assert data(mlflow, run)["params"] == {"lr": "1"}
    assert data(mlflow, run)["metrics"] == {}


def test_a_param_is_written_once_but_the_same_value_may_come_again(mlflow: Caller, run: str) -> None:
    for _ in range(2):
        mlflow.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    assert mlflow.refuse("POST", "runs/log-parameter", run_id=run, key="lr", value="0.2")[0] == 400
    assert data(mlflow, run)["params"] == {"lr": "0.1"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 1001}, "at most 1000 metrics"),
        ({"params": [{"key": f"p{i}", "value": "1"} for i in range(101)]}, "at most 100 params"),
        ({"tags": [{"key": f"t{i}", "value": "1"} for i in range(101)]}, "at most 100 tags"),
        ({"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "Duplicate parameter keys"),
        ({"metrics": [{"key": "m", "timestamp": 1}]}, "metrics[0].value"),
        ({"metrics": [{"value": 1, "timestamp": 1}]}, "metrics[0].key"),
        ({"metrics": [{"key": "m", "value": 1}]}, "metrics[0].timestamp"),
        ({"metrics": [{"key": "m", "value": "x", "timestamp": 1}]}, "value"),
        ({"metrics": [{"key": "m", "value": 1, "timestamp": -1}]}, "nonnegative"),
        ({"metrics": [{"key": "../m", "value": 1, "timestamp": 1}]}, "treated as files"),
        ({"metrics": [{"key": "m*", "value": 1, "timestamp": 1}]}, "Names may only contain"),
        ({"params": [{"key": "k" * 251, "value": "1"}]}, "maximum length of 250"),
        ({"metrics": 3}, "metrics"),
    ],
)
def test_limits_hold_and_say_so(mlflow: Caller, run: str, fields: dict[str, object], text: str) -> None:
    status, code, message = mlflow.refuse("POST", "runs/log-batch", run_id=run, **fields)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert text in message


def test_overlong_values_are_cut(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/log-parameter", run_id=run, key="p", value="x" * 7000)
    mlflow.post("runs/set-tag", run_id=run, key="t", value="x" * 9000)
    found = data(mlflow, run)
    assert (len(str(found["params"]["p"])), len(str(found["tags"]["t"]))) == (6000, 8000)


def test_tags_are_overwritten_and_deleted(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/set-tag", run_id=run, key="a", value="1")
    mlflow.post("runs/set-tag", run_id=run, key="a", value="2")
    assert data(mlflow, run)["tags"]["a"] == "2"
    mlflow.post("runs/delete-tag", run_id=run, key="a")
    assert mlflow.refuse("POST", "runs/delete-tag", run_id=run, key="a")[:2] == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )


def test_a_deleted_run_takes_nothing_until_it_is_restored(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/delete", run_id=run)
    _, code, message = mlflow.refuse("POST", "runs/set-tag", run_id=run, key="a", value="1")
    assert code == "INVALID_PARAMETER_VALUE"
    assert "must be in the 'active' state" in message
    mlflow.post("runs/restore", run_id=run)
    mlflow.post("runs/set-tag", run_id=run, key="a", value="1")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "runs/get", {"run_id": "0" * 32}),
        ("POST", "runs/update", {"run_id": "0" * 32, "status": "FINISHED"}),
        ("POST", "runs/log-metric", {"run_id": "0" * 32, "key": "m", "value": 1, "timestamp": 1}),
        ("GET", "metrics/get-history", {"run_id": "0" * 32, "metric_key": "m"}),
        ("GET", "artifacts/list", {"run_id": "0" * 32}),
        ("POST", "runs/log-inputs", {"run_id": "0" * 32, "datasets": []}),
    ],
)
def test_an_unknown_run_is_not_found(
    mlflow: Caller, method: str, path: str, fields: dict[str, object]
) -> None:
    status, code, message = mlflow.refuse(method, path, **fields)
    assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "not found" in message


def test_unknown_endpoints_answer_as_the_protocol_does(mlflow: Caller) -> None:
    assert mlflow.refuse("POST", "gateway/endpoints/create")[:2] == (404, "ENDPOINT_NOT_FOUND")
    assert mlflow.call("GET", "/version").body == b"3.18.0"
    assert mlflow.call("GET", "/ajax-api/3.0/mlflow/server-info").json["multipart_uploads_enabled"] is False


def test_a_body_that_is_no_json_is_refused(mlflow: Caller) -> None:
    answer = mlflow.call("POST", "/mlflow/runs/log-batch", body=b"{not json")
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    twice = msgspec.json.encode('{"experiment_id": "0"}')
    assert mlflow.call("POST", "/mlflow/runs/create", body=twice).status == 200


def test_unversioned_and_versioned_inputs(mlflow: Caller, run: str) -> None:
    frame = {"name": "frame", "digest": "1234abcd", "source_type": "code", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    mlflow.post("runs/log-inputs", run_id=run, datasets=[{"dataset": frame, "tags": tags}])
    mlflow.post("runs/log-inputs", run_id=run, datasets=[{"dataset": frame, "tags": tags}])
    inputs = mlflow.get("runs/get", run_id=run)["run"]["inputs"]["dataset_inputs"]
    assert inputs == [{"tags": tags, "dataset": frame}]
    shown = mlflow.home.tracking.reports.detail(run).inputs[0]
    assert shown.data_version is None
    assert "mlflow.log_input(client.data.commit('frame', frame).to_mlflow())" in str(shown.hint)
    found = mlflow.post("experiments/search-datasets", experiment_ids=["0"])["dataset_summaries"]
    assert found == [{"experiment_id": "0", "name": "frame", "digest": "1234abcd", "context": "training"}]


def test_models_read_and_written_stand_on_the_run(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/outputs", run_id=run, models=[{"model_id": "m-1", "step": 4}])
    mlflow.post("runs/log-inputs", run_id=run, models=[{"model_id": "m-2"}])
    found = mlflow.get("runs/get", run_id=run)["run"]
    assert found["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 4}]
    assert found["inputs"]["model_inputs"] == [{"model_id": "m-2"}]


def test_the_old_way_to_log_a_model_keeps_a_tag(mlflow: Caller, run: str) -> None:
    model = {"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": run}
    for _ in range(2):
        mlflow.post("runs/log-model", run_id=run, model_json=msgspec.json.encode(model).decode())
    noted = msgspec.json.decode(str(data(mlflow, run)["tags"]["mlflow.log-model.history"]))
    assert noted == [model, model]
    assert mlflow.refuse("POST", "runs/log-model", run_id=run, model_json="{}")[0] == 400


def test_charts_are_thinned_but_keep_the_spike(mlflow: Caller, run: str) -> None:
    for start in range(0, 3000, 1000):
        metrics = [
            {"key": "loss", "value": 99.0 if i == 1777 else 1.0, "timestamp": NOW_MS, "step": i}
            for i in range(start, start + 1000)
        ]
        mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
    chart = mlflow.home.tracking.histories.chart(run, "loss", limit=100)
    assert chart.total == 3000
    assert len(chart.points) <= 100
    assert max(point.value or math.nan for point in chart.points) == 99.0
    assert (chart.points[0].step, chart.points[-1].step) == (0, 2999)
