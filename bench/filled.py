"""The same runs in both stores: made in ours by ``fill_runs.py``, copied into MLflow's by SQL.

Both are written without their servers, which would take an hour.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from fill_runs import fill
from sqlalchemy import select

from pomona.app import open_app
from pomona.training.records.runs import Metric
from pomona.training.store.runs import runs as runs_table

_KEY = "(SELECT name FROM ours.tracking_keys WHERE id = key)"
_RUN = "(SELECT run_id FROM ours.runs WHERE id = run)"
_VALUES = f"SELECT {_KEY}, value, at_ms, step, nan, {_RUN}"
_COPIES = f"""
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,
  last_update_time, workspace)
  SELECT id, name, artifact_location, state, created_ms, updated_ms, 'default'
  FROM ours.experiments WHERE id <> 0;
INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
  end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
  SELECT run_id, name, 'LOCAL', '', '', user_id, status, started_ms, ended_ms, '', state, artifact_uri,
  experiment FROM ours.runs;
INSERT INTO params (key, value, run_uuid) SELECT {_KEY}, value, {_RUN} FROM ours.run_params;
INSERT INTO tags (key, value, run_uuid) SELECT {_KEY}, value, {_RUN} FROM ours.run_tags;
INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) {_VALUES} FROM ours.metric_history;
INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) {_VALUES} FROM ours.latest_metrics;
"""
_BATCH = 1000


def ours(home: Path, *, runs: int, experiments: int) -> None:
    """Fill Pomona's home."""
    home.mkdir(parents=True, exist_ok=True)
    fill(home, count=runs, homes=experiments, seed=7)


def both(home: Path, theirs: Path, *, runs: int, points: int) -> str:
    """Fill both; returns the id of the run whose ``loss`` has about ``points`` values."""
    ours(home, runs=runs, experiments=1)
    long_run = _long_run(home, points)
    _new_store(theirs)
    with sqlite3.connect(theirs) as connection:
        connection.execute("ATTACH ? AS ours", (str(home / "pomona.db"),))
        connection.executescript(_COPIES)
    connection.close()
    return long_run


def _long_run(home: Path, points: int) -> str:
    app = open_app(home)
    first = select(runs_table.c.run_id).order_by(runs_table.c.id).limit(1)
    run_id = str(app.database.read(lambda tx: tx.execute(first).scalar_one()))
    for start in range(100, 100 + points, _BATCH):
        steps = range(start, start + _BATCH)
        values = [
            Metric(key="loss", value=1 / step, timestamp=1_770_000_000_000 + step, step=step)
            for step in steps
        ]
        app.tracking.log(run_id, metrics=values)
    app.close()
    return run_id


def _point(step: int) -> Metric:
    return Metric(key="loss", value=1 / step, timestamp=1_770_000_000_000 + step, step=step)


def _new_store(path: Path) -> None:
    """An empty SQLite store of MLflow, as its server makes it."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path.parent.mkdir(parents=True, exist_ok=True)
    SqlAlchemyStore(f"sqlite:///{path}", str(path.parent / "artifacts")).engine.dispose()
