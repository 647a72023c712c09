"""Entries are stored once per content; a training of one leaves a run that tells everything."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from pomona.business.records import Hypothesis
from pomona.business.service import BusinessService
from pomona.core.errors import Invalid, NotFound, PomonaError, Refused, TooLarge, UserCodeFailed
from pomona.data.records import Check, DataVersion, NewDataset
from pomona.data.service import DataService
from pomona.jobs.service import JobService
from pomona.jobs.worker import Worker
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock
from pomona.testing.executors import FakeExecutor
from pomona.training.executors import EndReason, Task, TaskState
from pomona.training.reach import Address
from pomona.training.records.entries import (
    CodeUpload,
    DataSelector,
    GitState,
    Limits,
    NewEntry,
    Trained,
    TrainRequest,
)
from pomona.training.records.runs import DatasetInput
from pomona.training.rules.entries import failure, traceback_in, window_of
from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.entries import EntryService
from pomona.training.service.tracking import TrackingService
from pomona.training.trainer import LOG_PATH, Trainer


@contextmanager
def reach() -> Iterator[Address]:
    yield Address(url="http://pomona", token="secret")


@pytest.fixture
def jobs(database: SqliteDatabase, clock: FakeClock) -> JobService:
    return JobService(database, clock)


@pytest.fixture
def entries(
    database: SqliteDatabase,
    blobs: FileBlobs,
    clock: FakeClock,
    business: BusinessService,
    data: DataService,
    jobs: JobService,
) -> EntryService:
    return EntryService(database, blobs, clock, business, data, jobs)


@pytest.fixture
def executor() -> FakeExecutor:
    return FakeExecutor()


@pytest.fixture
def worker(
    entries: EntryService,
    tracking: TrackingService,
    jobs: JobService,
    blobs: FileBlobs,
    executor: FakeExecutor,
    tmp_path: Path,
) -> Worker:
    trainer = Trainer(
        entries,
        tracking,
        jobs,
        blobs,
        executor=executor,
        reach=reach,
        register=lambda model, run: f"{model} of {run}",
    )
    return Worker(jobs, {"train": trainer.workflow()}, tmp_path / "jobs")


def entry(code: str = "print('hello')", **changes: Any) -> NewEntry:
    new = NewEntry(
        name="late",
        script="train.py",
        files=(CodeUpload(path="train.py", body=code.encode()),),
        data=DataSelector(ref="flights"),
        params={"depth": 3, "rate": 0.1},
    )
    return msgspec.structs.replace(new, **changes)


def trained(jobs: JobService, worker: Worker, job: str) -> Trained:
    assert worker.run_one()
    found = jobs.get(job)
    assert found.state == "done", found.error
    return msgspec.convert(found.result, Trained)


def test_the_same_entry_again_is_the_same_version(entries: EntryService, version: DataVersion) -> None:
    first = entries.store(entry())
    assert entries.store(entry()) == first
    second = entries.store(entry("print('bye')"))
    assert (first.number, second.number) == (1, 2)
    assert entries.entry("late") == second
    assert entries.entry("late@v1") == entries.entry(first.id) == first
    assert entries.file("late@1", "train.py") == b"print('hello')"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"name": "Late!"}, Invalid),
        ({"script": "other.py"}, Invalid),
        ({"files": (CodeUpload(path="../train.py", body=b""),)}, Invalid),
        ({"files": (CodeUpload(path="/train.py", body=b""),)}, Invalid),
        ({"files": (CodeUpload(path="train.py", body=b"def"),)}, Invalid),
        ({"files": (CodeUpload(path="train.py", body=b"#" * (21 << 20)),)}, TooLarge),
        ({"files": (CodeUpload(path="train.py", body=b""),) * 2}, Invalid),
        ({"files": (CodeUpload(path="train.txt", body=b""),), "script": "train.txt"}, Invalid),
        ({"data": DataSelector(ref="nothing")}, NotFound),
        ({"data": DataSelector(ref="flights", last_days=-1)}, Invalid),
        ({"data": DataSelector(ref="flights", last_days=1e308)}, Invalid),
        ({"limits": Limits(wall_s=1 << 62)}, Invalid),
        ({"limits": Limits(memory_mb=1 << 62)}, Invalid),
        ({"data": DataSelector(ref="flights", since=datetime(2026, 1, 1))}, Invalid),  # noqa: DTZ001
        ({"hypothesis": "nothing"}, NotFound),
        ({"limits": Limits(memory_mb=1)}, Invalid),
        ({"params": {"": 1}}, Invalid),
    ],
)
def test_an_entry_that_cannot_be_run_is_refused_and_not_stored(
    entries: EntryService, version: DataVersion, changes: dict[str, Any], kind: type[PomonaError]
) -> None:
    with pytest.raises(kind):
        entries.store(entry(**changes))
    assert entries.entries().items == []


def test_a_training_ties_its_run_to_data_code_environment_entry_and_hypothesis(
    entries: EntryService,
    jobs: JobService,
    worker: Worker,
    executor: FakeExecutor,
    tracking: TrackingService,
    hypothesis: Hypothesis,
    version: DataVersion,
    ledger: SqlLedger,
) -> None:
    kept = entries.store(entry(hypothesis="late", model="late", git=GitState(commit="c" * 40, diff="+x")))
    result = trained(jobs, worker, entries.request(TrainRequest(entry="late", params={"depth": 5})).id)
    links = {(link.relation, link.target) for link in ledger.links([result.run])}
    assert {
        ("tests", hypothesis.id),
        ("trained_on", version.id),
        ("ran", kept.id),
        ("used_code", kept.code),
    } <= links
    assert "used_environment" in {relation for relation, _ in links}
    run = tracking.run(result.run)
    assert (run.status, result.model_version) == ("FINISHED", f"late of {result.run}")
    assert run.inputs[0].data_version == version.id
    assert tracking.artifacts.read(ArtifactAddress(root=result.run, path=LOG_PATH)) == b"ran\n"
    [(task, environment)] = executor.started
    assert task.files == {"train.py": kept.files[0].digest}
    assert environment["MLFLOW_RUN_ID"] == result.run
    assert environment["POMONA_DATA_VERSION"] == version.id
    assert msgspec.json.decode(environment["POMONA_PARAMS"]) == {"depth": 5, "rate": 0.1}
    assert (environment["MLFLOW_TRACKING_URI"], environment["MLFLOW_TRACKING_TOKEN"]) == (
        "http://pomona",
        "secret",
    )


def test_a_broken_script_leaves_a_failed_run_with_its_traceback(
    entries: EntryService,
    jobs: JobService,
    worker: Worker,
    executor: FakeExecutor,
    tracking: TrackingService,
    version: DataVersion,
) -> None:
    executor.end = TaskState(state="ended", exit_code=1, reason="exit")
    executor.output = b"so far\nTraceback (most recent call last):\n  line\nValueError: boom\n"
    entries.store(entry(model="late"))
    job = entries.request(TrainRequest(entry="late"))
    worker.run_one()
    failed = jobs.get(job.id)
    assert (failed.state, failed.failures) == ("failed", 1)
    assert "ValueError: boom" in (failed.error or "")
    [run] = tracking.reports.page().items
    assert run.status == "FAILED"
    detail = tracking.reports.detail(run.id)
    assert "ValueError: boom" in (detail.error or "")
    assert LOG_PATH in {file.path for file in detail.artifacts}
    executor.end = TaskState(state="ended", exit_code=0, reason="exit")
    jobs.retry(job.id)
    assert trained(jobs, worker, job.id).run == run.id  # the script ran again, under its run


def test_a_worker_that_died_before_the_step_was_kept_makes_no_second_run(
    entries: EntryService, jobs: JobService, worker: Worker, tracking: TrackingService, version: DataVersion
) -> None:
    entries.store(entry())
    job = entries.request(TrainRequest(entry="late"))
    tracking.start(tags={"pomona.job": f"{job.id}/train"})
    result = trained(jobs, worker, job.id)
    assert [run.id for run in tracking.reports.page().items] == [result.run]


def test_a_failed_version_is_refused_at_once_unless_forced(
    entries: EntryService, jobs: JobService, worker: Worker, data: DataService, ledger: SqlLedger
) -> None:
    checks = (Check(kind="not_null", column="x"),)
    data.create(NewDataset(name="flights", key=("id",), checks=checks))
    data.commit("flights", pa.table({"id": [1], "x": [None]}))
    entries.store(entry(data=DataSelector(ref="flights@newest")))
    with pytest.raises(Refused, match="not_null x"):
        entries.request(TrainRequest(entry="late"))
    trained(jobs, worker, entries.request(TrainRequest(entry="late", force_reason="a test")).id)
    [forced] = ledger.entries(types=["data.failed_version_used"])
    assert forced.data["reason"] == "a test"


def test_an_mlflow_run_may_not_train_on_a_failed_version_either(
    tracking: TrackingService, data: DataService, ledger: SqlLedger
) -> None:
    data.create(NewDataset(name="flights", key=("id",), checks=(Check(kind="not_null", column="x"),)))
    failed = data.commit("flights", pa.table({"id": [1], "x": [None]})).version

    def logged(context: str) -> DatasetInput:
        return DatasetInput(
            name="flights",
            digest=failed.digest[:36],
            source_type="pomona",
            source=f'{{"version": "{failed.id}"}}',
            tags={"mlflow.data.context": context},
        )

    run = tracking.start().id
    with pytest.raises(Refused):
        tracking.log_inputs(run, [logged("training")])
    with pytest.raises(Refused):
        tracking.log(run, tags=[("pomona.data_version", failed.id)])
    assert tracking.run(run).inputs == []
    tracking.log_inputs(run, [logged("evaluation")])
    tracking.log(run, tags=[("pomona.force", "to see how bad it is")])
    tracking.log_inputs(run, [logged("training")])
    assert ledger.entries(types=["data.failed_version_used"])


def test_a_cancelled_training_is_stopped_and_its_run_killed(
    entries: EntryService,
    jobs: JobService,
    worker: Worker,
    executor: FakeExecutor,
    tracking: TrackingService,
    version: DataVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor.end = TaskState(state="running")
    entries.store(entry())
    job = entries.request(TrainRequest(entry="late"))
    poll = executor.poll

    def poll_then_cancel(name: str) -> TaskState:
        if executor.started and jobs.get(job.id).state == "running":
            jobs.cancel(job.id)
        return poll(name)

    monkeypatch.setattr(executor, "poll", poll_then_cancel)
    worker.run_one()
    assert jobs.get(job.id).state == "cancelled"
    assert executor.kept[f"{job.id}/train"].reason == "stopped"
    assert tracking.reports.page().items[0].status == "KILLED"


def test_a_worker_that_is_told_to_stop_leaves_the_training_to_the_next(
    entries: EntryService,
    jobs: JobService,
    worker: Worker,
    executor: FakeExecutor,
    tracking: TrackingService,
    version: DataVersion,
) -> None:
    executor.end = TaskState(state="running")
    entries.store(entry())
    job = entries.request(TrainRequest(entry="late"))
    stop = threading.Event()
    running = threading.Thread(target=worker.run_until, args=(stop,))
    running.start()
    while not executor.started:
        running.join(timeout=0.01)
    stop.set()
    running.join(timeout=20)
    assert executor.kept.pop(f"{job.id}/train").reason == "stopped"
    assert (jobs.get(job.id).state, tracking.reports.page().items[0].status) == ("running", "RUNNING")
    executor.end = TaskState(state="ended", exit_code=0, reason="exit")
    jobs.take_over(lambda owner: True)
    stop.clear()
    assert worker.run_one()
    assert jobs.get(job.id).state == "done"


@pytest.mark.parametrize(
    "before", [TaskState(state="running"), TaskState(state="ended", reason="exit", exit_code=1)]
)
def test_a_script_that_failed_while_no_worker_was_there_is_run_once_more(
    entries: EntryService,
    jobs: JobService,
    worker: Worker,
    executor: FakeExecutor,
    version: DataVersion,
    before: TaskState,
) -> None:
    entries.store(entry())
    job = entries.request(TrainRequest(entry="late"))
    name = f"{job.id}/train"
    executor.kept[name] = before

    adopt = executor.submit

    def submit(task: Task, environment: Mapping[str, str]) -> None:
        adopt(task, environment)
        if not executor.started:
            executor.kept[name] = TaskState(state="ended", reason="exit", exit_code=1)

    executor.submit = submit  # type: ignore[method-assign]
    assert trained(jobs, worker, job.id)
    assert len(executor.started) == 1


def test_days_are_counted_back_from_the_newest_row() -> None:
    newest = datetime(2026, 2, 1, tzinfo=UTC)
    assert window_of(DataSelector(ref="x", last_days=31), newest) == (datetime(2026, 1, 1, tzinfo=UTC), None)
    cut = newest - timedelta(days=7)
    assert window_of(DataSelector(ref="x", last_days=7, until=cut), newest) == (cut - timedelta(days=7), cut)
    assert window_of(DataSelector(ref="x"), newest) == (None, None)
    with pytest.raises(Invalid, match="no times"):
        window_of(DataSelector(ref="x", last_days=7), None)


def test_a_traceback_names_files_as_the_user_knows_them() -> None:
    place = '  File "/a b/jobs/job_1/train/code/sub/m.py", line 1'
    log = f"x\nTraceback (most recent call last):\n{place}\nKeyError: 1"
    assert traceback_in(log, task="job_1/train").splitlines()[1] == '  File "sub/m.py", line 1'


@pytest.mark.parametrize("reason", ["memory", "cpu", "wall", "log", "killed", "exit"])
def test_each_end_says_what_to_do(reason: EndReason) -> None:
    error = failure(reason, 1, Limits(), trace="", run="r")
    assert isinstance(error, UserCodeFailed)
    assert error.hint
    assert error.extra["reason"] == reason


@pytest.mark.parametrize("number", ["9" * 5000, "v" + "9" * 10, "\u00b2", "v\u0663", "vv1", "-1"])
def test_a_number_that_no_entry_has_is_refused_in_words(entries: EntryService, number: str) -> None:
    with pytest.raises(Invalid, match="names no training entry") as caught:
        entries.entry(f"late@{number}")
    assert caught.value.hint
