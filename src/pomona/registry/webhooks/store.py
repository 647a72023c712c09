"""Webhooks in SQL."""

import msgspec
from sqlalchemy import Column, Index, String, select

from pomona.core.errors import Conflict, NotFound
from pomona.core.ports import Transaction
from pomona.core.records import from_json
from pomona.registry.webhooks.records import Delivery, Webhook
from pomona.sql import RecordTable, UtcTime

webhooks = RecordTable(
    "webhooks",
    Webhook,
    Column("status", String(8), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    what="webhook",
)
deliveries = RecordTable(
    "webhook_deliveries",
    Delivery,
    Column("webhook", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("webhook_deliveries_by_webhook", "webhook", "at"),
    what="delivery",
)
KEPT = 100  # deliveries of each webhook


def get(tx: Transaction, webhook_id: str) -> Webhook:
    """The webhook with this id.

    Raises:
        NotFound: If there is none.
    """
    found = webhooks.find(tx, webhook_id)
    if found is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found.")
    return found


def page(tx: Transaction, *, limit: int, offset: int) -> tuple[list[Webhook], bool]:
    """One page, newest first, and whether there is more."""
    table = webhooks.c
    query = select(table.body).order_by(table.created_at.desc(), table.id.desc())
    found = [from_json(body, Webhook) for body in tx.execute(query.limit(limit + 1).offset(offset)).scalars()]
    return found[:limit], len(found) > limit


def active(tx: Transaction) -> list[Webhook]:
    """Those that are to be told."""
    return webhooks.all(tx, webhooks.c.status == "ACTIVE")


def named(tx: Transaction, ref: str) -> Webhook:
    """The webhook with this id, or the only one with this name.

    Raises:
        NotFound: If there is none.
        Conflict: If several have the name.
    """
    found = webhooks.find(tx, ref)
    if found is not None:
        return found
    same = [one for one in webhooks.all(tx) if one.name == ref]
    if len(same) > 1:
        raise Conflict(f"{len(same)} webhooks are called {ref}", hint=f"say which: {same[0].id}, ...")
    if not same:
        raise NotFound(f"no webhook {ref[:200]!r}", hint="`pomona webhooks ls` lists them")
    return same[0]


def keep(tx: Transaction, delivery: Delivery) -> Delivery:
    """Keep what came of a delivery; those of older events, beyond ``KEPT``, go."""
    deliveries.remove(tx, deliveries.c.id == delivery.id)
    deliveries.insert(tx, delivery)
    of = select(deliveries.c.at).where(deliveries.c.webhook == delivery.webhook)
    oldest = tx.execute(of.order_by(deliveries.c.at.desc()).limit(1).offset(KEPT - 1)).scalar()
    if oldest is not None:
        deliveries.remove(tx, deliveries.c.webhook == delivery.webhook, deliveries.c.at < oldest)
    return delivery


def give_up(tx: Transaction, delivery_id: str) -> None:
    """A delivery that was tried already is not tried again."""
    found = deliveries.find(tx, delivery_id)
    if found is not None and found.state == "waiting":
        deliveries.replace(tx, msgspec.structs.replace(found, state="failed"))


def history(tx: Transaction, webhook_id: str, *, limit: int = KEPT) -> list[Delivery]:
    """Deliveries of a webhook, that of the newest event first."""
    order = [deliveries.c.at.desc(), deliveries.c.id]
    return deliveries.all(tx, deliveries.c.webhook == webhook_id, order_by=order, limit=limit)


def remove(tx: Transaction, webhook_id: str) -> None:
    """Forget a webhook with its deliveries."""
    deliveries.remove(tx, deliveries.c.webhook == webhook_id)
    webhooks.remove(tx, webhooks.c.id == webhook_id)
