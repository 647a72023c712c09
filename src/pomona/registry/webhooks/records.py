"""A webhook, what it is told, and what its receiver answered."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record

WebhookStatus = Literal["ACTIVE", "DISABLED"]


class Webhook(Record, frozen=True, kw_only=True):
    """An address that is told of events; its secret signs what it is sent and is never shown."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]  # e.g. model_version.created
    description: str = ""
    status: WebhookStatus = "ACTIVE"
    sealed: str | None = None  # the secret, sealed
    created_at: datetime
    updated_at: datetime


class WebhookChange(Record, frozen=True, kw_only=True):
    """What is to be changed; None: it stays. An empty secret takes the old one away."""

    name: str | None = None
    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    secret: str | None = None
    status: WebhookStatus | None = None


class News(Record, frozen=True, kw_only=True):
    """What happened, as it is told."""

    event: str
    at: datetime
    data: dict[str, Any]


class Receipt(Record, frozen=True, kw_only=True):
    """What a receiver answered, or why it could not be asked."""

    status: int | None = None
    body: str = ""
    error: str | None = None
