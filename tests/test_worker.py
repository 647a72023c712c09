"""Housekeeping goes on: what fails in one part, in one round or for one job starves no other."""

import errno
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pomona.worker import Housekeeper


def house(home: Path, chores: dict[str, Any], **jobs: Any) -> Housekeeper:
    app: Any = SimpleNamespace(home=home, jobs=SimpleNamespace(**jobs))
    return Housekeeper(app, workflows={}, chores=chores)


def test_a_chore_with_a_bug_does_not_starve_the_others(tmp_path: Path) -> None:
    def broken() -> int:
        raise KeyError("endpoint")

    assert house(tmp_path, {"windows": broken, "reactions": lambda: 3}).keep_house() == 3


def test_a_full_disk_ends_neither_the_housekeeping_nor_the_worker(tmp_path: Path) -> None:
    """Both threads meet ENOSPC outside of any chore and any job, and go on when there is space again."""
    rounds: list[str] = []
    full = True
    stop = threading.Event()

    def claim(*_: Any, **__: Any) -> None:
        if full:
            raise OSError(errno.ENOSPC, "no space left")
        rounds.append("claim")

    keeper = house(tmp_path, {"journal": lambda: rounds.append("chore") or 0}, claim=claim, open=list)
    bell: Any = keeper._bell
    answer = bell.rung

    def rung() -> int:
        if full:
            raise OSError(errno.ENOSPC, "no space left")
        return int(answer())

    bell.rung = rung
    running = threading.Thread(target=keeper.run_until, args=(stop,), kwargs={"idle_s": 0.01})
    running.start()
    time.sleep(0.1)
    full = False
    ends = time.monotonic() + 5.0
    while {"claim", "chore"} - set(rounds) and time.monotonic() < ends:
        time.sleep(0.01)
    stop.set()
    running.join(timeout=5)
    assert {"claim", "chore"} <= set(rounds)
