"""Stage 3 over HTTP: training entries and trainings of them."""

from litestar import Controller, MediaType, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.jobs.records import Job
from pomona.server.wiring import Wired
from pomona.training.records.entries import NewEntry, TrainingEntry, TrainRequest


class EntryRoutes(Controller):
    """Training entries, by name, ``name@v3`` or id."""

    path = "/api/v1/entries"
    tags = ("training",)

    @post(sync_to_thread=True)
    def store(self, app: Wired, data: JSONBody[NewEntry]) -> TrainingEntry:
        """Store a script with its data, parameters and limits; what is unchanged makes no new version."""
        return app.entries.store(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[TrainingEntry]:
        """Every version of every entry, newest first."""
        return app.entries.entries(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> TrainingEntry:
        """One entry."""
        return app.entries.entry(ref)

    @get("/{ref:str}/code", sync_to_thread=True, media_type=MediaType.TEXT)
    def code(self, app: Wired, ref: FromPath[str], path: FromQuery[str | None] = None) -> str:
        """A file of its code as text; default the script."""
        entry = app.entries.entry(ref)
        return app.entries.file(entry.id, path or entry.script).decode(errors="replace")

    @post("/train", sync_to_thread=True)
    def train(self, app: Wired, data: JSONBody[TrainRequest]) -> Job:
        """Queue a training; the job's result names the run and the model version."""
        return app.entries.request(data)
