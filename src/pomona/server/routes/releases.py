"""Stage 4 over HTTP: endpoints, releases, verdicts."""

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.releases.records import ByHand, Endpoint, NewEndpoint, NewRelease, Release, StoredVerdict
from pomona.server.wiring import Wired


class EndpointRoutes(Controller):
    """Endpoints."""

    path = "/api/v1/endpoints"
    tags = ("releases",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewEndpoint]) -> Endpoint:
        """Name a route of the gateway; it answers once a release is started on it."""
        return app.releases.create_endpoint(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Endpoint]:
        """Endpoints, newest first."""
        return app.releases.endpoints(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Endpoint:
        """One endpoint, by id or name."""
        return app.releases.endpoint(ref)

    @get("/{ref:str}/release", sync_to_thread=True)
    def active(self, app: Wired, ref: FromPath[str]) -> Release | None:
        """What it serves now; null before its first release."""
        return app.releases.active(ref)

    @post("/{ref:str}/releases", sync_to_thread=True)
    def start(self, app: Wired, ref: FromPath[str], data: JSONBody[NewRelease]) -> Release:
        """Start serving a model version: at once as champion, or as canary."""
        return app.releases.start(ref, data)


class ReleaseRoutes(Controller):
    """Releases."""

    path = "/api/v1/releases"
    tags = ("releases",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Release]:
        """Releases, newest first."""
        return app.releases.releases(endpoint=endpoint, cursor=cursor, limit=limit)

    @get("/{release_id:str}", sync_to_thread=True)
    def show(self, app: Wired, release_id: FromPath[str]) -> Release:
        """One release."""
        return app.releases.release(release_id)

    @get("/{release_id:str}/verdicts", sync_to_thread=True)
    def verdicts(self, app: Wired, release_id: FromPath[str]) -> list[StoredVerdict]:
        """Every verdict with its evidence, oldest first."""
        return app.releases.verdicts(release_id)

    @post("/{release_id:str}/promote", sync_to_thread=True)
    def promote(self, app: Wired, release_id: FromPath[str], data: JSONBody[ByHand]) -> Release:
        """Make a canary's candidate the champion, by hand."""
        return app.releases.promote(release_id, reason=data.reason)

    @post("/{release_id:str}/rollback", sync_to_thread=True)
    def roll_back(self, app: Wired, release_id: FromPath[str], data: JSONBody[ByHand]) -> Release:
        """Take a canary's candidate back, by hand."""
        return app.releases.roll_back(release_id, reason=data.reason)
