"""Marts over HTTP: SQL over dataset versions, previewed, built, looked back at.

A name with a project (``credit/features``) is written ``credit~features`` in a path.
"""

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.data.marts.records import (
    BuildRequest,
    Mart,
    MartBuild,
    MartChange,
    MartStatus,
    NewMart,
    SqlPreview,
    SqlQuery,
)
from pomona.data.rules import ARROW
from pomona.jobs.records import Job
from pomona.server.streams import arrow_bytes
from pomona.server.wiring import Wired


class MartRoutes(Controller):
    """Marts."""

    path = "/api/v1/marts"
    tags = ("data",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewMart]) -> Mart:
        """Declare a mart, and the dataset it fills; nothing is built yet."""
        return app.marts.create(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[MartStatus]:
        """Marts with their last builds, newest first."""
        return app.marts.marts(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> MartStatus:
        """One mart, by id or name."""
        return app.marts.status(_ref(ref))

    @patch("/{ref:str}", sync_to_thread=True)
    def change(self, app: Wired, ref: FromPath[str], data: JSONBody[MartChange]) -> Mart:
        """Change a mart; the next build uses it."""
        return app.marts.change(_ref(ref), data)

    @delete("/{ref:str}", sync_to_thread=True, status_code=200)
    def remove(self, app: Wired, ref: FromPath[str]) -> Mart:
        """Forget a mart; its dataset, versions and builds stay."""
        return app.marts.remove(_ref(ref))

    @post("/{ref:str}/builds", sync_to_thread=True)
    def build(self, app: Wired, ref: FromPath[str], data: JSONBody[BuildRequest]) -> Job:
        """Queue a build; returns its job."""
        return app.marts.build(_ref(ref), reason=data.reason)

    @get("/{ref:str}/builds", sync_to_thread=True)
    def builds(
        self,
        app: Wired,
        ref: FromPath[str],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[MartBuild]:
        """Builds of a mart, newest first."""
        return app.marts.builds(_ref(ref), cursor=cursor, limit=limit)


class MartBuildRoutes(Controller):
    """Builds of marts."""

    path = "/api/v1/mart-builds/{build_id:str}"
    tags = ("data",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, build_id: FromPath[str]) -> MartBuild:
        """One build: inputs, lineage, what came of it."""
        return app.marts.build_record(build_id)


class SqlRoutes(Controller):
    """SQL that is run once."""

    path = "/api/v1/sql"
    tags = ("data",)

    @post(sync_to_thread=True, status_code=200)
    def query(self, app: Wired, data: JSONBody[SqlQuery]) -> Response[bytes]:
        """The rows of one SELECT over datasets, as an Arrow stream."""
        return Response(arrow_bytes(app.sql.query(data)), media_type=ARROW)

    @post("/preview", sync_to_thread=True, status_code=200)
    def preview(self, app: Wired, data: JSONBody[SqlQuery]) -> SqlPreview:
        """The first 100 rows, with warnings and lineage; large inputs are sampled, and named."""
        return app.sql.preview(data.sql, purpose=data.purpose)


def _ref(ref: str) -> str:
    return ref.replace("~", "/")
