"""What a client got an answer for is there after `kill -9`, once; what it did not, at most once."""

import random
import threading
import time
from pathlib import Path

import msgspec
import pytest
import urllib3
from tests.server.mlflow.serving import TOKEN, ServerProcess

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
API = "/api/2.0/mlflow"


class Logger(threading.Thread):
    """Logs one metric, step after step, and notes which steps were acknowledged."""

    def __init__(self, server: ServerProcess, run: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._server, self._run_id, self._stop_event = server, run, stop
        self.acknowledged: list[int] = []

    def run(self) -> None:
        pool = urllib3.PoolManager(retries=False, headers={"authorization": f"Bearer {TOKEN}"})
        step = 0
        while not self._stop_event.is_set():
            body = {"run_id": self._run_id, "key": "m", "value": step, "timestamp": 1, "step": step}
            try:
                url = f"{self._server.address}{API}/runs/log-metric"
                if pool.request("POST", url, body=msgspec.json.encode(body)).status == 200:
                    self.acknowledged.append(step)
                step += 1
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)


def ask(server: ServerProcess, method: str, path: str, **fields: object) -> dict[str, object]:
    """One call that must succeed."""
    pool = urllib3.PoolManager(headers={"authorization": f"Bearer {TOKEN}"})
    sent = {"fields": fields} if method == "GET" else {"body": msgspec.json.encode(fields)}
    reply = pool.request(method, f"{server.address}{API}/{path}", **sent)
    assert reply.status == 200, reply.data
    found: dict[str, object] = msgspec.json.decode(reply.data)
    return found


def test_no_acknowledged_metric_is_lost_or_doubled(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "home")
    server.start()
    chance = random.Random(7)
    stop = threading.Event()
    runs = [ask(server, "POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"] for _ in range(8)]
    loggers = [Logger(server, run, stop) for run in runs]
    for logger in loggers:
        logger.start()
    for _ in range(5):
        time.sleep(chance.uniform(0.2, 1.0))
        server.kill()
        server.start()
    stop.set()
    for logger in loggers:
        logger.join(timeout=30)
    for run, logger in zip(runs, loggers, strict=True):
        found = ask(server, "GET", "metrics/get-history", run_id=run, metric_key="m")["metrics"]
        steps = [point["step"] for point in found]
        assert len(steps) == len(set(steps))
        assert set(logger.acknowledged) <= set(steps)
        assert len(logger.acknowledged) > 5
    server.stop()
