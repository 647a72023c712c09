"""What leaves the store, and in which form."""

from typing import Literal

from pomona.core.records import Record

ExportFormat = Literal["parquet", "csv", "jsonl", "delta-plain"]


class Location(Record, frozen=True, kw_only=True):
    """Where a version's Delta table lies, for engines on the same machine or with the same object store.

    ``version`` is the table's own: its log may have more entries than there are versions.
    """

    path: str
    version: int
