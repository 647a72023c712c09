"""`kill -9` during commit, rebase, erase and gc: each acknowledged version is whole, the log catches up."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from keeper import NAMES, VALUES, Books, who

from pomona.app import App, open_app
from pomona.data.keeping.signing import Signer
from pomona.data.keeping.wiring import KEY_FILE
from pomona.process import is_dead_here
from pomona.worker import Housekeeper


def live_and_die(home: Path, *, seed: int, seconds: float) -> None:
    """Start a keeper, let it work, kill it."""
    script = Path(__file__).parent / "keeper.py"
    with subprocess.Popen(
        [sys.executable, script, str(home), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        ready = child.stdout.readline()
        assert ready == "ready\n", child.stderr.read()
        time.sleep(seconds)
        assert child.poll() is None, child.stderr.read()
        os.kill(child.pid, signal.SIGKILL)


def examine(home: Path) -> dict[str, int]:
    """Everything that was acknowledged is there, whole; returns how much that was."""
    app = open_app(home)
    try:
        app.jobs.take_over(is_dead_here)
        Housekeeper(app).settle()
        app.data.publish()
        books = Books(home.with_suffix(".books")).read()
        versions = {v.id: v for name in NAMES for v in app.data.versions(name)}
        read: set[str] = set()
        for version in versions.values():
            if version.dropped_at is None:
                app.data.verify(version.id, read)
        counts = _as_told(app, versions, books)
        for name in NAMES:
            _as_others_see_it(app, name)
        assert app.ledger.verify() > 0
        assert not [job for job in app.jobs.page(limit=1000).items if job.state == "failed"]
        return counts
    finally:
        app.close()


def _as_told(app: App, versions: dict[str, Any], books: list[dict[str, Any]]) -> dict[str, int]:
    collected = {entry["gc"] for entry in books if "gc" in entry}
    told = [entry for entry in books if "version" in entry]
    erasures = {record.id: record for record in app.keeping.eraser.erasures()}
    assert all(record.state == "done" for record in erasures.values())
    gone: dict[str, set[str]] = {}
    signer = Signer(app.home / KEY_FILE)
    for number in range(VALUES):
        print_of = signer.fingerprint(f"who={who(number)}")
        for record in erasures.values():
            if record.fingerprint == print_of:
                for one in record.versions:
                    gone.setdefault(one.id, set()).add(who(number))
    dropped = 0
    for entry in told:
        version = versions[entry["version"]]
        if version.dropped_at is not None:
            assert version.dataset in collected
            dropped += 1
            continue
        lost = gone.get(version.id, set())
        expected = {int(key): x for key, x in entry["rows"].items() if who(x) not in lost}
        found = app.data.read(version.id, columns=["id", "x"])
        assert dict(zip(found["id"].to_pylist(), found["x"].to_pylist(), strict=True)) == expected
    return {"versions": len(told), "dropped": dropped, "erasures": len(erasures)}


def _as_others_see_it(app: App, name: str) -> None:
    if not app.data.versions(name):
        return
    own = app.data.read(name)
    path, _ = app.data.location(name)
    assert pl.scan_delta(path).collect().height == own.num_rows


def kill_often(home: Path, *, kills: int, seed: int) -> dict[str, int]:
    """Kill at random moments; examine after each."""
    chance = random.Random(seed)
    counts: dict[str, int] = {}
    for number in range(kills):
        live_and_die(home, seed=seed + number, seconds=chance.expovariate(1 / 0.8))
        counts = examine(home)
    return counts


@pytest.mark.crash
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    home = tmp_path / "home"
    counts = kill_often(home, kills=4, seed=1)
    assert counts["versions"] > 0


@pytest.mark.crash
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_was_acknowledged_survives_a_hundred_kills(tmp_path: Path) -> None:
    counts = {"versions": 0, "dropped": 0, "erasures": 0}
    for part in range(10):
        home = tmp_path / f"home-{part}"
        found = kill_often(home, kills=10, seed=1000 * (part + 1))
        counts = {name: counts[name] + found[name] for name in counts}
    sys.stdout.write(f"{counts}\n")
    assert all(counts.values())
