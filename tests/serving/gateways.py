"""What the gateway's tests share: a small model as MLflow writes it, a stand-in for the control plane."""

import http.client
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import yaml
from blake3 import blake3

from pomona.releases.records import Arm
from pomona.serving.records import EndpointRoute, GatewaySnapshot, ServedFile, ServedModel, ServedSeal
from pomona.testing.keys import MemoryKeys

INPUTS = [
    {"type": "string", "name": "carrier", "required": True},
    {"type": "long", "name": "hour", "required": True},
    {"type": "double", "name": "temp", "required": False},
]
ROW = {"carrier": "AA", "hour": 9, "temp": 12.5}


def save_model(folder: Path, model: Any, inputs: list[dict[str, Any]] = INPUTS) -> Path:
    """A model folder of the sklearn flavor, as MLflow writes it."""
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    flavor = {"pickled_model": "model.pkl", "serialization_format": "pickle", "code": None}
    declared = {"flavors": {"sklearn": flavor}, "signature": {"inputs": json.dumps(inputs), "outputs": None}}
    (folder / "MLmodel").write_text(yaml.safe_dump(declared))
    return folder


def small_model(flip: bool = False) -> Any:
    """A pipeline that says "late" when it is cold; takes null temperatures."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    temp = [float(value % 40) for value in range(400)]
    frame = pd.DataFrame(
        {"carrier": ["AA", "UA"] * 200, "hour": [5 + value % 18 for value in range(400)], "temp": temp}
    )
    late = [(value < 20) != flip for value in temp]
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((encode, ["carrier"]), remainder="passthrough")
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=3)).fit(frame, late)


class FakeControl:
    """The control plane's routes that the gateway needs, over real HTTP."""

    def __init__(self) -> None:
        self.snapshot = GatewaySnapshot(revision="empty")
        self.blobs: dict[str, bytes] = {}
        self.keys = MemoryKeys()
        control = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/api/v1/gateway/snapshot":
                    if self.headers.get("If-None-Match") == f'"{control.snapshot.revision}"':
                        self._say(304, b"")
                    else:
                        self._say(200, msgspec.json.encode(control.snapshot))
                elif self.path.startswith("/api/v1/signing-keys/"):
                    self._say(200, msgspec.json.encode(control.keys.known()[0]))
                else:
                    body = control.blobs.get(self.path.rsplit("/", 1)[1])
                    self._say(200 if body is not None else 404, body or b"")

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_model(self, model_id: str, folder: Path) -> ServedModel:
        files = []
        for path in sorted(folder.iterdir()):
            body = path.read_bytes()
            digest = blake3(body).hexdigest()
            self.blobs[digest] = body
            files.append(ServedFile(path=path.name, digest=digest, size=len(body)))
        return self.sealed(ServedModel(id=model_id, model="delays", number=1, files=tuple(files)))

    def sealed(self, model: ServedModel) -> ServedModel:
        """With a seal for the files it has now, as the registry makes them."""
        manifest = msgspec.json.encode({"id": model.id, "files": model.files})
        signed = self.keys.sign(manifest)
        seal = ServedSeal(manifest=manifest.decode(), key=signed.key, signature=signed.signature)
        return msgspec.structs.replace(model, seal=seal)

    def serve(self, revision: str, *models: ServedModel, share: float = 0.5, **route: Any) -> None:
        """One endpoint ``late``: the first model, and the second (if any) as candidate."""
        arms = [
            Arm(name="champion", model_version=models[0].id, share=1.0 if len(models) == 1 else 1 - share)
        ]
        if len(models) > 1:
            arms.append(Arm(name="candidate", model_version=models[1].id, share=share))
        defaults: dict[str, Any] = {"threshold": 0.5}
        made = EndpointRoute(
            name="late",
            release=f"rel_{revision}",
            strategy="champion" if len(models) == 1 else "canary",
            salt="salt",
            arms=tuple(arms),
            **(defaults | route),
        )
        self.snapshot = GatewaySnapshot(revision=revision, endpoints=(made,), models=models)


class Asker:
    """A caller with one kept connection."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        self._connection.request(method, path, sent, self._headers | headers)
        answer = self._connection.getresponse()
        read = answer.read()
        return answer.status, json.loads(read) if read else None

    def predict(self, rows: list[dict[str, Any]], **about: Any) -> tuple[int, Any]:
        return self.ask("POST", "/predict/late", {"rows": rows} | about)

    def close(self) -> None:
        self._connection.close()

    def __del__(self) -> None:
        self.close()


class GatewayProcess:
    """A real gateway, killed without mercy or stopped politely."""

    def __init__(self, home: Path, control_url: str, *arguments: str) -> None:
        self.port = free_port()
        self.home = home
        home.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pomona.serving.gateway",
            "--home",
            str(home),
            "--control",
            control_url,
        ]
        environment = {key: value for key, value in os.environ.items() if key != "POMONA_PARENT_PID"}
        self._log = (home / "gateway.log").open("ab")
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *(arguments or ("--no-auth",))],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait_ready(self, timeout_s: float = 30.0) -> "GatewayProcess":
        self.wait_for(lambda: ask_once(self.port, "/v2/health/ready")[0] == 200, timeout_s)
        return self

    def wait_for(self, condition: Any, timeout_s: float = 30.0) -> None:
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            assert self.process.poll() is None, (self.home / "gateway.log").read_text()
            try:
                if condition():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError((self.home / "gateway.log").read_text())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self._log.close()


def ask_once(port: int, path: str, **headers: str) -> tuple[int, Any]:
    asker = Asker(port)
    try:
        return asker.ask("GET", path, **headers)
    finally:
        asker.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(home: Path, control: FakeControl, *arguments: str) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(home, control.url, *arguments)
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.stop()
