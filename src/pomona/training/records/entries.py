"""A training entry: a script, the data it learns from, its parameters and limits; and one training of it."""

from datetime import datetime
from typing import Any

from pomona.core.records import Record
from pomona.training.code.records import GitState


class DataSelector(Record, frozen=True, kw_only=True):
    """Which data a script trains on: a dataset or version, and a part of it by columns and time.

    ``last_days`` counts back from ``until``, else from the newest row, so it moves with the data.
    """

    ref: str
    columns: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    last_days: float | None = None


class Limits(Record, frozen=True, kw_only=True):
    """What a training may use before it is stopped."""

    memory_mb: int = 4096
    cpu_s: int = 3600
    wall_s: int = 3600


class CodeFile(Record, frozen=True, kw_only=True):
    """A file of a code snapshot, kept under its BLAKE3 digest."""

    path: str
    digest: str
    size: int


class CodeUpload(Record, frozen=True, kw_only=True):
    """A file of a code snapshot on its way in (base64 in JSON)."""

    path: str
    body: bytes


class NewEntry(Record, frozen=True, kw_only=True):
    """What a person stores to have it trained again and again."""

    name: str
    script: str  # the file to run, one of ``files``
    files: tuple[CodeUpload, ...]
    data: DataSelector
    params: dict[str, Any] = {}
    model: str | None = None  # register what the script logs under this name
    hypothesis: str | None = None  # id or name
    limits: Limits = Limits()
    environment: tuple[str, ...] = ()  # name==version, one a line
    purpose: str = "training"  # what the data is read for
    git: GitState | None = None


class TrainingEntry(Record, frozen=True, kw_only=True):
    """One version of an entry, as it was stored."""

    id: str
    name: str
    number: int
    script: str
    files: tuple[CodeFile, ...]
    code: str  # BLAKE3 root over the files
    experiment: str  # name of the experiment its runs belong to
    data: DataSelector
    params: dict[str, Any] = {}
    model: str | None = None
    hypothesis: str | None = None
    limits: Limits = Limits()
    environment: str | None = None  # digest of the list of packages it was written with
    purpose: str = "training"
    git_commit: str | None = None
    git_diff: str | None = None  # digest of the uncommitted changes, or "clean"
    created_at: datetime
    created_by: str


class TrainRequest(Record, frozen=True, kw_only=True):
    """Train an entry once, perhaps on other data or with other parameters than it names."""

    entry: str  # name, name@v3 or id
    data: str | None = None  # a version instead of the entry's
    since: datetime | None = None
    until: datetime | None = None
    params: dict[str, Any] = {}  # over the entry's own
    force_reason: str | None = None  # why to train on a version that failed its checks
    run_name: str | None = None
    register: bool = True  # if the entry names a model


class TrainingPlan(Record, frozen=True, kw_only=True):
    """A training decided on: what exactly runs on what exactly, under which run."""

    run: str
    experiment: str
    entry: str  # id
    data_version: str  # id
    columns: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    params: dict[str, Any] = {}


class Trained(Record, frozen=True, kw_only=True):
    """A training that went well."""

    run: str
    entry: str
    data_version: str
    model: str | None = None
    model_version: str | None = None  # its id, if it was registered
