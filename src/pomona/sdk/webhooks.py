"""Webhooks from Python: register, test, look at what they were told, pause."""

from collections.abc import Iterator, Sequence

from pomona.core.records import from_json, to_json
from pomona.registry.webhooks.records import (
    Delivery,
    NewWebhook,
    WebhookChange,
    WebhookEvent,
    WebhookInfo,
    WebhookTest,
)
from pomona.sdk.session import Session, part

DELIVERIES = list[Delivery]  # `list` is a method below
EVENTS = list[WebhookEvent]


class Webhooks:
    """``client.webhooks``: addresses that are told what happens in the registry. ``ref``: an id or a name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        name: str,
        url: str,
        events: Sequence[str],
        *,
        description: str = "",
        secret: str | None = None,
    ) -> WebhookInfo:
        """Register an address.

        Args:
            events: E.g. ``model_version.created``; ``events()`` lists them.
            secret: Signs what is sent (``X-MLflow-Signature``); kept sealed, never shown again.
        """
        new = NewWebhook(name=name, url=url, events=tuple(events), description=description, secret=secret)
        return self._session.post("/api/v1/webhooks", new, WebhookInfo)

    def events(self) -> EVENTS:
        """What webhooks can be told of."""
        return self._session.get("/api/v1/webhook-events", EVENTS)

    def get(self, ref: str) -> WebhookInfo:
        """One webhook with its newest delivery."""
        return self._session.get(_at(ref), WebhookInfo)

    def list(self, *, limit: int | None = None) -> Iterator[WebhookInfo]:
        """Webhooks, newest first."""
        return self._session.all("/api/v1/webhooks", WebhookInfo, limit=limit)

    def change(self, ref: str, change: WebhookChange) -> WebhookInfo:
        """Change a webhook; what is None stays. An empty secret takes the old one away."""
        reply = self._session.call("PATCH", _at(ref), body=to_json(change))
        return from_json(reply.body, WebhookInfo)

    def pause(self, ref: str) -> WebhookInfo:
        """Tell it nothing until ``resume``; what happens meanwhile it is not told later."""
        return self.change(ref, WebhookChange(status="DISABLED"))

    def resume(self, ref: str) -> WebhookInfo:
        """Tell it again."""
        return self.change(ref, WebhookChange(status="ACTIVE"))

    def test(self, ref: str, event: str | None = None) -> Delivery:
        """Tell it an example, now and once; the last of ``tries`` is what it answered."""
        return self._session.post(f"{_at(ref)}/tests", WebhookTest(event=event), Delivery)

    def deliveries(self, ref: str) -> DELIVERIES:
        """What it was told lately, the newest first, with each try."""
        return self._session.get(f"{_at(ref)}/deliveries", DELIVERIES)

    def delete(self, ref: str) -> None:
        """Forget it, its secret and its history."""
        self._session.delete(_at(ref))


def _at(ref: str) -> str:
    return f"/api/v1/webhooks/{part(ref)}"
