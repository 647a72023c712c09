"""What a program with `@mlflow.trace` does, written for `mlflow server`."""

import contextlib
import time

import mlflow
from mlflow.entities import AssessmentSource, SpanEvent, SpanType

mlflow.set_experiment("tracing")
client = mlflow.MlflowClient()


@mlflow.trace(span_type=SpanType.CHAIN)
def answer(question: str, times: int) -> str:
    with mlflow.start_span(
        "model", span_type=SpanType.LLM, attributes={"model": "tiny-1", "sizes": [1, 2.5]}
    ) as span:
        span.set_inputs({"question": question, "é": None})
        span.add_event(SpanEvent("token", attributes={"k": "v"}))
        span.set_outputs(["no"] * times)
    mlflow.update_current_trace(tags={"team": "fruit"}, metadata={"m": "2"}, session_id="s1", user="ada")
    return "no"


@mlflow.trace
def broken() -> None:
    raise ValueError("it broke")


answer("why?", 2)
first = mlflow.get_last_active_trace_id()
with contextlib.suppress(ValueError):
    broken()
with mlflow.start_run() as run:
    answer("in a run", 1)
mlflow.flush_trace_async_logging()

trace = mlflow.get_trace(first)
assert trace is not None
assert trace.info.state == "OK"
assert trace.info.request_preview == '{"question": "why?", "times": 2}', trace.info.request_preview
assert trace.info.tags["team"] == "fruit"
assert trace.info.trace_metadata["mlflow.trace.session"] == "s1"
root, model = trace.data.spans
assert (root.name, root.span_type, root.parent_id) == ("answer", "CHAIN", None)
assert (model.name, model.span_type, model.parent_id) == ("model", "LLM", root.span_id)
assert model.inputs == {"question": "why?", "é": None}
assert model.outputs == ["no", "no"]
assert model.get_attribute("sizes") == [1, 2.5]
assert model.events[0].attributes == {"k": "v"}
assert root.end_time_ns >= model.end_time_ns >= model.start_time_ns >= root.start_time_ns

found = mlflow.search_traces(filter_string="trace.status = 'ERROR'", return_type="list")
assert [item.data.spans[0].name for item in found] == ["broken"]
assert found[0].data.spans[0].events[0].attributes["exception.message"] == "it broke"
assert len(mlflow.search_traces(return_type="list")) == 3
assert len(mlflow.search_traces()) == 3  # a frame
in_run = mlflow.search_traces(run_id=run.info.run_id, return_type="list")
assert [item.info.request_preview for item in in_run] == ['{"question": "in a run", "times": 1}']
client.link_traces_to_run([first], run.info.run_id)
assert len(mlflow.search_traces(run_id=run.info.run_id, return_type="list")) == 2
for text, count in (
    ("tag.team = 'fruit'", 2),
    ("metadata.`mlflow.trace.session` = 's1'", 2),
    ("name = 'broken'", 1),
    ("span.type = 'LLM' AND span.attributes.model LIKE 'tiny%'", 2),
    ("span.attributes.model = 'tiny-2'", 0),
    ("text LIKE '%why?%'", 1),
    ("text ILIKE '%WHY?%'", 1),
    ("trace.timestamp > 0 AND trace.execution_time < 100000", 3),
    ("name RLIKE '^ans.*r$'", 2),
):
    assert len(mlflow.search_traces(filter_string=text, return_type="list")) == count, text
page = client.search_traces(
    experiment_ids=[trace.info.experiment_id], max_results=2, order_by=["timestamp ASC"]
)
assert page[0].info.trace_id == first
rest = client.search_traces(
    experiment_ids=[trace.info.experiment_id],
    max_results=2,
    order_by=["timestamp ASC"],
    page_token=page.token,
)
assert len(rest) == 1

judged = mlflow.log_feedback(
    trace_id=first, name="good", value=True, rationale="short", source=AssessmentSource("HUMAN", "ada")
)
mlflow.log_expectation(trace_id=first, name="facts", value={"must": ["no"]})
again = mlflow.override_feedback(trace_id=first, assessment_id=judged.assessment_id, value=False)
kept = {item.name: item for item in mlflow.get_trace(first).info.assessments if item.valid is not False}
assert kept["good"].value is False
assert kept["good"].overrides == judged.assessment_id
assert kept["facts"].value == {"must": ["no"]}
assert len(mlflow.search_traces(filter_string="feedback.good = 'false'", return_type="list")) == 1
updated = mlflow.update_assessment(
    trace_id=first,
    assessment_id=again.assessment_id,
    assessment=mlflow.entities.Feedback(name="good", value="so-so"),
)
assert updated.value == "so-so"
mlflow.delete_assessment(trace_id=first, assessment_id=again.assessment_id)
assert mlflow.get_assessment(first, judged.assessment_id).valid is True

mlflow.set_trace_tag(first, "k", "v")
assert mlflow.get_trace(first).info.tags["k"] == "v"
mlflow.delete_trace_tag(first, "k")
assert "k" not in mlflow.get_trace(first).info.tags

span = client.start_trace("by hand", inputs={"a": 1})
child = client.start_span("step", trace_id=span.trace_id, parent_id=span.span_id)
client.end_span(span.trace_id, child.span_id, outputs=2)
client.end_trace(span.trace_id, outputs={"b": 2})
mlflow.flush_trace_async_logging()
assert [item.name for item in mlflow.get_trace(span.trace_id).data.spans] == ["by hand", "step"]

assert client.delete_traces(experiment_id=trace.info.experiment_id, trace_ids=[first]) == 1
assert mlflow.get_trace(first) is None
assert (
    client.delete_traces(trace.info.experiment_id, max_timestamp_millis=int(time.time() * 1000) + 1000) == 3
)
print("tracing script done")
