"""The manual's Python blocks run, in their order, as a reader would run them."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.servers import PASSWORD, Postgres

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
RUNNABLE = ["first-steps.md", "marts.md"]


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_blocks_of_a_page_run(name: str, tmp_path: Path) -> None:
    run_blocks(name, tmp_path, {})


@pytest.mark.postgres
def test_the_tutorial_runs_against_a_database(tmp_path: Path) -> None:
    # Not below pytest's own folder, which only its user may enter: the server is another user.
    with tempfile.TemporaryDirectory(prefix="pomona-postgres-") as root:
        server = Postgres(Path(root))
        try:
            server.run("select 1")
            run_blocks(
                "tutorial-data.md", tmp_path, {"LOANS_DATABASE": server.url, "LOANS_PASSWORD": PASSWORD}
            )
        finally:
            server.stop()


def run_blocks(name: str, tmp_path: Path, more: dict[str, str]) -> None:
    code = "\n".join(BLOCK.findall((DOCS / name).read_text()))
    assert code
    (tmp_path / "page.py").write_text(code)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("POMONA_", "MLFLOW_"))
    }
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_python_blocks_can_be_read(path: Path) -> None:
    for block in BLOCK.findall(path.read_text()):
        compile(block, str(path), "exec")
