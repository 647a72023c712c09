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
    """What a receiver answered and after how long, or why it could not be asked."""

    at: datetime | None = None
    status: int | None = None
    body: str = ""
    error: str | None = None
    seconds: float = 0.0


DeliveryState = Literal["delivered", "waiting", "failed"]


class Delivery(Record, frozen=True, kw_only=True):
    """One event told to one webhook, with each try; ``waiting``: the next try comes by itself.

    ``id`` is what the receiver reads in ``X-MLflow-Delivery-Id``: each try of a delivery has the same.
    """

    id: str
    webhook: str
    event: str
    about: str = ""  # e.g. flight-delay/3
    state: DeliveryState
    tries: tuple[Receipt, ...]  # the newest last
    test: bool = False
    job: str | None = None
    at: datetime  # when it happened
    last_at: datetime  # when it was last tried


class NewWebhook(Record, frozen=True, kw_only=True):
    """An address that is to be told of events; with a secret what it is sent is signed."""

    name: str
    url: str
    events: tuple[str, ...]
    description: str = ""
    secret: str | None = None
    status: WebhookStatus = "ACTIVE"


class WebhookInfo(Record, frozen=True, kw_only=True):
    """A webhook as people see it: whether it has a secret, never which, and its newest delivery."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    description: str
    status: WebhookStatus
    signed: bool
    created_at: datetime
    updated_at: datetime
    last: Delivery | None = None


class WebhookTest(Record, frozen=True, kw_only=True):
    """Of which event an example is to be told; None: the first that it asked for."""

    event: str | None = None


class WebhookEvent(Record, frozen=True, kw_only=True):
    """An event that webhooks can be told of, and what it means."""

    name: str
    means: str
