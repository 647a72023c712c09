"""Requests, good and bad, about traces and what is judged of them."""

from typing import Any

from tests.server.mlflow.differences import Case

V3 = "/api/3.0/mlflow"
T, E, R = f"{V3}/traces", "/experiments/", "/runs/"
LONG = "x" * 251


def _trace(number: int, **fields: Any) -> dict[str, Any]:
    info = {
        "trace_id": f"tr-{number:032x}",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{exp}"}},
        "request_time": f"2026-01-0{number}T00:00:00.000Z",
        "execution_duration": f"{number}.500s",
        "state": "OK" if number % 2 else "ERROR",
        "request_preview": f"question {number}",
        "response_preview": f"answer {number}",
        "trace_metadata": {"mlflow.traceInputs": "x", "kind": f"k{number}"},
        "tags": {"mlflow.traceName": f"t{number}", "team": "risk"},
    }
    return {"trace": {"trace_info": info | fields}}


def _found(text: str) -> Case:
    return ("POST", f"{T}/search", {"locations": _HERE, "filter": text, "max_results": 10})


_DEFAULT = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
_HERE = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{exp}"}}]
ONE, TWO = f"{T}/tr-{1:032x}", f"{T}/tr-{2:032x}"
NONE = f"{T}/tr-none"

TRACES: list[Case] = [
    ("POST", f"{E}create => exp: experiment_id", {"name": "traced"}),
    *(("POST", T, _trace(number)) for number in (1, 2, 3, 4)),
    ("POST", T, _trace(1, state="OK")),
    ("POST", T, {}),
    ("POST", T, _trace(5, trace_location=None)),
    (
        "POST",
        T,
        _trace(5, trace_location={"type": 1, "mlflow_experiment": {"experiment_id": "777"}}),
    ),
    ("POST", T, _trace(5, trace_location=_DEFAULT, state="JUNK")),
    ("POST", T, _trace(6, trace_location=_DEFAULT, request_time="yesterday")),
    ("GET", ONE, {}),
    ("GET", NONE, {}),
    ("GET", f"{T}/get", {"trace_id": "tr-none"}),
    ("GET", f"{T}/get", {}),
    ("GET", f"{T}/batchGet", {}),
    ("GET", f"{T}/batchGet", {"trace_ids": ["tr-none"]}),
    ("POST", f"{T}/batchGetInfos", {"trace_ids": [f"tr-{1:032x}", f"tr-{2:032x}"]}),
    ("POST", f"{T}/batchGetInfos", {}),
    *(
        _found(text)
        for text in (
            "",
            "status = 'OK'",
            "attributes.status = 'ERROR'",
            "trace.status = 'OK'",
            "status != 'OK'",
            "tags.team = 'risk'",
            "tag.team != 'risk'",
            "tags.team LIKE 'r%'",
            "tags.none IS NULL",
            "tags.team IS NOT NULL",
            "name = 't1'",
            "name LIKE 't%'",
            "name ILIKE 'T%'",
            "attributes.name = 't2'",
            "metadata.kind = 'k1'",
            "request_metadata.kind = 'k1'",
            "timestamp_ms > 0",
            "timestamp > 1767312000000",
            "execution_time_ms > 2000",
            "execution_time > 2000 AND status = 'OK'",
            "request_id = 'tr-none'",
            "run_id = 'none'",
            "feedback.quality = 'good'",
            "expectation.answer = 'x'",
            "feedback.quality IS NULL",
            "span.name = 'x'",
            "span.type LIKE 'L%'",
            "span.attributes.model = 'x'",
            "prompt = 'a/1'",
            "status = 'OK' OR status = 'ERROR'",
            "foo = 'x'",
            "foo.bar = 'x'",
            "status > 'x'",
            "timestamp_ms = 'x'",
            "tags.team > 'x'",
            "bad",
            "status =",
        )
    ),
    *(
        ("POST", f"{T}/search", {"locations": _HERE, "order_by": order})
        for order in (
            ["timestamp_ms ASC"],
            ["timestamp DESC"],
            ["execution_time_ms"],
            ["status", "timestamp_ms ASC"],
            ["tags.team", "timestamp_ms ASC"],
            ["name DESC"],
            ["foo"],
            ["timestamp_ms SIDEWAYS"],
        )
    ),
    ("POST", f"{T}/search", {}),
    ("POST", f"{T}/search", {"locations": []}),
    ("POST", f"{T}/search", {"locations": _HERE, "max_results": 0}),
    ("POST", f"{T}/search", {"locations": _HERE, "max_results": 501}),
    ("POST", f"{T}/search", {"locations": _HERE, "max_results": 2, "order_by": ["timestamp_ms"]}),
    ("POST", f"{T}/search", {"locations": _HERE, "page_token": "junk"}),
    ("PATCH", f"{ONE}/tags", {"key": "a", "value": "b"}),
    ("PATCH", f"{ONE}/tags", {"value": "b"}),
    ("PATCH", f"{ONE}/tags", {"key": LONG, "value": "b"}),
    ("PATCH", f"{ONE}/tags", {"key": "a", "value": "b" * 8001}),
    ("PATCH", f"{NONE}/tags", {"key": "a", "value": "b"}),
    ("DELETE", f"{ONE}/tags?key=a", {"key": "a"}),
    ("DELETE", f"{ONE}/tags?key=a", {"key": "a"}),
    ("DELETE", f"{ONE}/tags", {}),
    ("DELETE", f"{NONE}/tags?key=a", {"key": "a"}),
    (
        "POST",
        f"{R}create => run: run.info.run_id",
        {"experiment_id": "{exp}", "run_name": "r", "start_time": 5},
    ),
    ("POST", "/traces/link-to-run", {"trace_ids": [f"tr-{1:032x}"], "run_id": "{run}"}),
    ("POST", "/traces/link-to-run", {"trace_ids": [f"tr-{1:032x}"]}),
    ("POST", "/traces/link-to-run", {"run_id": "{run}"}),
    ("POST", "/traces/link-to-run", {"trace_ids": [f"tr-{n:032x}" for n in range(101)], "run_id": "{run}"}),
    _found("run_id = '{run}'"),
    ("POST", f"{T}/delete-traces", {}),
    ("POST", f"{T}/delete-traces", {"experiment_id": "{exp}"}),
    (
        "POST",
        f"{T}/delete-traces",
        {"experiment_id": "{exp}", "max_timestamp_millis": 5, "request_ids": ["x"]},
    ),
    ("POST", f"{T}/delete-traces", {"experiment_id": "{exp}", "max_traces": 1}),
    ("POST", f"{T}/delete-traces", {"experiment_id": "{exp}", "max_timestamp_millis": 5, "max_traces": 0}),
    ("POST", f"{T}/delete-traces", {"experiment_id": "{exp}", "request_ids": ["tr-none"]}),
    ("POST", f"{T}/delete-traces", {"experiment_id": "{exp}", "request_ids": [f"tr-{4:032x}"]}),
    ("GET", f"{T}/tr-{4:032x}", {}),
    (
        "POST",
        "/traces",
        {
            "experiment_id": "{exp}",
            "timestamp_ms": 5,
            "request_metadata": [{"key": "a", "value": "b"}],
            "tags": [{"key": "t", "value": "v"}],
        },
    ),
    ("POST", "/traces", {"experiment_id": "777", "timestamp_ms": 5}),
    ("GET", f"/traces/tr-{1:032x}/info", {}),
    ("GET", "/traces/tr-none/info", {}),
    ("GET", "/traces", {"experiment_ids": ["{exp}"], "order_by": ["timestamp_ms"]}),
    ("GET", "/traces", {}),
]


