"""Checks over HTTP: their history, proposals, a trial, failing rows; and two versions compared.

A name with a project (``nyc/flights``) is written ``nyc~flights`` in a path.
"""

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.data.checks.records import CheckHistory, FailingRows
from pomona.data.comparison.records import Comparison
from pomona.data.records import Check, QualityReport
from pomona.data.rules import ARROW
from pomona.server.streams import arrow_bytes
from pomona.server.wiring import Wired


class CheckRoutes(Controller):
    """Checks of datasets."""

    path = "/api/v1/datasets/{ref:str}/checks"
    tags = ("data",)

    @get("/history", sync_to_thread=True)
    def history(self, app: Wired, ref: FromPath[str]) -> list[CheckHistory]:
        """What each check found on the newest 200 versions, oldest version first."""
        return app.checks.history(_ref(ref))


class VersionCheckRoutes(Controller):
    """Checks on one version, and the version beside another."""

    path = "/api/v1/data-versions/{ref:str}"
    tags = ("data",)

    @get("/quality/suggestion", sync_to_thread=True)
    def suggest(self, app: Wired, ref: FromPath[str]) -> list[Check]:
        """Checks that the version meets, as a beginning."""
        return app.checks.suggest(_ref(ref))

    @post("/quality/trial", sync_to_thread=True, status_code=200)
    def attempt(self, app: Wired, ref: FromPath[str], data: JSONBody[list[Check]]) -> QualityReport:
        """What the checks in the body find on the version; nothing is stored."""
        return app.checks.attempt(_ref(ref), data)

    @get("/failing", sync_to_thread=True)
    def failing(
        self,
        app: Wired,
        ref: FromPath[str],
        check: FromQuery[str],
        offset: FromQuery[int] = 0,
        limit: FromQuery[int] = 1000,
    ) -> Response[bytes]:
        """Rows that fail a check, as an Arrow stream."""
        table = app.checks.failing(_ref(ref), check, offset=offset, limit=limit)
        return Response(arrow_bytes(table), media_type=ARROW)

    @get("/failing/preview", sync_to_thread=True)
    def failing_page(
        self,
        app: Wired,
        ref: FromPath[str],
        check: FromQuery[str],
        offset: FromQuery[int] = 0,
        limit: FromQuery[int] = 50,
    ) -> FailingRows:
        """A page of the rows that fail a check, as JSON."""
        return app.checks.failing_page(_ref(ref), check, offset=offset, limit=limit)

    @get("/compare/{other:str}", sync_to_thread=True)
    def compare(self, app: Wired, ref: FromPath[str], other: FromPath[str]) -> Comparison:
        """How ``other`` differs from this version, the column that moved most first."""
        return app.comparison.compare(_ref(ref), _ref(other))


def _ref(ref: str) -> str:
    return ref.replace("~", "/")
