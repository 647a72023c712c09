"""The protocol as one ASGI application: finds the handler, runs it, turns errors into its own."""

import inspect
import logging
import re
from collections.abc import Awaitable
from typing import Any
from urllib.parse import unquote

from pomona.core.errors import PomonaError
from pomona.server.errors import fault_of
from pomona.server.mlflow.artifacts import Artifacts
from pomona.server.mlflow.otlp import PATH as OTLP
from pomona.server.mlflow.tables import OUTSIDE, Handler, Services, files_table, table_of
from pomona.server.mlflow.uploads import PARTS, Uploads
from pomona.server.mlflow.wire import (
    Answer,
    MlflowError,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    Threads,
    answer,
    failure,
)

PROTOCOL_VERSION = "3.18.0"  # of the MLflow REST API spoken here
_PREFIX = re.compile(r"^/(?:ajax-)?api/[23]\.0(?P<rest>/mlflow(?:-artifacts)?/.*)$")
_OUTSIDE = frozenset({"/version", OTLP, *OUTSIDE})
_UNPARSED = ("/mlflow-artifacts/artifacts/",)  # bodies of any size, streamed

_log = logging.getLogger("pomona.mlflow")


def serves(path: str) -> bool:
    """Whether a request path belongs to the protocol."""
    return path in _OUTSIDE or _PREFIX.match(path) is not None


def refusal(path: str, error: PomonaError) -> tuple[int, bytes] | None:
    """Status and JSON that a client of the protocol reads when the guard lets it not in; None for others."""
    if not serves(path):
        return None
    told = failure(error)
    return told.status, told.body


class MlflowApp:
    """ASGI application for every path that ``serves`` says yes to."""

    def __init__(self, services: Services) -> None:
        self._artifacts = Artifacts(services.tracking, services.registry)
        self._threads = Threads(32, "mlflow")
        self._uploads = Uploads(services.companions.uploads, services.tracking)
        table = [*table_of(services), *files_table(services, self._artifacts, self._uploads)]
        self._hot = {handler for _, _, handler in table if inspect.iscoroutinefunction(handler)}
        self._exact = {(method, path): handler for method, path, handler in table if "{" not in path}
        self._patterns = [(method, _pattern(path), handler) for method, path, handler in table if "{" in path]
        self._varied = [(method, path) for method, path, _ in table if "{" in path]

    @property
    def routes(self) -> list[tuple[str, str]]:
        """Every method and path; parts that vary stand in braces."""
        return [*self._exact, *self._varied]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = False

        async def tell(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer(scope, receive, tell)
        except PomonaError as error:
            await failure(error).send(send)
        except Exception as error:
            if started:
                raise  # the answer is half out: cut the connection
            if (fault := fault_of(error)) is not None:
                await failure(fault).send(send)
                return
            _log.exception("%s %s failed", scope["method"], scope["path"])
            await answer(
                {"error_code": "INTERNAL_ERROR", "message": "internal error; see the log"}, 500
            ).send(send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/version":
            await Response(PROTOCOL_VERSION.encode(), media=b"text/plain").send(send)
            return
        match = _PREFIX.match(path)
        rest = match["rest"].rstrip("/") if match else path
        if rest.startswith(_UNPARSED):
            await self._file(Request(scope, receive, {"path": rest[len(_UNPARSED[0]) :]}), send)
            return
        if rest.startswith(PARTS) and method == "PUT":
            await (await self._uploads.part(Request(scope, receive, {}))).send(send)
            return
        handler, params = self._find(method, rest)
        request = Request(scope, receive, params)
        await request.load()
        await (await self._run(handler, request)).send(send)

    async def _file(self, request: Request, send: Send) -> None:
        method = request.scope["method"]
        if method == "GET":
            await (await self._artifacts.get(request)).send(send)
        elif method == "PUT":
            await (await self._artifacts.put(request)).send(send)
        elif method == "DELETE":
            await (await self._run(self._artifacts.delete, request)).send(send)
        else:
            raise _unknown(method, request.scope["path"])

    async def _run(self, handler: Handler, request: Request) -> Answer:
        if handler in self._hot:
            hot: Awaitable[Response] = handler(request)
            return await hot
        found: Answer = await self._threads.run(handler, request)
        return found

    def _find(self, method: str, rest: str) -> tuple[Handler, dict[str, str]]:
        exact = self._exact.get((method, rest))
        if exact is not None:
            return exact, {}
        for wanted, pattern, handler in self._patterns:
            if wanted == method and (found := pattern.match(rest)):
                values = found.groupdict()
                return handler, {name: v if name == "path" else unquote(v) for name, v in values.items()}
        raise _unknown(method, rest)


def _pattern(path: str) -> re.Pattern[str]:
    inner = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.replace("{path}", "(?P<path>.+)"))
    return re.compile(f"^{inner}$", re.DOTALL)


def _unknown(method: str, path: str) -> MlflowError:
    return MlflowError("ENDPOINT_NOT_FOUND", 404, f"Pomona does not serve {method} {path} of the MLflow API.")
