"""Five million rows through the command line: neither it nor the server holds them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.servers import free_port, stop, wait_for

ROWS, PIECE = 5_000_000, 500_000
MB = 1024  # of the system's kilobytes
TELLING = """
import atexit
from pathlib import Path
from pomona.cli.main import run
atexit.register(lambda: print(Path("/proc/self/status").read_text()))
run()
"""


def write(path: Path, *, changed: float) -> None:
    """Ten columns; ``changed``: the share of rows whose ``x`` is another than usual."""
    schema = None
    for start in range(0, ROWS, PIECE):
        draw = np.random.default_rng(start)
        ids = np.arange(start, start + PIECE)
        columns = {
            "id": (ids * 7_368_787) % ROWS,  # in no order
            "at": pa.array(1_700_000_000_000_000 + ids * 1_000_000, pa.timestamp("us", "UTC")),
            **{name: draw.random(PIECE) for name in "abcde"},
            "word": pa.array([f"word {n}" for n in draw.integers(0, 500, PIECE)]),
            "count": draw.integers(0, 10**9, PIECE),
            "x": draw.random(PIECE) + (draw.random(PIECE) < changed),
        }
        table = pa.table(columns)
        if schema is None:
            schema = pq.ParquetWriter(path, table.schema)
        schema.write_table(table)
    if schema is not None:
        schema.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator["tuple[subprocess.Popen[bytes], str]"]:
    port = free_port()
    words = ["--home", str(tmp_path / "home"), "--host", "127.0.0.1", "--port", str(port), "--no-auth"]
    process = subprocess.Popen([sys.executable, "-m", "pomona.server.process", *words])
    try:
        wait_for(port, process)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def command(url: str, *words: object) -> int:
    """Runs a command; the most memory it held, in kilobytes."""
    run = [sys.executable, "-c", TELLING, *map(str, words)]
    done = subprocess.run(run, env=os.environ | {"POMONA_URL": url}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return most_memory(done.stdout)


def most_memory(status: str) -> int:
    return next(int(line.split()[1]) for line in reversed(status.splitlines()) if line.startswith("VmHWM"))


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_table_is_held_by_nobody(
    tmp_path: Path, server: "tuple[subprocess.Popen[bytes], str]"
) -> None:
    process, url = server
    write(tmp_path / "one.parquet", changed=0.0)
    write(tmp_path / "two.parquet", changed=0.01)
    command(url, "data", "create", "d", "--key", "id", "--time", "at")
    held = [
        command(url, "data", "commit", "d", tmp_path / "one.parquet"),
        command(url, "data", "commit", "d", tmp_path / "two.parquet"),
        command(url, "data", "diff", "d"),
        command(url, "data", "export", "d", "--out", tmp_path / "out.parquet"),
    ]
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == ROWS
    assert max(held) < 150 * MB
    assert most_memory(Path(f"/proc/{process.pid}/status").read_text()) < 1500 * MB
