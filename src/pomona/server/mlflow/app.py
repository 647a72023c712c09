"""The protocol as one ASGI application: finds the handler, runs it, turns errors into its own."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from pomona.core.errors import PomonaError
from pomona.registry.service import RegistryService
from pomona.server.errors import fault_of
from pomona.server.mlflow.artifacts import Artifacts
from pomona.server.mlflow.experiments import Experiments
from pomona.server.mlflow.logged_models import LoggedModels
from pomona.server.mlflow.metrics import Metrics
from pomona.server.mlflow.registry import Registry
from pomona.server.mlflow.runs import Runs
from pomona.server.mlflow.wire import (
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
from pomona.training.service.tracking import TrackingService

PROTOCOL_VERSION = "3.18.0"  # of the MLflow REST API spoken here
_PREFIX = re.compile(r"^/(?:ajax-)?api/[23]\.0(?P<rest>/mlflow(?:-artifacts)?/.*)$")
_MODEL = "/mlflow/logged-models/{model_id}"
_FILES = "/mlflow-artifacts/artifacts"
_UNPARSED = ("/mlflow-artifacts/artifacts/",)  # bodies of any size, streamed

Handler = Callable[[Request], Any]
_log = logging.getLogger("pomona.mlflow")


def serves(path: str) -> bool:
    """Whether a request path belongs to the protocol."""
    return path == "/version" or _PREFIX.match(path) is not None


class MlflowApp:
    """ASGI application for every path that ``serves`` says yes to."""

    def __init__(self, tracking: TrackingService, registry: RegistryService) -> None:
        self._artifacts = Artifacts(tracking, registry)
        self._threads = Threads(32, "mlflow")
        self._exact: dict[tuple[str, str], Handler] = {
            **_experiment_table(Experiments(tracking.experiments)),
            **_run_table(Runs(tracking), Metrics(tracking.histories)),
            **_registry_table(Registry(registry)),
            ("GET", "/mlflow/artifacts/list"): self._artifacts.of_run,
            ("GET", _FILES): self._artifacts.folder,
            ("GET", "/mlflow/server-info"): server_info,
        }
        models = LoggedModels(tracking)
        self._exact[("POST", "/mlflow/logged-models")] = models.create
        self._exact[("POST", "/mlflow/logged-models/search")] = models.search
        self._patterns = [(method, _pattern(path), handler) for method, path, handler in _model_table(models)]

    @property
    def routes(self) -> list[tuple[str, str]]:
        """Every method and path without a part that varies."""
        return [*self._exact]

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
        handler, params = self._find(method, rest)
        request = Request(scope, receive, params)
        await request.load()
        await (await self._run(handler, request)).send(send)

    async def _file(self, request: Request, send: Send) -> None:
        method = request.scope["method"]
        if method == "GET":
            await self._artifacts.get(request, send)
        elif method == "PUT":
            await (await self._artifacts.put(request)).send(send)
        elif method == "DELETE":
            await (await self._run(self._artifacts.delete, request)).send(send)
        else:
            raise _unknown(method, request.scope["path"])

    async def _run(self, handler: Handler, request: Request) -> Response:
        if inspect.iscoroutinefunction(handler):
            hot: Awaitable[Response] = handler(request)
            return await hot
        found: Response = await self._threads.run(handler, request)
        return found

    def _find(self, method: str, rest: str) -> tuple[Handler, dict[str, str]]:
        exact = self._exact.get((method, rest))
        if exact is not None:
            return exact, {}
        for wanted, pattern, handler in self._patterns:
            if wanted == method and (found := pattern.match(rest)):
                return handler, {name: unquote(value) for name, value in found.groupdict().items()}
        raise _unknown(method, rest)


def server_info(_request: Request) -> Response:
    """What this server can do, as clients ask before large uploads."""
    return answer(
        {
            "store_type": "SqlStore",
            "workspaces_enabled": False,
            "trace_archival_enabled": False,
            "multipart_uploads_enabled": False,
            "multipart_downloads_enabled": False,
            "features_enabled": {"gateway": False},
        }
    )


def _experiment_table(handlers: Experiments) -> dict[tuple[str, str], Handler]:
    at = "/mlflow/experiments/"
    return {
        ("POST", f"{at}create"): handlers.create,
        ("GET", f"{at}get"): handlers.get,
        ("GET", f"{at}get-by-name"): handlers.named,
        ("GET", f"{at}list"): handlers.search,
        ("GET", f"{at}search"): handlers.search,
        ("POST", f"{at}search"): handlers.search,
        ("POST", f"{at}delete"): handlers.delete,
        ("POST", f"{at}restore"): handlers.restore,
        ("POST", f"{at}update"): handlers.update,
        ("POST", f"{at}set-experiment-tag"): handlers.set_tag,
        ("POST", f"{at}delete-experiment-tag"): handlers.delete_tag,
        ("POST", f"{at}search-datasets"): handlers.search_datasets,
    }


def _run_table(handlers: Runs, metrics: Metrics) -> dict[tuple[str, str], Handler]:
    at = "/mlflow/runs/"
    return {
        ("POST", f"{at}create"): handlers.create,
        ("GET", f"{at}get"): handlers.get,
        ("POST", f"{at}update"): handlers.update,
        ("POST", f"{at}delete"): handlers.delete,
        ("POST", f"{at}restore"): handlers.restore,
        ("POST", f"{at}search"): handlers.search,
        ("POST", f"{at}log-metric"): handlers.log_metric,
        ("POST", f"{at}log-parameter"): handlers.log_parameter,
        ("POST", f"{at}log-batch"): handlers.log_batch,
        ("POST", f"{at}set-tag"): handlers.set_tag,
        ("POST", f"{at}delete-tag"): handlers.delete_tag,
        ("POST", f"{at}log-inputs"): handlers.log_inputs,
        ("POST", f"{at}outputs"): handlers.log_outputs,
        ("POST", f"{at}log-model"): handlers.log_model,
        ("GET", "/mlflow/metrics/get-history"): metrics.history,
        ("GET", "/mlflow/metrics/get-history-bulk"): metrics.bulk,
        ("GET", "/mlflow/metrics/get-history-bulk-interval"): metrics.interval,
    }


def _registry_table(handlers: Registry) -> dict[tuple[str, str], Handler]:
    models, versions = "/mlflow/registered-models/", "/mlflow/model-versions/"
    return {
        ("POST", f"{models}create"): handlers.create,
        ("GET", f"{models}get"): handlers.get,
        ("PATCH", f"{models}update"): handlers.update,
        ("POST", f"{models}rename"): handlers.rename,
        ("DELETE", f"{models}delete"): handlers.delete,
        ("GET", f"{models}search"): handlers.search,
        ("GET", f"{models}get-latest-versions"): handlers.latest,
        ("POST", f"{models}get-latest-versions"): handlers.latest,
        ("POST", f"{models}set-tag"): handlers.set_tag,
        ("DELETE", f"{models}delete-tag"): handlers.delete_tag,
        ("POST", f"{models}alias"): handlers.set_alias,
        ("DELETE", f"{models}alias"): handlers.delete_alias,
        ("GET", f"{models}alias"): handlers.by_alias,
        ("POST", f"{versions}create"): handlers.create_version,
        ("GET", f"{versions}get"): handlers.get_version,
        ("PATCH", f"{versions}update"): handlers.update_version,
        ("POST", f"{versions}transition-stage"): handlers.move_stage,
        ("DELETE", f"{versions}delete"): handlers.delete_version,
        ("GET", f"{versions}get-download-uri"): handlers.download_uri,
        ("GET", f"{versions}search"): handlers.search_versions,
        ("POST", f"{versions}set-tag"): handlers.set_version_tag,
        ("DELETE", f"{versions}delete-tag"): handlers.delete_version_tag,
    }


def _model_table(handlers: LoggedModels) -> list[tuple[str, str, Handler]]:
    return [
        ("GET", _MODEL, handlers.get),
        ("PATCH", _MODEL, handlers.finish),
        ("DELETE", _MODEL, handlers.delete),
        ("PATCH", f"{_MODEL}/tags", handlers.set_tags),
        ("DELETE", f"{_MODEL}/tags/{{tag_key}}", handlers.delete_tag),
        ("POST", f"{_MODEL}/params", handlers.add_params),
        ("GET", f"{_MODEL}/artifacts/directories", handlers.files),
    ]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")


def _unknown(method: str, path: str) -> MlflowError:
    return MlflowError("ENDPOINT_NOT_FOUND", 404, f"Pomona does not serve {method} {path} of the MLflow API.")
