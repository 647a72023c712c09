"""What comes over from MLflow is what MLflow's own client says is there; twice changes nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.registry.importing.old import add_run, old_store
from tests.registry.importing.world import Told, counts, here, made, taken
from tests.servers import free_port, stop, wait_for

from pomona.app import App, open_app
from pomona.core.errors import Invalid, NotFound, Refused, Unavailable
from pomona.registry.importing.records import NewImport
from pomona.training.store.metrics import history
from pomona.training.store.runs import runs

pytestmark = pytest.mark.timeout(600)  # MLflow's own client fills the stores, on a busy machine too


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path.parent))  # stores are shared between tests
    opened = open_app(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "stores"


@pytest.fixture(scope="module")
def database(folder: Path) -> Told:
    (folder / "db").mkdir(parents=True)
    return made(f"sqlite:///{folder}/db/m.db", folder / "db", location=str(folder / "db" / "art"))


@pytest.fixture(scope="module")
def files(folder: Path) -> Told:
    (folder / "fs").mkdir(parents=True)
    return made((folder / "fs" / "mlruns").as_uri(), folder / "fs")


def agree(app: App, told: Told) -> None:
    """Every run, param, tag, metric value, dataset and file."""
    assert len(told) == 3
    for run, about in told.items():
        assert here(app, run) == about


@pytest.mark.slow
def test_a_database_of_mlflow_comes_over_whole_and_once(app: App, database: Told, folder: Path) -> None:
    wanted = NewImport(origin=f"sqlite:///{folder}/db/m.db", trust="made by this test")
    before = (folder / "db" / "m.db").read_bytes()
    assert counts(taken(app, wanted)) == (3, 0, 2)
    agree(app, database)
    fruit = app.tracking.experiments.named("fruit")
    assert (fruit.id, fruit.tags) == ("1", {"team": "orchard"})
    assert app.tracking.experiments.named("empty").id == "2"
    second = app.registry.version("pears@best")
    assert (second.number, second.stage, second.tags, second.description) == (
        2,
        "Staging",
        {"seen": "yes"},
        "the better one",
    )
    assert app.registry.verify("pears/1").files > 3
    assert counts(taken(app, wanted)) == (0, 0, 0)
    agree(app, database)
    assert (folder / "db" / "m.db").read_bytes() == before
    assert app.ledger.verify() > 0


@pytest.mark.slow
def test_a_folder_of_mlflow_comes_over_whole_and_once(app: App, files: Told, folder: Path) -> None:
    wanted = NewImport(origin=str(folder / "fs" / "mlruns"), trust="made by this test")
    assert counts(taken(app, wanted)) == (3, 0, 2)
    for about in files.values():
        about["inputs"] = sorted(about["inputs"])
    agree(app, files)
    assert app.registry.version("pears@best").number == 2
    assert counts(taken(app, wanted)) == (0, 0, 0)
    assert app.tracking.experiments.create("next") == "1"  # not the number after 18 digits


@pytest.mark.slow
def test_models_with_pickles_stay_out_unless_somebody_answers_for_them(
    app: App, database: Told, folder: Path
) -> None:
    origin = f"sqlite:///{folder}/db/m.db"
    report = taken(app, NewImport(origin=origin))
    assert counts(report) == (3, 0, 1)  # the one saved by skops
    assert [one.examples for one in report.skipped if "pickle" in one.reason] == [["pears/1"]]
    assert "--trust" in next(one.reason for one in report.skipped if "pickle" in one.reason)
    with pytest.raises(NotFound):
        app.registry.version("pears/1")
    assert counts(taken(app, NewImport(origin=origin, trust="we trained it"))) == (0, 0, 1)
    outside = app.registry.version("pears/1").outside
    assert outside is not None
    assert outside.allowed == "we trained it"
    assert any(code.kind == "pickle" for code in outside.code)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_server_of_mlflow_comes_over_whole_and_once(app: App, folder: Path, tmp_path: Path) -> None:
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{tmp_path}/s.db"),
            *("--artifacts-destination", str(tmp_path / "kept")),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server, 180)
        told = made(f"http://127.0.0.1:{port}", tmp_path)
        wanted = NewImport(origin=f"http://127.0.0.1:{port}", trust="made by this test")
        assert counts(taken(app, wanted)) == (3, 0, 2)
        agree(app, told)
        assert counts(taken(app, wanted)) == (0, 0, 0)
    finally:
        stop(server)
    by_database = NewImport(origin=f"sqlite:///{tmp_path}/s.db", artifacts=str(tmp_path / "kept"))
    assert counts(taken(app, by_database))[0] == 0  # the same runs, by another door
    agree(app, told)


def test_an_old_schema_is_read_and_only_what_changed_is_taken_again(app: App, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    ids = old_store(path, runs=450)
    origin = f"sqlite:///{path}"
    seen = app.imports.preview(NewImport(origin=origin, experiments=("big", "gone")))
    assert [(one.name, one.runs, one.points) for one in seen.experiments] == [("big", 450, 3600)]
    assert seen.missing == ["gone"]
    report = taken(app, NewImport(origin=origin, experiments=("big", "gone")))
    assert counts(report) == (450, 0, 0)
    reasons = {one.reason: one.count for one in report.skipped}
    assert reasons.pop("experiments that are not there") == 1
    assert list(reasons.values()) == [450]  # their files lie nowhere
    with sqlite3.connect(path) as connection:
        add_run(connection, "f" * 32, 450, 8)
        connection.execute("INSERT INTO metrics VALUES ('loss', 0.01, 9999, ?, 99, 0)", (ids[7],))
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", (ids[8],))
    connection.close()
    assert counts(taken(app, NewImport(origin=origin))) == (1, 2, 0)
    assert app.tracking.run(ids[8]).state == "deleted"
    [latest] = app.tracking.run(ids[7]).metrics
    assert (latest.value, latest.step) == (0.01, 99)
    assert totals(app) == (451, 451 * 8 + 1)


def totals(app: App) -> tuple[int, int]:
    """Runs and metric values that are here."""
    return app.database.read(
        lambda tx: (
            tx.execute(select(func.count()).select_from(runs)).scalar_one(),
            tx.execute(select(func.count()).select_from(history)).scalar_one(),
        )
    )


def test_many_values_of_few_runs_come_in_several_transactions(app: App, tmp_path: Path) -> None:
    old_store(tmp_path / "old.db", runs=2, points=30_000)
    assert counts(taken(app, NewImport(origin=f"sqlite:///{tmp_path}/old.db"))) == (2, 0, 0)
    assert totals(app) == (2, 60_000)
    assert counts(taken(app, NewImport(origin=f"sqlite:///{tmp_path}/old.db"))) == (0, 0, 0)


def test_a_run_that_is_here_already_is_left_alone(app: App, tmp_path: Path) -> None:
    mine = app.tracking.start("0", name="mine")
    path = tmp_path / "old.db"
    old_store(path, runs=1)
    with sqlite3.connect(path) as connection:
        add_run(connection, mine.id, 1, 8)
    connection.close()
    report = taken(app, NewImport(origin=f"sqlite:///{path}"))
    assert counts(report) == (1, 0, 0)
    assert any(one.examples == [mine.id] for one in report.skipped)
    assert app.tracking.run(mine.id).name == "mine"
    assert app.tracking.run(mine.id).metrics == []


def test_files_outside_the_folders_allowed_stay_unread(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path / "stores"))
    (tmp_path / "stores").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("secret")
    path = tmp_path / "stores" / "old.db"
    [run] = old_store(path, runs=1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE runs SET artifact_uri = ?", (str(tmp_path / "private"),))
    connection.close()
    report = taken(app, NewImport(origin=f"sqlite:///{path}"))
    assert [one.count for one in report.skipped if "may not be read" in one.reason] == [1]
    assert app.tracking.artifacts.tree(run) == []
    linked = tmp_path / "stores" / "3" / run / "artifacts"
    linked.mkdir(parents=True)
    (linked / "inside").write_text("mine")
    (linked / "outside").symlink_to(tmp_path / "private" / "key")
    taken(app, NewImport(origin=f"sqlite:///{path}", artifacts=str(tmp_path / "stores")))
    assert [file.path for file in app.tracking.artifacts.tree(run)] == []  # its address ends otherwise
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE runs SET artifact_uri = ?", (f"s3://bucket/3/{run}/artifacts",))
    connection.close()
    taken(app, NewImport(origin=f"sqlite:///{path}", artifacts=str(tmp_path / "stores")))
    assert [file.path for file in app.tracking.artifacts.tree(run)] == ["inside"]


@pytest.mark.parametrize(
    ("origin", "kind", "said"),
    [
        ("ftp://x/y", Invalid, "no place where MLflow"),
        ("postgresql://ann:geheim@127.0.0.1/m", Invalid, "carries a password"),
        ("postgresql://ann@127.0.0.1/m?host=169.254.169.254", Refused, "sets 'host'"),
        ("postgresql://ann@169.254.169.254/m", Refused, "metadata"),
        ("http://169.254.169.254/", Refused, "metadata"),
        ("http://127.0.0.1:9", Unavailable, "does not answer"),
        ("sqlite:////etc/passwd", Refused, "outside the folders"),
        ("sqlite:///gone.db", NotFound, "no file"),
        ("/etc", Refused, "outside the folders"),
        ("", Invalid, "from where"),
    ],
)
def test_an_address_that_leads_nowhere_good_is_refused_with_a_reason(
    app: App, origin: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        app.imports.start(NewImport(origin=origin))
    assert "geheim" not in str(caught.value)
    assert app.jobs.open() == []


def test_a_database_that_is_none_of_mlflow_is_refused(app: App, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    connection.close()
    with pytest.raises(Invalid, match="no database of MLflow"):
        app.imports.preview(NewImport(origin=f"sqlite:///{tmp_path}/other.db"))


@pytest.mark.crash
def test_an_import_that_is_killed_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path))
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    old_store(tmp_path / "old.db", runs=3000)
    words = [sys.executable, "-m", "pomona.cli.main", "import", "mlflow", "--from"]
    partial = 0
    for pause_s in (2.0, 2.5, 3.0, 3.5):
        process = subprocess.Popen([*words, f"sqlite:///{tmp_path}/old.db"], start_new_session=True)
        time.sleep(pause_s)
        partial += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
    assert partial > 0
    app = open_app(tmp_path / "home")
    taken(app, NewImport(origin=f"sqlite:///{tmp_path}/old.db"))
    assert totals(app) == (3000, 24_000)
    assert app.ledger.verify() > 0
    app.close()
