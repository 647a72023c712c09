"""Questions about figures over many traces, good and bad, and what they are asked of."""

from collections.abc import Mapping
from typing import Any

from tests.server.mlflow.differences import Case

V3 = "/api/3.0/mlflow/traces"
AT_NS = 1_767_225_600_000_000_000  # the beginning of 2026
SPANS_OF = 3  # spans of each trace


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _numbers(key: str, values: Mapping[str, float]) -> dict[str, Any]:
    pairs = [{"key": name, "value": {"doubleValue": value}} for name, value in values.items()]
    return {"key": key, "value": {"kvlistValue": {"values": pairs}}}


def spans(number: int) -> list[dict[str, Any]]:
    """A root and two steps of a trace; each is longer the higher its number."""
    trace, start = f"{number:032x}", AT_NS + number * 1_800 * 10**9
    usage = {"input_tokens": number * 10, "output_tokens": number, "total_tokens": number * 11}
    cost = {"input_cost": number / 10, "output_cost": 0.5, "total_cost": number / 10 + 0.5}
    found = []
    for place, kind in enumerate(("CHAIN", "LLM", "TOOL")):
        told = [_text("mlflow.spanType", kind), _text("note", '"written as JSON"')]
        if kind == "LLM":
            told += [_numbers("mlflow.chat.tokenUsage", usage), _numbers("mlflow.llm.cost", cost)]
            told += [
                _text("mlflow.llm.model", f"model-{number % 2}"),
                _text("mlflow.llm.provider", "orchard"),
            ]
        if number == 4 and place == 0:
            told += [_text("session.id", "s1")]
        span = {
            "traceId": trace,
            "spanId": f"{number * 16 + place + 1:016x}",
            "name": f"step {place}",
            "startTimeUnixNano": str(start + place * 10**8),
            "endTimeUnixNano": str(start + (place + number) * 10**8 + 123_456),
            "status": {"code": 2 if (number, place) == (3, 2) else 1},
            "attributes": told,
        }
        found.append(span | ({"parentSpanId": f"{number * 16 + 1:016x}"} if place else {}))
    return found


def info(number: int) -> dict[str, Any]:
    """What a client says of the trace as a whole."""
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    return {
        "trace_id": f"tr-{number:032x}",
        "trace_location": place,
        "request_time": f"2026-01-01T0{number // 2}:{'30' if number % 2 else '00'}:00Z",
        "execution_duration": f"{number}.250s",
        "state": "ERROR" if number == 3 else "OK",
        "trace_metadata": {"mlflow.trace.session": f"s{number % 2}", "kind": f"k{number}"},
        "tags": {"mlflow.traceName": "odd" if number % 2 else "even", "team": "a"},
    }


def judgements(number: int) -> list[dict[str, Any]]:
    """What is judged of it."""
    source = {"source_type": "HUMAN", "source_id": "ann"}
    values: list[tuple[str, Any]] = [("good", number % 2 == 0), ("score", number / 4), ("said", "yes")]
    return [{"assessment_name": n, "source": source, "feedback": {"value": v}} for n, v in values]


def _measured(view: Any, metric: str, *ways: Any, **more: Any) -> Case:
    asked = [way if isinstance(way, dict) else {"aggregation_type": way} for way in ways]
    body = {"experiment_ids": ["0"], "view_type": view, "metric_name": metric, "aggregations": asked}
    return ("POST", f"{V3}/metrics", body | more)


def _p(percent: Any) -> dict[str, Any]:
    return {"aggregation_type": "PERCENTILE", "percentile_value": percent}


def _together(first: Any, second: Any, **more: Any) -> Case:
    body = {"experiment_ids": ["0"], "filter_string1": first, "filter_string2": second}
    return ("POST", f"{V3}/calculate-filter-correlation", body | more)


