"""Where this process runs: the code of its script, its packages, its machine."""

import sys
import time
from functools import cache
from pathlib import Path

from pomona.training.code.records import GitState, NewRunOrigin
from pomona.training.environment import freeze
from pomona.training.machine import machine_tags
from pomona.training.worktree import git_state

_FRESH_S = 30.0  # a sweep that starts a run every second does not ask git every second
_LAST: dict[Path, tuple[float, GitState | None]] = {}


def origin_of(folder: str | Path | None = None) -> NewRunOrigin:
    """The origin of a run that starts now; git is asked at most twice a minute.

    Args:
        folder: Whose repository holds the code; default that of the running script, or the current one.
    """
    return NewRunOrigin(git=_git(_home(folder)), packages=_packages(), machine=dict(machine_tags()))


def _home(folder: str | Path | None) -> Path:
    if folder is not None:
        return Path(folder).absolute()
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(script).absolute().parent if script else Path.cwd()


def _git(folder: Path) -> GitState | None:
    at, found = _LAST.get(folder, (-_FRESH_S, None))
    if time.monotonic() - at >= _FRESH_S:
        found = git_state(folder)
        _LAST[folder] = (time.monotonic(), found)
    return found


@cache
def _packages() -> tuple[str, ...]:
    return freeze()
