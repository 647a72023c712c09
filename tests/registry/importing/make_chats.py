"""Fills a store of MLflow with what applications leave in it, and prints what its client says of that.

Run in a process of its own: the full mlflow does not belong into the tests' process.
"""

import json
import sqlite3
import sys
import warnings
from contextlib import suppress
from typing import Any

warnings.simplefilter("ignore")

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import AssessmentSource  # noqa: E402
from mlflow.genai.datasets import create_dataset, search_datasets  # noqa: E402


@mlflow.trace(name="answer", span_type="AGENT")
def answer(question: str) -> str:
    mlflow.update_current_trace(metadata={"mlflow.trace.session": "s1", "mlflow.trace.user": "ann"})
    with mlflow.start_span("look up", span_type="CHAT_MODEL") as span:
        span.set_inputs({"q": question})
        span.set_outputs(["a", "b"])
        span.set_attribute("deep", {"k": [1, 2.5, None], "text": "ährlich"})
        span.set_attribute(
            "mlflow.chat.tokenUsage", {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
        )
    if question == "bad":
        raise ValueError("no answer")
    return f"about {question}"


def fill(uri: str, *, keeps_rows: bool) -> None:
    """Keep three traces of a run, a prompt of two versions and, in a database, rows to judge by."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    home = client.create_experiment("chats")
    mlflow.set_experiment(experiment_id=home)
    first = mlflow.genai.register_prompt("greet", "Hello {{name}}", commit_message="first", tags={"a": "b"})
    chat = [{"role": "user", "content": "Hi {{name}}"}]
    mlflow.genai.register_prompt("greet", chat, commit_message="as a chat")
    mlflow.genai.set_prompt_alias("greet", "live", 1)
    with mlflow.start_run(run_name="judged"):
        for question in ("why", "how", "bad"):
            with suppress(ValueError):
                answer(question)
    mlflow.flush_trace_async_logging()
    for trace in mlflow.search_traces(locations=[home], return_type="list"):
        judge(trace.info.trace_id)
    if keeps_rows:
        client.link_prompt_versions_to_trace([first], trace.info.trace_id)
        rows = [{"inputs": {"q": f"{n}"}, "outputs": {"is": [n]}, "expectations": {"e": n}} for n in range(5)]
        create_dataset("questions", experiment_id=home, tags={"team": "orchard"}).merge_records(rows)
    if uri.startswith("sqlite"):
        add_webhook(uri.removeprefix("sqlite:///"))


def judge(trace_id: str) -> None:
    source = AssessmentSource(source_type="HUMAN", source_id="ann")
    mlflow.log_feedback(trace_id=trace_id, name="good", value=0.5, rationale="so so", source=source)
    mlflow.log_expectation(trace_id=trace_id, name="right", value={"is": [1]}, source=source)
    mlflow.set_trace_tag(trace_id, "seen", "yes")


def add_webhook(path: str) -> None:
    """As MLflow keeps one, which itself would look its host up in the names of the internet."""
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO webhooks (webhook_id, name, description, url, status, secret, creation_timestamp,"
            " last_updated_timestamp) VALUES ('w1', 'told', 'of models', 'https://a.example/hook',"
            " 'ACTIVE', 'geheim', 1000, 1000)"
        )
        database.execute("INSERT INTO webhook_events VALUES ('w1', 'model_version', 'created')")
    database.close()


def told(uri: str, *, keeps_rows: bool) -> dict[str, object]:
    """All of it, in words that do not depend on where it is kept."""
    mlflow.set_tracking_uri(uri)
    [home] = MlflowClient().search_experiments(filter_string="name = 'chats'")
    traces = mlflow.search_traces(locations=[home.experiment_id], return_type="list")
    return {
        "traces": {trace.info.trace_id: about(trace.info.trace_id) for trace in traces},
        "prompts": [prompt(number) for number in (1, 2)],
        "live": mlflow.genai.load_prompt("prompts:/greet@live").version,
        "rows": rows(home.experiment_id) if keeps_rows else None,
    }


def about(trace_id: str) -> list[Any]:
    trace = MlflowClient().get_trace(trace_id)
    info = trace.info.to_dict()
    del info["trace_location"]  # another number in another store
    for key in ("mlflow.artifactLocation", "mlflow.trace.spansLocation"):
        info["tags"].pop(key, None)
    for judged in info["assessments"]:
        judged.pop("valid", None)  # which files say, and the API does not
    info["assessments"].sort(key=lambda one: str(one["assessment_id"]))
    spans = [span.to_dict() for span in trace.data.spans]
    return [info, sorted(spans, key=lambda span: str(span["span_id"]))]


def prompt(number: int) -> list[Any]:
    found = mlflow.genai.load_prompt("greet", version=number)
    return [found.template, found.commit_message, found.tags, sorted(found.aliases)]


def rows(home: str) -> list[Any]:
    [found] = search_datasets(experiment_ids=[home])
    held = found.to_df().to_dict("records")
    every = [
        [one[name] for name in ("dataset_record_id", "inputs", "outputs", "expectations")] for one in held
    ]
    return [found.dataset_id, found.name, found.tags["team"], sorted(every, key=lambda row: str(row[0]))]


if __name__ == "__main__":
    _, where, task = sys.argv
    in_rows = task.endswith("rows")
    if task.startswith("fill"):
        fill(where, keeps_rows=in_rows)
    print("TOLD " + json.dumps(told(where, keeps_rows=in_rows)))
