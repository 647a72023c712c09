"""Spans as OpenTelemetry sends them, good and bad: what a request holds, and how it is written down.

The fields of a request to ``/v1/traces`` are an ``Export``'s; ``test_differences_wire`` writes it.
"""

import base64
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.server.mlflow.differences import Case

OTLP, V3 = "/v1/traces", "/api/3.0/mlflow/traces"
_AT_NS = 1_767_225_600_000_000_000  # the beginning of 2026
TRACE, LATE, ODD = f"{0xA1:032x}", f"{0xB2:032x}", f"{0xD4:032x}"


def _attribute(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def _span(trace: str, number: int, **fields: Any) -> dict[str, Any]:
    span = {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "name": f"step {number}",
        "kind": 1,
        "startTimeUnixNano": str(_AT_NS + number * 10**6),
        "endTimeUnixNano": str(_AT_NS + number * 10**7),
        "status": {"code": 1},
    }
    return span | ({} if number == 1 else {"parentSpanId": f"{1:016x}"}) | fields


_ATTRIBUTES = [
    _attribute("text", stringValue="plum"),
    _attribute("text written as JSON", stringValue='{"a": [1, 2]}'),
    _attribute("whole", intValue="42"),
    _attribute("real", doubleValue=0.5),
    _attribute("yes", boolValue=True),
    _attribute("list", arrayValue={"values": [{"stringValue": "a"}, {"intValue": "1"}]}),
    _attribute("object", kvlistValue={"values": [_attribute("k", doubleValue=1.5)]}),
    _attribute("mlflow.spanType", stringValue="LLM"),
    _attribute("mlflow.spanInputs", stringValue='{"question": "why"}'),
    _attribute("mlflow.spanOutputs", stringValue="because"),
    _attribute("gen_ai.request.model", stringValue="orchard-1"),
    _attribute("gen_ai.usage.input_tokens", intValue="7"),
    _attribute("gen_ai.usage.output_tokens", intValue="3"),
]
_EVENT = {
    "timeUnixNano": str(_AT_NS + 5),
    "name": "exception",
    "attributes": [_attribute("exception.message", stringValue="worm")],
}
_BYTES = _attribute("bytes", bytesValue="cGx1bQ==")
_LINK = {"traceId": LATE, "spanId": f"{9:016x}"}
WHOLE = [
    _span(TRACE, 1, attributes=_ATTRIBUTES),
    _span(TRACE, 2, events=[_EVENT], status={"code": 2, "message": "worm"}, kind=3),
    _span(TRACE, 3),
]


def _export(*spans: dict[str, Any], way: str = "json", experiment: str | None = "{exp}") -> dict[str, Any]:
    resource = {"attributes": [_attribute("service.name", stringValue="claude-code")]}
    block = {"resource": resource, "scopeSpans": [{"scope": {"name": "s"}, "spans": list(spans)}]}
    return {"way": way, "experiment": experiment, "sent": {"resourceSpans": [block]}}


def _raw(text: str, way: str = "json", **fields: Any) -> dict[str, Any]:
    return {"way": way, "experiment": "{exp}", "text": text} | fields


def _looks(trace: str) -> list[Case]:
    found = {"locations": [{"type": 1, "mlflow_experiment": {"experiment_id": "{exp}"}}]}
    return [
        ("GET", f"{V3}/get", {"trace_id": f"tr-{trace}"}),
        ("GET", f"{V3}/tr-{trace}", {}),
        ("GET", f"{V3}/batchGet", {"trace_ids": [f"tr-{trace}"]}),
        ("POST", f"{V3}/search", found),
        ("POST", f"{V3}/search", found | {"filter": "span.type = 'LLM'"}),
        ("POST", f"{V3}/search", found | {"filter": "span.name LIKE 'step%'"}),
        ("POST", f"{V3}/search", found | {"filter": "status = 'ERROR'"}),
    ]


def cases(way: str) -> list[Case]:
    """The same requests, written one ``way``: json, protobuf, gzip or deflate."""
    return [
        ("POST", "/experiments/create => exp: experiment_id", {"name": f"otlp {way}"}),
        ("POST", OTLP, _export(*WHOLE, way=way)),
        *_looks(TRACE),
        ("POST", OTLP, _export(_span(LATE, 2), way=way)),  # its root comes later
        ("GET", f"{V3}/tr-{LATE}", {}),
        ("POST", OTLP, _export(_span(LATE, 1), way=way)),
        *_looks(LATE),
        ("POST", OTLP, _export(*WHOLE, way=way)),  # once more
        ("GET", f"{V3}/tr-{TRACE}", {}),
        ("POST", OTLP, _export(_span(TRACE, 4), way=way, experiment=None)),
        ("POST", OTLP, _export(_span(f"{0xC3:032x}", 1), way=way, experiment="777")),
        ("POST", OTLP, _export(way=way)),
        ("POST", OTLP, {"way": way, "experiment": "{exp}", "sent": {}}),
        ("POST", OTLP, _export({"name": "no ids"}, way=way)),
        ("POST", OTLP, _raw("junk", way)),
        ("POST", OTLP, _export(_span(ODD, 1, attributes=[_BYTES], links=[_LINK]), way=way)),
        ("GET", f"{V3}/get", {"trace_id": f"tr-{ODD}"}),
    ]


BAD_JSON: list[Case] = [
    ("POST", "/experiments/create => exp: experiment_id", {"name": "bad otlp"}),
    ("POST", OTLP, _raw("{")),
    ("POST", OTLP, _raw('{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}')),
    ("POST", OTLP, _raw('{"resourceSpans": "none"}')),
    ("POST", OTLP, _raw("{}", media="text/plain")),
    ("POST", OTLP, _raw("{}", media="")),
    ("POST", OTLP, _raw("{}", encoding="br")),
    ("POST", OTLP, _raw("{}", encoding="gzip")),
]
# Bytes are base64 (not as Python prints them), the links of a JSON request are kept; no 5xx.
OTLP_ON_PURPOSE: list[Case] = [
    ("GET", f"{V3}/get", {"trace_id": f"tr-{ODD}"}),
    ("POST", OTLP, _raw('{"resourceSpans": "none"}')),
]


def protobuf_of(sent: dict[str, Any]) -> bytes:
    """An export request as protobuf; ids are hex digits in OTLP's JSON, base64 in protobuf's."""

    def with_bytes(value: Any) -> Any:
        if isinstance(value, list):
            return [with_bytes(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key.endswith("Id") else with_bytes(item)
            for key, item in value.items()
        }

    return ParseDict(with_bytes(sent), ExportTraceServiceRequest()).SerializeToString()
