"""Prompts by `mlflow.genai`, written for `mlflow server`."""

import mlflow
import pytest
from mlflow.exceptions import MlflowException

genai = mlflow.genai
first = genai.register_prompt(
    name="greeting", template="Hello {{name}}!", commit_message="begin", tags={"by": "ada"}
)
assert (first.name, first.version, first.template) == ("greeting", 1, "Hello {{name}}!")
second = genai.register_prompt(
    name="greeting", template=[{"role": "user", "content": "Hi {{name}}"}], commit_message="chat"
)
assert second.version == 2
assert genai.load_prompt("prompts:/greeting/1").format(name="Eve") == "Hello Eve!"
assert genai.load_prompt("greeting", version=2).format(name="Eve") == [{"role": "user", "content": "Hi Eve"}]
genai.set_prompt_alias("greeting", alias="production", version=1)
assert genai.load_prompt("prompts:/greeting@production").version == 1
assert genai.load_prompt("prompts:/greeting@latest").version == 2
genai.set_prompt_alias("greeting", alias="production", version=2)
assert genai.load_prompt("prompts:/greeting@production", cache_ttl_seconds=0).version == 2
genai.delete_prompt_alias("greeting", alias="production")
with pytest.raises(MlflowException):
    genai.load_prompt("prompts:/greeting@production", cache_ttl_seconds=0)
assert genai.load_prompt("greeting", version=9, allow_missing=True) is None
assert genai.load_prompt("nobody", allow_missing=True) is None

genai.register_prompt(name="farewell", template="Bye", response_format={"type": "object"})
assert [item.name for item in genai.search_prompts()] == ["farewell", "greeting"]
assert [item.name for item in genai.search_prompts(filter_string="name LIKE 'gr%'")] == ["greeting"]
client = mlflow.MlflowClient()
assert client.search_registered_models() == []
assert client.search_model_versions() == []
assert sorted(item.version for item in client.search_prompt_versions("greeting")) == [1, 2]
genai.set_prompt_version_tag("greeting", 1, "k", "v")
assert genai.load_prompt("greeting", version=1, cache_ttl_seconds=0).tags["k"] == "v"
genai.delete_prompt_version_tag("greeting", 1, "k")
client.set_prompt_tag("greeting", "owner", "ada")
assert client.get_prompt("greeting").tags["owner"] == "ada"
with pytest.raises(MlflowException, match="already taken by a prompt"):
    client.create_registered_model("greeting")
client.create_registered_model("scorer")
with pytest.raises(MlflowException):
    genai.register_prompt(name="scorer", template="x")


@mlflow.trace
def greet() -> str:
    return genai.load_prompt("greeting", version=1).format(name="Eve")


greet()
mlflow.flush_trace_async_logging()
found = mlflow.search_traces(filter_string="prompt = 'greeting/1'", return_type="list")
assert len(found) == 1, found
with mlflow.start_run():
    genai.load_prompt("greeting", version=1, cache_ttl_seconds=0)
client.delete_prompt_version("greeting", "1")
client.delete_prompt_version("greeting", "2")
client.delete_prompt("greeting")
assert [item.name for item in genai.search_prompts()] == ["farewell"]
print("prompting script done")
