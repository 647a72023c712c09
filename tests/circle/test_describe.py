"""A trace may start at what the machine itself found: a gate, a window, an incident."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pomona.app import App, open_app
from pomona.core.actors import acting_as
from pomona.core.ports import Transaction
from pomona.monitoring import store
from pomona.monitoring.records import Incident, Window
from pomona.registry.approvals.records import NewStatement
from pomona.registry.records import GateCheck, NewVersion
from pomona.releases.records import NewEndpoint
from pomona.training.records.runs import Metric
from pomona.training.rules.paths import ArtifactAddress

START, END = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
WINDOW = Window(
    id="win_1",
    monitor="mon_1",
    endpoint="late",
    kind="drift",
    start=START,
    end=END,
    model_version="mv_1",
    rows=500,
    state="alarm",
    summary="temp moved",
    closed_at=END,
)
INCIDENT = Incident(
    id="inc_1",
    monitor="mon_1",
    endpoint="late",
    kind="drift",
    model_version="mv_1",
    summary="temp moved",
    score=0.4,
    threshold=0.2,
    windows=(WINDOW.id,),
    since=START,
    opened_at=END,
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_app(tmp_path)
    yield opened
    opened.close()


def test_an_approval_says_who_when_and_why(app: App) -> None:
    run = app.tracking.start(name="first")
    app.tracking.log(
        run.id,
        metrics=[Metric(key="depth", value=0.8, timestamp=1)],
        params=[("depth", "3"), ("code", "x"), ("source", "y")],
        tags=[("mlflow.source.git.commit", "5" * 40), ("pomona.code.diff", "clean")],
    )
    model = io.BytesIO(b"flavors:\n  python_function:\n    loader_module: x\n")
    app.tracking.artifacts.put(ArtifactAddress(root=run.id, path="model/MLmodel"), model)
    with acting_as("ann"):
        version = app.registry.register("late", NewVersion(run_id=run.id))
    with acting_as("bob"):
        app.approvals.state("late/1", NewStatement(kind="approved", comment="looked at the errors"))
    nodes = {node.kind: node for node in app.tracer.trace(version.id).nodes}
    said = nodes["approval"]
    assert (said.title, said.state, said.stage) == ("approved by bob", "approved", "registry")
    assert ("remark", "looked at the errors") in {(fact.label, fact.value) for fact in said.facts}
    assert said.at is not None
    # a name that a metric and a param share does no harm, and the code line is that of the run
    code = {fact.label: fact.value for fact in nodes["run"].facts}["code"]
    assert code == "555555555555, nothing uncommitted"
    assert app.tracer.trace(said.id).root == said.id


def test_a_gate_leads_to_the_version_it_judged(app: App) -> None:
    run = app.tracking.start(name="first")
    app.tracking.log(run.id, metrics=[Metric(key="test_roc_auc", value=0.8, timestamp=1)])
    model = io.BytesIO(b"flavors:\n  python_function:\n    loader_module: x\n")
    app.tracking.artifacts.put(ArtifactAddress(root=run.id, path="model/MLmodel"), model)
    version = app.registry.register("late", NewVersion(run_id=run.id))
    gate = app.registry.check_gate("late/1", GateCheck(metric="roc_auc"))
    found = app.tracer.trace(gate.id)
    root = found.nodes[0]
    assert (root.kind, root.title, root.state) == ("gate", "late v1", "passed" if gate.passed else "refused")
    assert {fact.label: fact.value for fact in root.facts}["why"] == gate.reason
    assert {version.id, run.id} <= {node.id for node in found.nodes}


def test_an_incident_leads_to_its_window_and_its_endpoint(app: App) -> None:
    endpoint = app.releases.create_endpoint(NewEndpoint(name="late", model="late"))
    with_links(app, endpoint.id)
    found = app.tracer.trace(INCIDENT.id)
    kinds = {node.kind: node for node in found.nodes}
    assert {"incident", "window", "endpoint"} <= set(kinds)
    assert kinds["incident"].state == "open"
    assert kinds["window"].title == "drift 2026-01-05 to 2026-01-12"


def test_a_window_leads_to_its_endpoint(app: App) -> None:
    endpoint = app.releases.create_endpoint(NewEndpoint(name="late", model="late"))
    with_links(app, endpoint.id)
    found = app.tracer.trace(WINDOW.id)
    assert (found.nodes[0].kind, found.nodes[0].state) == ("window", "alarm")
    assert endpoint.id in {node.id for node in found.nodes}


def with_links(app: App, endpoint: str) -> None:
    """A window that alarmed and the incident it opened, as the monitor writes them."""

    def write(tx: Transaction) -> None:
        store.windows.insert(tx, WINDOW)
        store.incidents.insert(tx, INCIDENT)
        tx.link(WINDOW.id, "monitors", endpoint)
        tx.link(INCIDENT.id, "monitors", endpoint)
        tx.link(INCIDENT.id, "evidence", WINDOW.id)

    app.database.write(write)
