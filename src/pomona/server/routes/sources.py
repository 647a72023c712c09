"""Sources over HTTP: the register, a look inside, what is taken, extractions."""

from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.data.sources.records import (
    ExtractRequest,
    Feed,
    NewFeed,
    NewSource,
    Question,
    Sample,
    Source,
    SourceDetail,
    SourceKindInfo,
    SourceState,
    SourceTable,
    Tested,
    Times,
    Trial,
)
from pomona.jobs.records import Job
from pomona.server.wiring import Wired


class SourceRoutes(Controller):
    """Sources."""

    path = "/api/v1/sources"
    tags = ("data",)

    @post(sync_to_thread=True)
    def add(self, app: Wired, data: JSONBody[NewSource]) -> Source:
        """Register a source; credentials only by reference."""
        return app.sources.add(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[SourceState]:
        """Sources, newest first, with their last extraction and next run."""
        return app.sources.page(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> SourceDetail:
        """One source, by id or name, with its extractions and the versions they made."""
        return app.sources.detail(ref)

    @put("/{ref:str}", sync_to_thread=True)
    def change(self, app: Wired, ref: FromPath[str], data: JSONBody[NewSource]) -> Source:
        """Replace what is registered; feeds and versions stay."""
        return app.sources.change(ref, data)

    @delete("/{ref:str}", sync_to_thread=True)
    def remove(self, app: Wired, ref: FromPath[str]) -> None:
        """Forget a source; the versions it made stay."""
        app.sources.remove(ref)

    @post("/{ref:str}/test", sync_to_thread=True, status_code=200)
    def test(self, app: Wired, ref: FromPath[str]) -> Tested:
        """Log in and list what can be taken."""
        return app.sources.test(ref)

    @get("/{ref:str}/tables", sync_to_thread=True)
    def tables(self, app: Wired, ref: FromPath[str]) -> list[SourceTable]:
        """What can be taken, with columns where they are known."""
        return app.sources.tables(ref)

    @post("/{ref:str}/sample", sync_to_thread=True, status_code=200)
    def sample(self, app: Wired, ref: FromPath[str], data: JSONBody[Question]) -> Sample:
        """The first rows of a table or query."""
        return app.sources.sample(ref, data)

    @put("/{ref:str}/feeds", sync_to_thread=True)
    def put_feed(self, app: Wired, ref: FromPath[str], data: JSONBody[NewFeed]) -> Feed:
        """Say what is taken into a dataset, or change it."""
        return app.sources.put_feed(ref, data)

    @delete("/{ref:str}/feeds/{dataset:str}", sync_to_thread=True)
    def drop_feed(self, app: Wired, ref: FromPath[str], dataset: FromPath[str]) -> None:
        """Take nothing more into a dataset (``nyc~flights`` for ``nyc/flights``)."""
        app.sources.drop_feed(ref, dataset.replace("~", "/"))

    @post("/{ref:str}/extractions", sync_to_thread=True)
    def extract(self, app: Wired, ref: FromPath[str], data: JSONBody[ExtractRequest]) -> Job:
        """Queue an extraction of one feed, or of all."""
        return app.sources.extract(ref, data)

    @put("/{ref:str}/schedule", sync_to_thread=True)
    def schedule(self, app: Wired, ref: FromPath[str], data: JSONBody[Times]) -> SourceState:
        """Extract at each tick of a cron expression (UTC), or only when somebody asks."""
        return app.sources.schedule(ref, data.cron)


class SourceTrialRoutes(Controller):
    """Sources that are not registered yet."""

    path = "/api/v1/source-trials"
    tags = ("data",)

    @post(sync_to_thread=True, status_code=200)
    def test(self, app: Wired, data: JSONBody[Trial]) -> Tested:
        """Open a source as it would be registered, and look at a few rows; nothing is kept."""
        return app.sources.try_out(data)


class SourceKindRoutes(Controller):
    """Kinds of sources."""

    path = "/api/v1/source-kinds"
    tags = ("data",)

    @get(sync_to_thread=True)
    def all(self, app: Wired) -> list[SourceKindInfo]:
        """What can be a source here."""
        return app.sources.kinds()
