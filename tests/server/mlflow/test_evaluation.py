"""Evaluation datasets of the protocol: a row is known by its inputs, and comes again in pages."""

from typing import Any

import msgspec
import pytest
from tests.server.mlflow.conftest import Caller

AT = "/api/3.0/mlflow/datasets"


def create(mlflow: Caller, name: str = "questions", **fields: Any) -> Any:
    done = mlflow.call("POST", f"{AT}/create", {"name": name} | fields)
    assert done.status == 200, done.body
    return done.json["dataset"]


def merge(mlflow: Caller, dataset: str, *rows: dict[str, Any]) -> Any:
    packed = msgspec.json.encode(rows).decode()
    done = mlflow.call("POST", f"{AT}/{dataset}/records", {"records": packed})
    assert done.status == 200, done.body
    return done.json


def rows(mlflow: Caller, dataset: str, **query: Any) -> tuple[list[Any], str | None]:
    done = mlflow.call("GET", f"{AT}/{dataset}/records", **query)
    assert done.status == 200, done.body
    return msgspec.json.decode(done.json["records"]), done.json.get("next_page_token")


def get(mlflow: Caller, dataset: str) -> Any:
    return mlflow.call("GET", f"{AT}/{dataset}").json["dataset"]


def test_a_row_whose_inputs_are_there_is_merged(mlflow: Caller) -> None:
    made = create(mlflow, tags='{"mlflow.user": "ada", "n": 1}', experiment_ids=["0"])
    assert (made["created_by"], made["experiment_ids"]) == ("ada", ["0"])
    assert msgspec.json.decode(made["tags"]) == {"mlflow.user": "ada", "n": "1"}
    first = {"inputs": {"a": 1, "b": 2}, "expectations": {"x": 1}, "tags": {"t": "1"}}
    done = merge(mlflow, made["dataset_id"], first, {"inputs": {"a": 2}, "outputs": "yes"})
    assert done == {"inserted_count": 2, "updated_count": 0}
    mlflow.home.clock.advance(seconds=1)
    again = {
        "inputs": {"b": 2, "a": 1},
        "expectations": {"y": 2},
        "outputs": {"o": 1},
        "tags": {"mlflow.user": "eve"},
    }
    assert merge(mlflow, made["dataset_id"], again) == {"inserted_count": 0, "updated_count": 1}
    found = {row["inputs"]["a"]: row for row in rows(mlflow, made["dataset_id"])[0]}
    assert found[1]["expectations"] == {"x": 1, "y": 2}
    assert found[1]["outputs"] == {"o": 1}
    assert (found[1]["tags"], found[1]["last_updated_by"]) == ({"t": "1", "mlflow.user": "eve"}, "eve")
    assert found[1]["last_update_time"] > found[1]["created_time"]
    assert found[2]["outputs"] == "yes"
    changed = get(mlflow, made["dataset_id"])
    assert changed["digest"] != made["digest"]
    assert msgspec.json.decode(changed["profile"]) == {"num_records": 2}
    assert msgspec.json.decode(changed["schema"]) == {
        "inputs": {"a": "integer", "b": "integer"},
        "outputs": "string",
        "expectations": {"x": "integer", "y": "integer"},
        "version": "1.0",
    }


def test_the_same_inputs_twice_in_one_request_are_one_row(mlflow: Caller) -> None:
    made = create(mlflow)["dataset_id"]
    done = merge(mlflow, made, {"inputs": {"a": 1}}, {"inputs": {"a": 1}, "outputs": 2})
    assert done == {"inserted_count": 1, "updated_count": 1}
    assert [row["outputs"] for row in rows(mlflow, made)[0]] == [2]


