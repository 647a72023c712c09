"""A gateway inside the user's own process: predictions without a server, journalled all the same."""

from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj

from pomona.app import App
from pomona.server.auth import Receive, Scope, Send
from pomona.serving.gateway.process import Gateway, Settings
from pomona.serving.records import GatewaySnapshot, ServedFile


class _WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class LocalControl:
    """ControlPlane: the app in the same process."""

    def __init__(self, app: App) -> None:
        self._app = app

    def snapshot(self, known_revision: str | None) -> GatewaySnapshot | None:
        found = self._app.serving.snapshot()
        return None if found.revision == known_revision else found

    def fetch(self, file: ServedFile, target: Path) -> None:
        self._app.blobs.get(file.digest)  # verified
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._app.blobs.open(file.digest) as source, target.open("wb") as out:
            copyfileobj(source, out)

    def public_key(self, key: str) -> str:
        return self._app.registry.seals.key(key).pem


class EmbeddedGateway:
    """An ASGI app that starts its gateway at the first request and always serves what is current."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._gateway: Gateway | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway = self._gateway
        if gateway is None:
            settings = Settings(home=self._app.home, control="this process", token=None, poll_s=3600.0)
            gateway = self._gateway = Gateway(settings, _WallClock(), control=LocalControl(self._app))
            await gateway.start()
        await gateway.refresh()
        await gateway.app(scope, receive, send)

    async def stop(self) -> None:
        """Write what waits in the journal."""
        if self._gateway is not None:
            await self._gateway.stop()
