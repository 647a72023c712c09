"""Tags, pins, producers' offsets and erasures in SQL."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, insert, select

from pomona.core.ports import Transaction
from pomona.data.keeping.records import Erasure, Pin, Tag
from pomona.sql import RecordTable, metadata

tags = RecordTable(
    "data_tags",
    Tag,
    Column("dataset_id", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Index("data_tags_by_name", "dataset_id", "name", unique=True),
    Index("data_tags_by_version", "version"),
    hint="`pomona data tags DATASET` lists them",
)
pins = RecordTable(
    "data_pins",
    Pin,
    Column("version", String(64), nullable=False),
    Index("data_pins_by_version", "version"),
    hint="`pomona data pins REF` lists them",
)
offsets = Table(
    "data_offsets",
    metadata,
    Column("dataset_id", String(64), primary_key=True),
    Column("producer", String(200), primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", String(64), nullable=False),
)
"""Up to which of its offsets a producer's rows are in which version."""

erasures = RecordTable(
    "data_erasures",
    Erasure,
    Column("state", String(16), nullable=False),
    hint="`pomona data erasures` lists them",
)
subjects = Table(
    "data_erasure_subjects",
    metadata,
    Column("erasure", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Whose rows a running erasure takes out; gone when it is done."""


def tag_named(tx: Transaction, dataset_id: str, name: str) -> Tag | None:
    """The tag of this name."""
    return tags.first(tx, tags.c.dataset_id == dataset_id, tags.c.name == name)


def holding(tx: Transaction, dataset_id: str, producer: str, offset: int) -> str | None:
    """The version that holds a producer's rows up to this offset; None if none does yet."""
    c = offsets.c
    query = select(c.version_id).where(c.dataset_id == dataset_id, c.producer == producer, c.offset >= offset)
    found: str | None = tx.execute(query.order_by(c.offset).limit(1)).scalar()
    return found


def reached(tx: Transaction, dataset_id: str) -> dict[str, int]:
    """How far each producer has come."""
    c = offsets.c
    query = select(c.producer, c.offset).where(c.dataset_id == dataset_id).order_by(c.offset)
    return {row.producer: int(row.offset) for row in tx.execute(query)}


def reach(tx: Transaction, dataset_id: str, producer: str, offset: int, version_id: str) -> None:
    """A producer's rows up to this offset are in this version."""
    row = {"dataset_id": dataset_id, "producer": producer, "offset": offset, "version_id": version_id}
    tx.execute(insert(offsets), row)
