"""Sources over a whole app of its own; real servers, started on free ports and stopped at the end."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers import PASSWORD, MariaDb, Postgres, Web, free_port, stop, wait_for

from pomona.app import App, open_app
from pomona.data.sources.records import ExtractRequest
from pomona.jobs.records import Job
from pomona.worker import Housekeeper


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: files below it may be sources."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def app(folder: Path, records_address: str | None) -> Iterator[App]:
    opened = open_app(folder / ".pomona", address=records_address)
    yield opened
    opened.close()


@pytest.fixture
def extract(app: App) -> Callable[..., Job]:
    """Runs an extraction to its end."""
    worker = Housekeeper(app)

    def run(name: str, dataset: str | None = None, *, full: bool = False) -> Job:
        job = app.sources.extract(name, ExtractRequest(dataset=dataset, full=full))
        while app.jobs.get(job.id).state == "queued" and worker.run_one():
            if app.jobs.get(job.id).failures:
                break  # it is tried again later
        return app.jobs.get(job.id)

    return run


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    # Not below pytest's own folder, which only its user may enter: the server is another user.
    with tempfile.TemporaryDirectory(prefix="pomona-postgres-") as root:
        server = Postgres(Path(root))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def postgres(postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    postgres_server.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return postgres_server


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    if shutil.which("mariadbd") is None:
        pytest.skip("no MariaDB here: apt-get install mariadb-server")
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    yield server
    server.stop()


@pytest.fixture
def mariadb(mariadb_server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cursor into the database ``shop``; ``cursor.url`` is where it is."""
    import pymysql

    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    with (
        pymysql.connect(
            host="127.0.0.1",
            port=mariadb_server.port,
            user="reader",
            password=PASSWORD,
            database="shop",
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DROP DATABASE shop")
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("USE shop")
        cursor.url = mariadb_server.url
        yield cursor


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(port, process, 60)
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    if shutil.which("nats-server") is None:
        pytest.skip("no NATS here: apt-get install nats-server")
    port = free_port()
    config = tmp_path / "nats.conf"
    config.write_text(
        json.dumps(
            {
                "host": "127.0.0.1",
                "port": port,
                "jetstream": {"store_dir": str(tmp_path / "nats")},
                "authorization": {"user": "reader", "password": PASSWORD},
            }
        )
    )
    process = subprocess.Popen(
        ["nats-server", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(port, process)
    yield f"nats://127.0.0.1:{port}", process
    stop(process)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "web").mkdir()
    opened = Web(tmp_path / "web")
    yield opened
    opened.close()
