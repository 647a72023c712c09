"""The manual's Python blocks run, in their order, as a reader would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
RUNNABLE = ["first-steps.md", "marts.md"]


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_blocks_of_a_page_run(name: str, tmp_path: Path) -> None:
    code = "\n".join(BLOCK.findall((DOCS / name).read_text()))
    assert code
    (tmp_path / "page.py").write_text(code)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("POMONA_", "MLFLOW_"))
    }
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_python_blocks_can_be_read(path: Path) -> None:
    for block in BLOCK.findall(path.read_text()):
        compile(block, str(path), "exec")
