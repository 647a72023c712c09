"""The client: every stage of the circle behind one object."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from pomona.core.errors import Unavailable
from pomona.core.records import from_json
from pomona.jobs.records import Quiet
from pomona.process import ServerAddress
from pomona.sdk.business import Hypotheses
from pomona.sdk.circle import Circle
from pomona.sdk.data import Data
from pomona.sdk.entries import Training
from pomona.sdk.evaluations import Evaluations
from pomona.sdk.files.client import Files
from pomona.sdk.imports import Imports
from pomona.sdk.jobs import Jobs
from pomona.sdk.loop import Loop
from pomona.sdk.marts import Marts
from pomona.sdk.models import Models
from pomona.sdk.monitoring import Incidents, Monitors
from pomona.sdk.prompts import Prompts
from pomona.sdk.releases import Endpoints, Releases
from pomona.sdk.runs import Runs
from pomona.sdk.serving import Gateway, Outcomes, Predictions
from pomona.sdk.session import Session
from pomona.sdk.sources import Sources
from pomona.sdk.traces import Traces
from pomona.sdk.transport import Transport
from pomona.sdk.webhooks import Webhooks


class Client:
    """A connection to Pomona. Use ``pomona.connect()`` to make one; it works as a context manager."""

    def __init__(self, transport: Transport) -> None:
        self.session = Session(transport)
        self.hypotheses = Hypotheses(self.session)
        self.data = Data(self.session)
        self.files = Files(self.session)
        self.endpoints = Endpoints(self.session)
        self.releases = Releases(self.session)
        self.gateway = Gateway(self.session)
        self.predict = self.gateway.predict
        self.predictions = Predictions(self.session)
        self.outcomes = Outcomes(self.session)
        self.monitors = Monitors(self.session)
        self.incidents = Incidents(self.session)
        self.loop = Loop(self.session)
        self.runs = Runs(self.session)
        self.traces = Traces(self.session)
        self.evaluations = Evaluations(self.session)
        self.models = Models(self.session)
        self.prompts = Prompts(self.session)
        self.webhooks = Webhooks(self.session)
        self.jobs = Jobs(self.session)
        self.imports = Imports(self.session, self.jobs)
        self.sources = Sources(self.session, self.jobs)
        self.training = Training(self.session, self.jobs)
        self.marts = Marts(self.session, self.jobs)
        self.circle = Circle(self.session)
        self.trace = self.circle.trace

    @property
    def address(self) -> str:
        """Where this client talks to."""
        return self.session.address

    def settle(self, *, timeout_s: float = 3600.0) -> None:
        """Wait until all that was told so far has had its consequences.

        Then the predictions are in the ledger, windows are read, the loop has reacted, no job is open and
        the gateway serves the newest release.

        Raises:
            Unavailable: If something is still to do after ``timeout_s`` seconds.
        """
        ends = time.monotonic() + timeout_s
        while True:
            wait_s = max(0.0, min(20.0, ends - time.monotonic()))
            found = self.session.get("/api/v1/quiet", Quiet, wait_s=wait_s)
            if found.quiet:
                return
            if time.monotonic() >= ends:
                raise Unavailable(
                    f"still waiting for {found.waiting_for}", hint="`pomona jobs ls` shows more"
                )

    def login_link(self) -> str:
        """A link that logs a browser in, once."""
        code = self.session.post("/api/v1/login-codes", {}, str)
        return f"{self.address}/login?code={code}"

    def close(self) -> None:
        """Let go of connections (and, embedded, of the store)."""
        self.session.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(url: str | None = None, *, token: str | None = None, home: str | Path | None = None) -> Client:
    """Connect to Pomona.

    Args:
        url: A server's address; default ``POMONA_URL``. Without one, the home folder decides: the
            server that holds it if one runs, else the same app inside this process.
        token: Default ``POMONA_TOKEN``, else the home folder's own.
        home: Default ``POMONA_HOME``, else ``./.pomona``.

    Raises:
        Unavailable: If the address does not answer.
    """
    url = url or os.environ.get("POMONA_URL")
    folder = home_folder(home)
    token = token or os.environ.get("POMONA_TOKEN") or read_token(folder)
    held_by = None if url else running_server(folder)
    address = held_by.url if held_by is not None else url
    if address:
        from pomona.sdk.http import HttpTransport

        return Client(HttpTransport(address, token=token))
    from pomona.sdk.inproc import InprocTransport

    return Client(InprocTransport(folder))


def home_folder(home: str | Path | None = None) -> Path:
    """The home folder: the argument, ``POMONA_HOME``, or ``./.pomona``."""
    return Path(home or os.environ.get("POMONA_HOME") or ".pomona").absolute()


def read_token(home: Path) -> str | None:
    """The home folder's token, if it has one."""
    path = home / "token"
    return path.read_text().strip() if path.is_file() else None


def running_server(home: Path) -> ServerAddress | None:
    """The live server that holds this home folder, or None."""
    path = home / "server.json"
    if not path.exists():
        return None
    from pomona.sdk.http import HttpTransport

    try:
        found = from_json(path.read_bytes(), ServerAddress)
        os.kill(found.pid, 0)
        HttpTransport(found.url, timeout_s=5.0).send("GET", "/health", headers={}, body=None)
    except (OSError, msgspec.DecodeError, Unavailable):
        return None
    return found
