"""Who is idle is small: what handles rows, upgrades databases or draws tables is loaded when it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

from pomona.app import open_app
from pomona.worker import Workflows

HEAVY = {"numpy", "pandas", "polars", "pyarrow", "duckdb", "scipy", "sklearn"}
HEAVY |= {"alembic", "urllib3", "rich", "typer"}
SERVER = """

from pomona.server.auth import Access
from pomona.server.main import build
from pomona.server.process import open_app
app = open_app(Path(sys.argv[1]))
access = Access(token=None, hosts=frozenset({"127.0.0.1"}), login_codes=set())
build(app, access)
app.tracking.experiments.search()
app.close()
"""
WORKER = """
import pomona.worker
app = pomona.worker.open_app(Path(sys.argv[1]))
keeper = pomona.worker.Housekeeper(app)
assert keeper.keep_house() == 0 and not keeper.run_one() and not keeper.keep_house()
app.close()
"""
PARENT = """
import pomona.cli.running
"""


def loaded(code: str, home: Path) -> set[str]:
    """The modules that a process has loaded after running the code."""
    words = f"import sys\nfrom pathlib import Path\n{code}\nprint(*sorted(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", words, str(home)], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 0, told.stderr
    return set(told.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("code", [SERVER, WORKER], ids=["server", "worker"])
def test_an_idle_process_has_loaded_nothing_heavy(tmp_path: Path, code: str) -> None:
    open_app(tmp_path).close()  # the tables are made: an upgrade may load what it needs
    assert loaded(code, tmp_path) & HEAVY == set()


def test_the_parent_of_all_loads_no_database_and_no_web_framework(tmp_path: Path) -> None:
    assert loaded(PARENT, tmp_path) & (HEAVY | {"sqlalchemy", "litestar", "uvicorn", "ssl", "http"}) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")
def test_what_is_loaded_before_forks_starts_no_thread(tmp_path: Path) -> None:
    code = """
import pomona.cli.running, uvicorn.server, pomona.worker
assert len(list(Path("/proc/self/task").iterdir())) == 1
"""
    assert "pomona.worker" in loaded(code, tmp_path)


def test_every_kind_of_job_has_the_workflow_of_that_kind(tmp_path: Path) -> None:
    app = open_app(tmp_path)
    try:
        flows = Workflows(app)
        assert len(flows) == 10
        assert {kind: flow.kind for kind, flow in flows.items()} == {kind: kind for kind in flows}
    finally:
        app.close()
