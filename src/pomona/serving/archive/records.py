"""What is known of an endpoint's append tables."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record

TableKind = Literal["predictions", "outcomes"]
KINDS: tuple[TableKind, ...] = ("predictions", "outcomes")


class BatchPolicy(Record, frozen=True, kw_only=True):
    """When waiting rows become a version of their dataset, and when its small files are merged.

    Attributes:
        rows: So many wait: they are written at once.
        age_s: The oldest has waited so long: then, too. A batch that failed is tried again after as long.
        most, most_chars: Rows of one version, and characters of their inputs: a batch is held in memory.
        compact_s: Small files are merged at least so often; sooner if there are many (the dataset's upkeep).
    """

    rows: int = 100_000
    age_s: float = 900.0
    most: int = 200_000
    most_chars: int = 96_000_000
    compact_s: float = 86_400.0


class Book(Record, frozen=True, kw_only=True):
    """How far an endpoint's rows have come: each has a position, counted from 1.

    ``written <= planned <= given``. Rows up to ``written`` are in the append table; those up to ``planned``
    are, or will be, its next batch. A batch's bounds are fixed before it is written, and ``planned`` is the
    producer's offset of its version: whoever writes it, and however often, it is there once.
    """

    endpoint: str
    what: TableKind
    given: int = 0
    planned: int = 0
    written: int = 0
    waiting_since: datetime | None = None
    dataset_id: str | None = None
    version: str | None = None  # the one that the last batch made
    written_at: datetime | None = None
    compacted_at: datetime | None = None
    failed_at: datetime | None = None
    problem: str | None = None

    @property
    def waiting(self) -> int:
        """Rows that are not in the append table."""
        return self.given - self.written


class AppendTable(Record, frozen=True, kw_only=True):
    """An endpoint's predictions or outcomes as a dataset: the rows it has, and those that wait."""

    endpoint: str
    what: TableKind
    dataset: str  # the name it has, or will have
    dataset_id: str | None = None  # None: nothing was written yet
    version: str | None = None  # the newest batch's
    rows: int  # written so far
    waiting: int
    waiting_since: datetime | None = None
    due_at: datetime | None = None  # when those that wait are written, at the latest
    written_at: datetime | None = None
    problem: str | None = None  # why the last batch was not written


class Written(Record, frozen=True, kw_only=True):
    """What one job wrote."""

    endpoint: str
    predictions: int
    outcomes: int
    versions: tuple[str, ...] = ()  # e.g. late-predictions@v3
