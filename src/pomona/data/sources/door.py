"""The door to a kind of source: how a table comes out of a database, of files or of a broker."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from pomona.data.records import Cursor, Field, Scalar
from pomona.data.sources.records import SourceKindInfo, SourceTable

if TYPE_CHECKING:
    import pyarrow as pa

OFFSET = "_offset"  # a message's place in its topic: the cursor of every topic
PUBLISHED = "_published_at"  # when a message was sent


class Secret:
    """A password or token: it cannot be printed, logged or encoded by mistake."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the library that logs in."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"


class Guard(Protocol):
    """What a source may reach from here."""

    def address(self, host: str, port: int) -> str:
        """An IP address of the host that may be connected to.

        Raises:
            Refused: If it may not be reached.
            Unavailable: If the name is unknown.
        """
        ...

    def files(self, pattern: str) -> list[Path]:
        """The files of a path or glob, resolved, in the order of their names.

        Raises:
            Refused: If one lies outside the folders allowed.
            NotFound: If there is none.
        """
        ...


@dataclass(frozen=True)
class Site:
    """Where a source is, and what opens it."""

    location: str
    secret: Secret | None
    options: dict[str, str]
    guard: Guard
    scratch: Path  # a folder for what must be fetched before it can be read
    log: Callable[[str], None] = lambda _: None  # tells a person what happened to their rows


@dataclass(frozen=True)
class Ask:
    """What is asked of a source."""

    table: str | None = None
    query: str | None = None
    parameters: dict[str, Scalar] = field(default_factory=dict)
    cursor: str | None = None  # the column that grows
    since: Cursor | None = None  # only rows beyond it
    inclusive: bool = False  # rows that equal it, too: the start of an overlap
    limit: int | None = None
    known: tuple[Field, ...] = ()  # columns of the version before, for sources without types


@dataclass(frozen=True)
class Stream:
    """The answer: batches of rows of one schema, read once, in constant memory."""

    schema: "pa.Schema"
    batches: "Iterator[pa.RecordBatch]"
    query: str  # the SQL text that runs, or the files or messages that are read
    snapshot_at: datetime | None = None  # when the source was so, by its own clock
    total: int | None = None  # rows, where it is known beforehand


class SourceKind(Protocol):
    """One kind of source. What it raises are kinds of PomonaError with a hint, without any secret."""

    info: ClassVar[SourceKindInfo]

    def check(self, location: str, options: dict[str, str]) -> None:
        """Refuse a location or options that cannot work.

        Raises:
            Invalid: Saying how to write it.
        """
        ...

    def ping(self, site: Site) -> str:
        """Log in, and say what answered, e.g. ``PostgreSQL 15.4``."""
        ...

    def tables(self, site: Site) -> list[SourceTable]:
        """What can be taken, with columns where they are known without reading rows."""
        ...

    def open(self, site: Site, ask: Ask) -> AbstractContextManager[Stream]:
        """The rows asked for, from one snapshot of the source where it has such a thing."""
        ...
