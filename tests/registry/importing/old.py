"""A database with the tables of MLflow 2.0: no datasets, no logged models, no aliases, no workspaces."""

import random
import sqlite3
from pathlib import Path

_TABLES = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256) UNIQUE NOT NULL,
  artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT);
CREATE TABLE experiment_tags (key VARCHAR(250), value VARCHAR(5000), experiment_id INTEGER);
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), user_id VARCHAR(256),
  status VARCHAR(9), start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20),
  artifact_uri VARCHAR(200),   experiment_id INTEGER);
CREATE TABLE params (key VARCHAR(250), value VARCHAR(500), run_uuid VARCHAR(32), PRIMARY KEY (key, run_uuid));
CREATE TABLE tags (key VARCHAR(250), value VARCHAR(5000), run_uuid VARCHAR(32), PRIMARY KEY (key, run_uuid));
CREATE TABLE metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT,
  is_nan BOOLEAN, PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE TABLE registered_models (name VARCHAR(256) PRIMARY KEY, creation_time BIGINT,
  description VARCHAR(5000));
CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, creation_time BIGINT,
  description VARCHAR(5000), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32),
  status VARCHAR(20));
"""


def old_store(path: Path, *, runs: int, points: int = 8, seed: int = 1) -> list[str]:
    """Make it; returns the ids of its runs. Experiment 3 is called ``big``."""
    draws = random.Random(seed)
    ids = [f"{draws.getrandbits(128):032x}" for _ in range(runs)]
    connection = sqlite3.connect(path)
    with connection:
        connection.executescript(_TABLES)
        connection.execute("INSERT INTO experiments VALUES (3, 'big', '/nowhere/3', 'active', 1000, 2000)")
        for number, run in enumerate(ids):
            add_run(connection, run, number, points)
    connection.close()
    return ids


def add_run(connection: sqlite3.Connection, run: str, number: int, points: int) -> None:
    """One more run."""
    row = (
        run,
        f"run {number}",
        "ann",
        "FINISHED",
        5000 + number,
        9000,
        "active",
        f"/nowhere/3/{run}/artifacts",
    )
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 3)", row)
    connection.execute("INSERT INTO params VALUES ('depth', ?, ?)", (str(number), run))
    connection.execute("INSERT INTO tags VALUES ('mlflow.user', 'ann', ?)", (run,))
    values = [("loss", 1 / (step + 1), 6000 + step, run, step, 0) for step in range(points)]
    connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", values)
