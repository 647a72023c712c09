"""What applications leave in MLflow comes over: traces, prompts, rows to judge by, webhooks (asleep)."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.registry.importing.world import taken
from tests.server.mlflow.serving import TOKEN, ServerProcess
from tests.servers import free_port, stop, wait_for

from pomona.app import App, open_app
from pomona.core.errors import Invalid, NotFound
from pomona.jobs.worker import Worker
from pomona.registry.importing.records import ImportReport, NewImport
from pomona.registry.importing.tracing import TakingTraces
from pomona.worker import Workflows

MAKER = Path(__file__).with_name("make_chats.py")
pytestmark = pytest.mark.timeout(600)


def chats(uri: str, task: str, folder: Path) -> dict[str, Any]:
    """What MLflow's own client says of a store, after it filled it if that is the task."""
    environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
    environment |= {"MLFLOW_TRACKING_TOKEN": TOKEN}
    words = [sys.executable, str(MAKER), uri, task]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment, timeout=250)
    assert done.returncode == 0, done.stderr[-3000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    found: dict[str, Any] = json.loads(line.removeprefix("TOLD "))
    return found


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path.parent))
    opened = open_app(tmp_path / "home")
    yield opened
    opened.close()


def sums(report: ImportReport) -> tuple[int, int, int, int, int]:
    """Traces, versions of prompts, evaluation datasets, their rows, webhooks."""
    return (
        sum(one.traces for one in report.experiments),
        report.registry.prompt_versions,
        report.evaluations.datasets,
        report.evaluations.rows,
        report.registry.webhooks,
    )


def as_here(app: App, task: str, folder: Path) -> dict[str, Any]:
    """What MLflow's own client says of Pomona."""
    server = ServerProcess(app.home)
    server.start()
    try:
        return chats(server.address, task, folder)
    finally:
        server.stop()


@pytest.mark.slow
def test_chats_of_a_database_come_over_whole_and_once(app: App, tmp_path: Path) -> None:
    origin = f"sqlite:///{tmp_path}/m.db"
    (tmp_path / "mlruns").mkdir()  # MLflow makes it only if it keeps spans in files, which it does at times
    told = chats(origin, "fill-rows", tmp_path)
    assert len(told["traces"]) == 3
    seen = app.imports.preview(NewImport(origin=origin))
    assert {one.name: one.traces for one in seen.experiments}["chats"] == 3
    counted = (seen.registered, seen.prompts, seen.prompt_versions, seen.evaluations, seen.webhooks)
    assert counted == (0, 1, 2, 1, 1)
    report = taken(app, NewImport(origin=origin))
    assert sums(report) == (3, 2, 1, 5, 1)
    assert [one.reason.partition(":")[0] for one in report.skipped] == ["secrets of webhooks"]
    [hook] = app.companions.webhooks.infos().items
    assert (hook.name, hook.status, hook.signed, hook.events) == (
        "told",
        "DISABLED",
        False,
        ("model_version.created",),
    )
    assert b"geheim" not in b"".join(path.read_bytes() for path in app.home.glob("*.db*"))
    assert sums(taken(app, NewImport(origin=origin))) == (0, 0, 0, 0, 0)
    assert app.companions.texts.uses("greet", "1").trace_count == 1
    assert as_here(app, "read-rows", tmp_path) == told


@pytest.mark.long
def test_chats_of_a_folder_come_over_whole_and_once(app: App, tmp_path: Path) -> None:
    told = chats((tmp_path / "mlruns").as_uri(), "fill", tmp_path)
    wanted = NewImport(origin=str(tmp_path / "mlruns"))
    assert sums(taken(app, wanted)) == (3, 2, 0, 0, 0)
    assert sums(taken(app, wanted)) == (0, 0, 0, 0, 0)
    assert as_here(app, "read", tmp_path) == told


@pytest.mark.long
def test_chats_of_a_server_come_over_whole_and_once(app: App, tmp_path: Path) -> None:
    port = free_port()
    store = [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/s.db",
        "--artifacts-destination",
        f"{tmp_path}/kept",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1", *store],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server, 180)
        told = chats(f"http://127.0.0.1:{port}", "fill-rows", tmp_path)
        add_webhook(str(tmp_path / "s.db"))
        wanted = NewImport(origin=f"http://127.0.0.1:{port}")
        assert sums(taken(app, wanted)) == (3, 2, 1, 5, 1)
        assert sums(taken(app, wanted)) == (0, 0, 0, 0, 0)
    finally:
        stop(server)
    assert as_here(app, "read-rows", tmp_path) == told


_OLD = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, experiment_id INTEGER, lifecycle_stage TEXT, status TEXT,
  start_time BIGINT, end_time BIGINT, artifact_uri TEXT, name TEXT, user_id TEXT);
CREATE TABLE metrics (run_uuid TEXT, key TEXT, value FLOAT, timestamp BIGINT, step BIGINT, is_nan BOOLEAN);
CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT);
CREATE TABLE tags (run_uuid TEXT, key TEXT, value TEXT);
CREATE TABLE trace_info (request_id TEXT PRIMARY KEY, experiment_id INTEGER, timestamp_ms BIGINT,
  execution_time_ms BIGINT, status TEXT);
