"""Experiments over the MLflow protocol."""

import pytest
from tests.server.mlflow.conftest import Caller


def test_the_default_experiment_is_there_before_anything_was_made(mlflow: Caller) -> None:
    found = mlflow.get("experiments/get", experiment_id="0")["experiment"]
    assert (found["name"], found["lifecycle_stage"]) == ("Default", "active")
    assert found["artifact_location"] == "mlflow-artifacts:/0"


def test_what_was_created_is_found_by_id_and_by_name(mlflow: Caller) -> None:
    made = mlflow.post("experiments/create", name="loans", tags=[{"key": "team", "value": "risk"}])
    by_id = mlflow.get("experiments/get", experiment_id=made["experiment_id"])["experiment"]
    by_name = mlflow.get("experiments/get-by-name", experiment_name="loans")["experiment"]
    assert by_id == by_name
    assert by_id["tags"] == [{"key": "team", "value": "risk"}]


def test_a_name_is_given_once(mlflow: Caller) -> None:
    mlflow.post("experiments/create", name="loans")
    status, code, message = mlflow.refuse("POST", "experiments/create", name="loans")
    assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "Experiment(name=loans) already exists" in message


@pytest.mark.parametrize(
    ("path", "fields", "status", "code", "text"),
    [
        ("create", {}, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'"),
        ("create", {"name": "n" * 501}, 400, "INVALID_PARAMETER_VALUE", "exceeds the maximum length"),
        ("create", {"name": 3}, 400, "INVALID_PARAMETER_VALUE", "'name'"),
        (
            "create",
            {"name": "x", "artifact_location": "s3://b/p"},
            400,
            "INVALID_PARAMETER_VALUE",
            "artifact",
        ),
        ("delete", {"experiment_id": "77"}, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=77"),
        ("restore", {"experiment_id": "0"}, 404, "RESOURCE_DOES_NOT_EXIST", "id=0"),
        ("update", {"experiment_id": "0"}, 400, "INVALID_PARAMETER_VALUE", "'new_name'"),
        (
            "delete-experiment-tag",
            {"experiment_id": "0", "key": "no"},
            404,
            "RESOURCE_DOES_NOT_EXIST",
            "No tag",
        ),
    ],
)
def test_bad_requests_say_what_is_wrong(
    mlflow: Caller, path: str, fields: dict[str, object], status: int, code: str, text: str
) -> None:
    found = mlflow.refuse("POST", f"experiments/{path}", **fields)
    assert found[:2] == (status, code)
    assert text in found[2]


def test_an_id_that_is_no_number_is_refused(mlflow: Caller) -> None:
    _, code, message = mlflow.refuse("GET", "experiments/get", experiment_id="abc")
    assert code == "INVALID_PARAMETER_VALUE"
    assert "must be a valid integer" in message


def test_deleting_takes_the_runs_along_and_restoring_brings_them_back(mlflow: Caller) -> None:
    number = mlflow.post("experiments/create", name="loans")["experiment_id"]
    run = mlflow.post("runs/create", experiment_id=number)["run"]["info"]["run_id"]
    mlflow.post("experiments/delete", experiment_id=number)
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert mlflow.refuse("POST", "runs/create", experiment_id=number)[1] == "INVALID_PARAMETER_VALUE"
    mlflow.post("experiments/restore", experiment_id=number)
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"


def test_renaming_and_tagging(mlflow: Caller) -> None:
    mlflow.post("experiments/update", experiment_id="0", new_name="main")
    mlflow.post("experiments/set-experiment-tag", experiment_id="0", key="a", value="1")
    mlflow.post("experiments/set-experiment-tag", experiment_id="0", key="a", value="2")
    found = mlflow.get("experiments/get", experiment_id="0")["experiment"]
    assert (found["name"], found["tags"]) == ("main", [{"key": "a", "value": "2"}])
    mlflow.post("experiments/delete-experiment-tag", experiment_id="0", key="a")
    assert mlflow.get("experiments/get", experiment_id="0")["experiment"]["tags"] == []


def test_search_filters_orders_and_pages(mlflow: Caller) -> None:
    mlflow.get("experiments/get", experiment_id="0")  # made on first use
    for name in ("a1", "a2", "b1"):
        mlflow.home.clock.advance(seconds=1)
        mlflow.post("experiments/create", name=name, tags=[{"key": "kind", "value": name[0]}])

    def names(**query: object) -> list[str]:
        found = mlflow.post("experiments/search", max_results=10, **query)["experiments"]
        return [item["name"] for item in found]

    assert names() == ["b1", "a2", "a1", "Default"]
    assert names(filter="tags.kind = 'a'", order_by=["name DESC"]) == ["a2", "a1"]
    assert names(filter="name LIKE 'a%' AND tags.kind IS NOT NULL") == ["a2", "a1"]
    assert names(filter="name ILIKE 'B%'") == ["b1"]
    assert names(filter="name LIKE 'B%'") == []
    assert names(filter="experiment_id IN ('1', '3')") == ["b1", "a1"]
    first = mlflow.post("experiments/search", max_results=3)
    rest = mlflow.post("experiments/search", max_results=3, page_token=first["next_page_token"])
    assert [item["name"] for item in rest["experiments"]] == ["Default"]
    assert "next_page_token" not in rest


def test_deleted_experiments_are_found_only_when_asked_for(mlflow: Caller) -> None:
    number = mlflow.post("experiments/create", name="old")["experiment_id"]
    mlflow.post("experiments/delete", experiment_id=number)
    assert len(mlflow.post("experiments/search", max_results=9)["experiments"]) == 1
    found = mlflow.post("experiments/search", max_results=9, view_type="DELETED_ONLY")["experiments"]
    assert [item["name"] for item in found] == ["old"]
    assert len(mlflow.post("experiments/search", max_results=9, view_type=3)["experiments"]) == 2
