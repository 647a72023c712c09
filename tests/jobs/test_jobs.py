"""Durable work: a job is run, resumed and ended exactly as promised, whoever dies meanwhile."""

import errno
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.core.errors import Conflict, Invalid, Unavailable
from pomona.core.ports import Database
from pomona.jobs.records import Job
from pomona.jobs.rules import next_tick
from pomona.jobs.service import JobService, LeaseLost
from pomona.jobs.worker import JobContext, Worker, Workflow
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database: Opened, clock: FakeClock) -> Database:  # noqa: F811
    return open_database(clock)


@pytest.fixture
def jobs(database: Database, clock: FakeClock) -> JobService:
    return JobService(database, clock)


def worker(jobs: JobService, folder: Path, run: Any, *, version: int = 1) -> Worker:
    return Worker(jobs, {"pick": Workflow(kind="pick", version=version, run=run)}, folder)


def test_a_job_runs_and_keeps_its_result(jobs: JobService, tmp_path: Path, database: Database) -> None:
    job = jobs.submit("pick", {"fruit": "pear"})

    def run(context: JobContext) -> dict[str, str]:
        context.progress(0.5, "picking")
        return {"picked": context.payload["fruit"]}

    assert worker(jobs, tmp_path, run).run_one()
    ended = jobs.get(job.id)
    assert (ended.state, ended.result, ended.progress) == ("done", {"picked": "pear"}, 1.0)
    assert [entry.type for entry in SqlLedger(database).entries()] == ["jobs.queued", "jobs.finished"]
    assert (tmp_path / job.id / "job.log").read_text() == "picking\n"


def test_the_same_key_is_one_job(jobs: JobService) -> None:
    assert jobs.submit("pick", {}, key="monday").id == jobs.submit("pick", {}, key="monday").id


def test_a_finished_step_is_not_run_again(jobs: JobService, tmp_path: Path, clock: FakeClock) -> None:
    job = jobs.submit("pick", {})
    calls: list[str] = []

    def run(context: JobContext) -> list[Any]:
        first = context.step("first", lambda: calls.append("first") or len(calls))
        if len(calls) == 1:
            calls.append("crash")
            raise Unavailable("the ladder broke")
        return [first, context.step("second", lambda: calls.append("second") or "ok")]

    hand = worker(jobs, tmp_path, run)
    hand.run_one()
    assert jobs.get(job.id).state == "queued"
    assert not hand.run_one()  # not before the pause after a failure
    clock.advance(seconds=2)
    hand.run_one()
    assert jobs.get(job.id).result == [1, "ok"]
    assert calls == ["first", "crash", "second"]


def test_an_error_of_the_user_is_not_tried_again(jobs: JobService, tmp_path: Path) -> None:
    job = jobs.submit("pick", {})

    def run(context: JobContext) -> None:
        raise Invalid("no such tree", hint="plant one")

    worker(jobs, tmp_path, run).run_one()
    ended = jobs.get(job.id)
    assert (ended.state, ended.error, ended.hint) == ("failed", "no such tree", "plant one")


def test_a_failing_job_gives_up_after_three_tries(jobs: JobService, tmp_path: Path, clock: FakeClock) -> None:
    job = jobs.submit("pick", {})

    def run(context: JobContext) -> None:
        raise OSError("the ladder broke")

    hand = worker(jobs, tmp_path, run)
    for _ in range(5):
        hand.run_one()
        clock.advance(seconds=1000)
    assert (jobs.get(job.id).state, jobs.get(job.id).failures) == ("failed", 3)
    assert jobs.retry(job.id).state == "queued"


