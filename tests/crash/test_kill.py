"""`kill -9` of everything at any moment: what was acknowledged is there, once, and the rest goes on."""

import random
import threading
import time
from pathlib import Path

import pytest
from caller import NAME, Caller
from victim import Victim

KILLS = 20
SEED = 2013


class Killer:
    """Kills the tree at random moments and starts it again, beside a client that knows nothing of it."""

    def __init__(self, victim: Victim, *, kills: int, seed: int) -> None:
        self._victim = victim
        self._random = random.Random(seed)
        self._kills = kills
        self.done = 0
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def _run(self) -> None:
        try:
            while self.done < self._kills:
                time.sleep(self._random.expovariate(1 / 1.5))
                assert self._victim.kill() >= 2
                self._victim.up()
                self.done += 1
        except BaseException as error:  # noqa: BLE001 - told to the test by its own thread
            self.failure = error

    @property
    def is_at_work(self) -> bool:
        """Whether more kills will come."""
        return self.failure is None and self.done < self._kills


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_twenty_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    victim = Victim(tmp_path / "home")
    caller = Caller(victim.home, seed=SEED)
    victim.up()
    try:
        caller.begin(Path(__file__).with_name("script.py"))
        killer = Killer(victim, kills=KILLS, seed=SEED)
        killer.thread.start()
        while killer.is_at_work:
            caller.live_a_day()
        killer.thread.join()
        assert killer.failure is None, f"{killer.failure}\n{victim.said()}"
        caller.live_a_day()
        caller.client().settle(timeout_s=180)
        books_agree(caller)
    finally:
        victim.stop()


def books_agree(caller: Caller) -> None:
    """The server's books against the client's."""
    client = caller.client()
    stored = {prediction.key: prediction for prediction in client.predictions.list(endpoint=NAME)}
    ledger = client.predictions.value(NAME)
    assert ledger.predictions == len(stored) == len(caller.answers)  # none lost, none twice
    for key, answer in caller.answers.items():
        kept = stored[key]
        assert (kept.id, kept.output, kept.decision) == (answer.prediction_id, answer.output, answer.decision)
        assert (kept.model_version, kept.arm) == (answer.model_version, answer.arm)
    assert {key: bool(kept.actual) for key, kept in stored.items() if kept.actual is not None} == caller.told
    assert {len(kept.outcomes) for kept in stored.values() if kept.key in caller.told} == {1}
    assert ledger.matched == len(caller.told)
    assert ledger.value == caller.money()
    versions = client.data.versions(NAME)[::-1]
    made = [version.rows for version in versions if version.record.mode != "rebase"]  # upkeep's are its own
    assert made == caller.commits
    assert versions[-1].to_arrow().num_rows == caller.commits[-1]
    jobs = {job.id: job for job in client.jobs.list()}
    assert set(caller.jobs) <= jobs.keys()
    assert {job.state for job in jobs.values()} == {"done"}, [job for job in jobs.values() if job.error]
    bad = [finding for finding in client.circle.doctor() if finding.state != "ok"]
    assert not bad
