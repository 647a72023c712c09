"""Figures over many traces: counted and summed by the database, the same on each."""

from typing import Any

import msgspec
import pytest
from tests.server.mlflow.cases_figures import AT_NS, V3, info, judgements, spans
from tests.server.mlflow.conftest import Caller

DAY = {"start_time_ms": AT_NS // 10**6, "end_time_ms": AT_NS // 10**6 + 86_400_000}


@pytest.fixture
def traced(mlflow: Caller) -> Caller:
    """Four traces of three spans; the third failed."""
    told = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    for number in (1, 2, 3, 4):
        block = {"resource": {"attributes": []}, "scopeSpans": [{"spans": spans(number)}]}
        body = msgspec.json.encode({"resourceSpans": [block]})
        assert mlflow.call("POST", "/v1/traces", body=body, headers=told).status == 200
        assert mlflow.call("POST", V3, {"trace": {"trace_info": info(number)}}).status == 200
        for item in judgements(number):
            made = mlflow.call("POST", f"{V3}/tr-{number:032x}/assessments", {"assessment": item})
            assert made.status == 200
    return mlflow


def measured(mlflow: Caller, view: str, metric: str, *ways: Any, **more: Any) -> list[Any]:
    asked = [way if isinstance(way, dict) else {"aggregation_type": way} for way in ways]
    body = {"experiment_ids": ["0"], "view_type": view, "metric_name": metric, "aggregations": asked}
    done = mlflow.call("POST", f"{V3}/metrics", body | more)
    assert done.status == 200, done.body
    points = done.json.get("data_points", [])
    assert all(point["metric_name"] == metric for point in points)
    return [(point.get("dimensions", {}), point["values"]) for point in points]


def percentile(percent: float) -> dict[str, Any]:
    return {"aggregation_type": "PERCENTILE", "percentile_value": percent}


def test_traces_are_counted_by_name_and_in_steps_of_time(traced: Caller) -> None:
    by_name = measured(traced, "TRACES", "trace_count", "COUNT", dimensions=["trace_name"])
    assert by_name == [({"trace_name": "even"}, {"COUNT": 2}), ({"trace_name": "odd"}, {"COUNT": 2})]
    hours = measured(traced, "TRACES", "trace_count", "COUNT", time_interval_seconds=3600, **DAY)
    assert hours == [
        ({"time_bucket": f"2026-01-01T0{hour}:00:00+00:00"}, {"COUNT": count})
        for hour, count in ((0, 1), (1, 2), (2, 1))
    ]


def test_percentiles_lie_linearly_between_values(traced: Caller) -> None:
    ways = ("AVG", percentile(50), percentile(100), percentile(10))
    [(_, values)] = measured(traced, "TRACES", "latency", *ways)
    assert values == {"AVG": 2750, "P50.0": 2750, "P100.0": 4250, "P10.0": pytest.approx(1550)}
    by_name = measured(traced, "TRACES", "latency", percentile(25), dimensions=["trace_name"])
    assert [values["P25.0"] for _, values in by_name] == [2750, 1750]


def test_tokens_and_costs_are_read_from_what_clients_told(traced: Caller) -> None:
    [(_, tokens)] = measured(traced, "TRACES", "total_tokens", "SUM", "MAX")
    assert tokens == {"SUM": 110, "MAX": 44}
    by_model = measured(traced, "SPANS", "total_cost", "SUM", dimensions=["span_model_name"])
    assert by_model == [
        ({"span_model_name": "model-0"}, {"SUM": pytest.approx(1.6)}),
        ({"span_model_name": "model-1"}, {"SUM": pytest.approx(1.4)}),
    ]


def test_what_is_no_usage_counts_for_nothing(mlflow: Caller) -> None:
    told = info(1) | {"trace_metadata": {"mlflow.trace.tokenUsage": "no JSON {"}}
    assert mlflow.call("POST", V3, {"trace": {"trace_info": told}}).status == 200
    assert measured(mlflow, "TRACES", "total_tokens", "SUM") == []


def test_judgements_are_summed_up(traced: Caller) -> None:
    by_name = measured(traced, "ASSESSMENTS", "assessment_value", "AVG", dimensions=["assessment_name"])
    assert [(point["assessment_name"], values["AVG"]) for point, values in by_name] == [
        ("good", 0.5),
        ("said", 1),
        ("score", 0.625),
    ]


def test_a_filter_narrows(traced: Caller) -> None:
    failed = {"filters": ["span.status = 'ERROR'", "trace.metadata.kind = 'k3'"]}
    assert measured(traced, "SPANS", "span_count", "COUNT", **failed) == [({}, {"COUNT": 1})]


def test_an_attribute_with_dots_in_its_name_is_found(traced: Caller) -> None:
    where = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]
    for name in ("mlflow.llm.model", "`mlflow.llm.model`"):
        wanted = f"span.attributes.{name} = 'model-1'"
        found = traced.call("POST", f"{V3}/search", {"locations": where, "filter": wanted}).json
        assert [item["trace_id"][-1] for item in found["traces"]] == ["3", "1"]


@pytest.mark.parametrize(
    ("first", "second", "npmi", "counts"),
    [
        ("trace.status = 'OK'", "trace.status = 'OK'", 1, (3, 3, 3)),
        ("trace.status = 'OK'", "trace.status = 'ERROR'", -1, (3, 1, 0)),
        ("trace.status = 'IN_PROGRESS'", "tag.team = 'a'", None, (0, 4, 0)),
        ("tag.team = 'a'", "tag.`mlflow.traceName` = 'odd'", 0, (4, 2, 2)),
    ],
)
def test_how_two_filters_go_together(
    traced: Caller, first: str, second: str, npmi: float | None, counts: tuple[int, int, int]
) -> None:
    asked = {"experiment_ids": ["0"], "filter_string1": first, "filter_string2": second}
    found = traced.call("POST", f"{V3}/calculate-filter-correlation", asked).json
    assert found.get("npmi") == npmi
    told = (found["filter1_count"], found["filter2_count"], found["joint_count"])
    assert (told, found["total_count"]) == (counts, 4)


def test_a_trace_is_handed_out_as_the_file_its_client_would_have_written(traced: Caller) -> None:
    at = "/ajax-api/3.0/mlflow/get-trace-artifact"
    done = traced.call("GET", at, request_id=f"tr-{1:032x}")
    assert (done.status, done.headers["x-content-type-options"]) == (200, "nosniff")
    assert done.headers["content-disposition"] == "attachment; filename=traces.json"
    root, step, _ = done.json["spans"]
    assert (root["parent_span_id"], step["parent_span_id"]) == (None, root["span_id"])
    assert step["attributes"]["note"] == '"written as JSON"'
    assert traced.call("GET", at).json["error_code"] == "BAD_REQUEST"
    assert traced.call("GET", at, request_id="tr-none").status == 404


def test_a_file_attached_to_a_trace_is_handed_out_and_nothing_beside_it(traced: Caller) -> None:
    at, trace = "/ajax-api/3.0/mlflow/get-trace-artifact", f"tr-{1:032x}"
    place = f"/mlflow-artifacts/artifacts/0/traces/{trace}/artifacts/attachments/pear.png"
    assert traced.call("PUT", place, body=b"PNG").status == 200
    assert traced.call("GET", at, request_id=trace, path="pear.png").body == b"PNG"
    assert traced.call("GET", at, request_id=trace, path="../traces.json").status == 400
    assert traced.call("GET", at, request_id=trace, path="plum.png").status == 404
