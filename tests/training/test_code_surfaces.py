"""Which code a run ran and where: trainings, SDK, HTTP and the command line say the same."""

import io
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pomona.app import open_app
from pomona.cli import patches
from pomona.cli.main import app as commands
from pomona.core.errors import NotFound
from pomona.sdk import origin
from pomona.sdk.client import Client, connect
from pomona.training.code.records import RunCode, RunDiff


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose script is not as it was committed."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "train.py").write_text("print(1)\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (root / "train.py").write_text("print(2)\n")
    return root


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    opened = open_app(tmp_path / "home")
    made = [opened.tracking.start(name=name).id for name in ("first", "second")]
    opened.close()
    return made


@pytest.fixture
def client(tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    origin._LAST.clear()
    with connect() as opened:
        yield opened


def run(*words: str) -> str:
    result = CliRunner().invoke(commands, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_told_its_origin_by_command_and_shows_it(
    client: Client, runs: list[str], project: Path
) -> None:
    assert "pomona.code.diff" in run("runs", "origin", runs[0], "--folder", str(project))
    found = client.runs.get(runs[0])
    assert found.code.changes is not None
    assert found.machine is not None
    assert (found.machine.host, found.machine.python) == (platform.node(), platform.python_version())
    assert "with uncommitted changes, 2 lines" in run("runs", "show", runs[0][:8])
    patch = client.runs.diff(runs[0][:8]).text
    assert patch in run("runs", "show", runs[0][:8], "--diff")
    assert "+print(2)" in patch
    assert '"text":' in run("runs", "show", runs[0], "--diff", "--json")
    assert "not known of all" in run("runs", "compare", *runs)
    assert "code  differs" not in run("runs", "compare", *runs)
    (project / "train.py").write_text("print(3)\n")
    origin._LAST.clear()
    client.runs.tell_origin(runs[1], folder=project)
    compared = run("runs", "compare", *runs)
    assert "differs" in compared
    assert "changed differently: train.py" in compared
    assert "with uncommitted changes, 2 lines" in run("trace", runs[0])


def test_a_run_of_nobody_is_refused(client: Client, project: Path) -> None:
    with pytest.raises(NotFound):
        client.runs.tell_origin("f" * 32, folder=project)
    with pytest.raises(NotFound):
        client.runs.diff("f" * 32)


def test_a_patch_is_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(patches, "out", Console(file=screen, force_terminal=True, width=20))
    long = "+" + "x" * 60
    code = RunCode(git_commit="5" * 40)
    patches.show_patch(RunDiff(run="r", code=code, text=f"-old [red]\n{long}\n", hint="cut"))
    shown = screen.getvalue()
    assert "\x1b[31m-old [red]\x1b[0m" in shown
    assert f"\x1b[32m{long}\x1b[0m" in shown  # in one piece: it can be copied


@pytest.mark.slow
def test_a_training_says_commit_changes_and_machine(client: Client, project: Path) -> None:
    client.data.create("flights", key=["id"])
    client.data.commit("flights", pa.table({"id": [1]}))
    entry = client.training.store("late", script=project / "train.py", data="flights")
    done = client.training.run("late")
    found = client.runs.get(done.run)
    assert found.code.diff == entry.git_diff
    assert found.code.git_commit == entry.git_commit
    assert "+print(2)" in client.runs.diff(done.run).text
    assert found.machine is not None
    assert found.machine.host == platform.node()
    assert (found.machine.cores or 0) > 0
