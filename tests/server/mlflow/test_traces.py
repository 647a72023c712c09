"""Traces of the protocol: kept as sent, found by what they hold, judged, deleted with all that is theirs."""

import gzip
import zlib
from typing import Any

import msgspec
import pytest
from tests.server.mlflow.conftest import Caller

V3 = "/api/3.0/mlflow/traces"
V2 = "/api/2.0/mlflow/traces"
TRACE = "tr-" + "ab" * 16
PLACE = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
JUDGE = {"assessment_name": "good", "source": {"source_type": "HUMAN", "source_id": "ada"}}


def start(mlflow: Caller, trace_id: str = TRACE, **fields: Any) -> Any:
    info = {"trace_id": trace_id, "trace_location": PLACE, "request_time": "2026-01-01T00:00:00.123Z"}
    done = mlflow.call("POST", V3, {"trace": {"trace_info": info | {"state": "OK"} | fields}})
    assert done.status == 200, done.body
    return done.json["trace"]["trace_info"]


def otel_span(span: str = "a" * 16, parent: str = "", at_s: int = 100, **fields: Any) -> dict[str, Any]:
    made = {
        "traceId": "ab" * 16,
        "spanId": span,
        "name": "step",
        "startTimeUnixNano": str(at_s * 10**9),
        "endTimeUnixNano": str((at_s + 1) * 10**9),
    }
    return made | ({"parentSpanId": parent} if parent else {}) | fields


