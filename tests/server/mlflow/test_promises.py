"""Promises that the reference's own tests found broken here."""

import pytest
from tests.server.mlflow.conftest import Caller

TRACES = "/api/3.0/mlflow/traces"


def test_a_logged_model_may_be_the_first_thing_of_a_new_home(mlflow: Caller) -> None:
    made = mlflow.post("logged-models", experiment_id="0", name="first")["model"]["info"]
    assert (made["experiment_id"], made["name"]) == ("0", "first")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "model-versions/set-tag", {"key": "a", "value": "b"}),
        ("DELETE", "model-versions/delete-tag", {"key": "a"}),
        ("PATCH", "model-versions/update", {"description": "d"}),
        ("DELETE", "model-versions/delete", {}),
    ],
)
def test_a_version_of_no_model_is_a_version_that_is_not_there(
    mlflow: Caller, method: str, path: str, fields: dict[str, str]
) -> None:
    status, code, said = mlflow.refuse(method, path, name="none", version="1", **fields)
    assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert said.startswith("Model Version (name=none, version=1) not found")


def test_a_model_that_is_missing_is_told_before_its_source_is_looked_at(mlflow: Caller) -> None:
    status, _, said = mlflow.refuse("POST", "model-versions/create", name="none", source="nowhere")
    assert (status, said.startswith("Registered Model with name=none not found")) == (404, True)


def test_judgements_of_the_same_time_stand_in_the_order_in_which_they_came(mlflow: Caller) -> None:
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {"trace_id": "tr-1", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    mlflow.call("POST", TRACES, {"trace": {"trace_info": info | {"state": "OK"}}})
    names = [f"n{number}" for number in (3, 1, 4, 5, 9, 2, 6)]
    for name in names:
        mlflow.home.clock.advance(seconds=0.0001)
        judged = {"assessment_name": name, "create_time": "2026-01-01T00:00:00Z", "feedback": {"value": 1}}
        done = mlflow.call("POST", f"{TRACES}/tr-1/assessments", {"assessment": judged})
        assert done.status == 200, done.body
    found = mlflow.call("GET", f"{TRACES}/tr-1").json["trace"]["trace_info"]["assessments"]
    assert [item["assessment_name"] for item in found] == names


def test_histories_of_many_runs_say_what_is_missing(mlflow: Caller) -> None:
    at, runs = "metrics/get-history-bulk", [f"r{number}" for number in range(101)]
    status, code, said = mlflow.refuse("GET", at, metric_key="m")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert said == "GetMetricHistoryBulk request must specify at least one run_id."
    said = mlflow.refuse("GET", at, metric_key="m", run_id=runs)[2]
    assert said == "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids."


def test_a_file_that_is_missing_is_named_as_it_was_asked_for(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    path = f"0/{run}/artifacts/none.txt"
    done = mlflow.call("GET", f"/mlflow-artifacts/artifacts/{path}")
    assert done.status == 404
    assert done.json["message"].startswith(f"No such artifact: '{path}'")


def test_spans_of_others_give_previews_in_json_and_the_root_the_name_of_its_service(mlflow: Caller) -> None:
    def told(**values: str) -> list[dict[str, object]]:
        return [
            {"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in values.items()
        ]

    span = {"traceId": "ab" * 16, "name": "ask", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    root = span | {"spanId": "a" * 16, "attributes": told(input__value="Why?", output__value='{"so":1}')}
    child = span | {"spanId": "b" * 16, "parentSpanId": "a" * 16}
    block = {"resource": {"attributes": told(service__name="cli")}, "scopeSpans": [{"spans": [root, child]}]}
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    assert mlflow.call("POST", "/v1/traces", {"resourceSpans": [block]}, headers=headers).status == 200
    found = mlflow.call("GET", f"{TRACES}/get", trace_id="tr-" + "ab" * 16).json["trace"]
    previews = [found["trace_info"][f"{name}_preview"] for name in ("request", "response")]
    assert previews == ['"Why?"', '{"so": 1}']
    named = [any(item["key"] == "service.name" for item in span["attributes"]) for span in found["spans"]]
    assert named == [True, False]


def test_a_version_belongs_to_the_run_that_its_request_names(mlflow: Caller) -> None:
    made, told = (mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"] for _ in range(2))
    about = b"flavors:\n  python_function:\n    loader_module: x\n"
    at = f"/mlflow-artifacts/artifacts/0/{made}/artifacts/model/MLmodel"
    assert mlflow.call("PUT", at, body=about).status == 200
    mlflow.post("registered-models/create", name="m")
    source = f"runs:/{made}/model"
    mlflow.post("model-versions/create", name="m", source=source, run_id=told)
    mlflow.post("model-versions/create", name="m", source=source)
    found = mlflow.get("model-versions/search", filter=f"run_id = '{told}'")["model_versions"]
    assert [(item["version"], item["source"]) for item in found] == [("1", source)]
    assert mlflow.get("model-versions/get", name="m", version="2")["model_version"]["run_id"] == made


def test_a_trace_that_was_linked_before_it_arrived_is_found_by_its_run(mlflow: Caller) -> None:
    """Clients log traces in the background, and link them at once."""
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    mlflow.post("traces/link-to-run", trace_ids=["tr-1", "tr-12"], run_id=run)
    mlflow.post("traces/link-to-run", trace_ids=["tr-1"], run_id=run)
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {"trace_id": "tr-1", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    for trace_id in ("tr-1", "tr-2"):
        sent = {"trace": {"trace_info": info | {"trace_id": trace_id, "state": "OK"}}}
        assert mlflow.call("POST", TRACES, sent).status == 200
    asked = {"locations": [place], "filter": f"attributes.run_id = '{run}'"}
    found = mlflow.call("POST", f"{TRACES}/search", asked).json["traces"]
    assert [item["trace_id"] for item in found] == ["tr-1"]


def test_the_only_metric_of_a_batch_is_named_as_one_of_a_batch(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    metric = {"key": "../bad", "value": 1, "timestamp": 1, "step": 0}
    said = mlflow.refuse("POST", "runs/log-batch", run_id=run, metrics=[metric])[2]
    assert said.startswith("Invalid value \"../bad\" for parameter 'metrics[0].name' supplied")
    said = mlflow.refuse("POST", "runs/log-metric", run_id=run, **metric)[2]
    assert said.startswith("Invalid value \"../bad\" for parameter 'name' supplied")


def test_an_experiment_with_a_negative_number_is_one_that_is_not_there(mlflow: Caller) -> None:
    status, code, said = mlflow.refuse("GET", "experiments/get", experiment_id="-1337")
    assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert said.startswith("No Experiment with id=-1337 exists")


@pytest.mark.parametrize(
    ("name", "media", "told"),
    [
        ("MLmodel", "text/plain", 'filename="MLmodel"; '),
        ("a.pkl", "application/octet-stream", 'filename="a.pkl"; '),
        ('ä"b.png', "image/png", "filename=\"__b.png\"; filename*=UTF-8''%C3%A4%22b.png"),
    ],
)
def test_a_file_comes_with_its_type_and_its_name_in_both_spellings(
    mlflow: Caller, name: str, media: str, told: str
) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    at = f"/mlflow-artifacts/artifacts/0/{run}/artifacts/{name}"
    assert mlflow.call("PUT", at, body=b"x").status == 200
    found = mlflow.call("GET", at)
    assert found.headers["content-type"] == media
    assert found.headers["content-disposition"].startswith(f"attachment; {told}")
