"""What a commit is told, builds on and makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from pomona.data.memories import Memory
from pomona.data.records import CheckResult, CommitMode, DataVersion, Origin
from pomona.data.tables.drafting import Draft
from pomona.stats.records import TableProfile


@dataclass(frozen=True)
class CommitOptions:
    """How a table is committed; see ``DataService.commit``."""

    mode: CommitMode = "full"
    onto: DataVersion | None = None
    note: str = ""
    as_of: datetime | None = None
    allow_empty: bool = False
    new_base: bool = False
    origin: Callable[[], Origin] | None = None  # asked once every row has been read
    producer: str | None = None
    offset: int = 0  # up to which of the producer's own these rows are


@dataclass(frozen=True)
class Base:
    """What a commit builds on: the newest version there is, and all that is known of the parent."""

    newest: DataVersion | None = None
    parent: DataVersion | None = None
    schema: pa.Schema | None = None  # of the parent
    profile: TableProfile | None = None
    results: tuple[CheckResult, ...] = ()
    memory: Memory | None = None  # of the parent's rows, beyond its profile

    @property
    def next_number(self) -> int:
        """The number of the version to come."""
        return self.newest.number + 1 if self.newest else 1


@dataclass(frozen=True)
class Made:
    """A version's content before it has a record."""

    schema: pa.Schema
    draft: Draft
    profile: TableProfile
    memory: Memory | None
    results: tuple[CheckResult, ...]
