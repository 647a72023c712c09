"""Logged models, registered models and versions over the MLflow protocol."""

from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.server.mlflow.conftest import Caller

from pomona.core.actors import acting_as
from pomona.registry.approvals.records import NewPolicy, NewStatement
from pomona.registry.approvals.service import ApprovalService
from pomona.registry.seals.store import seals

PROXY = "/mlflow-artifacts/artifacts"
MLMODEL = b"""
artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.9.1}
signature:
  inputs: '[{"type": "double", "name": "amount", "required": true}, {"type": "string", "name": "kind"}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
"""


@pytest.fixture
def run(mlflow: Caller) -> str:
    return str(mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"])


def log_model(mlflow: Caller, run: str, *, mlmodel: bytes | None = MLMODEL) -> str:
    """A logged model with its files, ready."""
    made = mlflow.post("logged-models", experiment_id="0", name="clf", source_run_id=run)
    model = str(made["model"]["info"]["model_id"])
    at = f"{PROXY}/0/models/{model}/artifacts"
    if mlmodel is not None:
        mlflow.call("PUT", f"{at}/MLmodel", body=mlmodel)
    mlflow.call("PUT", f"{at}/data/model.pkl", body=b"weights")
    mlflow.call("PATCH", f"/mlflow/logged-models/{model}", {"model_id": model, "status": 2})
    return model


def register(mlflow: Caller, run: str, name: str = "scorer") -> dict[str, Any]:
    if mlflow.call("GET", "/mlflow/registered-models/get", name=name).status == 404:
        mlflow.post("registered-models/create", name=name)
    source = f"models:/{log_model(mlflow, run)}"
    found: dict[str, Any] = mlflow.post("model-versions/create", name=name, source=source)["model_version"]
    return found


def test_a_logged_model_goes_from_pending_to_ready(mlflow: Caller, run: str) -> None:
    made = mlflow.post(
        "logged-models",
        experiment_id="0",
        name="clf",
        model_type="classifier",
        source_run_id=run,
        params=[{"key": "depth", "value": "3"}],
        tags=[{"key": "a", "value": "1"}],
    )["model"]
    assert made["info"]["status"] == "LOGGED_MODEL_PENDING"
    model = made["info"]["model_id"]
    assert made["info"]["artifact_uri"] == f"mlflow-artifacts:/0/models/{model}/artifacts"
    path = f"/mlflow/logged-models/{model}"
    mlflow.call("PATCH", path, {"status": "LOGGED_MODEL_READY"})
    mlflow.call("PATCH", f"{path}/tags", {"tags": [{"key": "a", "value": "2"}, {"key": "b", "value": "3"}]})
    mlflow.call("DELETE", f"{path}/tags/b")
    mlflow.call("POST", f"{path}/params", {"params": [{"key": "l2", "value": "0"}]})
    found = mlflow.get(f"logged-models/{model}")["model"]
    assert found["info"]["status"] == "LOGGED_MODEL_READY"
    assert found["info"]["tags"] == [{"key": "a", "value": "2"}]
    assert {item["key"] for item in found["data"]["params"]} == {"depth", "l2"}
    assert mlflow.call("DELETE", f"{path}/tags/b").status == 404


def test_logged_models_are_searched_by_metric_param_tag_and_name(mlflow: Caller, run: str) -> None:
    ids = []
    for value in (0.5, 0.9):
        model = log_model(mlflow, run)
        ids.append(model)
        point = {"key": "auc", "value": value, "timestamp": 1, "step": 0, "model_id": model}
        mlflow.post(
            "runs/log-batch", run_id=run, metrics=[point | {"dataset_name": "d", "dataset_digest": "1"}]
        )
        mlflow.home.clock.advance(seconds=1)

    def search(**query: Any) -> list[str]:
        found = mlflow.post("logged-models/search", experiment_ids=["0"], **query)["models"]
        return [item["info"]["model_id"] for item in found]

    assert search() == ids[::-1]
    assert search(filter="metrics.auc > 0.6") == [ids[1]]
    assert search(filter="name = 'clf' AND status = 'READY'") == ids[::-1]
    assert search(order_by=[{"field_name": "metrics.auc", "ascending": True}]) == ids
    assert search(datasets=[{"dataset_name": "other"}]) == []
    assert search(datasets=[{"dataset_name": "d"}], filter="metrics.auc < 0.6") == [ids[0]]
    assert search(max_results=1) == [ids[1]]
    metrics = mlflow.get(f"logged-models/{ids[0]}")["model"]["data"]["metrics"]
    assert (metrics[0]["value"], metrics[0]["dataset_name"]) == (0.5, "d")
    assert mlflow.refuse("POST", "logged-models/search", experiment_ids=["0"], datasets=[{}])[0] == 400


def test_a_deleted_logged_model_is_gone_unless_asked_for(mlflow: Caller, run: str) -> None:
    model = log_model(mlflow, run)
    mlflow.call("DELETE", f"/mlflow/logged-models/{model}")
    assert mlflow.call("GET", f"/mlflow/logged-models/{model}").status == 404
    assert mlflow.call("GET", f"/mlflow/logged-models/{model}", allow_deleted="true").status == 200


def test_files_of_a_logged_model_are_listed(mlflow: Caller, run: str) -> None:
    model = log_model(mlflow, run)
    found = mlflow.get(f"logged-models/{model}/artifacts/directories")["files"]
    assert [file["path"] for file in found] == ["MLmodel", "data"]


def test_registering_makes_the_next_version_with_its_run_and_signature(mlflow: Caller, run: str) -> None:
    mlflow.post("runs/log-metric", run_id=run, key="test_auc", value=0.8, timestamp=1)
    first, second = register(mlflow, run), register(mlflow, run)
    assert [first["version"], second["version"]] == ["1", "2"]
    assert (first["status"], first["run_id"], first["current_stage"]) == ("READY", run, "None")
    version = mlflow.home.registry.version("scorer/1")
    assert [file.path for file in version.files] == ["MLmodel", "data/model.pkl"]
    assert [(c.name, c.type) for c in version.signature.inputs] == [("amount", "double"), ("kind", "string")]
    assert version.signature.outputs[0].type == "tensor[int64, [-1]]"
    assert sorted(version.flavors) == ["python_function", "sklearn"]
    assert version.metrics == {"test_auc": 0.8}
    links = {(link.relation, link.target) for link in mlflow.home.ledger.links([run])}
    assert ("produced", version.id) in links


@pytest.mark.parametrize(
    ("mlmodel", "text"),
    [
        (None, "there is no MLmodel file"),
        (b"{:::", "not YAML"),
        (b"\xff\xfe\x00bad", "not a model"),
        (b"just text", "names no flavors"),
        (b"flavors: {}", "names no flavors"),
        (b"flavors: {f: {}}\nsignature: {inputs: '{{'}", "signature is not JSON"),
        (b"flavors: {f: {}}\nsignature: 3", "signature is not a mapping"),
    ],
)
def test_what_is_no_model_is_refused_and_leaves_nothing(
    mlflow: Caller, run: str, mlmodel: bytes | None, text: str
) -> None:
    mlflow.post("registered-models/create", name="scorer")
    model = log_model(mlflow, run, mlmodel=mlmodel)
    status, code, message = mlflow.refuse(
        "POST", "model-versions/create", name="scorer", source=f"models:/{model}"
    )
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert text in message
    assert "log_model" in message
    assert mlflow.home.registry.detail("scorer").versions == []


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("models:/m-" + "0" * 32, 404),
        ("runs:/" + "0" * 32 + "/model", 404),
        ("s3://bucket/model", 400),
        ("/etc", 400),
        ("file:///etc", 400),
        ("mlflow-artifacts:/../../etc", 400),
        ("mlflow-artifacts:/0/" + "0" * 32 + "/artifacts/model", 404),
        ("https://example.org/model", 400),
        ("models:/scorer/9", 404),
    ],
)
def test_a_source_that_is_not_ours_is_refused(mlflow: Caller, source: str, status: int) -> None:
    mlflow.post("registered-models/create", name="scorer")
    assert mlflow.refuse("POST", "model-versions/create", name="scorer", source=source)[0] == status


