"""A mart, its builds, what a build read, and what is known about an SQL text before it runs."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Record
from pomona.data.records import Field

RebuildPolicy = Literal["manual", "on_inputs", "cron"]
BuildState = Literal["running", "built", "unchanged", "failed", "cancelled"]
WarningKind = Literal["leakage", "not_reproducible", "untraced"]


class SqlWarning(Record, frozen=True, kw_only=True):
    """Something that is allowed but probably wrong; ``leakage``: values from after the label's time."""

    kind: WarningKind
    message: str
    hint: str
    line: int | None  # from 1


class ColumnSource(Record, frozen=True, kw_only=True):
    """A column of an input version."""

    ref: str  # loans@v3
    version: str  # its id
    column: str


class ColumnLineage(Record, frozen=True, kw_only=True):
    """A column of the result, and the input columns its values are computed from; none for a constant."""

    column: str
    type: str
    sources: tuple[ColumnSource, ...]


class MartInput(Record, frozen=True, kw_only=True):
    """A table that an SQL text names, and the version that the name meant."""

    name: str  # as the SQL has it, lower case: `loans` or `loans@v3`
    ref: str  # loans@v3
    dataset: str
    version: str  # its id
    digest: str
    pinned: bool  # the name fixes the version; a floating one means the newest at each build
    rows: int
    columns: tuple[str, ...]  # that are read; values of the result come from them, or they choose its rows


class NewMart(Record, frozen=True, kw_only=True):
    """What a person declares.

    ``name`` becomes the name of the dataset, too; ``key`` and ``time_column`` are columns of the result.
    Without ``purposes`` it gets those that all inputs share; given, they must be a part of these.
    ``rebuild``: ``on_inputs``: when a new version of an unpinned input is committed; ``cron``: at ticks of
    ``cron`` (five fields, UTC) if an input changed since.
    """

    name: str
    sql: str
    key: tuple[str, ...] = ()
    time_column: str | None = None
    purposes: tuple[str, ...] = ()
    description: str = ""
    rebuild: RebuildPolicy = "manual"
    cron: str | None = None
    timeout_s: float = 600.0


class MartChange(Record, frozen=True, kw_only=True):
    """What is changed of a mart; a field left out stays. The next build uses it."""

    sql: str | None = None
    purposes: tuple[str, ...] | None = None
    description: str | None = None
    rebuild: RebuildPolicy | None = None
    cron: str | None = None
    timeout_s: float | None = None


class Mart(Record, frozen=True, kw_only=True):
    """A mart as it is kept. Its versions are versions of the dataset with its name."""

    id: str
    name: str
    dataset_id: str
    sql: str
    revision: int = 1  # counts changes of the SQL
    inputs: tuple[str, ...]  # dataset references as the SQL names them
    key: tuple[str, ...] = ()
    time_column: str | None = None
    purposes: tuple[str, ...] = ()  # narrowed to these; none: what all inputs share
    description: str = ""
    rebuild: RebuildPolicy = "manual"
    cron: str | None = None
    timeout_s: float = 600.0
    warnings: tuple[SqlWarning, ...] = ()
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str


class MartBuild(Record, frozen=True, kw_only=True):
    """One run of a mart's SQL: on which versions, how long, and what came of it.

    ``unchanged``: the rows were those of the version there is. ``failed``: the last version stays; the
    error names ``line`` and ``column`` (from 1) of the SQL where it can.
    """

    id: str
    mart: str  # its name
    mart_id: str
    revision: int
    sql: str
    state: BuildState
    reason: str  # why it ran
    job: str
    inputs: tuple[MartInput, ...] = ()
    inputs_digest: str = ""  # of the SQL and the content of all inputs
    version: str | None = None  # the version that holds the result
    ref: str | None = None  # features@v4
    rows: int = 0
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    lineage: tuple[ColumnLineage, ...] = ()
    warnings: tuple[SqlWarning, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    started_at: datetime
    finished_at: datetime | None = None
    by: str


class MartStatus(Record, frozen=True, kw_only=True):
    """A mart with its last build, the last that gave a version, and whether its inputs changed since."""

    mart: Mart
    last: MartBuild | None = None
    built: MartBuild | None = None
    stale: bool = True


class BuildRequest(Record, frozen=True, kw_only=True):
    """A person wants a build now, changed inputs or not."""

    reason: str = ""


class SqlQuery(Record, frozen=True, kw_only=True):
    """SQL to run once."""

    sql: str
    limit: int | None = None  # rows; None: all, up to the engine's own limit
    purpose: str | None = None  # None: to look at the rows; needed where they are held by consent


class SqlPreview(Record, frozen=True, kw_only=True):
    """The first rows of an SQL text, and what is known about it.

    ``sampled`` names inputs of which only the first rows were read, because all would take too long: what
    a join finds, and every sum, may differ from the full result.
    """

    columns: tuple[Field, ...]
    rows: list[dict[str, Any]]
    more: bool  # there are more rows than these
    sampled: tuple[str, ...]
    inputs: tuple[MartInput, ...]
    lineage: tuple[ColumnLineage, ...]
    warnings: tuple[SqlWarning, ...]
    seconds: float
