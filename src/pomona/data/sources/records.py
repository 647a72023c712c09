"""A source, what is taken from it, and what is told of both."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record
from pomona.data.records import Cursor, Origin, Scalar
from pomona.jobs.records import Job

EXTRACT = "extract"
"""The kind of the job that takes rows from a source."""

ExtractMode = Literal["full", "append", "delta"]


class NewSource(Record, frozen=True, kw_only=True):
    """What a person registers. A password never stands here, only where it is kept.

    ``credentials`` is ``env:NAME`` (a variable of the server's and worker's environment) or
    ``file:/path`` (its first line); what the text means stands with the kind.
    """

    name: str
    kind: str  # postgresql, mysql, sqlite, duckdb, sqlalchemy, files, http, s3, nats, or a plugin's
    location: str  # URL, path or glob, without a password
    credentials: str | None = None
    owner: str = ""
    purpose: str = ""
    options: dict[str, str] = {}  # what only some kinds know, e.g. format, sheet, region, endpoint


class Source(Record, frozen=True, kw_only=True):
    """A registered source."""

    id: str
    name: str
    kind: str
    location: str
    credentials: str | None = None
    owner: str = ""
    purpose: str = ""
    options: dict[str, str] = {}
    created_at: datetime
    created_by: str


class NewFeed(Record, frozen=True, kw_only=True):
    """What is taken from a source, and the dataset it goes into.

    ``mode``: ``full`` takes everything each time, ``append`` adds rows, ``delta`` adds new rows and
    replaces those whose key is there. With a ``cursor`` (a column that only grows) only rows beyond
    the greatest value seen are asked for; ``overlap`` looks so far back for rows that came late: seconds
    if the cursor is a time, else in the column's own unit.

    The dataset is created if there is none of this name; then ``key`` and ``time_column`` count.
    """

    dataset: str
    table: str | None = None  # a table, file pattern or stream of the source; or
    query: str | None = None  # SQL; `:name` stands for a parameter
    parameters: dict[str, Scalar] = {}
    mode: ExtractMode = "full"
    cursor: str | None = None
    overlap: float = 0.0
    key: tuple[str, ...] = ()
    time_column: str | None = None


class Feed(Record, frozen=True, kw_only=True):
    """A way from a source into a dataset.

    ``seen`` and ``seen_on`` say how far an extraction read that changed nothing on that version; else
    the cursor stands with the version it made.
    """

    id: str
    source: str  # its id
    dataset: str  # its name
    dataset_id: str
    table: str | None = None
    query: str | None = None
    parameters: dict[str, Scalar] = {}
    mode: ExtractMode = "full"
    cursor: str | None = None
    overlap: float = 0.0
    seen: Cursor | None = None
    seen_on: str | None = None
    created_at: datetime


class Question(Record, frozen=True, kw_only=True):
    """What a look into a source asks for: the first rows of a table or of a query."""

    table: str | None = None
    query: str | None = None
    parameters: dict[str, Scalar] = {}
    rows: int = 20


class SourceColumn(Record, frozen=True, kw_only=True):
    name: str
    type: str  # as the source names it


class SourceTable(Record, frozen=True, kw_only=True):
    """Something that can be taken from a source: a table, a file, a stream."""

    name: str
    columns: tuple[SourceColumn, ...] = ()
    rows: int | None = None  # an estimate where the source has one


class Sample(Record, frozen=True, kw_only=True):
    """The first rows of a question; ``columns`` are of Arrow's types."""

    query: str
    columns: tuple[SourceColumn, ...]
    rows: list[dict[str, Any]]


class Trial(Record, frozen=True, kw_only=True):
    """A source as it would be registered, and what is to be looked at in it."""

    source: NewSource
    question: Question | None = None


class Tested(Record, frozen=True, kw_only=True):
    """A source that answered: what it says it is, and what can be taken from it."""

    answer: str  # e.g. PostgreSQL 15.4
    took_ms: float
    tables: tuple[SourceTable, ...] = ()
    sample: Sample | None = None


class ExtractRequest(Record, frozen=True, kw_only=True):
    """Take the rows now: of one dataset's feed or of all; ``full`` forgets the cursor once."""

    dataset: str | None = None
    full: bool = False


class Extracted(Record, frozen=True, kw_only=True):
    """What one feed's extraction came to."""

    dataset: str
    version: str | None  # None: nothing new
    number: int | None
    created: bool
    rows: int  # that came from the source
    seconds: float
    note: str = ""


class SourceVersion(Record, frozen=True, kw_only=True):
    """A data version that a source's rows made."""

    id: str
    dataset: str
    number: int
    rows: int
    rows_added: int
    rows_changed: int
    rows_removed: int
    quality: str
    created_at: datetime
    origin: Origin


class Times(Record, frozen=True, kw_only=True):
    """When a source is read by itself: cron, UTC; None: only when somebody asks."""

    cron: str | None = None


class SourceState(Record, frozen=True, kw_only=True):
    """A source with what a list shows beside it."""

    source: Source
    feeds: tuple[Feed, ...] = ()
    cron: str | None = None
    next_at: datetime | None = None
    last: Job | None = None  # its newest extraction


class SourceDetail(Record, frozen=True, kw_only=True):
    """A source with its extractions and the versions they made, newest first."""

    state: SourceState
    jobs: tuple[Job, ...] = ()
    versions: tuple[SourceVersion, ...] = ()


class SourceKindInfo(Record, frozen=True, kw_only=True):
    """A kind of source and how one writes it, for forms and help texts."""

    name: str
    title: str
    location: str  # an example
    credentials: str  # what the referenced text holds
    takes: Literal["sql", "files", "topic"]
    options: dict[str, str] = {}  # name -> what it does
