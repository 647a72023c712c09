"""Metrics on their way in: kept by the call, settled later, seen by every reader at once."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from pomona.core.errors import Invalid, NotFound, StorageFull, Unavailable
from pomona.core.ports import Database, Transaction
from pomona.core.requests import claiming
from pomona.training.records.runs import Metric, Run, SearchRuns
from pomona.training.service import intake
from pomona.training.service.intake import MetricIntake
from pomona.training.service.settled import SettledDatabase
from pomona.training.service.tracking import TrackingService
from pomona.training.store import inbox, metrics

T = TypeVar("T")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine half a second may be over before anybody has looked."""
    monkeypatch.setattr(intake, "_SOON_S", 60.0)


@pytest.fixture
def run(tracking: TrackingService) -> Run:
    return tracking.start(name="one")


def waiting(database: Database) -> int:
    return database.read(lambda tx: int(tx.execute(select(func.count(inbox.inbox.c.id))).scalar_one()))


def stored(database: Database) -> int:
    query = select(func.count()).select_from(metrics.history)
    return database.read(lambda tx: int(tx.execute(query).scalar_one()))


def losses(*values: float, first: int = 0) -> list[Metric]:
    return [
        Metric(key="loss", value=value, timestamp=1_000 + step, step=step)
        for step, value in enumerate(values, start=first)
    ]


READERS: dict[str, Callable[[TrackingService, str], object]] = {
    "run": lambda t, run: [m.value for m in t.run(run).metrics],
    "update": lambda t, run: [m.value for m in t.update(run, name="other").metrics],
    "search": lambda t, run: [
        m.value for m in t.search(SearchRuns(experiments=["0"], filter="metrics.loss < 0.4")).runs[0].metrics
    ],
    "history": lambda t, run: [p.value for p in t.histories.page(run, "loss")[0][-1:]],
    "chart": lambda t, run: [p.value for p in t.histories.chart(run, "loss").points[-1:]],
    "curves": lambda t, run: t.studies.curves([run], ["loss"]).curves[0].y[-1:],
    "page": lambda t, run: list(t.reports.page().items[0].metrics.values()),
    "detail": lambda t, run: list(t.reports.detail(run).run.metrics.values()),
    "frame": lambda t, run: t.frames.table().column("metrics.loss").to_pylist(),
}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_sees_what_was_just_logged(
    tracking: TrackingService, database: Database, run: Run, reader: str
) -> None:
    tracking.log(run.id, metrics=losses(0.5, 0.25))
    assert waiting(database) == 1
    assert READERS[reader](tracking, run.id) == [0.25]
    assert (waiting(database), stored(database)) == (0, 2)


def test_another_process_sees_it_too(tracking: TrackingService, database: Database, run: Run) -> None:
    tracking.log(run.id, metrics=losses(0.5))
    other = SettledDatabase(database, MetricIntake(database))
    query = select(metrics.latest.c.value)
    assert other.read(lambda tx: tx.execute(query).scalars().all()) == [0.5]


