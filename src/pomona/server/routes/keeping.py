"""The life of versions over HTTP: tags, pins, garbage collection, verification, rebase.

A name with a project (``nyc/flights``) is written ``nyc~flights`` in a path.
"""

from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.data.keeping.records import (
    Collected,
    DropRequest,
    ErasurePlan,
    ErasureRequest,
    NewPin,
    NewTag,
    Pin,
    RebaseRequest,
    SignedErasure,
    Tag,
    VerifyRequest,
)
from pomona.data.records import Consent, Dataset, Purposes, Upkeep
from pomona.jobs.records import Job
from pomona.server.wiring import Wired


class KeptVersionRoutes(Controller):
    """What keeps a version."""

    path = "/api/v1/data-versions/{ref:str}"
    tags = ("data",)

    @post("/tags", sync_to_thread=True)
    def tag(self, app: Wired, ref: FromPath[str], data: JSONBody[NewTag]) -> Tag:
        """Name this version; a tag that is on another one moves here."""
        return app.keeping.tagger.tag(_ref(ref), data)

    @get("/consent", sync_to_thread=True)
    def consent(self, app: Wired, ref: FromPath[str], purpose: FromQuery[str]) -> Consent:
        """How many rows may be read for a purpose, and how many are left out for want of consent."""
        return app.shelf.consent(_ref(ref), purpose)

    @get("/pins", sync_to_thread=True)
    def pins(self, app: Wired, ref: FromPath[str]) -> list[Pin]:
        """Everything that keeps this version: pins, tags, runs, models, decisions, marts, jobs."""
        return app.keeping.tagger.pins(_ref(ref))

    @post("/pins", sync_to_thread=True)
    def pin(self, app: Wired, ref: FromPath[str], data: JSONBody[NewPin]) -> Pin:
        """Keep this version whatever a garbage collection asks for."""
        return app.keeping.tagger.pin(_ref(ref), data)

    @delete("/pins", sync_to_thread=True, status_code=200)
    def unpin(self, app: Wired, ref: FromPath[str]) -> list[Pin]:
        """Take the pins off that people put there; returns them."""
        return app.keeping.tagger.unpin(_ref(ref))


class KeptDatasetRoutes(Controller):
    """Tags and files of a dataset."""

    path = "/api/v1/datasets/{ref:str}"
    tags = ("data",)

    @get("/tags", sync_to_thread=True)
    def all_tags(self, app: Wired, ref: FromPath[str]) -> list[Tag]:
        """The tags of a dataset, by name."""
        return app.keeping.tagger.tags(_ref(ref))

    @delete("/tags/{name:str}", sync_to_thread=True, status_code=200)
    def untag(self, app: Wired, ref: FromPath[str], name: FromPath[str]) -> Tag:
        """Remove a tag; its version stays until nothing keeps it any more."""
        return app.keeping.tagger.untag(_ref(ref), name)

    @post("/rebase", sync_to_thread=True)
    def rebase(self, app: Wired, ref: FromPath[str], data: JSONBody[RebaseRequest]) -> Job:
        """Queue a rebase: the newest version in fewer files, without the rows it hides."""
        return app.keeping.rebaser.start(_ref(ref), data)

    @put("/upkeep", sync_to_thread=True)
    def upkeep(self, app: Wired, ref: FromPath[str], data: JSONBody[Upkeep]) -> Dataset:
        """Declare when a dataset's files are rewritten."""
        return app.keeping.rebaser.declare_upkeep(_ref(ref), data)

    @put("/purposes", sync_to_thread=True)
    def purposes(self, app: Wired, ref: FromPath[str], data: JSONBody[Purposes]) -> Dataset:
        """Declare what a dataset may serve, and which column holds consent."""
        return app.data.permits.declare(_ref(ref), data)


class KeepingRoutes(Controller):
    """What is done with versions of several datasets."""

    path = "/api/v1"
    tags = ("data",)

    @post("/data-collections", sync_to_thread=True, status_code=200)
    def collect(self, app: Wired, data: JSONBody[DropRequest]) -> Collected:
        """Drop versions that nothing needs, and files that no version names; or only look."""
        return app.keeping.sweeper.collect(data)

    @post("/data-verifications", sync_to_thread=True)
    def verify(self, app: Wired, data: JSONBody[VerifyRequest]) -> Job:
        """Queue a verification of a version, of a dataset, or of everything."""
        return app.keeping.verifier.start(data)


class ErasureRoutes(Controller):
    """Erasures. The subject stands in a body, never in an address: addresses are logged."""

    path = "/api/v1/erasures"
    tags = ("data",)

    @post("/plan", sync_to_thread=True, status_code=200)
    def plan(self, app: Wired, data: JSONBody[ErasureRequest]) -> ErasurePlan:
        """What an erasure would touch; nothing is changed."""
        return app.keeping.eraser.plan(data)

    @post(sync_to_thread=True)
    def start(self, app: Wired, data: JSONBody[ErasureRequest]) -> Job:
        """Queue an erasure; ``confirm`` names the subject once more."""
        return app.keeping.eraser.start(data)

    @get(sync_to_thread=True)
    def page(self, app: Wired) -> list[SignedErasure]:
        """Every erasure, newest first, and whether its record is what was signed."""
        eraser = app.keeping.eraser
        return [SignedErasure(record=one, signed=eraser.is_signed(one)) for one in eraser.erasures()]

    @get("/{erasure_id:str}", sync_to_thread=True)
    def show(self, app: Wired, erasure_id: FromPath[str]) -> SignedErasure:
        """One erasure."""
        record = app.keeping.eraser.erasure(erasure_id)
        return SignedErasure(record=record, signed=app.keeping.eraser.is_signed(record))


def _ref(ref: str) -> str:
    return ref.replace("~", "/")
