"""`pomona up`: one tree that starts, says where it is, refuses what is unsafe, and dies as one."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pomona.app import open_app
from pomona.cli import running
from pomona.core.errors import Conflict, Invalid
from pomona.process import UPDATED
from pomona.sdk.client import connect, running_server
from pomona.server import tree
from pomona.server.tree import TreeOptions, check_options, make_token

START_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(home: Path, *more: str) -> list[str]:
    ports = ["--port", str(free_port()), "--gateway-port", str(free_port())]
    return [sys.executable, "-m", "pomona.cli.main", "up", "--home", str(home), "--no-browser", *ports, *more]


@contextmanager
def up(home: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """A tree that is ready; interrupted at the end if it still runs."""
    tree = subprocess.Popen(command(home, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        ends = time.monotonic() + START_S
        while running_server(home) is None and tree.poll() is None and time.monotonic() < ends:
            time.sleep(0.05)
        assert running_server(home) is not None, (
            tree.communicate(timeout=10)[0] if tree.poll() else "too slow"
        )
        yield tree
    finally:
        if tree.poll() is None:
            tree.send_signal(signal.SIGINT)
        tree.communicate(timeout=30)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int], *, within_s: float) -> bool:
    ends = time.monotonic() + within_s
    while any(alive(pid) for pid in pids) and time.monotonic() < ends:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


def comm(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def watched(pid: int) -> list[int]:
    """The processes of a tree that is ready: its parent has turned into what only waits for them."""
    ends = time.monotonic() + START_S
    while comm(pid) != "pomona-up" and time.monotonic() < ends:
        time.sleep(0.05)
    assert comm(pid) == "pomona-up"
    return children(pid)


def private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024


@pytest.mark.crash
def test_one_command_starts_all_and_interrupt_stops_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as tree:
        server = running_server(home)
        assert server is not None
        pids = children(tree.pid)
        assert len(pids) == 3
        with connect(home=home) as client:
            assert client.address == server.url
            assert [stage.state for stage in client.circle.now().stages] == ["empty"] * 6
        with urllib.request.urlopen(f"{server.gateway_url}/v2/health/live") as reply:
            assert reply.status == 200
        second = subprocess.run(command(home), capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert f"pid {tree.pid}" in second.stderr
    assert gone(pids, within_s=10)
    assert running_server(home) is None
    assert oct((home / "token").stat().st_mode & 0o777) == "0o600"


@pytest.mark.crash
def test_when_the_parent_is_killed_its_children_go_and_the_next_tree_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as tree:
        pids = children(tree.pid)
        os.kill(tree.pid, signal.SIGKILL)
        assert gone(pids, within_s=15)
    with up(home), connect(home=home) as client:
        assert all(finding.state == "ok" for finding in client.circle.doctor())


@pytest.mark.crash
@pytest.mark.skipif(sys.platform != "linux", reason="the parent turns into another program on Linux")
def test_when_one_process_ends_by_itself_all_stop_and_its_log_is_named(tmp_path: Path) -> None:
    home, killed = tmp_path / "home", "worker"
    with up(home) as tree:
        pids = {comm(pid): pid for pid in watched(tree.pid)}
        os.kill(pids[f"pomona-{killed}"], signal.SIGKILL)
        said, _ = tree.communicate(timeout=30)
    assert tree.returncode == 1
    assert f"the {killed} stopped by itself" in said
    assert f"see {home / 'logs' / killed}.log" in said
    assert gone([*pids.values()], within_s=10)
    assert running_server(home) is None


@pytest.mark.crash
@pytest.mark.skipif(sys.platform != "linux", reason="the parent turns into another program on Linux")
def test_who_only_waits_is_small_and_stops_all_in_peace(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as tree:
        pids = watched(tree.pid)
        assert private_mb(tree.pid) < 8
        tree.send_signal(signal.SIGTERM)
        tree.send_signal(signal.SIGTERM)  # once more does not hurry it
        said, _ = tree.communicate(timeout=30)
    assert (tree.returncode, gone(pids, within_s=10)) == (0, True)
    assert said.endswith("Stopped. Everything acknowledged is kept; `pomona up` goes on from here.\n")
    assert not (home / "server.json").exists()


def test_a_server_that_updated_the_records_can_ask_to_be_started_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pomona.server.process", "--home", str(tmp_path), "--no-auth"]
    ports = ["--port", str(free_port())]
    told = subprocess.run(
        [*command, *ports, "--end-after-update"], capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == UPDATED, told.stderr
    app = open_app(tmp_path)  # it is closed in peace, and up to date
    assert app.tracking.experiments.search()
    app.close()


def test_a_process_that_does_not_stop_is_killed() -> None:
    code = """
import subprocess
from pomona.cli import watching
watching._STOP_S = 0.2
stubborn = ["/bin/sh", "-c", "trap '' TERM; echo ready; exec sleep 60"]
child = subprocess.Popen(stubborn, stdout=subprocess.PIPE)
assert child.stdout.readline() == b"ready\\n"
watching._stop({child.pid: "server"})
print(child.pid)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert not alive(int(said.stdout)), said.stderr


def test_without_authentication_only_loopback_is_served(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="anybody"):
        check_options(TreeOptions(home=tmp_path, host="0.0.0.0", auth=False))


def test_a_taken_port_is_named_with_the_option_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict) as refused:
            check_options(TreeOptions(home=tmp_path, port=taken.getsockname()[1], gateway_port=free_port()))
    assert "--port" in (refused.value.hint or "")


def test_the_token_is_made_once(tmp_path: Path) -> None:
    assert make_token(tmp_path) == make_token(tmp_path)
    assert len(make_token(tmp_path)) >= 40


def test_the_password_of_the_database_is_not_shown_and_only_who_opens_the_records_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_DATABASE", "postgresql://ann:hush@127.0.0.1:1/pomona")  # as a user sets it
    options = TreeOptions(home=tmp_path, database=os.environ["POMONA_DATABASE"])
    assert "hush" not in repr(options)
    started: list[tuple[str, bool]] = []

    class Silent:
        def poll(self) -> int:
            return 0

    def begin(_: str, command: list[str], environment: dict[str, str], __: int) -> Silent:
        started.append((command[0], "POMONA_DATABASE" in environment))
        assert "hush" not in " ".join(command)
        return Silent()

    monkeypatch.setattr(tree, "_beginning", lambda _: begin)
    monkeypatch.setattr(tree, "_await", lambda *_, **__: None)
    monkeypatch.setattr(tree, "_stop", lambda _: None)
    with tree.run_tree(options):
        assert "hush" not in (tmp_path / "server.json").read_text()
    assert started == [
        ("pomona.serving.gateway", False), ("pomona.server.process", True), ("pomona.worker", True)
    ]  # fmt: skip


def test_the_parent_gets_the_address_of_the_database_neither_by_argument_nor_by_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_DATABASE", "postgresql://ann:hush@127.0.0.1:1/pomona")
    given: list[str] = []

    def execve(_: str, command: list[str], environment: dict[str, str]) -> None:
        given.extend(command)
        assert "hush" not in " ".join([*command, *environment.values()])

    monkeypatch.setattr(os, "execve", execve)
    options = TreeOptions(home=tmp_path, database=os.environ["POMONA_DATABASE"])
    running.become(options, browser=False)
    with os.fdopen(int(given[given.index("--database-in") + 1])) as pipe:
        assert pipe.read() == options.database
