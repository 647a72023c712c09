"""Sources and their feeds in SQL."""

from sqlalchemy import Column, Index, String

from pomona.core.errors import NotFound
from pomona.core.ids import kind_of
from pomona.core.ports import Transaction
from pomona.data.sources.records import Feed, Source
from pomona.sql import RecordTable

sources = RecordTable(
    "sources",
    Source,
    Column("name", String(200), nullable=False, unique=True),
    hint="`pomona sources ls` lists them",
)
feeds = RecordTable(
    "source_feeds",
    Feed,
    Column("source", String(64), nullable=False),
    Column("dataset_id", String(64), nullable=False),
    Index("source_feeds_by_source", "source", "dataset_id", unique=True),
    what="feed",
    hint="`pomona sources show NAME` lists them",
)


def find_source(tx: Transaction, ref: str) -> Source:
    """The source with this id or name."""
    if kind_of(ref) == "src":
        return sources.get(tx, ref)
    found = sources.first(tx, sources.c.name == ref)
    if found is None:
        raise NotFound(f"no source named {ref!r}", hint="`pomona sources ls` lists them")
    return found


def feeds_of(tx: Transaction, source_id: str) -> list[Feed]:
    """What is taken from a source, oldest first."""
    return feeds.all(tx, feeds.c.source == source_id)


def feed_into(tx: Transaction, source_id: str, dataset_id: str) -> Feed | None:
    """The feed of a source into a dataset."""
    return feeds.first(tx, feeds.c.source == source_id, feeds.c.dataset_id == dataset_id)
