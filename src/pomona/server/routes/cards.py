"""Model cards over HTTP."""

from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody

from pomona.registry.cards.records import Card, CardRevision, NewCard
from pomona.server.wiring import Wired


class CardRoutes(Controller):
    """The card of a version."""

    path = "/api/v1/models/{name:str}/versions/{number:int}/card"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> Card:
        """The card as it is now: what people wrote, and what the ledger knows today."""
        return app.cards.card(f"{name}/{number}")

    @put(sync_to_thread=True)
    def save(self, app: Wired, name: FromPath[str], number: FromPath[int], data: JSONBody[NewCard]) -> Card:
        """Keep an edited card as the next revision; generated parts that were edited are kept as they are."""
        return app.cards.save(f"{name}/{number}", data)

    @get("/README.md", sync_to_thread=True)
    def readme(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> Response[bytes]:
        """The card as a README for others: Markdown behind a YAML header."""
        return Response(
            app.cards.readme(f"{name}/{number}").encode(),
            media_type="text/markdown; charset=utf-8",
            headers={
                "content-disposition": 'attachment; filename="README.md"',
                "content-security-policy": "default-src 'none'; sandbox",
                "x-content-type-options": "nosniff",
            },
        )

    @get("/revisions/{place:int}", sync_to_thread=True)
    def revision(
        self, app: Wired, name: FromPath[str], number: FromPath[int], place: FromPath[int]
    ) -> CardRevision:
        """The card as it was saved once."""
        return app.cards.revision(f"{name}/{number}", place)