def test_rows_come_in_pages(mlflow: Caller) -> None:
    made = create(mlflow)["dataset_id"]
    merge(mlflow, made, *({"inputs": {"a": number}} for number in range(5)))
    seen: list[int] = []
    token: str | None = ""
    while token is not None:
        found, token = rows(mlflow, made, max_results=2, **({"page_token": token} if token else {}))
        seen += [row["inputs"]["a"] for row in found]
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_datasets_are_found(mlflow: Caller) -> None:
    other = mlflow.post("experiments/create", name="other")["experiment_id"]
    create(mlflow, "one", tags='{"a": "b"}', experiment_ids=["0"])
    mlflow.home.clock.advance(seconds=1)
    create(mlflow, "two", experiment_ids=["0", other])

    def names(**fields: Any) -> list[str]:
        done = mlflow.call("POST", f"{AT}/search", fields)
        assert done.status == 200, done.body
        return [item["name"] for item in done.json.get("datasets", [])]

    assert names() == ["two", "one"]
    assert names(experiment_ids=[other]) == ["two"]
    assert names(filter_string="tags.a = 'b'") == ["one"]
    assert names(filter_string="name LIKE 't%'") == ["two"]
    assert names(filter_string="name IN ('one', 'x')") == ["one"]
    assert names(filter_string="created_time > 1767225600000") == ["two"]
    assert names(order_by=["name"]) == ["one", "two"]
    page = mlflow.call("POST", f"{AT}/search", {"max_results": 1}).json
    assert names(max_results=1, page_token=page["next_page_token"]) == ["one"]


def test_ties_tags_and_rows_go(mlflow: Caller) -> None:
    other = mlflow.post("experiments/create", name="other")["experiment_id"]
    made = create(mlflow, tags='{"a": "b"}', experiment_ids=["0"])["dataset_id"]
    at = f"{AT}/{made}"
    assert mlflow.call("POST", f"{at}/add-experiments", {"experiment_ids": [other, "0"]}).status == 200
    assert mlflow.call("POST", f"{at}/remove-experiments", {"experiment_ids": ["0"]}).status == 200
    assert mlflow.call("GET", f"{at}/experiment-ids").json == {"experiment_ids": [other]}
    assert mlflow.call("PATCH", f"{at}/tags", {"tags": '{"c": "d", "gone": null}'}).json == {}
    assert mlflow.call("DELETE", f"{at}/tags/a").json == {}
    assert msgspec.json.decode(get(mlflow, made)["tags"]) == {"c": "d"}
    merge(mlflow, made, {"inputs": {"a": 1}})
    row = rows(mlflow, made)[0][0]["dataset_record_id"]
    gone = mlflow.call("DELETE", f"{at}/records", {"dataset_record_ids": [row, "none"]})
    assert gone.json == {"deleted_count": 1}
    assert mlflow.call("DELETE", at).json == {}
    assert mlflow.call("DELETE", at).json == {}
    assert mlflow.call("GET", at).json["message"] == f"Evaluation dataset with id '{made}' not found"


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("create", {}, 400),
        ("create", {"name": " "}, 400),
        ("create", {"name": "x" * 256}, 400),
        ("create", {"name": "x", "tags": "junk"}, 400),
        ("create", {"name": "x", "tags": "[1]"}, 400),
        ("create", {"name": "x", "experiment_ids": ["77"]}, 404),
        ("create", {"name": "x", "experiment_ids": ["junk"]}, 400),
        ("search", {"filter_string": "bad bad"}, 400),
        ("search", {"filter_string": "digest = 'x'"}, 400),
        ("search", {"order_by": ["digest"]}, 400),
        ("search", {"page_token": "junk"}, 400),
        ("d-none/records", {"records": "[]"}, 404),
        ("{made}/records", {"records": "{}"}, 400),
        ("{made}/records", {"records": "[1]"}, 400),
        ("{made}/records", {"records": '[{"inputs": 1}]'}, 400),
        ("{made}/records", {}, 400),
        ("{made}/add-experiments", {"experiment_ids": ["77"]}, 404),
        ("d-none/add-experiments", {"experiment_ids": ["0"]}, 404),
    ],
)
def test_what_is_no_dataset_is_refused(mlflow: Caller, path: str, asked: Any, status: int) -> None:
    made = create(mlflow)["dataset_id"]
    done = mlflow.call("POST", f"{AT}/{path.format(made=made)}", asked)
    assert done.status == status, done.body
    assert done.json["error_code"] in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
