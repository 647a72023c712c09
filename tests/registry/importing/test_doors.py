"""Imports from Python and from a terminal."""

import json
from pathlib import Path

import pytest
from tests.registry.importing.old import old_store
from tests.registry.test_surfaces import run
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound
from pomona.sdk.client import connect


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    old_store(tmp_path / "mlflow.db", runs=4)
    return "sqlite:///mlflow.db"


def test_from_a_terminal(origin: str) -> None:
    looked = run("import", "mlflow", "--from", origin, "--dry-run")
    assert "big" in looked
    assert "0 registered models" in looked
    assert (
        "not there"
        in CliRunner().invoke(cli, ["import", "mlflow", "--from", origin, "--dry-run", "-e", "x"]).output
    )
    taken = json.loads(run("import", "mlflow", "--from", origin, "-e", "big", "--no-artifacts", "--json"))
    assert [(one["name"], one["new"]) for one in taken["experiments"]] == [("big", 4)]
    assert "0 new runs" in run("import", "mlflow", "--from", origin)
    bad = CliRunner().invoke(cli, ["import", "mlflow", "--from", origin, "--trust", " "])
    assert isinstance(bad.exception, Invalid)


def test_from_python(origin: str, tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path}/mlflow.db"
    notes = []
    with connect() as client:
        assert client.imports.preview(where).experiments[0].runs == 4
        report = client.imports.mlflow(where, on_progress=lambda job: notes.append(job.note))
        [kept] = client.imports.list()
        assert kept.report == report == client.imports.get(kept.id).report
        assert (kept.state, report.experiments[0].new) == ("done", 4)
        with pytest.raises(NotFound):
            client.imports.get(client.jobs.get(kept.id).id[:-1])
    assert "4 new and 0 changed runs" in notes[-1]
