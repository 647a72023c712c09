"""The protocol's app over fresh services, called in process."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.business.service import BusinessService
from pomona.core.errors import Refused
from pomona.data.service import DataService
from pomona.jobs.service import JobService
from pomona.registry.companions import wire_companions
from pomona.registry.service import RegistryService
from pomona.server.mlflow.app import MlflowApp
from pomona.server.mlflow.tables import Services
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock
from pomona.testing.keys import MemoryKeys
from pomona.testing.sealing import MemorySealer
from pomona.training.service.tracking import TrackingService

FILES = ("/get-artifact", "/model-versions/get-artifact")
ABSOLUTE = ("/api/", "/ajax-api/", "/version", "/v1/", "/graphql", *FILES)
collect_ignore_glob = ["scripts/*.py"]  # run by test_real_client in a process of their own


class Anywhere:
    """A guard that lets everything pass but the address of clouds' metadata; looks no name up."""

    def address(self, host: str, port: int) -> str:
        if host == "169.254.169.254":
            raise Refused(f"{host} is a link-local or metadata address")
        return "93.184.215.14" if "." in host and not host[0].isdigit() else "127.0.0.1"


class Home:
    """Every service that the protocol needs."""

    def __init__(self, folder: Path, open_database: Opened) -> None:  # noqa: F811
        self.folder = folder
        self.clock = FakeClock()
        self.database = open_database(self.clock)
        self.blobs = FileBlobs(folder / "blobs")
        self.ledger = SqlLedger(self.database)
        self.business = BusinessService(self.database, self.clock)
        tables = delta_tables(folder / "tables")
        self.data = DataService(
            self.database, self.blobs, tables, self.clock, self.business, folder / "incoming"
        )
        self.tracking = TrackingService(
            self.database, self.blobs, self.clock, self.ledger, self.business, self.data
        )
        self.registry = RegistryService(
            self.database, self.blobs, self.clock, self.ledger, self.business, self.tracking, MemoryKeys()
        )
        self.jobs = JobService(self.database, self.clock)
        self.companions = wire_companions(
            self.database,
            self.clock,
            tracking=self.tracking,
            jobs=self.jobs,
            sealer=MemorySealer(),
            reach=Anywhere,
            incoming=folder / "uploads",
        )
        self.webhooks = self.companions.webhooks
        services = Services(tracking=self.tracking, registry=self.registry, companions=self.companions)
        self.app = MlflowApp(services)


class Answer:
    """What came back."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Caller:
    """Calls the app as a server would, one request at a time."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        /,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """One request below ``/api/2.0``; ``json`` or ``body`` is sent, ``query`` goes into the address."""
        sent = msgspec.json.encode(json) if json is not None else body
        text = urlencode(query, doseq=True)
        return asyncio.run(self._call(method, path, sent, text, headers or {}))

    def post(self, path: str, /, **fields: Any) -> Any:
        """POST fields to ``/mlflow/<path>``; the answer must be a success."""
        answer = self.call("POST", f"/mlflow/{path}", fields)
        assert answer.status == 200, answer.body
        return answer.json

    def get(self, path: str, /, **query: Any) -> Any:
        """GET ``/mlflow/<path>``; the answer must be a success."""
        answer = self.call("GET", f"/mlflow/{path}", **query)
        assert answer.status == 200, answer.body
        return answer.json

    def refuse(self, method: str, path: str, /, **fields: Any) -> tuple[int, str, str]:
        """The status, error code and message of a request that must fail."""
        answer = (
            self.call(method, f"/mlflow/{path}", **fields)
            if method == "GET"
            else self.call(method, f"/mlflow/{path}", fields)
        )
        assert answer.status >= 400, answer.body
        return answer.status, answer.json["error_code"], answer.json["message"]

    async def _call(self, method: str, path: str, sent: bytes, query: str, headers: dict[str, str]) -> Answer:
        pieces = [sent[i : i + 1000] for i in range(0, len(sent), 1000)] or [b""]
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            messages.append(message)

        full = path if path.startswith(ABSOLUTE) else f"/api/2.0{path}"
        scope = {
            "type": "http",
            "method": method,
            "path": full,
            "raw_path": quote(full).encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await self.home.app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return Answer(messages[0]["status"], b"".join(m.get("body", b"") for m in messages[1:]), told)


@pytest.fixture
def home(tmp_path: Path, open_database: Opened) -> Home:  # noqa: F811
    return Home(tmp_path, open_database)


@pytest.fixture
def mlflow(home: Home) -> Caller:
    return Caller(home)
