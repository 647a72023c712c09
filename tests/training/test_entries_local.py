"""The local executor: limits really stop a script, and no task runs twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from blake3 import blake3

from pomona.core.errors import Conflict
from pomona.process import started_at
from pomona.testing.executors import ExecutorContract, FakeExecutor, ended
from pomona.training.executors import Task
from pomona.training.local import LocalExecutor
from pomona.training.records.entries import Limits

NAME = "job_1/train"
CODE: dict[str, bytes] = {}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("POMONA_")}


@pytest.fixture
def executor(tmp_path: Path) -> LocalExecutor:
    return LocalExecutor(tmp_path / "jobs", CODE.__getitem__)


def task(script: str, *, name: str = NAME, **limits: int) -> Task:
    body = dedent(script).encode()
    digest = blake3(body).hexdigest()
    CODE[digest] = body
    return Task(name=name, script="train.py", files={"train.py": digest}, limits=Limits(**limits))


class TestLocalExecutor(ExecutorContract):
    @pytest.fixture
    def task(self) -> Task:
        return task("print('ran')")


class TestFakeExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self) -> FakeExecutor:
        return FakeExecutor()

    @pytest.fixture
    def task(self) -> Task:
        return task("")


def wait_for(path: Path) -> str:
    until = time.monotonic() + 30
    while not (path.is_file() and path.read_text()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return path.read_text()


def test_a_script_runs_with_its_environment_and_its_output_is_kept(executor: LocalExecutor) -> None:
    wanted = task("import os, sys; print(os.environ['COLOUR']); print('bad', file=sys.stderr)")
    executor.submit(wanted, {**ENVIRONMENT, "COLOUR": "green"})
    assert ended(executor, NAME).good
    assert executor.log(wanted.name).decode().split() == ["green", "bad"]


def test_an_ended_task_is_not_run_again_until_it_is_forgotten(executor: LocalExecutor) -> None:
    wanted = task("print('once'); raise SystemExit(3)")
    for _ in range(2):
        executor.submit(wanted, ENVIRONMENT)
        state = ended(executor, NAME)
        assert (state.exit_code, state.reason, state.good) == (3, "exit", False)
    assert executor.log(wanted.name).count(b"once") == 1
    executor.forget(wanted.name)
    assert executor.poll(wanted.name).state == "lost"


def test_a_memory_hog_is_stopped(executor: LocalExecutor) -> None:
    hog = """
        import time
        kept = []
        while True:
            kept.append(b"x" * 10_000_000)
            time.sleep(0.01)
    """
    executor.submit(task(hog, memory_mb=150), ENVIRONMENT)
    state = ended(executor, NAME)
    assert (state.reason, state.peak_mb > 150) == ("memory", True)


def test_one_huge_allocation_fails_inside_the_script(executor: LocalExecutor) -> None:
    executor.submit(task("x = bytearray(4_000_000_000)", memory_mb=200), ENVIRONMENT)
    assert ended(executor, NAME).exit_code == 1
    assert b"MemoryError" in executor.log("job_1/train")


def test_an_endless_loop_is_stopped_by_cpu_time(executor: LocalExecutor) -> None:
    executor.submit(task("while True: pass", cpu_s=1), ENVIRONMENT)
    assert ended(executor, NAME).reason == "cpu"


def test_a_script_that_only_waits_is_stopped_by_the_wall_clock(executor: LocalExecutor) -> None:
    executor.submit(task("import time; time.sleep(100)", wall_s=1), ENVIRONMENT)
    assert ended(executor, NAME).reason == "wall"


def test_what_a_script_started_ends_with_it(executor: LocalExecutor, tmp_path: Path) -> None:
    script = f"""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
    """
    executor.submit(task(script), ENVIRONMENT)
    assert ended(executor, NAME).good
    assert started_at(int(wait_for(tmp_path / "pid"))) == "gone"


def test_stop_ends_a_running_task(executor: LocalExecutor, tmp_path: Path) -> None:
    executor.submit(task("print('on', flush=True); import time; time.sleep(100)"), ENVIRONMENT)
    with pytest.raises(Conflict):
        executor.forget("job_1/train")
    wait_for(tmp_path / "jobs/job_1/train/log.txt")
    executor.stop("job_1/train")
    assert executor.poll("job_1/train").reason == "stopped"
    executor.submit(task("print('again')"), ENVIRONMENT)
    assert ended(executor, NAME).good


def worker(root: Path, script: Path) -> "subprocess.Popen[bytes]":
    """Another process that submits the task, then waits to be killed."""
    code = f"""
import os, time
from pathlib import Path
from pomona.training.executors import Task
from pomona.training.local import LocalExecutor
from pomona.training.records.entries import Limits
body = Path({str(script)!r}).read_bytes()
task = Task(name="job_1/train", script="train.py", files={{"train.py": "any"}}, limits=Limits())
LocalExecutor(Path({str(root)!r}), lambda _: body).submit(task, dict(os.environ))
time.sleep(100)
"""
    return subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT)


def test_a_killed_worker_s_task_is_adopted_not_run_twice(executor: LocalExecutor, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    script = tmp_path / "train.py"
    script.write_text(f"import time; open({str(marks)!r}, 'a').write('x'); time.sleep(2); print('done')")
    first = worker(tmp_path / "jobs", script)
    wait_for(marks)
    first.kill()
    first.wait()
    executor.submit(task(script.read_text()), ENVIRONMENT)
    assert ended(executor, NAME).good
    assert marks.read_text() == "x"


def test_when_everything_was_killed_the_task_is_cleaned_up_and_run_again(
    executor: LocalExecutor, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    script = tmp_path / "train.py"
    script.write_text(f"import time; open({str(marks)!r}, 'a').write('x'); time.sleep(1)")
    first = worker(tmp_path / "jobs", script)
    wait_for(marks)
    first.kill()
    first.wait()
    os.kill(int((tmp_path / "jobs/job_1/train/pid").read_text()), signal.SIGKILL)
    until = time.monotonic() + 10
    while executor.poll("job_1/train").state == "running":
        assert time.monotonic() < until
    assert executor.poll("job_1/train").state == "lost"
    executor.submit(task(script.read_text()), ENVIRONMENT)
    assert ended(executor, NAME).good
    assert marks.read_text() == "xx"


def test_a_result_that_nobody_wants_is_given_up(
    executor: LocalExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pomona.training import launcher

    monkeypatch.setattr(launcher, "_GRACE_S", 0.0)
    folder = tmp_path / "task"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "train.py").write_text("import time; time.sleep(100)")
    (folder / "task.json").write_text(
        '{"script": "train.py", "limits": {"memory_mb": 500, "cpu_s": 9, "wall_s": 9}}'
    )
    host = os.uname().nodename
    (folder / "owner").write_text(f"{host}:999999999:1")
    assert (
        launcher.Watch(folder, {"memory_mb": 500, "cpu_s": 9, "wall_s": 9}).until_end()["reason"]
        == "abandoned"
    )
