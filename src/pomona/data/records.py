"""A dataset, its immutable versions, what is checked on each, and what the checks found."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record
from pomona.core.tables import DataFile

CommitMode = Literal["full", "append", "delta", "rebase"]
GivenMode = Literal["full", "append", "delta"]  # what a caller may ask for
CheckKind = Literal[
    "not_null",
    "unique",
    "range",
    "allowed",
    "pattern",
    "length",
    "expression",
    "exists",
    "missing",
    "distinct",
    "distribution",
    "freshness",
    "row_count",
    "volume",
    "schema",
]
Quality = Literal["green", "warn", "fail", "critical"]
Scalar = str | int | float | bool


class Check(Record, frozen=True, kw_only=True):
    """One thing a version must satisfy. The fields a kind uses stand behind its name.

    On each row: ``not_null`` (column), ``unique`` (columns), ``range`` (column, min, max), ``allowed``
    (column, values), ``pattern`` (column, pattern: a regular expression found in the text), ``length``
    (column, min, max: characters), ``expression`` (expression: SQL over the row's columns that must not
    be false), ``exists`` (columns, to: another dataset, to_columns: the same names by default). NaN
    counts as null; a null passes every kind but ``not_null``.

    On the whole table: ``missing`` (column: the share of rows without a value), ``distinct`` (column,
    min, max: different values), ``distribution`` (column, to: a version, default the one before: how far
    the values moved, a population stability index beyond sampling noise), ``freshness`` (column,
    max_age_h: the newest value is no older), ``row_count`` (min, max), ``volume`` (max_change: rows
    against the version before, as a share), ``schema`` (types: column to Arrow type; others may be there).

    ``warn``, ``fail`` and ``critical`` are shares of failing rows: above them the check warns, fails, or
    quarantines the version. Zero means that one row is enough, None that this level is never reached. For
    ``missing`` and ``distribution`` they bound the measured number itself; another check on the whole
    table has the share 0 or 1.
    """

    kind: CheckKind
    column: str | None = None
    columns: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    values: tuple[Scalar, ...] = ()
    pattern: str = ""
    expression: str = ""
    to: str = ""
    to_columns: tuple[str, ...] = ()
    types: dict[str, str] = {}
    max_age_h: float | None = None
    max_change: float | None = None
    warn: float | None = 0.0
    fail: float | None = 0.0
    critical: float | None = None
    name: str = ""  # default: kind and columns


class CheckResult(Record, frozen=True, kw_only=True):
    """What one check found on one version."""

    name: str
    check: Check
    quality: Quality
    failing: int  # rows; for most checks on the whole table 0 or 1
    rows: int  # rows looked at; for most checks on the whole table 1
    share: float  # failing / rows, 0 for none; of a distribution its score: what the levels bound
    value: float | None = None  # the measured number: rows, hours, different values, a score
    detail: str  # in words, with the numbers
    examples: tuple[dict[str, Any], ...] = ()  # a few failing rows


class QualityReport(Record, frozen=True, kw_only=True):
    """Every check of a dataset, run on one version."""

    id: str
    version: str
    quality: Quality  # the worst of its results
    results: tuple[CheckResult, ...]
    at: datetime


class Upkeep(Record, frozen=True, kw_only=True):
    """When the files of a dataset are rewritten without what the newest version no longer has.

    Attributes:
        automatic: A job does it by itself; else only when somebody asks.
        hidden: The share of a file's rows that may be hidden.
        small_files: How many small files a version may have.
    """

    automatic: bool = True
    hidden: float = 0.35
    small_files: int = 32


class NewDataset(Record, frozen=True, kw_only=True):
    """What a person declares: what a row is (key), when it happened (time column), what it may serve."""

    name: str  # `flights` or `project/flights`
    key: tuple[str, ...] = ()
    time_column: str | None = None
    purposes: tuple[str, ...] = ()
    description: str = ""
    hypothesis: str | None = None  # id or name
    checks: tuple[Check, ...] = ()
    consent_column: str | None = None  # yes/no, or a list of the purposes a row may serve
    subject_columns: tuple[str, ...] = ()  # name whom a row is about: each erasure looks there, too
    upkeep: Upkeep = Upkeep()


class Dataset(Record, frozen=True, kw_only=True):
    """A named table that gets a new version whenever its content changes."""

    id: str
    name: str
    key: tuple[str, ...] = ()
    time_column: str | None = None
    purposes: tuple[str, ...] = ()
    description: str = ""
    hypothesis: str | None = None
    checks: tuple[Check, ...] = ()
    consent_column: str | None = None
    subject_columns: tuple[str, ...] = ()
    upkeep: Upkeep = Upkeep()
    created_at: datetime
    created_by: str


class Field(Record, frozen=True, kw_only=True):
    """A column: its name and its Arrow type, e.g. ``timestamp[us, tz=UTC]``."""

    name: str
    type: str


class Cursor(Record, frozen=True, kw_only=True):
    """How far an incremental extraction has read: the greatest value seen in a column that grows."""

    column: str
    type: Literal["integer", "number", "time", "date", "text"]
    value: str  # as text: a cursor must come back exactly as it was


class Origin(Record, frozen=True, kw_only=True):
    """Where a version's rows came from: the question asked of a source, and when it was answered.

    It is stored with the version in one transaction, so ``cursor`` never says more or less than the
    rows that are there.
    """

    source: str  # its id
    source_name: str
    feed: str  # its id
    query: str  # the SQL text, or the files or messages that were read
    parameters: dict[str, Scalar] = {}
    rows: int  # that came from the source
    seconds: float
    snapshot_at: datetime | None = None  # when the source was so, by its own clock
    cursor: Cursor | None = None
    job: str | None = None


class DataVersion(Record, frozen=True, kw_only=True):
    """A dataset at one moment: never changed once stored, but for erasures, which leave a signed record.

    ``digest`` is the BLAKE3 root over the schema, the files' digests and what is hidden of each; the same
    content committed as one table has the same digest whatever its row groups, chunks or encodings were.
    """

    id: str
    dataset: str  # its name
    dataset_id: str
    number: int
    digest: str
    parent: str | None = None
    mode: CommitMode
    schema: tuple[Field, ...]
    rows: int
    rows_added: int
    rows_removed: int
    rows_changed: int
    files: tuple[DataFile, ...]
    size: int  # bytes of all files
    since: datetime | None = None
    until: datetime | None = None
    quality: Quality
    arrow: str = ""  # digest of its Arrow schema
    profile: str = ""  # digest of the profile
    replaced: str = ""  # digest of the file with the rows that went, if there is one
    log: int = 0  # the entry of the Delta log that shows it
    note: str = ""
    as_of: datetime  # when the source was as this version says; freshness is measured here
    origin: Origin | None = None  # None: a person or a program handed the table over
    rows_erased: int = 0  # taken out by erasures after the commit
    created_at: datetime
    created_by: str
    dropped_at: datetime | None = None  # then its rows are gone; the record stays
    dropped_by: str = ""


class Committed(Record, frozen=True, kw_only=True):
    """The answer to a commit."""

    version: DataVersion
    created: bool  # False: the content equals this version, nothing was stored
    report: QualityReport


class Purposes(Record, frozen=True, kw_only=True):
    """What a dataset may serve, and the column that says so for each row."""

    purposes: tuple[str, ...] = ()
    consent_column: str | None = None


class Consent(Record, frozen=True, kw_only=True):
    """How many rows of a version may be read for a purpose."""

    purpose: str
    rows: int
    left_out: int
    refused: str | None = None  # why the dataset as a whole may not serve it


class TimeWindow(Record, frozen=True, kw_only=True):
    """Rows with ``since <= time < until``; an open end is None."""

    since: datetime | None = None
    until: datetime | None = None