def test_an_abandoned_job_is_taken_over_and_the_old_worker_is_fenced_off(
    jobs: JobService, clock: FakeClock
) -> None:
    jobs.submit("pick", {})
    first = jobs.claim("one", ["pick"])
    assert first is not None
    assert jobs.claim("two", ["pick"]) is None
    clock.advance(seconds=16)
    second = jobs.claim("two", ["pick"])
    assert second is not None
    assert second.fence > first.fence
    for late in (
        lambda: jobs.finish(first, 1),
        lambda: jobs.heartbeat(first),
        lambda: jobs.step(first, "x", int),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert jobs.finish(second, 2).result == 2


def test_a_heartbeat_keeps_the_lease(jobs: JobService, clock: FakeClock) -> None:
    jobs.submit("pick", {})
    held = jobs.claim("one", ["pick"])
    assert held is not None
    for _ in range(5):
        clock.advance(seconds=10)
        jobs.heartbeat(held)
        assert jobs.claim("two", ["pick"]) is None


def test_jobs_of_a_dead_worker_are_free_at_once(jobs: JobService) -> None:
    jobs.submit("pick", {})
    assert jobs.claim("dead", ["pick"]) is not None
    assert jobs.take_over(lambda owner: owner == "dead") == 1
    assert jobs.claim("alive", ["pick"]) is not None


def test_a_cancelled_job_stops_at_its_next_write(jobs: JobService, tmp_path: Path) -> None:
    job = jobs.submit("pick", {})

    def run(context: JobContext) -> None:
        jobs.cancel(context.job.id)
        context.check()

    worker(jobs, tmp_path, run).run_one()
    assert jobs.get(job.id).state == "cancelled"
    with pytest.raises(Conflict):
        jobs.cancel(job.id)


def test_a_job_begun_by_other_code_waits_for_a_person(jobs: JobService, tmp_path: Path) -> None:
    job = jobs.submit("pick", {})
    worker(jobs, tmp_path, lambda context: None, version=2).run_one()
    assert jobs.get(job.id).state == "parked"


def test_two_workers_never_run_one_job_twice(jobs: JobService, tmp_path: Path) -> None:
    for number in range(30):
        jobs.submit("pick", {"number": number})
    seen: list[int] = []
    hands = [worker(jobs, tmp_path, lambda context: seen.append(context.payload["number"])) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda hand=hand: [hand.run_one() for _ in range(30)]) for hand in hands
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(30))


def test_a_tick_starts_one_job_even_after_a_long_sleep(jobs: JobService, clock: FakeClock) -> None:
    jobs.put_schedule("nightly", "0 3 * * *", "pick", {"fruit": "fig"})
    assert jobs.tick() == 0
    clock.advance(seconds=10 * 86_400)
    assert jobs.tick() == 1
    assert jobs.tick() == 0
    assert [job.payload for job in jobs.open()] == [{"fruit": "fig"}]


def test_ticks_follow_the_cron_expression() -> None:
    monday = next_tick("30 4 * * 1", datetime(2026, 1, 1, tzinfo=UTC))
    assert monday == datetime(2026, 1, 5, 4, 30, tzinfo=UTC)
    with pytest.raises(Invalid, match="cannot read"):
        next_tick("every day", datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(Invalid, match="number of fields"):  # a sixth would count seconds
        next_tick("* * * * * *", datetime(2026, 1, 1, tzinfo=UTC))


def test_a_job_survives_being_written_and_read(jobs: JobService) -> None:
    job = jobs.submit("pick", {"nested": {"a": [1, 2.5, None, "x"]}})
    assert isinstance(jobs.get(job.id), Job)
    assert jobs.get(job.id) == job


def test_a_worker_that_could_not_claim_goes_on(
    jobs: JobService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk passes; the worker must still be there then."""
    claim, failing, stop = jobs.claim, iter([True, True]), threading.Event()

    def hesitant(*words: Any, **more: Any) -> Job | None:
        if next(failing, False):
            raise OSError(errno.ENOSPC, "no space left")
        return claim(*words, **more)

    monkeypatch.setattr(jobs, "claim", hesitant)
    monkeypatch.setattr("pomona.jobs.worker._PAUSE_S", 0.01)
    job = jobs.submit("pick", {})

    def run(_: JobContext) -> dict[str, str]:
        stop.set()
        return {}

    running = threading.Thread(target=worker(jobs, tmp_path, run).run_until, args=(stop,))
    running.start()
    running.join(timeout=10)
    stop.set()
    assert jobs.get(job.id).state == "done"


def test_a_lease_that_could_not_be_prolonged_once_is_prolonged_the_next_time(
    jobs: JobService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heartbeat, beats, failing = (
        jobs.heartbeat,
        threading.Event(),
        iter([OSError("disk"), Unavailable("busy")]),
    )

    def irregular(job: Job, *, lease_s: float) -> None:
        if (error := next(failing, None)) is not None:
            raise error
        heartbeat(job, lease_s=lease_s)
        beats.set()

    monkeypatch.setattr(jobs, "heartbeat", irregular)
    submitted = jobs.submit("pick", {})

    def run(_: JobContext) -> dict[str, bool]:
        return {"prolonged": beats.wait(timeout=10)}

    flows = {"pick": Workflow(kind="pick", version=1, run=run)}
    assert Worker(jobs, flows, tmp_path, lease_s=0.03).run_one()
    job = jobs.get(submitted.id)
    assert (job.state, job.result) == ("done", {"prolonged": True})
    assert caplog.text.count("could not be prolonged") == 2
