"""What a client got an answer for is there after `kill -9`, once; what it did not, at most once."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
import urllib3
from tests.server.mlflow.serving import TOKEN, ServerProcess
from tests.servers import Postgres

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
API = "/api/2.0/mlflow"


class Logger(threading.Thread):
    """Logs a few metrics a call, step after step, and notes which steps were acknowledged."""

    def __init__(
        self, server: ServerProcess, run: str, stop: threading.Event, *, keys: int = 1, pause_s: float = 0.0
    ) -> None:
        super().__init__(daemon=True)
        self._server, self._run_id, self._stop_event = server, run, stop
        self._keys, self._pause_s = keys, pause_s
        self.acknowledged: list[int] = []

    def run(self) -> None:
        pool = urllib3.PoolManager(retries=False, headers={"authorization": f"Bearer {TOKEN}"})
        step = 0
        while not self._stop_event.wait(self._pause_s):
            path, body = self._call(step)
            try:
                url = f"{self._server.address}{API}/runs/{path}"
                if pool.request("POST", url, body=msgspec.json.encode(body), timeout=60).status == 200:
                    self.acknowledged.append(step)
                step += 1
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)

    def _call(self, step: int) -> tuple[str, dict[str, object]]:
        values = [
            {"key": f"m{key}", "value": step, "timestamp": 1, "step": step} for key in range(self._keys)
        ]
        if self._keys == 1:
            return "log-metric", {"run_id": self._run_id, **values[0]}
        return "log-batch", {"run_id": self._run_id, "metrics": values}


def ask(server: ServerProcess, method: str, path: str, **fields: object) -> dict[str, object]:
    """One call that must succeed."""
    pool = urllib3.PoolManager(headers={"authorization": f"Bearer {TOKEN}"})
    sent = {"fields": fields} if method == "GET" else {"body": msgspec.json.encode(fields)}
    reply = pool.request(method, f"{server.address}{API}/{path}", **sent)
    assert reply.status == 200, reply.data
    found: dict[str, object] = msgspec.json.decode(reply.data)
    return found


def check(server: ServerProcess, run: str, logger: Logger, *, keys: int) -> None:
    """Each acknowledged step is there once, in every metric; an unanswered call whole or not at all."""
    kept = []
    for key in range(keys):
        found = ask(server, "GET", "metrics/get-history", run_id=run, metric_key=f"m{key}")["metrics"]
        steps = [point["step"] for point in found]
        assert len(steps) == len(set(steps))
        assert set(logger.acknowledged) <= set(steps)
        kept.append(steps)
    assert all(steps == kept[0] for steps in kept)
    assert len(logger.acknowledged) > 5


def hammer(
    server: ServerProcess,
    *,
    clients: int,
    kills: int,
    keys: int,
    pause_s: float,
    between_s: tuple[float, float],
    kill: Callable[[], None] | None = None,
) -> None:
    """Clients log while the server is killed and restarted; nothing acknowledged is lost or doubled."""
    with closing(server):
        _hammer(server, clients, kills, keys, pause_s, between_s, kill or server.restart)


def _hammer(
    server: ServerProcess,
    clients: int,
    kills: int,
    keys: int,
    pause_s: float,
    between_s: tuple[float, float],
    kill: Callable[[], None],
) -> None:
    server.start()
    chance, stop = random.Random(7), threading.Event()
    runs = [
        ask(server, "POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"] for _ in range(clients)
    ]
    loggers = [Logger(server, run, stop, keys=keys, pause_s=pause_s) for run in runs]
    for logger in loggers:
        logger.start()
    for _ in range(kills):
        time.sleep(chance.uniform(*between_s))
        kill()
    stop.set()
    for run, logger in zip(runs, loggers, strict=True):
        logger.join(timeout=90)
        assert not logger.is_alive()
        check(server, run, logger, keys=keys)


def test_no_acknowledged_metric_is_lost_or_doubled(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "home")
    hammer(server, clients=8, kills=5, keys=1, pause_s=0.0, between_s=(0.2, 1.0))


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server that keeps what it acknowledged when it is killed, too."""
    with TemporaryDirectory(prefix="pomona-crash-") as root:
        server = Postgres(Path(root), sync="on")
        try:
            server.run("CREATE DATABASE pomona")
            yield server
        finally:
            server.stop()


@pytest.mark.postgres
@pytest.mark.long
def test_none_is_lost_or_doubled_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    server = ServerProcess(tmp_path / "home", postgres.url_of("pomona"))
    hammer(server, clients=8, kills=10, keys=3, pause_s=0.0, between_s=(0.2, 1.5))


@pytest.mark.postgres
@pytest.mark.long
def test_none_is_lost_or_doubled_when_postgresql_itself_is_killed(tmp_path: Path, postgres: Postgres) -> None:
    def kill() -> None:
        postgres.kill()
        postgres.start_again()
        postgres.run("SELECT 1")  # it has recovered

    server = ServerProcess(tmp_path / "home", postgres.url_of("pomona"))
    hammer(server, clients=8, kills=10, keys=3, pause_s=0.0, between_s=(0.5, 2.0), kill=kill)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_sixty_four_clients_log_for_ten_minutes_through_twenty_kills(tmp_path: Path) -> None:
    hammer(
        ServerProcess(tmp_path / "home"), clients=64, kills=20, keys=5, pause_s=0.1, between_s=(28.0, 32.0)
    )
