"""Saved cards in SQL."""

from sqlalchemy import Column, Index, Integer, String

from pomona.core.ports import Transaction
from pomona.registry.cards.records import CardRevision
from pomona.sql import RecordTable

cards = RecordTable(
    "model_cards",
    CardRevision,
    Column("version", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Index("model_cards_by_version", "version", "place", unique=True),
    what="revision of a card",
)


def revisions(tx: Transaction, version: str) -> list[CardRevision]:
    """Every revision of a version's card, newest first."""
    return cards.all(tx, cards.c.version == version, order_by=[cards.c.place.desc()], limit=1000)
