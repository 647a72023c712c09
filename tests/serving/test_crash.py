"""``kill -9`` of a gateway under load: what was acknowledged is there, and nothing is there twice."""

import http.client
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.serving.gateways import ROW, Asker, FakeControl, GatewayProcess
from tests.serving.planned import Planned

from pomona.serving.journal import JournalRow
from pomona.serving.service import ServingService
from pomona.sql import metadata
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock

KILLS = 5


class Caller(threading.Thread):
    """Sends named rows; after a broken connection sends the same rows again until they are answered."""

    def __init__(self, name: str, gateway: "Gateways") -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self.acknowledged: dict[str, str] = {}  # our id of a row -> prediction id
        self.contradictions: list[str] = []
        self._gateway = gateway

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            ids = [f"{self.name}-{number + index}" for index in range(3)]
            if not self._answered(ids):
                return
            number += 2  # the last row is sent twice on purpose

    def _answered(self, ids: list[str]) -> bool:
        while True:
            asker = Asker(self._gateway.port)
            try:
                status, answer = asker.predict([ROW] * len(ids), ids=ids)
            except (OSError, http.client.HTTPException):
                if self.stopping.is_set():
                    return False
                time.sleep(0.05)
                continue
            finally:
                asker.close()
            if status != 200:
                time.sleep(0.05)
                continue
            for key, made in zip(ids, answer["predictions"], strict=True):
                if self.acknowledged.setdefault(key, made["prediction_id"]) != made["prediction_id"]:
                    self.contradictions.append(key)
            return True


class Gateways:
    """A gateway that is killed and started again."""

    def __init__(self, home: Path, control: FakeControl) -> None:
        self._home, self._control = home, control
        self.start()

    def start(self) -> None:
        self.process = GatewayProcess(self._home, self._control.url)
        self.port = self.process.port
        self.process.wait_ready()


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(tmp_path: Path, control, cold_is_late) -> None:
    control.serve("r1", control.add_model("mv_1", cold_is_late))
    gateways = Gateways(tmp_path / "home", control)
    clock = FakeClock()
    database = SqliteDatabase(tmp_path / "pomona.db", clock)
    metadata.create_all(database.engine)
    planned = Planned()
    serving = ServingService(database, clock, planned, planned, tmp_path / "home" / "gateway" / "journal")
    callers = [Caller(f"caller{number}", gateways) for number in range(4)]
    for caller in callers:
        caller.start()
    draw = random.Random(4)
    for _ in range(KILLS):
        time.sleep(draw.uniform(0.1, 1.5))
        gateways.process.kill()
        serving.fold()  # the fold may run at any moment
        gateways.start()
    time.sleep(0.5)
    for caller in callers:
        caller.stopping.set()
    for caller in callers:
        caller.join(20)
    gateways.process.kill()
    while serving.fold():
        pass

    acknowledged = {key: found for caller in callers for key, found in caller.acknowledged.items()}
    assert not [key for caller in callers for key in caller.contradictions]
    assert len(acknowledged) > 100
    stored = serving.window("late").answers
    ids = Counter(stored.column("prediction_id").to_pylist())
    assert all(count == 1 for count in ids.values())
    assert set(acknowledged.values()) <= ids.keys()
    sums = serving.value_ledger("late")
    assert sums.predictions == len(ids)
    assert_answers_agree(serving, acknowledged)
    database.close()


def assert_answers_agree(serving: ServingService, acknowledged: dict[str, str]) -> None:
    for key, found in random.Random(5).sample(sorted(acknowledged.items()), 50):
        assert serving.prediction(found).key == key


def test_a_row_written_twice_to_the_journal_is_one_prediction(tmp_path: Path) -> None:
    from tests.serving.planned import journal_row, write_segment

    row: JournalRow = journal_row(1)
    write_segment(tmp_path / "journal", "00000000000001-a", [row, row])
    write_segment(tmp_path / "journal", "00000000000002-a", [row])
    clock = FakeClock()
    database = SqliteDatabase(tmp_path / "t.db", clock)
    metadata.create_all(database.engine)
    planned = Planned()
    serving = ServingService(database, clock, planned, planned, tmp_path / "journal")
    assert serving.fold() == 1
    assert serving.fold() == 0
    assert serving.value_ledger("late").predictions == 1
    database.close()
