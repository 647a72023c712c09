"""`kill -9` while predictions become append tables: each row is there, and once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.crash.archivist import open_world
from tests.serving.archive.test_lives import in_sql, in_tables

KILLS = int(os.environ.get("POMONA_KILLS", "5"))
ROOT = Path(__file__).resolve().parents[2]


def live_and_die(home: Path, seconds: float) -> None:
    """Start one, let it work, kill it."""
    command = [sys.executable, "-m", "tests.crash.archivist", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        assert child.poll() is None
        os.kill(child.pid, signal.SIGKILL)


@pytest.mark.crash
def test_killed_at_any_time_every_row_is_in_its_table_once(tmp_path: Path) -> None:
    draw = random.Random(3)
    for _ in range(KILLS):
        live_and_die(tmp_path, draw.uniform(0.05, 0.9))
    world = open_world(tmp_path)
    world.serving.fold()
    world.write()
    assert in_tables(world) == in_sql(world)
    assert world.read("predictions").height > KILLS
    for what in ("predictions", "outcomes"):
        for version in world.versions(what):
            world.app.data.verify(version.id)
        heads = [version.rows for version in world.versions(what)]
        assert heads == sorted(heads, reverse=True)
    world.app.close()