def _judged(**fields: Any) -> dict[str, Any]:
    return {
        "assessment": {
            "assessment_name": "quality",
            "source": {"source_type": "HUMAN", "source_id": "ann"},
            "create_time": "2026-01-01T00:00:00Z",
            "last_update_time": "2026-01-01T00:00:00Z",
            "feedback": {"value": "good"},
            "rationale": "because",
            "metadata": {"a": "b"},
        }
        | fields
    }


_COUNTED = {
    "assessment": {
        "assessment_id": "{b}",
        "trace_id": f"tr-{11:032x}",
        "assessment_name": "answer",
        "expectation": {"value": 43},
        "rationale": "counted again",
    },
    "update_mask": "expectation,rationale",
}
_EXPECTED = _judged(assessment_name="answer", feedback=None, expectation={"value": 42})
ASSESSMENTS: list[Case] = [
    ("POST", f"{E}create => exp: experiment_id", {"name": "judged"}),
    ("POST", T, _trace(1, trace_id=f"tr-{11:032x}")),
    ("POST", f"{T}/tr-{11:032x}/assessments => a: assessment.assessment_id", _judged()),
    (
        "POST",
        f"{T}/tr-{11:032x}/assessments => b: assessment.assessment_id",
        _EXPECTED,
    ),
    (
        "POST",
        f"{T}/tr-{11:032x}/assessments",
        _judged(
            assessment_name="broken",
            feedback={"value": None, "error": {"error_code": "E", "error_message": "m"}},
        ),
    ),
    ("POST", f"{T}/tr-{11:032x}/assessments", _judged(assessment_name="overriding", overrides="{a}")),
    ("POST", f"{T}/tr-{11:032x}/assessments", _judged(feedback={"value": {"deep": [1, 2]}})),
    ("POST", T, _trace(1, trace_id=f"tr-{12:032x}")),
    ("POST", f"{T}/tr-{12:032x}/assessments", _judged(assessment_name=None)),
    ("POST", f"{T}/tr-{12:032x}/assessments", _judged(source=None)),
    ("POST", T, _trace(1, trace_id=f"tr-{13:032x}", trace_location=_DEFAULT)),
    ("POST", f"{T}/tr-{13:032x}/assessments", _judged(source={"source_type": "JUNK"})),
    ("POST", f"{T}/tr-{12:032x}/assessments", _judged(overrides="a-none")),
    ("POST", f"{T}/tr-{11:032x}/assessments", {}),
    ("POST", f"{NONE}/assessments", _judged()),
    ("GET", f"{T}/tr-{11:032x}/assessments/{{a}}", {}),
    ("GET", f"{T}/tr-{11:032x}/assessments/a-none", {}),
    ("GET", f"{NONE}/assessments/{{a}}", {}),
    (
        "PATCH",
        f"{T}/tr-{11:032x}/assessments/{{b}}",
        _COUNTED,
    ),
    (
        "PATCH",
        f"{T}/tr-{11:032x}/assessments/a-none",
        {"assessment": {"rationale": "x"}, "update_mask": "rationale"},
    ),
    ("PATCH", f"{T}/tr-{11:032x}/assessments/{{b}}", {}),
    ("GET", f"{T}/tr-{11:032x}", {}),
    ("POST", f"{T}/search", {"locations": _HERE, "filter": "feedback.quality = 'good'"}),
    ("POST", f"{T}/search", {"locations": _HERE, "filter": "feedback.quality != 'good'"}),
    ("POST", f"{T}/search", {"locations": _HERE, "filter": "expectation.answer = '43'"}),
    ("DELETE", f"{T}/tr-{11:032x}/assessments/{{b}}", {}),
    ("GET", f"{T}/tr-{11:032x}/assessments/{{b}}", {}),
    ("DELETE", f"{T}/tr-{11:032x}/assessments/{{b}}", {}),
    ("DELETE", f"{NONE}/assessments/{{b}}", {}),
]
# The reference fails with a 5xx, or takes what means nothing.
TRACES_ON_PURPOSE: list[Case] = [
    ("POST", T, _trace(5, trace_location=None)),
    ("POST", T, _trace(5, trace_location=_DEFAULT, state="JUNK")),
    ("POST", T, _trace(6, trace_location=_DEFAULT, request_time="yesterday")),
    _found("timestamp_ms = 'x'"),
    ("PATCH", f"{NONE}/tags", {"key": "a", "value": "b"}),
    ("POST", f"{T}/tr-{13:032x}/assessments", _judged(source={"source_type": "JUNK"})),
]
# More is told: an expectation keeps its rationale.
TRACES_ON_PURPOSE += [
    ("POST", f"{T}/tr-{11:032x}/assessments", _EXPECTED),
    ("PATCH", f"{T}/tr-{11:032x}/assessments/{{b}}", _COUNTED),
    ("GET", f"{T}/tr-{11:032x}", {}),
    ("POST", f"{T}/search", {"locations": _HERE, "filter": "feedback.quality != 'good'"}),
]
# A whole number stays one, and is found as it was sent (the reference keeps 43 as 43.0).
TRACES_ON_PURPOSE += [
    ("POST", f"{T}/search", {"locations": _HERE, "filter": "expectation.answer = '43'"}),
]
