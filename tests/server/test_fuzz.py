"""Whatever is sent to the API, it answers: never a crash, and every refusal says what to do about it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.calling import call
from tests.serving.planned import journal_row, write_segment

from pomona.app import App, open_app
from pomona.business.records import NewHypothesis
from pomona.data.records import NewDataset
from pomona.monitoring.records import NewMonitor
from pomona.registry.records import NewVersion
from pomona.releases.records import NewEndpoint, NewRelease
from pomona.server.auth import Access, Asgi
from pomona.server.main import build
from pomona.serving.asking import PredictionFilter
from pomona.training.records.entries import CodeUpload, DataSelector, NewEntry
from pomona.training.records.runs import Metric
from pomona.training.rules.paths import ArtifactAddress
from pomona.worker import chores_of

OPENAPI = json.loads((Path(__file__).parents[2] / "web" / "openapi.json").read_text())
ENDLESS = {"/api/v1/events/stream", "/api/v1/quiet"}  # their bounds have tests of their own
OPERATIONS = [
    pytest.param(method, path, id=f"{method} {path}")
    for path, methods in OPENAPI["paths"].items()
    for method in methods
    if path not in ENDLESS
]
KNOWN = ["pears", "orchard", "late", "late/1", "orchard@v1", "latest", "champion", "roc_auc", "MLmodel"]
ODD = ["", "0", "-1", "²", "9" * 5000, "\x00", "\ud800", "../..", "é" * 300, "x" * 10_000, "mv_", "a@b/c:d~e"]
TIMES = ["2026-01-31T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-31"]
TIMES += ["2026-01-31T00:00:00", "9999-12-31T23:59:59Z"]
TEXTS = st.sampled_from(KNOWN * 3 + ODD + TIMES + ["1e999999", "NaN", "12.50", "EUR", "* * * * *", "[1"])
NUMBERS = st.one_of(st.integers(-3, 9), st.sampled_from([1 << 31, 1 << 63, 1 << 70, -(1 << 70), 1e308, 0.5]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.just([]), st.just({}))


def values(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly what a schema allows, now and then anything."""
    right = _right(schema, depth)
    return st.one_of(right, right, right, LEAVES) if depth < 6 else right


def _right(schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _right(OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth)
    if choices := schema.get("oneOf", schema.get("anyOf")):
        return st.one_of([_right(choice, depth) for choice in choices])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kind = schema.get("type", "any")
    if kind == "object" and "properties" in schema:
        fields = {name: values(field, depth + 1) for name, field in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(needed, optional=fields)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return st.dictionaries(TEXTS, values(inner if isinstance(inner, dict) else {}, depth + 1), max_size=2)
    if kind == "array":
        return st.lists(values(schema.get("items", {}), depth + 1), max_size=3)
    plain = {"integer": NUMBERS, "number": NUMBERS, "boolean": st.booleans(), "null": st.none()}
    return plain.get(kind, TEXTS if kind == "string" else LEAVES)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One record of most kinds; their ids are among the texts that are sent."""
    opened = open_app(tmp_path_factory.mktemp("fuzz"))
    KNOWN.extend(_fill(opened))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def served(app: App) -> Asgi:
    return build(app, Access(token=None))


def _fill(app: App) -> list[str]:
    app.business.create(
        NewHypothesis(name="late", statement="we wait less", metric="roc_auc", baseline=0.5, target=0.7)
    )
    app.data.create(NewDataset(name="orchard", key=("tree",)))
    version = app.data.commit_bytes("orchard", io.BytesIO(b"tree,pears\n1,5\n2,7\n"), "text/csv").version
    run = app.tracking.start(name="first", tags={"pomona.hypothesis": "late"})
    app.tracking.log(run.id, metrics=[Metric(key="test_roc_auc", value=0.8, timestamp=1)], params=[])
    model = io.BytesIO(b"flavors:\n  python_function:\n    loader_module: x\n")
    app.tracking.artifacts.put(ArtifactAddress(root=run.id, path="model/MLmodel"), model)
    version_id = app.registry.register("late", NewVersion(run_id=run.id)).id
    app.registry.check_gate("late/1")
    app.releases.create_endpoint(NewEndpoint(name="late", model="late", hypothesis="late"))
    app.releases.start("late", NewRelease(version="late/1", strategy="champion", reason="the first one"))
    app.monitoring.create(NewMonitor(endpoint="late", window_hours=1.0))
    rows = [journal_row(number, model_version=version_id) for number in range(100)]
    write_segment(app.home / "gateway" / "journal", "00000000000001-a", rows)
    code = CodeUpload(path="train.py", body=b"print(1)")
    app.entries.store(
        NewEntry(name="late", script="train.py", files=(code,), data=DataSelector(ref="orchard"))
    )
    return [run.id, version.id, *{entry.subject for entry in app.ledger.entries()}]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@settings(max_examples=20, report_multiple_bugs=False, derandomize=True, database=None)
@given(data=st.data())
def test_any_request_is_answered_and_every_refusal_has_a_hint(
    served: Asgi, method: str, path: str, data: st.DataObject
) -> None:
    operation = OPENAPI["paths"][path][method]
    query = {}
    for parameter in operation.get("parameters", ()):
        value = data.draw(values(parameter["schema"], 5), label=parameter["name"])
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(value).replace("/", "~") or "~")
        elif value is not None:
            query[parameter["name"]] = value
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = data.draw(values(content["schema"]), label="body") if content else None
    sent = b"" if body is None else json.dumps(body).encode()
    status, headers, answer = call(served, method, path, query, sent)
    assert status < 500, answer
    if status >= 400:
        assert headers["content-type"] == "application/problem+json"
        problem = json.loads(answer)
        assert problem["status"] == status
        assert problem["code"]
        assert problem["detail"]
        assert problem["hint"], problem


def test_nothing_that_was_accepted_stops_the_housekeeping(app: App) -> None:
    for _ in range(2):
        for chore in chores_of(app).values():
            chore()
    assert app.serving.predictions(PredictionFilter(), cursor=None, limit=1).items
    assert app.ledger.verify() == app.ledger.last_seq()