_DAY = {"start_time_ms": AT_NS // 10**6, "end_time_ms": AT_NS // 10**6 + 86_400_000}
_HOURS = _DAY | {"time_interval_seconds": 3600}
FIGURES: list[Case] = [
    _measured("TRACES", "trace_count", "COUNT"),
    _measured(1, "trace_count", {"aggregation_type": 1}),
    _measured("TRACES", "trace_count", "COUNT", dimensions=["trace_status"]),
    _measured("TRACES", "trace_count", "COUNT", dimensions=["trace_name", "trace_status"]),
    _measured("TRACES", "trace_count", "COUNT", **_HOURS),
    _measured("TRACES", "trace_count", "COUNT", dimensions=["trace_name"], **_HOURS),
    _measured("TRACES", "trace_count", "COUNT", max_results=1, dimensions=["trace_name"]),
    _measured("TRACES", "session_count", "COUNT"),
    _measured("TRACES", "latency", "AVG", "MIN", "MAX", _p(50), _p(95), _p(0), _p(100)),
    _measured("TRACES", "latency", _p(37.5), dimensions=["trace_name"]),
    _measured("TRACES", "total_tokens", "SUM", "AVG", _p(50)),
    _measured("TRACES", "input_tokens", "SUM", dimensions=["trace_name"]),
    _measured("TRACES", "output_tokens", "MAX", **_HOURS),
    _measured("TRACES", "cache_read_input_tokens", "SUM"),
    _measured("SPANS", "span_count", "COUNT"),
    _measured("SPANS", "span_count", "COUNT", dimensions=["span_type", "span_status"]),
    _measured("SPANS", "span_count", "COUNT", dimensions=["span_model_name", "span_model_provider"]),
    _measured("SPANS", "span_count", "COUNT", dimensions=["span_name"], **_HOURS),
    _measured("SPANS", "latency", "AVG", _p(50), dimensions=["span_name"]),
    _measured("SPANS", "total_cost", "SUM", "MIN", dimensions=["span_model_name"]),
    _measured("SPANS", "input_cost", "SUM", **_DAY),
    _measured("SPANS", "output_cost", "SUM", start_time_ms=AT_NS // 10**6 + 3_600_000),
    _measured("ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_name"]),
    _measured("ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_value"]),
    _measured("ASSESSMENTS", "assessment_value", "AVG", _p(50), dimensions=["assessment_name"]),
    _measured("ASSESSMENTS", "assessment_value", "AVG", filters=["assessment.name = 'score'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.status = 'OK'"]),
    _measured(
        "TRACES", "trace_count", "COUNT", filters=["trace.tag.team = 'a'", "trace.metadata.kind = 'k2'"]
    ),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.metadata.`mlflow.trace.session` = 's1'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.tag.`mlflow.traceName` = 'odd'"]),
    _measured("SPANS", "span_count", "COUNT", filters=["span.type = 'LLM'", "span.status = 'OK'"]),
    _measured("SPANS", "span_count", "COUNT", filters=["span.name = 'step 2'", "trace.status = 'ERROR'"]),
    _measured("ASSESSMENTS", "assessment_count", "COUNT", filters=["assessment.type = 'feedback'"]),
    _measured("ASSESSMENTS", "assessment_count", "COUNT", filters=["trace.status = 'ERROR'"]),
    _measured("TRACES", "trace_count", "COUNT", experiment_ids=["777"]),
    _measured("TRACES", "trace_count", "COUNT", experiment_ids=[]),
    _measured("TRACES", "trace_count", "COUNT", experiment_ids=["x"]),
    _measured("TRACES", "trace_count"),
    _measured("TRACES", "trace_count", "SUM"),
    _measured("TRACES", "trace_count", "COUNT", dimensions=["span_name"]),
    _measured("TRACES", "span_count", "COUNT"),
    _measured("TRACES", "", "COUNT"),
    _measured("TRACES", "trace_count", "COUNT", time_interval_seconds=60),
    _measured("TRACES", "trace_count", "COUNT", filters=["span.name = 'x'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["assessment.name = 'x'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.colour = 'x'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.tag = 'x'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.status.x = 'x'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.status != 'OK'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.status = OK"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["tree.status = 'OK'"]),
    _measured("TRACES", "trace_count", "COUNT", filters=["trace.status = 'OK' AND trace.tag.a = 'b'"]),
    _measured("TRACES", "latency", {"aggregation_type": "AVG"}, dimensions=["trace_status"]),
    _together("trace.status = 'ERROR'", "tag.`mlflow.traceName` = 'odd'"),
    _together("trace.status = 'OK'", "trace.status = 'OK'"),
    _together("trace.status = 'OK'", "trace.status = 'ERROR'"),
    _together("trace.status = 'IN_PROGRESS'", "trace.status = 'OK'"),
    _together("tag.team = 'a'", "tag.team = 'a'"),
    _together("tag.team = 'a'", "metadata.kind = 'k2'", base_filter="trace.status = 'OK'"),
    _together("tag.team = 'a'", "span.type = 'LLM'"),
    _together("feedback.good = 'true'", "trace.execution_time_ms > 2300"),
    _together("tag.team = 'a'", "tag.team = 'a'", experiment_ids=["777"]),
    _together("tag.team = 'a'", "tag.team = 'a'", experiment_ids=[]),
    _together("bad", "tag.team = 'a'"),
    _together("", "tag.team = 'a'"),
    _together("tag.team = 'a'", None),
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", {"request_id": f"tr-{1:032x}"}),
    ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact", {"request_id": f"tr-{3:032x}"}),
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", {}),
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", {"request_id": "tr-none"}),
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", {"request_id": f"tr-{1:032x}", "path": "../x"}),
]
ON_PURPOSE: list[Case] = [
    _measured("TRACES", "trace_count"),  # theirs speaks of columns to SELECT
]