def attributes(**values: Any) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def send(
    mlflow: Caller, *spans: dict[str, Any], resource: Any = (), body: bytes | None = None, **headers: str
) -> Any:
    block = {"resource": {"attributes": list(resource)}, "scopeSpans": [{"spans": list(spans)}]}
    told = {"content-type": "application/json", "x-mlflow-experiment-id": "0"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    sent = msgspec.json.encode({"resourceSpans": [block]}) if body is None else body
    return mlflow.call("POST", "/v1/traces", body=sent, headers={k: v for k, v in told.items() if v})


def get(mlflow: Caller, trace_id: str = TRACE, **query: Any) -> Any:
    found = mlflow.call("GET", f"{V3}/get", trace_id=trace_id, **query)
    assert found.status == 200, found.body
    return found.json["trace"]


def search(mlflow: Caller, text: str = "", **fields: Any) -> list[str]:
    done = mlflow.call("POST", f"{V3}/search", {"locations": [PLACE], "filter": text} | fields)
    assert done.status == 200, done.body
    return [item["trace_id"] for item in done.json.get("traces", [])]


def test_a_finished_trace_comes_back_as_sent(mlflow: Caller) -> None:
    sent = start(
        mlflow,
        execution_duration="1.5s",
        client_request_id="c1",
        request_preview="in",
        response_preview="out",
        trace_metadata={"m": "2"},
        tags={"mlflow.traceName": "answer", "t": "1"},
        assessments=[JUDGE | {"feedback": {"value": 1.5}}],
    )
    found = mlflow.call("GET", f"{V3}/{TRACE}").json["trace"]["trace_info"]
    assert found == sent
    assert (found["request_time"], found["execution_duration"]) == ("2026-01-01T00:00:00.123Z", "1.500s")
    assert found["trace_metadata"] == {"m": "2", "mlflow.trace.infoFinalized": "true"}
    assert found["tags"]["mlflow.artifactLocation"] == f"mlflow-artifacts:/0/traces/{TRACE}/artifacts"
    assert found["assessments"][0]["feedback"] == {"value": 1.5}
    old = mlflow.call("GET", f"{V2}/{TRACE}/info").json["trace_info"]
    assert (old["request_id"], old["timestamp_ms"], old["execution_time_ms"]) == (TRACE, 1767225600123, 1500)


def test_spans_alone_make_a_trace(mlflow: Caller) -> None:
    service = attributes(service__name={"stringValue": "shop"}, telemetry__sdk__name={"stringValue": "x"})
    child = otel_span("b" * 16, "a" * 16, at_s=101, attributes=attributes(n={"intValue": "3"}))
    assert send(mlflow, child, resource=service).status == 200
    half = get(mlflow, allow_partial="true")
    assert half["trace_info"]["state"] == "IN_PROGRESS"
    root = otel_span(
        attributes=attributes(
            gen_ai__operation__name={"stringValue": "chat"},
            gen_ai__usage__input_tokens={"intValue": "3"},
            gen_ai__input__messages={"stringValue": '{"messages": [{"role": "user", "content": "Why?"}]}'},
            session__id={"stringValue": "s9"},
            mlflow__traceTag__team={"stringValue": "fruit"},
        ),
        status={"code": 2, "message": "no"},
    )
    assert send(mlflow, root).status == 200
    found = get(mlflow)
    info = found["trace_info"]
    assert (info["state"], info["execution_duration"], info["request_preview"]) == ("ERROR", "2s", "Why?")
    assert info["tags"]["service.name"] == "shop"
    assert info["tags"]["team"] == "fruit"
    assert "telemetry.sdk.name" not in info["tags"]
    assert info["trace_metadata"]["mlflow.trace.session"] == "s9"
    assert msgspec.json.decode(info["trace_metadata"]["mlflow.trace.tokenUsage"])["input_tokens"] == 3
    first, second = found["spans"]
    assert "parent_span_id" not in first
    assert first["status"] == {"code": "STATUS_CODE_ERROR", "message": "no"}
    assert {"key": "n", "value": {"int_value": 3}} in second["attributes"]
    assert {"key": "mlflow.spanType", "value": {"string_value": "CHAT_MODEL"}} in first["attributes"]


def test_a_parent_that_tells_a_sum_hides_its_children_s(mlflow: Caller) -> None:
    usage = {"stringValue": '{"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}'}
    told = attributes(mlflow__chat__tokenUsage=usage)
    send(mlflow, otel_span("b" * 16, "a" * 16, attributes=told))
    send(mlflow, otel_span("c" * 16, "b" * 16, attributes=told), otel_span())
    sums = get(mlflow)["trace_info"]["trace_metadata"]["mlflow.trace.tokenUsage"]
    assert msgspec.json.decode(sums) == {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def test_what_the_client_says_of_the_whole_goes_before_what_spans_say(mlflow: Caller) -> None:
    start(mlflow, execution_duration="9s", trace_metadata={"mlflow.trace.tokenUsage": "{}"})
    send(mlflow, otel_span(attributes=attributes(gen_ai__usage__input_tokens={"intValue": "3"})))
    info = get(mlflow)["trace_info"]
    assert (info["request_time"], info["execution_duration"]) == ("2026-01-01T00:00:00.123Z", "9s")
    assert info["trace_metadata"]["mlflow.trace.tokenUsage"] == "{}"


def test_a_trace_is_given_out_whole_or_not_at_all(mlflow: Caller) -> None:
    start(mlflow, trace_metadata={"mlflow.trace.sizeStats": '{"num_spans": 2}'})
    send(mlflow, otel_span())
    early = mlflow.call("GET", f"{V3}/get", trace_id=TRACE)
    assert (early.status, early.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow.call("GET", f"{V3}/batchGet", trace_ids=TRACE).json == {}
    assert len(get(mlflow, allow_partial="true")["spans"]) == 1
    send(mlflow, otel_span("b" * 16, "a" * 16))
    assert len(get(mlflow)["spans"]) == 2


def test_a_span_sent_twice_is_one(mlflow: Caller) -> None:
    send(mlflow, otel_span(), otel_span())
    send(mlflow, otel_span(name="renamed"))
    assert [span["name"] for span in get(mlflow)["spans"]] == ["renamed"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw"])
def test_a_packed_body_is_read(mlflow: Caller, encoding: str) -> None:
    body = msgspec.json.encode({"resourceSpans": [{"scopeSpans": [{"spans": [otel_span()]}]}]})
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw": raw.compress(body) + raw.flush(),
    }
    name = "gzip" if encoding == "gzip" else "deflate"
    assert send(mlflow, body=packed[encoding], content_encoding=name).status == 200
    assert len(get(mlflow)["spans"]) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 400),
        (b"[1]", {}, 400),
        (b"junk", {}, 400),
        (b"junk", {"content_type": "application/x-protobuf"}, 400),
        (b"", {"content_type": "application/x-protobuf"}, 400),
        (b"junk", {"content_type": "text/plain"}, 400),
        (b"junk", {"content_encoding": "gzip"}, 400),
        (b"junk", {"content_encoding": "br"}, 400),
        (gzip.compress(b" " * (65 << 20)), {"content_encoding": "gzip"}, 413),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}', {}, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "no ids"}]}]}]}', {}, 422),
        (b"{}", {"x_mlflow_experiment_id": ""}, 422),
    ],
)
def test_what_is_not_opentelemetry_is_refused(
    mlflow: Caller, body: bytes, headers: dict[str, str], status: int
) -> None:
    done = send(mlflow, body=body, **headers)
    assert done.status == status, done.body
    assert done.json["detail"]


