"""A search, read: conditions and sort keys of the protocol's grammar."""

from typing import Literal

from pomona.core.records import Record

Entity = Literal["attribute", "metric", "parameter", "tag", "dataset"]
Value = str | float | tuple[str, ...] | None


class Comparison(Record, frozen=True, kw_only=True):
    """One condition: ``entity.key op value``."""

    entity: Entity
    key: str
    op: str
    value: Value = None


class SortKey(Record, frozen=True, kw_only=True):
    """One key of an ORDER BY."""

    entity: Entity
    key: str
    ascending: bool = True
