"""Checks and comparisons from the SDK (over the whole app, in process) and from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from pomona.cli.checks import sparkline
from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound
from pomona.data.checks.records import CheckPoint
from pomona.data.records import Check
from pomona.sdk.client import Client, connect

CHECKS = """\
dataset: nyc/flights
checks:
- {kind: range, column: x, max: 10, fail: 0.5, critical: 0.9}
- {kind: expression, expression: x < id + 100}
"""


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as opened:
        opened.data.create("nyc/flights", key=["id"])
        yield opened


@pytest.fixture
def run(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    client.data.commit("nyc/flights", flights(0))
    client.data.commit("nyc/flights", flights(4))
    client.close()
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return invoke


def flights(middle: float) -> pl.DataFrame:
    rng = np.random.default_rng(int(middle))
    return pl.DataFrame({"id": range(500), "x": rng.normal(middle, 3, 500), "c": ["UA", "AA"] * 250})


def test_checks_and_comparison_from_python(client: Client) -> None:
    version = client.data.commit("nyc/flights", flights(0))
    proposed = client.data.suggest_checks("nyc/flights")
    assert client.data.try_checks(version.ref, proposed).quality == "green"
    assert version.quality().results == ()
    client.data.declare_checks("nyc/flights", [*proposed, Check(kind="range", column="x", max=9, name="low")])
    later = client.data.commit("nyc/flights", flights(4))
    high = flights(4).filter(pl.col("x") > 9)
    assert later.failing("low").num_rows == high.height
    assert later.failing("low", offset=1, limit=2)["id"].to_pylist() == high["id"].to_list()[1:3]
    with pytest.raises(NotFound, match="no check 'other'"):
        later.failing("other")
    history = {one.name: one for one in client.data.check_history("nyc/flights")}
    assert [point.quality for point in history["low"].points] == ["fail"]
    [point] = history["distribution x"].points
    assert point.value == pytest.approx(point.share)
    comparison = client.data.compare(version.ref, later.ref)
    assert comparison.columns[0].name == "x"
    assert comparison.columns[0].moved > 0.5


def test_a_quarantined_version_is_not_the_latest(client: Client) -> None:
    good = client.data.commit("nyc/flights", flights(0))
    client.data.declare_checks("nyc/flights", [Check(kind="range", column="x", max=50, critical=0.5)])
    bad = client.data.commit("nyc/flights", flights(100))
    assert bad.record.quality == "critical"
    assert client.data.version("nyc/flights").id == good.id
    assert client.data.version("nyc/flights@newest").id == bad.id


def test_checks_from_the_command_line(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text(CHECKS)
    assert "range x" in run("data", "check", str(file))
    assert "no check was run yet" in run("data", "checks", "history", "nyc/flights")
    assert "2 checks" in run("data", "checks", "apply", str(file), "--run")
    assert "warn" in run("data", "check", "nyc/flights@newest")
    assert "range x" in run("data", "checks", "history", "nyc/flights")
    shown = run("data", "checks", "failing", "nyc/flights", "range x", "-n", "1")
    assert "carrier" not in shown
    assert "id" in shown
    out = tmp_path / "bad.csv"
    assert "rows of nyc/flights@v2" in run(
        "data", "checks", "failing", "nyc/flights", "range x", "--to", str(out)
    )
    assert len(out.read_text().splitlines()) > 2
    exported = run("data", "checks", "export", "nyc/flights")
    assert exported.startswith("dataset: nyc/flights\n")
    assert "expression: x < id + 100" in exported
    proposed = tmp_path / "proposed.yaml"
    assert "checks in" in run("data", "checks", "suggest", "nyc/flights@v1", "--to", str(proposed))
    run("data", "check", str(proposed), "--on", "nyc/flights@v1")
    run("data", "check", str(proposed), code=1)


def test_two_versions_from_the_command_line(run: Any) -> None:
    shown = run("data", "compare", "nyc/flights@v1", "nyc/flights@v2")
    assert shown.index("x ") < shown.index("id")
    assert "500 rows (+0.0%)" in shown
    told = json.loads(run("data", "compare", "nyc/flights@v1", "nyc/flights", "--json"))
    assert (told["before"], told["after"]) == ("nyc/flights@v1", "nyc/flights@v2")


def test_a_file_names_its_dataset_or_the_command_does(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "checks.yml"
    file.write_text("- {kind: row_count, min: 1}\n")
    with pytest.raises(Invalid, match="names no dataset"):
        run("data", "checks", "apply", str(file))
    assert "1 checks" in run("data", "checks", "apply", str(file), "--dataset", "nyc/flights")
    with pytest.raises(NotFound, match="no file"):
        run("data", "check", str(tmp_path / "gone.yaml"))


def test_a_sparkline_is_high_where_much_fails() -> None:
    points = [
        CheckPoint(version="ver_1", number=n, at=None, quality="green", failing=0, share=share)  # type: ignore[arg-type]
        for n, share in enumerate([0.0, 0.5, 1.0])
    ]
    assert [bar for bar in sparkline(points) if bar in "▁▂▃▄▅▆▇█"] == ["▁", "▅", "█"]
    assert sparkline([]) == ""
