"""A store of MLflow, what its own client says is in it, and what is here after an import."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pomona.app import App
from pomona.jobs.worker import Worker
from pomona.registry.importing.records import ImportReport, NewImport
from pomona.worker import Workflows

MAKER = Path(__file__).with_name("make_store.py")
Told = dict[str, Any]


def made(uri: str, folder: Path, *, location: str = "") -> Told:
    """Fill a store; what MLflow's client says is in it."""
    environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
    words = [sys.executable, str(MAKER), uri, location, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    found: Told = json.loads(line.removeprefix("TOLD "))["runs"]
    return found


def taken(app: App, new: NewImport) -> ImportReport:
    """Carry an import out."""
    started = app.imports.start(new)
    worker = Worker(app.jobs, Workflows(app), app.home / "jobs")
    while worker.run_one():
        pass
    found = app.imports.get(started.id)
    assert found.state == "done", (found.error, found.hint)
    assert found.report is not None
    return found.report


def counts(report: ImportReport) -> tuple[int, int, int]:
    """New runs, changed runs, versions of models."""
    found = report.experiments
    return sum(e.new for e in found), sum(e.changed for e in found), report.registry.versions


def here(app: App, run_id: str) -> Told:
    """A run as it is here, in the words of ``make_store.about``."""
    run = app.tracking.run(run_id)
    points = [
        (key.key, one.step, one.timestamp, str(float("nan") if one.value is None else one.value))
        for key in run.metrics
        for one in app.tracking.histories.page(run_id, key.key)[0]
    ]
    return {
        "info": [run.name, run.status, run.state, int(run.started_at.timestamp() * 1000)],
        "end": int(run.ended_at.timestamp() * 1000) if run.ended_at else None,
        "params": run.params,
        "tags": run.tags,
        "latest": {one.key: str(one.value) for one in run.metrics},
        "points": sorted([list(point) for point in points]),
        "inputs": [[one.name, one.digest, one.source, one.schema, one.profile] for one in run.inputs],
        "outputs": [one.model_id for one in run.model_outputs],
        "files": {
            one.path: app.blobs.get(str(one.digest)).hex() for one in app.tracking.artifacts.tree(run_id)
        },
    }
