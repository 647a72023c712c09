"""Spans as OpenTelemetry sends them over HTTP: protobuf or JSON, plain or compressed.

References:
    https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import base64
import math
import zlib
from typing import Any

import msgspec

from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.traces.conventions import REQUEST_ID, in_our_words, undumped
from pomona.training.traces.records import Span, SpanBatch
from pomona.training.traces.service import TraceService

PATH = "/v1/traces"
_MAX_BODY = 64 << 20  # unpacked
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_IDS = ("traceId", "spanId", "parentSpanId")
_WINDOWS = {"gzip": (31,), "deflate": (15, -15)}  # how zlib is told of each encoding
_SERVICE = "service.name"  # told of a process, and looked for at the root of a trace
_STATUS = ("UNSET", "OK", "ERROR")


class NotOtlp(Exception):
    """What came is not what OpenTelemetry sends; with the status to answer."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Otlp:
    """The handler of ``POST /v1/traces``."""

    def __init__(self, traces: TraceService) -> None:
        self._traces = traces

    def export(self, request: Request) -> Response:
        """Keep the spans of a request, all or none."""
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in request.scope["headers"]}
        experiment = headers.get("x-mlflow-experiment-id")
        media = headers.get("content-type", "").partition(";")[0].strip()
        if experiment is None:
            return _no("Field required: header x-mlflow-experiment-id", 422)
        try:
            batches = batches_of(_unpacked(request.body, headers.get("content-encoding", "")), media)
        except NotOtlp as error:
            return _no(error.detail, error.status)
        self._traces.ingest(experiment, batches, run_id=headers.get("x-mlflow-run-id") or None)
        return EMPTY if media == _JSON else Response(b"", media=_PROTOBUF.encode())


def _no(detail: str, status: int) -> Response:
    return answer({"detail": detail, "error_code": "INVALID_PARAMETER_VALUE", "message": detail}, status)


def batches_of(body: bytes, media: str) -> list[SpanBatch]:
    """The spans of an export request.

    Raises:
        NotOtlp: If it cannot be read, holds nothing, or a span lacks its ids.
    """
    if media not in (_PROTOBUF, _JSON):
        raise NotOtlp(f"Invalid Content-Type: {media}. Expected: {_PROTOBUF} or {_JSON}")
    parsed = _parsed(body, media)
    if not parsed.resource_spans:
        raise NotOtlp("Invalid OpenTelemetry format - no spans found")
    return [_batch(block) for block in parsed.resource_spans]


def _batch(block: Any) -> SpanBatch:
    resource = _attributes(block.resource.attributes)
    spans = [_span(span) for scope in block.scope_spans for span in scope.spans]
    for span in spans:
        if span.parent is None and _SERVICE in resource:
            span.attributes.setdefault(_SERVICE, resource[_SERVICE])
    return SpanBatch(spans=spans, resource=resource)


def _parsed(body: bytes, media: str) -> Any:
    from google.protobuf.json_format import ParseDict, ParseError
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found = ExportTraceServiceRequest()
    try:
        if media == _PROTOBUF:
            found.ParseFromString(body)
        else:
            ParseDict(_with_bytes(msgspec.json.decode(body)), found, ignore_unknown_fields=True)
    except (
        DecodeError,
        ParseError,
        msgspec.DecodeError,
        ValueError,
        RecursionError,
        AttributeError,
        TypeError,
    ):
        raise NotOtlp("Invalid OpenTelemetry format") from None
    return found


def _with_bytes(body: Any) -> Any:
    """OTLP writes ids in hex digits where protobuf's JSON has base64."""
    for block in body.get("resourceSpans", []):
        for scope in block.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for item in (span, *span.get("links", [])):
                    for name in _IDS:
                        if digits := item.get(name):
                            item[name] = base64.b64encode(bytes.fromhex(digits)).decode()
    return body


def _unpacked(body: bytes, encoding: str) -> bytes:
    if not encoding or encoding.lower() == "identity":
        return body
    windows = _WINDOWS.get(encoding.lower())
    if windows is None:
        raise NotOtlp(f"Unsupported Content-Encoding: {encoding}")
    for window in windows:
        unpacker = zlib.decompressobj(window)
        try:
            found = unpacker.decompress(body, _MAX_BODY)
        except zlib.error:
            continue
        if unpacker.unconsumed_tail:
            raise NotOtlp(f"the unpacked body is larger than {_MAX_BODY} bytes", 413)
        if unpacker.eof:
            return found
    raise NotOtlp(f"Failed to decompress {encoding.lower()} payload")


def _span(sent: Any) -> Span:
    trace, span_id = sent.trace_id.hex(), sent.span_id.hex()
    if not (0 < len(trace) <= 32 and 0 < len(span_id) <= 16 and len(sent.parent_span_id) <= 8):
        raise NotOtlp("Cannot convert OpenTelemetry span to MLflow span", 422)
    trace_id = f"tr-{trace:0>32}"
    told = {key: undumped(value) for key, value in _attributes(sent.attributes).items()}
    attributes = in_our_words(told | {REQUEST_ID: trace_id})
    kind = attributes.get("mlflow.spanType")
    return Span(
        trace_id=trace_id,
        span_id=f"{span_id:0>16}",
        parent=f"{sent.parent_span_id.hex():0>16}" if any(sent.parent_span_id) else None,
        name=_text(sent.name),
        type=str(kind) if kind is not None else None,
        status=_STATUS[sent.status.code] if 0 <= sent.status.code < 3 else "UNSET",  # type: ignore[arg-type]
        status_message=_text(sent.status.message),
        start_ns=sent.start_time_unix_nano,
        end_ns=sent.end_time_unix_nano or None,
        attributes=attributes,
        events=[_event(event) for event in sent.events],
        links=[_link(link) for link in sent.links],
    )


def _event(sent: Any) -> dict[str, Any]:
    return {
        "name": _text(sent.name),
        "time_ns": min(sent.time_unix_nano, 2**63 - 1),
        "attributes": _attributes(sent.attributes),
    }


def _link(sent: Any) -> dict[str, Any]:
    return {
        "trace_id": sent.trace_id.hex(),
        "span_id": sent.span_id.hex(),
        "attributes": _attributes(sent.attributes),
    }


def _attributes(sent: Any) -> dict[str, Any]:
    return {_text(item.key): _value(item.value) for item in sent}


def _value(sent: Any) -> Any:
    kind = sent.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in sent.array_value.values]
    if kind == "kvlist_value":
        return {_text(item.key): _value(item.value) for item in sent.kvlist_value.values}
    value = getattr(sent, kind)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    # JSON has no such numbers
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: str) -> str:
    return value.replace("\x00", "\ufffd")  # which no database keeps