def test_a_model_folder_of_a_run_can_be_registered_by_either_address(mlflow: Caller, run: str) -> None:
    mlflow.post("registered-models/create", name="scorer")
    mlflow.call("PUT", f"{PROXY}/0/{run}/artifacts/model/MLmodel", body=MLMODEL)
    for source in (
        f"runs:/{run}/model",
        f"mlflow-artifacts:/0/{run}/artifacts/model",
        f"http://127.0.0.1:7700/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model",
    ):
        mlflow.post("model-versions/create", name="scorer", source=source, run_id=run)
    versions = mlflow.home.registry.detail("scorer").versions
    assert len({version.digest for version in versions}) == 1
    assert {version.run_id for version in versions} == {run}


def test_a_version_can_be_copied_to_another_model(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    mlflow.post("registered-models/create", name="prod")
    copied = mlflow.post("model-versions/create", name="prod", source="models:/scorer/1")["model_version"]
    assert copied["run_id"] == run
    one, two = mlflow.home.registry.version("scorer/1"), mlflow.home.registry.version("prod/1")
    assert one.digest == two.digest


def test_a_registered_version_is_downloaded_from_its_own_address_and_never_changes(
    mlflow: Caller, run: str
) -> None:
    register(mlflow, run)
    uri = mlflow.get("model-versions/get-download-uri", name="scorer", version="1")["artifact_uri"]
    folder = uri.removeprefix("mlflow-artifacts:/")
    listed = mlflow.call("GET", PROXY, path=folder).json["files"]
    assert [(file["path"], file["is_dir"]) for file in listed] == [("MLmodel", False), ("data", True)]
    assert mlflow.call("GET", PROXY, path=f"{folder}/data").json["files"][0]["path"] == "model.pkl"
    assert mlflow.call("GET", f"{PROXY}/{folder}/data/model.pkl").body == b"weights"
    model = mlflow.home.registry.version("scorer/1").logged_model
    mlflow.call("PUT", f"{PROXY}/0/models/{model}/artifacts/data/model.pkl", body=b"other")
    assert mlflow.call("GET", f"{PROXY}/{folder}/data/model.pkl").body == b"weights"
    for method in ("PUT", "DELETE"):
        answer = mlflow.call(method, f"{PROXY}/{folder}/data/model.pkl", body=b"x")
        assert (answer.status, answer.json["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_changed_file_or_seal_is_refused_before_its_first_byte(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    uri = mlflow.get("model-versions/get-download-uri", name="scorer", version="1")["artifact_uri"]
    folder = uri.removeprefix("mlflow-artifacts:/")
    version = mlflow.home.registry.version("scorer/1")
    file = next(file for file in version.files if file.path == "data/model.pkl")
    blob = mlflow.home.folder / "blobs" / file.digest[:2] / file.digest[2:]
    blob.chmod(0o644)
    blob.write_bytes(b"WEIGHTS")
    answer = mlflow.call("GET", f"{PROXY}/{folder}/data/model.pkl")
    assert (answer.status, answer.json["error_code"]) == (409, "DATA_LOSS")
    assert "data/model.pkl is not what was registered" in answer.json["message"]
    assert mlflow.call("GET", f"{PROXY}/{folder}/MLmodel").body == MLMODEL
    mlflow.home.database.write(lambda tx: seals.remove(tx))
    for path in (f"{PROXY}/{folder}/MLmodel", "/mlflow/model-versions/get-download-uri"):
        answer = mlflow.call("GET", path, name="scorer", version="1")
        assert (answer.status, answer.json["error_code"]) == (409, "DATA_LOSS")
        assert "no seal" in answer.json["message"]
    assert mlflow.call("GET", PROXY, path=folder).status == 409


def test_missing_approvals_stop_aliases_and_stages(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    home = mlflow.home
    approvals = ApprovalService(home.database, home.clock, home.registry)
    approvals.set_policy("scorer", NewPolicy(needed=1))
    champion = {"name": "scorer", "alias": "champion", "version": "1"}
    production = {"name": "scorer", "version": "1", "stage": "Production"}
    for path, body in (
        ("registered-models/alias", champion),
        ("model-versions/transition-stage", production),
    ):
        answer = mlflow.call("POST", f"/mlflow/{path}", body)
        assert (answer.status, answer.json["error_code"]) == (403, "PERMISSION_DENIED")
        assert "1 approval of another person missing" in answer.json["message"]
    with acting_as("bob"):
        approvals.state("scorer/1", NewStatement(kind="approved"))
    mlflow.post("registered-models/alias", **champion)
    assert mlflow.post("model-versions/transition-stage", **production)["model_version"]["version"] == "1"


def test_aliases_move_and_go(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    register(mlflow, run)
    for number in ("1", "2"):
        mlflow.post("registered-models/alias", name="scorer", alias="champion", version=number)
    found = mlflow.get("registered-models/alias", name="scorer", alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == ("2", ["champion"])
    latest = mlflow.get("registered-models/alias", name="scorer", alias="latest")["model_version"]
    assert latest["version"] == "2"
    model = mlflow.get("registered-models/get", name="scorer")["registered_model"]
    assert model["aliases"] == [{"alias": "champion", "version": "2"}]
    mlflow.call("DELETE", "/mlflow/registered-models/alias", {"name": "scorer", "alias": "champion"})
    status, code, _ = mlflow.refuse("GET", "registered-models/alias", name="scorer", alias="champion")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("alias", ["v1", "latest", "Latest", "a b", "a/b", "", "x" * 256])
def test_odd_and_reserved_aliases_are_refused(mlflow: Caller, run: str, alias: str) -> None:
    register(mlflow, run)
    found = mlflow.refuse("POST", "registered-models/alias", name="scorer", alias=alias, version="1")
    assert found[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_stages_move_and_archive_the_others(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    register(mlflow, run)
    move = {"name": "scorer", "stage": "production"}
    mlflow.post("model-versions/transition-stage", version="1", **move)
    mlflow.post("model-versions/transition-stage", version="2", archive_existing_versions=True, **move)
    stages = {v.number: v.stage for v in mlflow.home.registry.detail("scorer").versions}
    assert stages == {1: "Archived", 2: "Production"}
    latest = mlflow.post("registered-models/get-latest-versions", name="scorer", stages=["Production"])
    assert [item["version"] for item in latest["model_versions"]] == ["2"]
    bad = {"name": "scorer", "version": "1", "stage": "nowhere"}
    assert mlflow.refuse("POST", "model-versions/transition-stage", **bad)[0] == 400


def test_models_are_described_renamed_tagged_and_deleted(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    at = "/mlflow/registered-models"
    mlflow.call("PATCH", f"{at}/update", {"name": "scorer", "description": "scores"})
    mlflow.post("registered-models/set-tag", name="scorer", key="team", value="risk")
    found = mlflow.post("registered-models/rename", name="scorer", new_name="ranker")["registered_model"]
    assert (found["description"], found["tags"]) == ("scores", [{"key": "team", "value": "risk"}])
    assert mlflow.get("model-versions/get", name="ranker", version="1")["model_version"]["name"] == "ranker"
    mlflow.call("DELETE", f"{at}/delete-tag", {"name": "ranker", "key": "team"})
    assert mlflow.get("registered-models/get", name="ranker")["registered_model"]["tags"] == []
    mlflow.call("DELETE", f"{at}/delete", {"name": "ranker"})
    assert mlflow.refuse("GET", "registered-models/get", name="ranker")[:2] == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )


def test_versions_are_described_tagged_and_deleted_and_numbers_not_reused(mlflow: Caller, run: str) -> None:
    register(mlflow, run)
    key = {"name": "scorer", "version": "1"}
    mlflow.call("PATCH", "/mlflow/model-versions/update", key | {"description": "first"})
    mlflow.post("model-versions/set-tag", key="a", value="1", **key)
    found = mlflow.get("model-versions/get", **key)["model_version"]
    assert (found["description"], found["tags"]) == ("first", [{"key": "a", "value": "1"}])
    mlflow.call("DELETE", "/mlflow/model-versions/delete-tag", key | {"key": "a"})
    version = mlflow.home.registry.version("scorer/1")
    assert mlflow.call("DELETE", "/mlflow/model-versions/delete", key).status == 200
    assert mlflow.refuse("GET", "model-versions/get", **key)[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    assert register(mlflow, run)["version"] == "2"
    assert mlflow.home.registry.version(version.id).status == "deleted"  # the ledger still speaks of it


def test_search_finds_models_and_versions(mlflow: Caller, run: str) -> None:
    for name in ("alpha", "beta"):
        register(mlflow, run, name)
        mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/set-tag", name="beta", key="team", value="risk")

    def models(**query: Any) -> list[str]:
        found = mlflow.get("registered-models/search", **query)["registered_models"]
        return [item["name"] for item in found]

    assert models() == ["alpha", "beta"]
    assert models(order_by=["name DESC"]) == ["beta", "alpha"]
    assert models(order_by=["last_updated_timestamp DESC"]) == ["beta", "alpha"]
    assert models(filter="tags.team = 'risk'") == ["beta"]
    assert models(filter="name ILIKE 'AL%'") == ["alpha"]
    assert models(filter="tag.`mlflow.prompt.is_prompt` != 'true'") == ["alpha", "beta"]
    assert models(filter="tag.`mlflow.prompt.is_prompt` = 'true'") == []
    page = mlflow.get("registered-models/search", max_results=1)
    assert mlflow.get("registered-models/search", page_token=page["next_page_token"])["registered_models"]

    def versions(**query: Any) -> list[tuple[str, str]]:
        found = mlflow.get("model-versions/search", **query)["model_versions"]
        return [(item["name"], item["version"]) for item in found]

    assert versions() == [("beta", "1"), ("alpha", "1")]
    assert versions(filter="name = 'alpha'") == [("alpha", "1")]
    assert versions(filter=f"run_id = '{run}' AND version_number >= 1", order_by=["name ASC"]) == [
        ("alpha", "1"),
        ("beta", "1"),
    ]
    assert versions(filter="source_path LIKE 's3%'") == []
    assert mlflow.refuse("GET", "registered-models/search", max_results=1001)[0] == 400
    assert mlflow.refuse("GET", "registered-models/search", filter="oops")[0] == 400


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "..", "a@b"])
def test_odd_model_names_are_refused(mlflow: Caller, name: str) -> None:
    assert mlflow.refuse("POST", "registered-models/create", name=name)[:2] == (
        400,
        "INVALID_PARAMETER_VALUE",
    )


def test_a_model_name_is_given_once(mlflow: Caller) -> None:
    mlflow.post("registered-models/create", name="scorer")
    found = mlflow.refuse("POST", "registered-models/create", name="scorer")
    assert found[:2] == (400, "RESOURCE_ALREADY_EXISTS")


def test_a_search_asks_the_database_as_often_for_many_models_as_for_one(mlflow: Caller, run: str) -> None:
    def questions() -> tuple[int, int]:
        asked: list[str] = []
        listen = ("before_cursor_execute", lambda _c, _d, statement, *_: asked.append(statement))
        event.listen(Engine, *listen)
        try:
            found = mlflow.get("registered-models/search")["registered_models"]
        finally:
            event.remove(Engine, *listen)
        return len(asked), sum(len(model["latest_versions"]) for model in found)

    register(mlflow, run, "pears-0")
    few = questions()
    for number in range(1, 6):
        register(mlflow, run, f"pears-{number}")
    assert questions() == (few[0], 6)


def test_the_newest_version_of_each_stage_is_told(mlflow: Caller, run: str) -> None:
    for name in ("pears", "plums"):
        for _ in range(4):
            register(mlflow, run, name)
    for name, version in (("pears", "1"), ("pears", "3"), ("plums", "2")):
        mlflow.post("model-versions/transition-stage", name=name, version=version, stage="Staging")
    found = mlflow.get("registered-models/search")["registered_models"]
    told = {
        model["name"]: [(v["version"], v["current_stage"]) for v in model["latest_versions"]]
        for model in found
    }
    assert told == {
        "pears": [("4", "None"), ("3", "Staging")],
        "plums": [("4", "None"), ("2", "Staging")],
    }
    latest = mlflow.get("registered-models/get-latest-versions", name="pears", stages="Staging")
    assert [one["version"] for one in latest["model_versions"]] == ["3"]
