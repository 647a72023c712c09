"""The benchmark runs from end to end and reports every figure. How fast anything is decides nothing here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "first.py"
WAYS = ("/invocations, on disk first", "/invocations, async", "/predict, on disk first")
FIGURES = {
    "start to first answer, tracking",
    "memory idle: all of `pomona up` / `mlflow server`",
    "log-metric, 1 client",
    "log-batch of 100, 8 clients",
    "start to first prediction",
    "memory idle: gateway / `mlflow models serve`",
    *(
        f"predictions, {clients}, {way}"
        for clients in ("1 client", "16 clients", "64 clients")
        for way in WAYS
    ),
}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_quick_run_reports_every_figure_of_both_sides(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json", str(target)],
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    report = json.loads(target.read_text())
    assert {row["figure"] for row in report["rows"]} == FIGURES
    assert all(len(row["pomona"]) == len(row["mlflow"]) == 1 for row in report["rows"])
    assert all(figure in ran.stdout for figure in FIGURES)
    assert "same predictions" in report["checks"]
