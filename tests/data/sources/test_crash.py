"""A worker killed with -9 anywhere in an extraction: the next one ends it, and no row is there twice."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.servers import stop

from pomona.app import App, open_app
from pomona.data.sources.records import ExtractRequest, NewFeed, NewSource
from pomona.jobs.records import Job

ROWS = 30_000


def start(home: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "pomona.worker", "--home", str(home)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def claimed(app: App, job: Job) -> None:
    """Wait until a worker has begun it (again)."""
    ends = time.monotonic() + 60
    fence = app.jobs.get(job.id).fence
    while app.jobs.get(job.id).fence == fence and time.monotonic() < ends:
        time.sleep(0.005)


def ended(app: App, job: Job, within_s: float) -> Job:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        found = app.jobs.get(job.id)
        if found.state not in ("queued", "running"):
            return found
        time.sleep(0.05)
    return app.jobs.get(job.id)


def add(folder: Path, first: int, count: int) -> None:
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, w TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [(n, "x" * 50) for n in range(first, first + count)]
        )
    connection.close()


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("cursor", ["id", None])
def test_killed_workers_neither_lose_nor_double_rows(folder: Path, cursor: str | None) -> None:
    """Without a cursor an extraction appends all it is asked for: only the job's id tells them apart."""
    draw = random.Random(7)
    app = open_app(folder / ".pomona")
    app.sources.add(NewSource(name="shop", kind="sqlite", location="shop.db"))
    query = "SELECT * FROM t" if cursor else f"SELECT * FROM t WHERE id > (SELECT max(id) FROM t) - {ROWS}"
    app.sources.put_feed("shop", NewFeed(dataset="t", query=query, mode="append", cursor=cursor))
    total = 0
    kills = 0
    for _ in range(2 if cursor else 1):
        add(folder, total, ROWS)
        total += ROWS
        job = app.sources.extract("shop", ExtractRequest())
        while True:
            worker = start(app.home)
            claimed(app, job)  # from here to its end are some hundred milliseconds, however slow the start
            found = ended(app, job, within_s=draw.random() * 0.2 if kills < 3 else 60)
            if found.state not in ("queued", "running"):
                stop(worker)
                break
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            kills += 1
        assert (found.state, found.error) == ("done", None)
        ids = app.data.read("t").column("id").to_pylist()
        assert len(ids) == total
        assert sorted(ids) == list(range(total))
    assert kills > 0
    app.close()


def test_a_commit_that_was_made_is_found_by_the_next_worker(
    app: App, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment between the commit and the note that the step is done."""
    from pomona.worker import Housekeeper

    add(folder, 0, 100)
    app.sources.add(NewSource(name="shop", kind="sqlite", location="shop.db"))
    app.sources.put_feed("shop", NewFeed(dataset="t", table="t", mode="append"))
    worker = Housekeeper(app)
    for expected in (100, 200):
        job = app.sources.extract("shop", ExtractRequest())
        real = app.jobs.step

        def killed(job: Job, name: str, run: object) -> object:
            run()  # type: ignore[operator]
            raise KeyboardInterrupt

        monkeypatch.setattr(app.jobs, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            worker.run_one()
        monkeypatch.setattr(app.jobs, "step", real)
        assert app.jobs.take_over(lambda _: True) == 1
        assert worker.run_one()
        found = app.jobs.get(job.id)
        assert (found.state, found.result[0]["created"]) == ("done", True)
        assert app.data.resolve("t").rows == expected
