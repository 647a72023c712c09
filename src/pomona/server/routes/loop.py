"""The loop over HTTP: triggers, reactions, a retraining on request."""

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.loop.records import NewTrigger, Reaction, Request, Trigger
from pomona.server.wiring import Wired


class TriggerRoutes(Controller):
    """Triggers."""

    path = "/api/v1/triggers"
    tags = ("loop",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewTrigger]) -> Trigger:
        """Say when a model is retrained."""
        return app.loop.create(data)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Trigger]:
        """Triggers, newest first."""
        return app.loop.triggers(endpoint=endpoint, cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Trigger:
        """One trigger, by id or name."""
        return app.loop.trigger(ref)

    @post("/{ref:str}/pause", sync_to_thread=True)
    def pause(self, app: Wired, ref: FromPath[str]) -> Trigger:
        """Let it not fire until it is resumed."""
        return app.loop.pause(ref)

    @post("/{ref:str}/resume", sync_to_thread=True)
    def resume(self, app: Wired, ref: FromPath[str]) -> Trigger:
        """Let it fire again."""
        return app.loop.resume(ref)

    @post("/{ref:str}/requests", sync_to_thread=True)
    def request(self, app: Wired, ref: FromPath[str], data: JSONBody[Request]) -> Reaction:
        """Ask for a retraining now, by this trigger's recipe."""
        return app.loop.request(ref, data)


class ReactionRoutes(Controller):
    """Reactions."""

    path = "/api/v1/reactions"
    tags = ("loop",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        trigger: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Reaction]:
        """What triggers decided and why, newest first."""
        return app.loop.reactions(endpoint=endpoint, trigger=trigger, cursor=cursor, limit=limit)

    @get("/{reaction_id:str}", sync_to_thread=True)
    def show(self, app: Wired, reaction_id: FromPath[str]) -> Reaction:
        """One reaction with the facts it rests on."""
        return app.loop.reaction(reaction_id)
