"""How each side is started: the commands a user would type, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from calls import Tracking
from load import BadAnswer, request, until_answered
from model import NAME
from scoring import Scoring
from servers import Server, command_of, free_port, memory_mb, running

START_S = 120.0
# As in an activated environment (`mlflow models serve` looks for uvicorn there); no call leaves this
# machine; models compute in one thread on both sides, since a row is too small to share.
ENVIRONMENT = {
    "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    "PYTHONWARNINGS": "ignore",
    "OMP_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Without its six job processes MLflow's server starts sooner and needs a quarter of the memory.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
COMMIT, ASYNC = "commit", "async"


@dataclass(frozen=True)
class Pomona:
    """``pomona up`` on a home folder; the token is there after its first start."""

    folder: Path
    port: int
    gateway_port: int

    @classmethod
    def in_folder(cls, folder: Path) -> Pomona:
        """On free ports, with ``folder/home`` as its home."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, free_port(), free_port())

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens."""
        return self.port, self.gateway_port

    @property
    def token(self) -> str:
        """What clients log in with; nothing is switched off for the measurement."""
        return (self.folder / "home" / "token").read_text().strip()

    @property
    def tracking(self) -> Tracking:
        """Its side of MLflow's protocol."""
        return Tracking(self.port, self.token)

    def scorings(self) -> list[Scoring]:
        """The ways to ask its gateway, the most careful first."""
        port, token = self.gateway_port, self.token
        return [
            Scoring("/invocations, on disk first", port, f"/invocations?endpoint={COMMIT}", token=token),
            Scoring("/invocations, async", port, f"/invocations?endpoint={ASYNC}", token=token),
            Scoring("/predict, on disk first", port, f"/predict/{COMMIT}", "rows", token=token),
        ]

    @contextmanager
    def run(self) -> Iterator[Server]:
        """Start it; nothing is waited for."""
        ports = ("--port", str(self.port), "--gateway-port", str(self.gateway_port))
        command = ["-m", "pomona.cli.main", "up", "--home", "home", *ports, "--no-browser"]
        with running("pomona", command, folder=self.folder, environment=ENVIRONMENT) as server:
            yield server

    def serve(self, model_files: Path) -> None:
        """Register the model (running server needed) and release it on two endpoints."""
        import pomona

        model_files.mkdir(parents=True, exist_ok=True)
        names = {"MLFLOW_TRACKING_URI": self.tracking.url, "MLFLOW_TRACKING_TOKEN": self.token}
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("model.py")), str(model_files)],
            cwd=model_files,
            env={**os.environ, **ENVIRONMENT, **names},
            check=True,
            capture_output=True,
            timeout=300,
        )
        with pomona.connect(self.tracking.url, token=self.token) as client:
            for name in (COMMIT, ASYNC):
                client.endpoints.create(name, model=NAME, durability="commit" if name == COMMIT else "async")
                client.releases.start(
                    name, f"{NAME}/1", strategy="champion", reason="the model that is measured"
                )


@dataclass(frozen=True)
class Mlflow:
    """One of MLflow's two servers."""

    name: str
    folder: Path
    port: int
    command: tuple[str, ...]

    @classmethod
    def server(cls, folder: Path) -> Mlflow:
        """``mlflow server --workers 1`` with SQLite."""
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        stores = ("--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts")
        command = ("-m", "mlflow", "server", *stores, "--workers", "1", "--port", str(port))
        return cls("mlflow-server", folder, port, command)

    @classmethod
    def models_serve(cls, folder: Path, model_files: Path) -> Mlflow:
        """``mlflow models serve --env-manager local`` of a model folder."""
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        what = ("-m", str(model_files / "model"), "--env-manager", "local")
        command = ("-m", "mlflow", "models", "serve", *what, "--port", str(port))
        return cls("mlflow-models-serve", folder, port, command)

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens."""
        return (self.port,)

    @property
    def tracking(self) -> Tracking:
        """Its tracking protocol."""
        return Tracking(self.port)

    @property
    def scoring(self) -> Scoring:
        """Its scoring protocol."""
        return Scoring("mlflow models serve", self.port, "/invocations")

    @contextmanager
    def run(self) -> Iterator[Server]:
        """Start it; nothing is waited for."""
        with running(self.name, list(self.command), folder=self.folder, environment=ENVIRONMENT) as server:
            yield server


def seconds_to_answer(server: Server, port: int, message: bytes, *, began: float) -> float:
    """Seconds since ``began`` until the first good answer.

    Raises:
        BadAnswer: If there is none; with the end of the server's log.
    """
    try:
        until_answered(port, message, within_s=START_S, alive=server.alive)
    except BadAnswer as error:
        raise BadAnswer(f"{server.name} did not answer: {error}\n{server.last_words()}") from None
    return time.perf_counter() - began


def part_memory_mb(server: Server, part: str) -> float:
    """Memory of those processes of a server whose name or command line holds ``part``."""
    return memory_mb([pid for pid in server.pids() if part in command_of(pid)])


HEALTH = request("GET", "/health")