def test_without_a_reader_metrics_settle_by_themselves(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_SOON_S", 0.1)
    tracking.log(run.id, metrics=losses(0.5, 0.25))
    ends = time.monotonic() + 20
    while waiting(database) and time.monotonic() < ends:
        time.sleep(0.05)
    assert (waiting(database), stored(database)) == (0, 2)


def test_many_points_settle_with_the_call_that_makes_them_many(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_MANY", 5)
    tracking.log(run.id, metrics=losses(1, 2, 3))
    assert (waiting(database), stored(database)) == (1, 0)
    tracking.log(run.id, metrics=losses(4, 5, first=3))
    assert (waiting(database), stored(database)) == (0, 5)


def test_a_lone_call_is_kept_settled_and_refused_like_others(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_MANY", 4)
    gone = tracking.start(name="gone")
    tracking.delete(gone.id)
    for step in range(3):
        tracking.log_points(run.id, {"loss": [(step, 1_000, 0.5)]}, alone=True).result(timeout=20)
        with pytest.raises(Invalid, match="must be in the 'active' state"):
            tracking.log_points(gone.id, {"loss": [(step, 1_000, 0.5)]}, alone=True).result(timeout=20)
    assert (waiting(database), stored(database)) == (3, 0)
    tracking.log_points(run.id, {"loss": [(3, 1_000, 0.5)]}, alone=True).result(timeout=20)
    assert (waiting(database), stored(database)) == (0, 4)


def test_calls_that_share_a_commit_fail_alone(tracking: TrackingService, run: Run) -> None:
    gone = tracking.start(name="gone")
    tracking.delete(gone.id)
    good, bad = [], []
    for step in range(30):
        good.append(tracking.log_later(run.id, metrics=losses(step, first=step)))
        bad.append(tracking.log_later(gone.id if step % 2 else "0" * 32, metrics=losses(step)))
    wait([*good, *bad])
    assert [future.exception() for future in good] == [None] * 30
    errors = [future.exception() for future in bad]
    assert {type(error) for error in errors} == {Invalid, NotFound}
    assert "must be in the 'active' state" in str(errors[1])
    assert [p.value for p in tracking.histories.page(run.id, "loss")[0]] == list(range(30))


def test_more_calls_than_one_commit_takes_are_all_answered(
    tracking: TrackingService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_CALLS", 3)
    futures = [tracking.log_later(run.id, metrics=losses(1, first=step)) for step in range(50)]
    for future in futures:
        future.result(timeout=20)
    assert len(tracking.histories.page(run.id, "loss")[0]) == 50


def test_threads_that_log_while_others_read_lose_nothing(tracking: TrackingService) -> None:
    ids = [tracking.start().id for _ in range(4)]
    seen: list[bool] = []

    def log(run_id: str) -> None:
        for step in range(25):
            tracking.log(run_id, metrics=losses(step, first=step))
            seen.append(tracking.run(run_id).metrics[0].step == step)

    threads = [threading.Thread(target=log, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 100
    assert [len(tracking.histories.page(run_id, "loss")[0]) for run_id in ids] == [25] * 4


def test_a_failed_commit_is_told_to_every_caller_and_the_next_works(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(tx: Transaction, calls: object) -> None:
        raise StorageFull("the disk takes no more data")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "put", fails)
        futures = [tracking.log_later(run.id, metrics=losses(1)) for _ in range(5)]
        wait(futures)
    assert {type(future.exception()) for future in futures} == {StorageFull}
    tracking.log(run.id, metrics=losses(2))
    assert [metric.value for metric in tracking.run(run.id).metrics] == [2]


def test_a_settling_that_is_undone_gives_no_number_to_a_name(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(tx: Transaction, histories: object) -> None:
        raise StorageFull("the disk takes no more data")

    with monkeypatch.context() as patch:
        patch.setattr(metrics, "add_points", fails)
        tracking.log(run.id, metrics=losses(0.5))
        assert tracking.run(run.id).metrics == []  # what was there before is still shown
    assert [metric.value for metric in tracking.run(run.id).metrics] == [0.5]


def test_who_closes_leaves_nothing_on_its_way(
    tracking: TrackingService, database: Database, run: Run
) -> None:
    tracking.log(run.id, metrics=losses(0.5))
    assert waiting(database) == 1
    tracking.close()
    assert (waiting(database), stored(database)) == (0, 1)
    tracking.close()


def test_a_full_disk_does_not_keep_from_closing(
    tracking: TrackingService, database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(tx: Transaction, histories: object) -> None:
        raise StorageFull("the disk takes no more data")

    tracking.log(run.id, metrics=losses(0.5))
    with monkeypatch.context() as patch:
        patch.setattr(metrics, "add_points", fails)
        tracking.close()
    assert [metric.value for metric in tracking.run(run.id).metrics] == [0.5]


def test_a_closed_database_refuses(tracking: TrackingService, database: Database, run: Run) -> None:
    database.close()
    with pytest.raises(Unavailable, match="closed"):
        tracking.log(run.id, metrics=losses(1))


def test_the_newest_is_that_of_the_last_step_whatever_came_first(
    tracking: TrackingService, database: Database, run: Run
) -> None:
    tracking.log(run.id, metrics=losses(7, 8, first=5))
    tracking.log(run.id, metrics=losses(1, 2))
    assert tracking.run(run.id).metrics[0].value == 8
    tracking.log(run.id, metrics=losses(3, first=2))
    tracking.log(run.id, metrics=losses(7, 8, first=5))  # once more: the same points
    assert tracking.run(run.id).metrics[0].value == 8
    assert stored(database) == 5


def test_no_numbers_and_empty_calls_take_no_detour(
    tracking: TrackingService, database: Database, run: Run
) -> None:
    tracking.log(run.id, metrics=losses(math.nan, math.inf, -math.inf))
    tracking.log(run.id)
    assert (waiting(database), stored(database)) == (0, 3)
    with pytest.raises(NotFound):
        tracking.log("0" * 32)


def test_a_claimed_request_stores_its_key_with_its_metrics(
    tracking: TrackingService, database: Database, run: Run
) -> None:
    with claiming("key-1") as claim:
        tracking.log_points(run.id, {"loss": [(0, 1, 0.5)]}).result()
        assert claim.written
    assert (waiting(database), stored(database)) == (0, 1)


def test_hundreds_of_names_and_points_are_settled_as_they_were_logged(
    tracking: TrackingService, run: Run
) -> None:
    sizes = [1, 7, 8, 9, 63, 300, 600]
    for number, size in enumerate(sizes):
        for start in range(0, size, 250):
            values = [
                Metric(key=f"m{number}", value=step / 3, timestamp=step, step=step)
                for step in range(start, min(size, start + 250))
            ]
            tracking.log(run.id, metrics=values)
    for number, size in enumerate(sizes):
        found, _ = tracking.histories.page(run.id, f"m{number}")
        assert [(p.step, p.timestamp, p.value) for p in found] == [(s, s, s / 3) for s in range(size)]
