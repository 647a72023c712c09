"""Webhooks in SQL."""

from sqlalchemy import Column, String, select

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.core.records import from_json
from pomona.registry.webhooks.records import Webhook
from pomona.sql import RecordTable, UtcTime

webhooks = RecordTable(
    "webhooks",
    Webhook,
    Column("status", String(8), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    what="webhook",
)


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
