"""The control plane as one ASGI application: guard, then MLflow protocol and API, then the web UI."""

from litestar import Litestar, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

from pomona import __version__
from pomona.app import App
from pomona.server import errors
from pomona.server.auth import Access, Asgi, Guard, Receive, Scope, Send
from pomona.server.mlflow.app import MlflowApp, refusal, serves
from pomona.server.mlflow.tables import Services
from pomona.server.once import Once
from pomona.server.routes import HANDLERS
from pomona.server.ui import serve_home, serve_ui

MAX_BODY = 64 << 20  # of JSON; the route that takes tables has no limit
_NOT_COMPRESSED = [
    "/api/v1/events/stream",
    "/api/v1/chunks",
    "/api/v1/file-set-versions/.*/file$",
    "/api/v1/data-versions/.*/(rows|export)$",
]
CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


@get("/health", sync_to_thread=False, include_in_schema=False)
def health() -> str:
    """Alive; MLflow clients ask this too."""
    return "OK"


@get("/api/v1/health", sync_to_thread=False)
def api_health() -> dict[str, str]:
    """Alive, and which version."""
    return {"status": "ok", "version": __version__}


def build(app: App, access: Access) -> Asgi:
    """The whole server around one wired app."""
    api = build_api(app)
    protocol = MlflowApp(Services(tracking=app.tracking, registry=app.registry, companions=app.companions))

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and serves(scope["path"]):
            await protocol(scope, receive, send)
        else:
            await api(scope, receive, send)  # type: ignore[arg-type]

    return Guard(Once(route, app.requests), access, refusal)


class _Api(Litestar):
    """Litestar for msgspec alone: pydantic, if it is there, is not loaded (0.2 s of every start)."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def build_api(app: App) -> Litestar:
    """Our own API and the UI, without the guard."""
    return _Api(
        route_handlers=[health, api_health, *HANDLERS, serve_home, serve_ui],
        dependencies={"app": Provide(lambda: app, sync_to_thread=False)},
        exception_handlers={Exception: errors.answer},
        openapi_config=OpenAPIConfig(
            title="Pomona",
            version=__version__,
            path="/api/v1/schema",
            render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
            use_handler_docstrings=True,
        ),
        response_headers=[
            ResponseHeader(name="content-security-policy", value=CONTENT_SECURITY),
            ResponseHeader(name="x-content-type-options", value="nosniff"),
            ResponseHeader(name="referrer-policy", value="same-origin"),
        ],
        compression_config=CompressionConfig(backend="gzip", minimum_size=2048, exclude=_NOT_COMPRESSED),
        request_max_body_size=MAX_BODY,
    )
