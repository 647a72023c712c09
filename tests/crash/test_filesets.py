"""`kill -9` while files are added: every acknowledged version is whole, and none is half there."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pomona.sdk.client import connect

KILLS = 10
SEED = 7


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_ten_kills_while_files_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_CACHE", str(tmp_path / "cache"))
    home, folder, book = tmp_path / "home", tmp_path / "in", tmp_path / "book"
    folder.mkdir()
    book.touch()
    draw = random.Random(SEED)
    with connect(home=home) as client:
        client.files.create("pets")
        for number in range(KILLS):
            kill_one(home, folder, book, seed=number, after_s=draw.uniform(0.0, 1.5))
            told = dict(line.split() for line in book.read_text().splitlines() if " " in line)
            kept = {version.ref: version.record.digest for version in client.files.versions("pets")}
            assert kept.items() >= told.items()  # one more may be there, whose answer was lost
            assert len(kept) <= len(told) + number + 1
            if kept:
                assert client.files.verify("pets").bad == ()
        last = client.files.add("pets", folder)
        client.files.checkout(last.ref, tmp_path / "out")
        assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }
        client.files.gc(dry_run=False, older_than_h=0)  # what killed adds left behind
        assert all(client.files.verify(version.id).bad == () for version in client.files.versions("pets"))


def kill_one(home: Path, folder: Path, book: Path, *, seed: int, after_s: float) -> None:
    """Start the program, let it work for a moment, kill it."""
    before = book.read_text().count("ready")
    script = Path(__file__).with_name("adder.py")
    command = [sys.executable, str(script), str(home), str(folder), str(book), str(seed)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        ends = time.monotonic() + 60
        while book.read_text().count("ready") == before:
            assert child.poll() is None, child.stderr and child.stderr.read().decode()
            assert time.monotonic() < ends
            time.sleep(0.01)
        time.sleep(after_s)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