CREATE TABLE trace_tags (key TEXT, value TEXT, request_id TEXT);
CREATE TABLE trace_request_metadata (key TEXT, value TEXT, request_id TEXT);
INSERT INTO experiments VALUES (7, 'old', 'active');
"""
_SPAN = {
    "name": "root",
    "context": {"span_id": "0x1f", "trace_id": "0x2e"},
    "parent_id": None,
    "start_time": 1_000_000_000,
    "end_time": 3_000_000_000,
    "status_code": "OK",
    "status_message": "",
    "attributes": {"mlflow.spanType": '"LLM"', "score": "NaN", "n": "1"},
    "events": [{"name": "tick", "timestamp": 2, "attributes": {"a": 1}}],
}


def old_traces(folder: Path, count: int) -> str:
    """A store of MLflow 2.14, whose spans lie in files; its address."""
    with sqlite3.connect(folder / "old.db") as database:
        database.executescript(_OLD)
        for number in range(count):
            place = folder / "art" / f"tr{number:03}" / "artifacts"
            rows = (f"tr{number:03}", 7, 1000 + number, 5, "OK")
            database.execute("INSERT INTO trace_info VALUES (?, ?, ?, ?, ?)", rows)
            tag = ("mlflow.artifactLocation", str(place), f"tr{number:03}")
            database.execute("INSERT INTO trace_tags VALUES (?, ?, ?)", tag)
            place.mkdir(parents=True)
            (place / "traces.json").write_text(json.dumps({"spans": [_SPAN]}))
    database.close()
    return f"sqlite:///{folder}/old.db"


def add_webhook(path: str) -> None:
    """As MLflow keeps one, which itself would look its host up in the names of the internet."""
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO webhooks (webhook_id, name, description, url, status, creation_timestamp,"
            " last_updated_timestamp) VALUES ('w1', 'told', '', 'https://a.example/hook', 'ACTIVE', 1, 1)"
        )
        database.execute("INSERT INTO webhook_events VALUES ('w1', 'model_version', 'created')")
    database.close()


def test_spans_in_files_come_and_those_that_cannot_be_read_come_later(kept: App, tmp_path: Path) -> None:
    origin = old_traces(tmp_path, 60)
    broken = tmp_path / "art" / "tr007" / "artifacts" / "traces.json"
    broken.write_text('{"spans": [{"name": 1')
    report = taken(kept, NewImport(origin=origin))
    assert sums(report)[0] == 60
    assert [(one.count, one.examples) for one in report.skipped] == [(1, ["tr007"])]
    [span] = kept.companions.traces.trace("tr001").spans
    assert (span.span_id, span.name, span.type, span.status, span.parent) == (
        "000000000000001f",
        "root",
        "LLM",
        "OK",
        None,
    )
    assert span.attributes["n"] == 1
    assert span.events == [{"name": "tick", "time_ns": 2, "attributes": {"a": 1}}]
    assert kept.companions.traces.trace("tr007", partial=True).spans == []
    assert sums(taken(kept, NewImport(origin=origin)))[0] == 0
    broken.write_text(json.dumps({"spans": [_SPAN]}))
    assert sums(taken(kept, NewImport(origin=origin)))[0] == 1
    assert len(kept.companions.traces.trace("tr007").spans) == 1


def test_without_files_the_traces_come_without_those_spans(kept: App, tmp_path: Path) -> None:
    report = taken(kept, NewImport(origin=old_traces(tmp_path, 2), files="leave"))
    assert sums(report)[0] == 2
    assert [one.count for one in report.skipped if "import with files" in one.reason] == [2]


def test_a_stopped_import_that_goes_on_reports_the_whole(
    kept: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, whole, parts = old_traces(tmp_path, 100), TakingTraces._write, []

    def fails_once(self: TakingTraces, *more: Any) -> None:
        parts.append(1)
        if len(parts) == 3:
            raise Invalid("the disk is gone", hint="")
        whole(self, *more)

    monkeypatch.setattr(TakingTraces, "_write", fails_once)
    with pytest.raises(AssertionError):  # it failed
        taken(kept, NewImport(origin=origin))
    [job] = kept.imports.page().items
    kept.jobs.retry(job.id)
    found = finished(kept, job.id)
    assert sums(found)[0] == 100
    assert len(parts) == 3 + 2  # the first fifty did not come again


def finished(app: App, job_id: str) -> ImportReport:
    worker = Worker(app.jobs, Workflows(app), app.home / "jobs")
    while worker.run_one():
        pass
    found = app.imports.get(job_id)
    assert found.report is not None, (found.error, found.hint)
    return found.report


def test_spans_that_mlflow_did_not_write_are_told(kept: App, tmp_path: Path) -> None:
    origin = old_traces(tmp_path, 5)
    for number, text in enumerate(("[]", '{"spans": [5]}', '{"spans": [{"name": "x"}]}', '{"spans": {}}')):
        (tmp_path / "art" / f"tr{number:03}" / "artifacts" / "traces.json").write_text(text)
    report = taken(kept, NewImport(origin=origin))
    assert sums(report)[0] == 5
    assert sum(one.count for one in report.skipped if one.reason.startswith("spans")) == 4
    with pytest.raises(NotFound):
        kept.companions.traces.trace("tr999")
