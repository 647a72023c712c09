"""Prompts of the protocol: they share names with models, and are never taken for one."""

from typing import Any

import pytest
from tests.server.mlflow.conftest import Caller

MARK = {"key": "mlflow.prompt.is_prompt", "value": "true"}
TEXT = {"key": "mlflow.prompt.text", "value": "Hello {{name}}!"}
ONLY_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"


@pytest.fixture
def prompt(mlflow: Caller) -> str:
    mlflow.post("registered-models/create", name="greeting", tags=[MARK], description="d")
    for text in ("one", "two"):
        version(mlflow, text)
    return "greeting"


def version(mlflow: Caller, text: str, **fields: Any) -> Any:
    tags = [MARK, TEXT | {"value": text}]
    asked = {"name": "greeting", "source": "dummy-source", "tags": tags} | fields
    return mlflow.post("model-versions/create", **asked)["model_version"]


def test_a_prompt_has_versions_with_their_texts(mlflow: Caller, prompt: str) -> None:
    found = mlflow.get("registered-models/get", name=prompt)["registered_model"]
    assert (found["name"], found["description"], found["tags"]) == ("greeting", "d", [MARK])
    assert [item["version"] for item in found["latest_versions"]] == ["2"]
    first = mlflow.get("model-versions/get", name=prompt, version="1")["model_version"]
    assert (first["source"], first["status"], first["current_stage"]) == ("dummy-source", "READY", "None")
    assert TEXT | {"value": "one"} in first["tags"]


def test_prompts_are_found_only_where_they_are_asked_for(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/create", name="scorer")

    def names(text: str) -> list[str]:
        found = mlflow.get("registered-models/search", filter=text)["registered_models"]
        return [item["name"] for item in found]

    assert names("") == ["scorer"]
    assert names(ONLY_PROMPTS) == ["greeting"]
    assert names("tags.`mlflow.prompt.is_prompt` != 'true'") == ["scorer"]
    assert names("tags.`mlflow.prompt.is_prompt` != 'false'") == ["greeting"]
    assert names(f"{ONLY_PROMPTS} AND name LIKE 'gr%'") == ["greeting"]
    assert names(f"{ONLY_PROMPTS} AND name = 'scorer'") == []
    versions = mlflow.get("model-versions/search", filter=f"name = 'greeting' AND {ONLY_PROMPTS}")
    assert [item["version"] for item in versions["model_versions"]] == ["2", "1"]
    assert mlflow.get("model-versions/search")["model_versions"] == []
    assert mlflow.home.registry.models().items[0].name == "scorer"


def test_a_name_is_a_prompt_s_or_a_model_s(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/create", name="scorer")
    for name, tags, message in (
        ("greeting", [MARK], "Prompt (name=greeting) already exists."),
        ("greeting", [], "Tried to create a registered model with name 'greeting'"),
        ("scorer", [MARK], "Tried to create a prompt with name 'scorer'"),
    ):
        status, code, said = mlflow.refuse("POST", "registered-models/create", name=name, tags=tags)
        assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
        assert said.startswith(message)
    for old, new in (("scorer", "greeting"), ("greeting", "scorer")):
        assert mlflow.refuse("POST", "registered-models/rename", name=old, new_name=new)[0] == 400


def test_aliases_name_versions(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/alias", name=prompt, alias="live", version="1")
    found = mlflow.get("registered-models/alias", name=prompt, alias="live")["model_version"]
    assert (found["version"], found["aliases"]) == ("1", ["live"])
    assert (
        mlflow.get("registered-models/alias", name=prompt, alias="latest")["model_version"]["version"] == "2"
    )
    assert mlflow.refuse("POST", "registered-models/alias", name=prompt, alias="live", version="9")[0] == 404
    assert mlflow.refuse("POST", "registered-models/alias", name=prompt, alias="v1", version="1")[0] == 400
    assert (
        mlflow.call("DELETE", "/mlflow/registered-models/alias", {"name": prompt, "alias": "live"}).status
        == 200
    )
    status, code, said = mlflow.refuse("GET", "registered-models/alias", name=prompt, alias="live")
    assert (status, code, said) == (400, "INVALID_PARAMETER_VALUE", "Registered model alias live not found.")


def test_tags_and_descriptions_change(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/set-tag", name=prompt, key="k", value="v")
    mlflow.post("model-versions/set-tag", name=prompt, version="1", key="k", value="w")
    tags = mlflow.get("model-versions/get", name=prompt, version="1")["model_version"]["tags"]
    assert {"key": "k", "value": "w"} in tags
    for path, fields in (("registered-models", {}), ("model-versions", {"version": "1"})):
        gone = mlflow.call("DELETE", f"/mlflow/{path}/delete-tag", {"name": prompt, "key": "k"} | fields)
        assert gone.status == 200
    assert mlflow.get("registered-models/get", name=prompt)["registered_model"]["tags"] == [MARK]
    changed = {"name": prompt, "version": "1", "description": "new"}
    done = mlflow.call("PATCH", "/mlflow/model-versions/update", changed).json["model_version"]
    assert done["description"] == "new"
    assert (
        mlflow.call("PATCH", "/mlflow/registered-models/update", {"name": prompt, "description": "n"}).status
        == 200
    )


def test_what_only_models_have_is_refused(mlflow: Caller, prompt: str) -> None:
    stage = {"name": prompt, "version": "1", "stage": "Production"}
    assert mlflow.refuse("POST", "model-versions/transition-stage", **stage)[0] == 400
    assert mlflow.refuse("GET", "model-versions/get-download-uri", name=prompt, version="1")[0] == 400
    bad = {"name": prompt, "source": "/etc/passwd", "tags": [MARK]}
    assert mlflow.refuse("POST", "model-versions/create", **bad)[2].startswith("Invalid prompt source")


def test_deleting_leaves_nothing(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/alias", name=prompt, alias="live", version="1")
    gone = mlflow.call("DELETE", "/mlflow/model-versions/delete", {"name": prompt, "version": "1"})
    assert gone.status == 200
    assert mlflow.get("registered-models/get", name=prompt)["registered_model"]["aliases"] == []
    assert mlflow.call("DELETE", "/mlflow/registered-models/delete", {"name": prompt}).status == 200
    assert mlflow.refuse("GET", "registered-models/get", name=prompt)[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    mlflow.post("registered-models/create", name=prompt)
    assert mlflow.get("registered-models/get", name=prompt)["registered_model"]["tags"] == []


def test_each_change_is_in_the_ledger(mlflow: Caller, prompt: str) -> None:
    mlflow.post("registered-models/set-tag", name=prompt, key="k", value="v")
    told = [entry.type for entry in mlflow.home.ledger.entries()]
    assert told == [
        "registry.prompt_created",
        "registry.prompt_version_created",
        "registry.prompt_version_created",
        "registry.prompt_tagged",
    ]
