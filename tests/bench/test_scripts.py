"""Every benchmark that the README names still starts."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SCRIPTS = ("data.py", "filesets.py", "fill_runs.py", "first.py", "runs_page.py", "tracking.py")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_benchmark_says_how_it_is_run(script: str) -> None:
    ran = subprocess.run(
        [sys.executable, BENCH / script, "--help"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "usage:" in ran.stdout
