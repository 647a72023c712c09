"""The circle as a whole over HTTP: its live state, traces, and the store's health."""

from litestar import Controller, get
from litestar.params import FromPath

from pomona.circle.records import CircleState, Finding, Trace
from pomona.server.wiring import Wired


class CircleRoutes(Controller):
    """The whole."""

    path = "/api/v1"
    tags = ("circle",)

    @get("/circle", sync_to_thread=True)
    def state(self, app: Wired) -> CircleState:
        """Each stage now, and what needs a person."""
        return app.circle.now()

    @get("/trace/{record_id:str}", sync_to_thread=True)
    def trace(self, app: Wired, record_id: FromPath[str]) -> Trace:
        """What stands behind a record, and what came of it."""
        return app.tracer.trace(record_id)

    @get("/doctor", sync_to_thread=True)
    def doctor(self, app: Wired) -> list[Finding]:
        """Check the store: chain, files, jobs. Reads every byte that is named by a digest."""
        return app.doctor.examine()
