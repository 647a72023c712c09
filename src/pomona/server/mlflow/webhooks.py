"""Webhooks of the protocol; a secret goes in and never comes out."""

from typing import Any, get_args

from msgspec import Struct

from pomona.registry.webhooks.records import Receipt, Webhook, WebhookChange, WebhookStatus
from pomona.registry.webhooks.rules import event_named
from pomona.registry.webhooks.service import WebhookService
from pomona.server.mlflow.shapes import millis
from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.rules.limits import invalid_value
from pomona.training.rules.paging import offset_from, token_for

_STATUSES: tuple[WebhookStatus, ...] = get_args(WebhookStatus)


class EventForm(Struct):
    entity: str = ""
    action: str = ""


class WebhookForm(Struct):
    name: str | None = None
    url: str | None = None
    events: list[EventForm] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | int | None = None
    event: EventForm | None = None
    max_results: int | None = None
    page_token: str | None = None


class Webhooks:
    """Handlers of ``/mlflow/webhooks``; ``webhook_id`` comes from the path."""

    def __init__(self, webhooks: WebhookService) -> None:
        self._webhooks = webhooks

    def create(self, request: Request) -> Response:
        form = request.form(WebhookForm, "name", "url", "events")
        made = self._webhooks.create(
            form.name or "",
            form.url or "",
            _events(form.events or []),
            description=form.description or "",
            secret=form.secret or None,
            status=_status(form.status) or "ACTIVE",
        )
        return answer({"webhook": _shape(made)})

    def list(self, request: Request) -> Response:
        form = request.form(WebhookForm)
        found, more = self._webhooks.page(limit=form.max_results or 100, offset=offset_from(form.page_token))
        body: dict[str, Any] = {"webhooks": [_shape(item) for item in found]} if found else {}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def get(self, request: Request) -> Response:
        return answer({"webhook": _shape(self._webhooks.get(request.params["webhook_id"]))})

    def update(self, request: Request) -> Response:
        form = request.form(WebhookForm)
        change = WebhookChange(
            name=form.name or None,
            url=form.url or None,
            events=tuple(_events(form.events)) if form.events else None,
            description=form.description,
            secret=form.secret,
            status=_status(form.status),
        )
        return answer({"webhook": _shape(self._webhooks.update(request.params["webhook_id"], change))})

    def delete(self, request: Request) -> Response:
        self._webhooks.delete(request.params["webhook_id"])
        return EMPTY

    def test(self, request: Request) -> Response:
        form = request.form(WebhookForm)
        event = None if form.event is None else event_named(form.event.entity, form.event.action)
        return answer({"result": _result(self._webhooks.test(request.params["webhook_id"], event).tries[-1])})


def _events(forms: "list[EventForm]") -> "list[str]":
    return [event_named(item.entity, item.action) for item in forms]


def _status(value: str | int | None) -> WebhookStatus | None:
    if value is None or value == "":
        return None
    for number, name in enumerate(_STATUSES, start=1):
        if str(value) in (name, str(number)):
            return name
    raise invalid_value("status", value)


def _shape(found: Webhook) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "webhook_id": found.id,
        "name": found.name,
        "url": found.url,
        "events": [_event(event) for event in found.events],
        "status": found.status,
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(found.updated_at),
    }
    return shape | {"description": found.description} if found.description else shape


def _event(event: str) -> dict[str, str]:
    entity, action = event.upper().split(".")
    return {"entity": entity, "action": action}


def _result(receipt: Receipt) -> dict[str, Any]:
    if receipt.status is None:
        return {"success": False, "error_message": f"Failed to test webhook: {receipt.error}"}
    shape = {"success": receipt.status < 400, "response_status": receipt.status}
    return shape | {"response_body": receipt.body}
