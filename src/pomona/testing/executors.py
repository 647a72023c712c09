"""What every Executor promises, and one that runs nothing."""

import time
from collections.abc import Mapping

from pomona.training.executors import Executor, Task, TaskState

_PATIENCE_S = 60.0


class FakeExecutor:
    """Executor that runs nothing: each task ends at once as ``end`` says, having printed ``output``."""

    def __init__(self) -> None:
        self.end = TaskState(state="ended", exit_code=0, reason="exit")
        self.output = b"ran\n"
        self.started: list[tuple[Task, Mapping[str, str]]] = []
        self.kept: dict[str, TaskState] = {}

    def submit(self, task: Task, environment: Mapping[str, str]) -> None:
        if task.name not in self.kept:
            self.started.append((task, environment))
            self.kept[task.name] = self.end

    def poll(self, name: str) -> TaskState:
        return self.kept.get(name, TaskState(state="lost"))

    def log(self, name: str) -> bytes:
        return self.output if name in self.kept else b""

    def stop(self, name: str) -> None:
        self.kept[name] = TaskState(state="ended", reason="stopped")

    def forget(self, name: str) -> None:
        del self.kept[name]


class ExecutorContract:
    """Inherit it with fixtures ``executor`` and ``task``, whose script prints "ran" and exits with 0."""

    def test_a_task_runs_to_its_end(self, executor: Executor, task: Task) -> None:
        executor.submit(task, {})
        assert ended(executor, task.name).good
        assert executor.log(task.name) == b"ran\n"

    def test_one_name_is_run_once(self, executor: Executor, task: Task) -> None:
        for _ in range(2):
            executor.submit(task, {})
            ended(executor, task.name)
        assert executor.log(task.name) == b"ran\n"

    def test_what_nobody_submitted_is_lost(self, executor: Executor) -> None:
        assert executor.poll("job_none/train") == TaskState(state="lost")
        assert executor.log("job_none/train") == b""

    def test_a_forgotten_task_can_be_run_again(self, executor: Executor, task: Task) -> None:
        executor.submit(task, {})
        ended(executor, task.name)
        executor.forget(task.name)
        assert executor.poll(task.name).state == "lost"
        executor.submit(task, {})
        assert ended(executor, task.name).good


def ended(executor: Executor, name: str) -> TaskState:
    """Wait until a task no longer runs."""
    until = time.monotonic() + _PATIENCE_S
    while (state := executor.poll(name)).state == "running":
        assert time.monotonic() < until, f"{name} does not end"
        time.sleep(0.05)
    return state
