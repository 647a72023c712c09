"""MLflow on a real database server comes over whole and once, also into records on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.databases import Records
from tests.registry.importing.world import counts, here, made, taken
from tests.servers import PASSWORD, MariaDb

from pomona.app import App, open_app
from pomona.registry.importing.records import NewImport

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def app(tmp_path: Path, postgres_records: Records, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("POMONA_SOURCES_ROOTS", str(tmp_path))
    monkeypatch.setenv("OLD_PASSWORD", PASSWORD)
    opened = open_app(tmp_path / "home", address=postgres_records.clean())
    yield opened
    opened.close()


def comes_over(app: App, origin: str, written_by: str, folder: Path) -> None:
    told = made(written_by, folder, location=str(folder / "art"))
    wanted = NewImport(origin=origin, credentials="env:OLD_PASSWORD", trust="made by this test")
    seen = app.imports.preview(wanted)
    assert {one.name: one.runs for one in seen.experiments}["fruit"] == 3
    assert counts(taken(app, wanted)) == (3, 0, 2)
    assert {run: here(app, run) for run in told} == told
    assert app.registry.version("pears@best").number == 2
    assert counts(taken(app, wanted)) == (0, 0, 0)
    assert app.ledger.verify() > 0


@pytest.mark.postgres
def test_mlflow_on_postgresql_comes_over(app: App, postgres_records: Records, tmp_path: Path) -> None:
    url = postgres_records.create("old_mlflow")
    origin = url.replace(f":{quote(PASSWORD, safe='')}@", "@")
    comes_over(app, origin, url, tmp_path)


@pytest.mark.postgres
def test_mlflow_on_mysql_comes_over(
    app: App, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if shutil.which("mariadbd") is None:
        pytest.skip("no MariaDB here: apt-get install mariadb-server")
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    try:
        written_by = server.url.replace(
            "mysql://reader@", f"mysql+pymysql://reader:{quote(PASSWORD, safe='')}@"
        )
        comes_over(app, server.url, written_by, tmp_path)
    finally:
        server.stop()