def test_spans_for_an_experiment_that_is_none_leave_nothing(mlflow: Caller) -> None:
    done = send(mlflow, otel_span(), x_mlflow_experiment_id="77")
    assert (done.status, done.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow.call("GET", f"{V3}/{TRACE}").status == 404


def test_a_span_beyond_what_can_be_stored_is_refused(mlflow: Caller) -> None:
    done = send(mlflow, otel_span(startTimeUnixNano=str(2**63)))
    assert (done.status, done.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_values_that_json_has_not_are_kept_as_texts(mlflow: Caller) -> None:
    odd = attributes(nan={"doubleValue": "NaN"}, nul={"stringValue": "a\x00b"}, raw={"bytesValue": "AAE="})
    send(mlflow, otel_span(name="n\x00", attributes=odd))
    found = {item["key"]: item["value"] for item in get(mlflow)["spans"][0]["attributes"]}
    assert found["nan"] == {"string_value": "nan"}
    assert found["nul"] == {"string_value": "a\ufffdb"}
    assert found["raw"] == {"string_value": "AAE="}


def test_searches_find_by_what_traces_hold(mlflow: Caller) -> None:
    start(mlflow, "t1", tags={"mlflow.traceName": "one", "team": "a"}, request_time="2026-01-01T00:00:01Z")
    start(
        mlflow,
        "t2",
        state="ERROR",
        trace_metadata={"mlflow.trace.session": "s", "m": "x"},
        request_time="2026-01-01T00:00:02Z",
    )
    start(
        mlflow,
        "t3",
        trace_metadata={"mlflow.trace.session": "s"},
        request_time="2026-01-01T00:00:03Z",
        client_request_id="c",
    )
    for text, found in {
        "": ["t3", "t2", "t1"],
        "trace.status = 'ERROR'": ["t2"],
        "status IN ('ERROR', 'IN_PROGRESS')": ["t2"],
        "trace.status != 'ERROR'": ["t3", "t1"],
        "name = 'one'": ["t1"],
        "attributes.name LIKE 'O%'": [],
        "name ILIKE 'O%'": ["t1"],
        "tag.team IS NOT NULL": ["t1"],
        "tag.team IS NULL": ["t3", "t2"],
        "metadata.m = 'x' AND metadata.`mlflow.trace.session` = 's'": ["t2"],
        "request_metadata.m RLIKE '^[a-w]$'": [],
        "metadata.m RLIKE '^[w-y]$'": ["t2"],
        "timestamp_ms >= 1767225602000": ["t3", "t2"],
        "trace.end_time < 1767225602000": ["t1"],
        "request_id = 't1'": ["t1"],
        "client_request_id = 'c'": ["t3"],
    }.items():
        assert search(mlflow, text) == found, text
    assert search(mlflow, order_by=["timestamp ASC"]) == ["t1", "t2", "t3"]
    assert search(mlflow, order_by=["tag.team"]) == ["t1", "t3", "t2"]
    assert search(mlflow, order_by=["name", "request_id DESC"]) == ["t1", "t3", "t2"]


def test_pages_follow_one_another(mlflow: Caller) -> None:
    for number in range(5):
        start(mlflow, f"t{number}", request_time=f"2026-01-01T00:00:0{number}Z")
    seen: list[str] = []
    token = ""
    while True:
        page = mlflow.call(
            "POST", f"{V3}/search", {"locations": [PLACE], "max_results": 2, "page_token": token}
        ).json
        seen += [item["trace_id"] for item in page.get("traces", [])]
        if not (token := page.get("next_page_token", "")):
            break
    assert seen == ["t4", "t3", "t2", "t1", "t0"]


def test_conditions_on_spans_speak_of_one_span(mlflow: Caller) -> None:
    tool = attributes(
        mlflow__spanType={"stringValue": "TOOL"}, city={"stringValue": "Köln"}, n={"intValue": "3"}
    )
    send(mlflow, otel_span(name="plan"), otel_span("b" * 16, "a" * 16, name="weather", attributes=tool))
    for text, count in {
        "span.name = 'weather' AND span.type = 'TOOL'": 1,
        "span.name = 'plan' AND span.type = 'TOOL'": 0,
        "span.attributes.city LIKE 'K%'": 1,
        "span.attributes.city = 'Köln' AND span.name = 'weather'": 1,
        "span.attributes.n = '3'": 1,
        "span.attributes.`nobody's` = '3'": 0,
        "span.status != 'ERROR'": 1,
        "span.name IN ('weather', 'x')": 1,
        "span.content LIKE '%Köln%'": 1,
        "text LIKE '%Bonn%'": 0,
    }.items():
        assert len(search(mlflow, text)) == count, text


def test_judgements_are_searched(mlflow: Caller) -> None:
    for name in ("t1", "t2"):
        start(mlflow, name, trace_metadata={"mlflow.trace.session": "s"})
    start(mlflow, "t3")
    judge(mlflow, "t1", feedback={"value": 0.7})
    judge(mlflow, "t3", assessment_name="whole", feedback={"value": "yes"})
    judge(
        mlflow,
        "t1",
        assessment_name="whole",
        feedback={"value": True},
        metadata={"mlflow.trace.session": "s"},
    )
    judge(mlflow, "t3", assessment_name="x", issue={"issue_name": "iss-1"})
    for text, found in {
        "feedback.good > 0.5": ["t1"],
        "feedback.good > 0.7": [],
        "feedback.good >= 0.7": ["t1"],
        "feedback.whole = 'yes'": ["t3"],
        "feedback.whole = 'true'": ["t1", "t2"],
        "feedback.good IS NULL": ["t2", "t3"],
        "feedback.whole IS NOT NULL": ["t1", "t2", "t3"],
        "expectation.good IS NOT NULL": [],
        "issue.id = 'iss-1'": ["t3"],
    }.items():
        assert sorted(search(mlflow, text)) == found, text


def judge(mlflow: Caller, trace_id: str = TRACE, **fields: Any) -> Any:
    done = mlflow.call("POST", f"{V3}/{trace_id}/assessments", {"assessment": JUDGE | fields})
    assert done.status == 200, done.body
    return done.json["assessment"]


def test_a_judgement_is_overridden_changed_and_withdrawn(mlflow: Caller) -> None:
    start(mlflow)
    first = judge(mlflow, feedback={"value": {"a": 1}}, rationale="r", metadata={"z": "1"}, span_id="ab")
    assert first["valid"] is True
    at = f"{V3}/{TRACE}/assessments"
    second = judge(
        mlflow,
        feedback={"error": {"error_code": "E", "error_message": "m"}},
        overrides=first["assessment_id"],
    )
    assert second["feedback"] == {"value": None, "error": {"error_code": "E", "error_message": "m"}}
    assert mlflow.call("GET", f"{at}/{first['assessment_id']}").json["assessment"]["valid"] is False
    change = {
        "assessment_name": "n2",
        "feedback": {"value": "no"},
        "rationale": "new",
        "metadata": {"y": "2"},
    }
    done = mlflow.call(
        "PATCH",
        f"{at}/{second['assessment_id']}",
        {"assessment": change, "update_mask": "assessmentName,feedback,metadata"},
    ).json["assessment"]
    assert (done["assessment_name"], done["feedback"]["value"], done["metadata"]) == ("n2", "no", {"y": "2"})
    assert "rationale" not in done  # its mask does not name it
    assert mlflow.call("DELETE", f"{at}/{second['assessment_id']}").json == {}
    assert mlflow.call("DELETE", f"{at}/{second['assessment_id']}").json == {}
    assert mlflow.call("GET", f"{at}/{first['assessment_id']}").json["assessment"]["valid"] is True


def test_an_expectation_of_many_parts_travels_as_text(mlflow: Caller) -> None:
    start(mlflow)
    packed = {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": [1]}'}}
    assert judge(mlflow, expectation=packed)["expectation"]["serialized_value"]["value"] == '{"a":[1]}'
    assert judge(mlflow, expectation={"value": 3})["expectation"] == {"value": 3}


def test_traces_before_version_3_begin_and_end(mlflow: Caller) -> None:
    made = mlflow.call(
        "POST",
        V2,
        {"experiment_id": "0", "timestamp_ms": 100, "request_metadata": [{"key": "a", "value": "b"}]},
    ).json["trace_info"]
    assert (made["status"], made["timestamp_ms"]) == ("IN_PROGRESS", 100)
    ended = mlflow.call("PATCH", f"{V2}/{made['request_id']}", {"timestamp_ms": 350, "status": "OK"}).json
    assert (ended["trace_info"]["status"], ended["trace_info"]["execution_time_ms"]) == ("OK", 250)
    found = mlflow.call("GET", V2, experiment_ids="0").json["traces"]
    assert [item["request_id"] for item in found] == [made["request_id"]]


def test_deleting_takes_all_that_hangs_on_a_trace(mlflow: Caller) -> None:
    for number in (1, 2, 3):
        start(mlflow, f"t{number}", request_time=f"2026-01-01T00:00:0{number}Z", tags={"k": "v"})
    judge(mlflow, "t1", feedback={"value": 1})
    address = "/mlflow-artifacts/artifacts/0/traces/t1/artifacts/traces.json"
    assert mlflow.call("PUT", address, body=b"{}").status == 200
    gone = mlflow.call("POST", f"{V2}/delete-traces", {"experiment_id": "0", "request_ids": ["t1", "none"]})
    assert gone.json == {"traces_deleted": 1}
    assert mlflow.call("GET", address).status == 404
    old = {"experiment_id": "0", "max_timestamp_millis": 1767225603000, "max_traces": 1}
    assert mlflow.call("POST", f"{V3}/delete-traces", old).json == {"traces_deleted": 1}
    assert search(mlflow) == ["t3"]
    start(mlflow, "t1")
    found = mlflow.call("GET", f"{V3}/t1").json["trace"]["trace_info"]
    assert "k" not in found["tags"]
    assert "assessments" not in found


def test_traces_are_tied_to_runs_and_prompts(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    start(mlflow, "t1", trace_metadata={"mlflow.sourceRun": run})
    start(mlflow, "t2")
    start(mlflow, "t3")
    send(mlflow, otel_span(), x_mlflow_run_id=run)
    mlflow.call("POST", f"{V2}/link-to-run", {"trace_ids": ["t2", "none"], "run_id": run})
    assert sorted(search(mlflow, f"run_id = '{run}'")) == ["t1", "t2", TRACE]
    named = {"trace_id": "t3", "prompt_versions": [{"name": "p", "version": "1"}]}
    assert mlflow.call("POST", f"{V2}/link-prompts", named).json == {}
    assert search(mlflow, "prompt = 'p/1'") == ["t3"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", V3, {}, 400, "Missing value for required parameter 'trace'."),
        ("POST", V3, {"trace": {}}, 400, "Missing value for required parameter"),
        (
            "POST",
            V3,
            {"trace": {"trace_info": {"trace_id": "../x", "trace_location": PLACE}}},
            400,
            "Invalid trace ID",
        ),
        ("GET", f"{V3}/nope", None, 404, "Trace with ID 'nope' not found."),
        ("GET", f"{V3}/get?trace_id=nope", None, 404, "Trace with ID nope is not found."),
        ("GET", f"{V3}/get", None, 400, "Missing value for required parameter 'trace_id'."),
        ("GET", f"{V3}/batchGet", None, 400, "Missing value for required parameter 'trace_ids'."),
        ("POST", f"{V3}/search", {}, 400, "Missing value for required parameter 'locations'."),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "max_results": 501},
            400,
            "Invalid value 501 for parameter",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "max_results": 0},
            400,
            "Invalid value 0 for parameter",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "bad bad"},
            400,
            "Invalid clause(s) in filter",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "trace.foo = 'x'"},
            400,
            "Invalid attribute key 'foo'",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "zzz.foo = 'x'"},
            400,
            "Invalid entity type 'zzz'.",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "trace.status > 'x'"},
            400,
            "Invalid comparator '>'",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "span.foo = 'x'"},
            400,
            "Invalid span attribute 'foo'.",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "prompt = 'x'"},
            400,
            "Invalid prompts filter value 'x'.",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "name RLIKE '(a+)+$'"},
            400,
            "the regular expression",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "filter": "name RLIKE '('"},
            400,
            "'(' is no regular expression",
        ),
        (
            "POST",
            f"{V3}/search",
            {"locations": [PLACE], "order_by": ["foo"]},
            400,
            "Invalid attribute key 'foo'",
        ),
        ("POST", f"{V3}/search", {"locations": [PLACE], "page_token": "junk"}, 400, "Invalid page token"),
        ("PATCH", f"{V2}/{TRACE}/tags", {"value": "v"}, 400, "Missing value for required parameter 'key'."),
        ("PATCH", f"{V2}/nope/tags", {"key": "k", "value": "v"}, 404, "Trace with ID 'nope' not found."),
        ("DELETE", f"{V2}/{TRACE}/tags", {"key": "zz"}, 404, "No trace tag with key 'zz' for trace with ID"),
        (
            "PATCH",
            f"{V2}/{TRACE}/tags",
            {"key": "mlflow.trace.spansLocation"},
            400,
            "Tag 'mlflow.trace.spansLocation'",
        ),
        (
            "POST",
            f"{V2}/delete-traces",
            {"experiment_id": "0"},
            400,
            "Either `max_timestamp_millis` or `trace_ids`",
        ),
        (
            "POST",
            f"{V2}/delete-traces",
            {"request_ids": ["x"]},
            400,
            "Missing value for required parameter 'experiment_id'.",
        ),
        (
            "POST",
            f"{V2}/link-to-run",
            {"trace_ids": ["x"] * 101, "run_id": "r"},
            400,
            "Cannot link more than 100 traces",
        ),
        ("POST", f"{V3}/{TRACE}/assessments", {"assessment": JUDGE}, 400, "Unknown assessment type: None"),
        ("POST", f"{V3}/{TRACE}/assessments", {}, 400, "Missing value for required parameter 'assessment'."),
        (
            "POST",
            f"{V3}/nope/assessments",
            {"assessment": JUDGE | {"feedback": {"value": 1}}},
            404,
            "Trace with ID 'nope' not found.",
        ),
        (
            "GET",
            f"{V3}/{TRACE}/assessments/zz",
            None,
            404,
            f"Assessment with ID 'zz' not found for trace '{TRACE}'",
        ),
        ("GET", f"{V3}/nope/assessments/zz", None, 404, "Trace with request_id 'nope' not found"),
    ],
)
def test_bad_requests_are_answered_as_the_reference_answers(
    mlflow: Caller, method: str, path: str, body: Any, status: int, message: str
) -> None:
    start(mlflow)
    plain, _, query = path.partition("?")
    pairs = dict([query.split("=")]) if query else {}
    done = mlflow.call(method, plain, body, **pairs)
    codes = {400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST"}
    assert (done.status, done.json["error_code"]) == (status, codes[status]), done.body
    assert done.json["message"].startswith(message)
