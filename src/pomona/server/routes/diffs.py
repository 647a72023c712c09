"""How one data version became another, over HTTP.

A name with a project (``nyc/flights``) is written ``nyc~flights`` in a path.
"""

from litestar import Controller, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from pomona.data.diff.records import Diff, RowDiffs, RowKind, RowKinds
from pomona.server.streams import arrow_answer
from pomona.server.wiring import Wired


class DiffRoutes(Controller):
    """Differences of two versions: the first one is the earlier."""

    path = "/api/v1/data-versions/{ref:str}/diff/{other:str}"
    tags = ("data",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str], other: FromPath[str]) -> Diff:
        """Rows added, removed and changed, column by column, with a few examples of each."""
        return app.diff.diff(_ref(ref), _ref(other))

    @get("/preview", sync_to_thread=True)
    def preview(
        self,
        app: Wired,
        ref: FromPath[str],
        other: FromPath[str],
        kind: FromQuery[RowKind] = "changed",
        offset: FromQuery[int] = 0,
        limit: FromQuery[int] = 50,
    ) -> RowDiffs:
        """A page of rows of one kind, before and after, as JSON."""
        return app.diff.page(_ref(ref), _ref(other), kind, offset=offset, limit=limit)

    @get("/rows", sync_to_thread=True)
    def rows(
        self,
        app: Wired,
        ref: FromPath[str],
        other: FromPath[str],
        kind: FromQuery[RowKinds] = "all",
        limit: FromQuery[int | None] = None,
    ) -> Stream:
        """All rows of one kind, or of every kind, as an Arrow stream."""
        return arrow_answer(app.diff.rows(_ref(ref), _ref(other), kind, limit=limit))


def _ref(ref: str) -> str:
    return ref.replace("~", "/")
