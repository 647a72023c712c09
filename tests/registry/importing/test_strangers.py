"""A model of a run that an import brought is a stranger, by whichever door it is to be registered."""

import pickle
import sqlite3
from pathlib import Path

import pytest
from tests.registry.importing.old import old_store
from tests.registry.importing.world import taken

from pomona.app import App
from pomona.core.errors import Refused
from pomona.registry.importing.records import NewImport
from pomona.registry.records import NewVersion

MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


class Evil:
    """Says what it would do when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("was here",))


def imported(app: App, folder: Path, body: bytes, *, trust: str | None = None) -> str:
    """An imported run with a model of one file; its id."""
    path = folder / "old.db"
    if not path.exists():
        [run] = old_store(path, runs=1)
        model = folder / "art" / run / "artifacts" / "model"
        model.mkdir(parents=True)
        (model / "MLmodel").write_text(MLMODEL)
        (model / "weights").write_bytes(body)
        with sqlite3.connect(path) as database:
            database.execute("UPDATE runs SET artifact_uri = ?", (str(model.parent),))
        database.close()
    report = taken(app, NewImport(origin=f"sqlite:///{path}", trust=trust))
    assert report.skipped == []
    with sqlite3.connect(path) as database:
        [(run_id,)] = database.execute("SELECT run_uuid FROM runs").fetchall()
    database.close()
    return str(run_id)


def test_a_pickle_of_an_imported_run_is_refused_until_somebody_answers_for_it(
    kept: App, tmp_path: Path
) -> None:
    run = imported(kept, tmp_path, pickle.dumps(Evil()))
    doors = (
        NewVersion(run_id=run, path="model"),
        NewVersion(source=f"runs:/{run}/model"),
        NewVersion(source=f"mlflow-artifacts:/0/{run}/artifacts/model"),
    )
    for new in doors:
        with pytest.raises(Refused, match="was imported, and loading this model would run code"):
            kept.registry.register("guest", new)
    other = kept.tracking.start("0", name="mine").id
    with pytest.raises(Refused):
        kept.registry.register("guest", NewVersion(source=f"runs:/{run}/model", run_id=other))
    kept.registry.shelf.create("named")
    with pytest.raises(Refused):
        kept.registry.register_source("named", f"runs:/{run}/model")
    imported(kept, tmp_path, b"", trust="all looked at by ann")
    version = kept.registry.register("guest", doors[0])
    assert version.outside is not None
    assert version.outside.allowed is not None
    assert version.outside.allowed.startswith("trusted by import job_")
    assert [code.path for code in version.outside.code] == ["weights"]
    assert kept.registry.verify("guest/1").files == 2


def test_a_model_without_code_of_an_imported_run_may_be_registered(kept: App, tmp_path: Path) -> None:
    run = imported(kept, tmp_path, b"numbers only")
    version = kept.registry.register("guest", NewVersion(run_id=run, path="model"))
    assert version.outside is not None
    assert (version.outside.code, version.outside.allowed) == ((), None)
