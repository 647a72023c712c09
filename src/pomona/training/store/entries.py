"""Training entries in SQL."""

from sqlalchemy import Column, Index, Integer, String

from pomona.core.ports import Transaction
from pomona.sql import RecordTable
from pomona.training.records.entries import TrainingEntry

entries = RecordTable(
    "training_entries",
    TrainingEntry,
    Column("name", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Index("training_entries_by_name", "name", "number", unique=True),
    what="training entry",
    hint="`pomona train ls` lists them",
)


def newest(tx: Transaction, name: str) -> TrainingEntry | None:
    """The entry's version with the highest number."""
    return entries.first(tx, entries.c.name == name, order_by=[entries.c.number.desc()])


def numbered(tx: Transaction, name: str, number: int) -> TrainingEntry | None:
    """The entry's version with this number."""
    return entries.first(tx, entries.c.name == name, entries.c.number == number)
