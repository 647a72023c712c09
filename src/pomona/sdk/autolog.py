"""``pomona.autolog()``: the runs that MLflow starts say which code and which machine made them.

MLflow asks ``RunContext`` (an entry point of the group ``mlflow.run_context_provider``) for tags whenever
it starts a run; it answers once it is switched on, and only where the tracking server is Pomona.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from pomona.core.errors import NotFound, PomonaError
from pomona.sdk.http import HttpTransport
from pomona.sdk.session import Session
from pomona.training.code.records import NewRunOrigin, RunOrigin

VARIABLE = "POMONA_AUTOLOG"  # 1 switches it on without a line of code, 0 off in spite of one
_PATH = "/api/v1/runs/origins"
_log = logging.getLogger("pomona")


class _Switch:
    on = False
    folder: Path | None = None
    told: str = ""  # what was warned of last


def autolog(*, folder: str | Path | None = None, disable: bool = False) -> None:
    """From now on runs that MLflow starts say where they come from; one that is active is told, too.

    Kept are the git commit and what is not committed (at most 1 MB; no secrets, no files that git does not
    know, of binary files the name), the installed packages, and the machine. Nothing is sent unless the
    tracking server is Pomona, and what goes wrong is logged: no training fails of it.

    Args:
        folder: Whose git repository holds the code; default that of the running script, or the current one.
        disable: Switch it off again.
    """
    _Switch.on = not disable
    _Switch.folder = None if folder is None else Path(folder).absolute()
    mlflow = sys.modules.get("mlflow")
    if disable or mlflow is None or not _is_on():
        return
    active = mlflow.active_run()
    if active is not None:
        _tell(run=active.info.run_id)


class RunContext:
    """What MLflow asks when it starts a run."""

    def in_context(self) -> bool:
        """Whether there is something to say."""
        return _is_on() and _server() is not None

    def tags(self) -> dict[str, str]:
        """The tags of a run that starts now; empty, and a warning, if they cannot be told."""
        return _tell()


def _is_on() -> bool:
    said = os.environ.get(VARIABLE, "")
    return said not in ("0", "false") if _Switch.on else said in ("1", "true")


def _server() -> str | None:
    """The address of the tracking server that MLflow uses; None if it is no server."""
    mlflow: Any = sys.modules.get("mlflow")
    address = str(mlflow.get_tracking_uri()) if mlflow is not None else ""
    return address if address.startswith(("http://", "https://")) else None


def _tell(run: str | None = None) -> dict[str, str]:
    from pomona.sdk.origin import origin_of

    address = _server()
    if address is None:
        return {}
    try:
        told: NewRunOrigin = msgspec.structs.replace(origin_of(_Switch.folder), run=run)
        session = Session(HttpTransport(address, token=_token(address), timeout_s=20.0, retries=1))
        return session.post(_PATH, told, RunOrigin).tags
    except NotFound:
        _warn(f"{address} is no Pomona: its runs are not told where they come from")
    except (PomonaError, OSError) as error:
        _warn(f"a run is not told where it comes from: {error}")
    return {}


def _token(address: str) -> str | None:
    for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD", "POMONA_TOKEN"):
        if os.environ.get(name):
            return os.environ[name]
    from pomona.sdk.client import home_folder, read_token, running_server

    held_by = running_server(home_folder())
    own = held_by is not None and held_by.url.rstrip("/") == address.rstrip("/")
    return read_token(home_folder()) if own else None


def _warn(text: str) -> None:
    if text != _Switch.told:
        _Switch.told = text
        _log.warning(text)
