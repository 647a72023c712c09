"""Webhooks over HTTP, with what they were told; a secret goes in and never comes out."""

from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.registry.webhooks.records import (
    Delivery,
    NewWebhook,
    WebhookChange,
    WebhookEvent,
    WebhookInfo,
    WebhookTest,
)
from pomona.registry.webhooks.rules import checked_event, known_events
from pomona.server.wiring import Wired


class WebhookRoutes(Controller):
    """Webhooks, by id or name."""

    path = "/api/v1/webhooks"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[WebhookInfo]:
        """Webhooks, newest first, each with its newest delivery."""
        return app.companions.webhooks.infos(cursor=cursor, limit=limit)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewWebhook]) -> WebhookInfo:
        """Register an address; its secret is kept sealed and never shown."""
        made = app.companions.webhooks.create(
            data.name,
            data.url,
            [checked_event(event) for event in data.events],
            description=data.description,
            secret=data.secret,
            status=data.status,
        )
        return app.companions.webhooks.info(made.id)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> WebhookInfo:
        """One webhook."""
        return app.companions.webhooks.info(ref)

    @patch("/{ref:str}", sync_to_thread=True)
    def change(self, app: Wired, ref: FromPath[str], data: JSONBody[WebhookChange]) -> WebhookInfo:
        """Change a webhook; what is left out stays."""
        for event in data.events or ():
            checked_event(event)
        found = app.companions.webhooks.info(ref)
        app.companions.webhooks.update(found.id, data)
        return app.companions.webhooks.info(found.id)

    @delete("/{ref:str}", sync_to_thread=True)
    def remove(self, app: Wired, ref: FromPath[str]) -> None:
        """Forget a webhook, its secret and its history."""
        app.companions.webhooks.delete(app.companions.webhooks.info(ref).id)

    @post("/{ref:str}/tests", sync_to_thread=True)
    def test(self, app: Wired, ref: FromPath[str], data: JSONBody[WebhookTest]) -> Delivery:
        """Tell it an example, now and once; what it answered is kept in its history."""
        found = app.companions.webhooks.info(ref)
        event = None if data.event is None else checked_event(data.event)
        return app.companions.webhooks.test(found.id, event)

    @get("/{ref:str}/deliveries", sync_to_thread=True)
    def deliveries(self, app: Wired, ref: FromPath[str]) -> list[Delivery]:
        """What it was told lately, the newest first, with each try."""
        return app.companions.webhooks.deliveries(ref)


class WebhookEventRoutes(Controller):
    """Events that webhooks can be told of."""

    path = "/api/v1/webhook-events"
    tags = ("registry",)

    @get(sync_to_thread=False)
    def all(self) -> list[WebhookEvent]:
        """Every event, and what it means."""
        return known_events()
