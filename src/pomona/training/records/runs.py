"""Tracked runs: experiments, runs, what they logged, the models and files they left behind.

Ids are those of the MLflow protocol: an experiment is a number written as text, a run 32 hex digits, a
logged model ``m-`` and 32 hex digits. Times of metrics are Unix milliseconds, as clients send them.
"""

from datetime import datetime
from typing import Literal

from pomona.core.records import Link, Record
from pomona.training.code.records import RunCode
from pomona.training.records.costs import RunCost, RunMachine

RunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
LifecycleState = Literal["active", "deleted"]
LoggedModelStatus = Literal["PENDING", "READY", "UPLOAD_FAILED"]
View = Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]

HYPOTHESIS_TAG = "pomona.hypothesis"
DATA_VERSION_TAG = "pomona.data_version"
FILES_TAG = "pomona.file_set_version"
CODE_TAG = "pomona.code"
ENVIRONMENT_TAG = "pomona.environment"
ENTRY_TAG = "pomona.entry"
PURPOSE_TAG = "pomona.purpose"  # what a run reads its data for; default training
FORCE_TAG = "pomona.force"  # why a run trains on data that failed its checks
RUN_NAME_TAG = "mlflow.runName"


class Experiment(Record, frozen=True, kw_only=True):
    """A named group of runs."""

    id: str
    name: str
    artifact_location: str
    state: LifecycleState
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = {}


class Metric(Record, frozen=True, kw_only=True):
    """One logged value. ``timestamp`` is in Unix milliseconds."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class MetricPoint(Record, frozen=True, gc=False):
    """One point of a chart; ``value`` is None for not-a-number."""

    step: int
    timestamp: int
    value: float | None


class MetricHistory(Record, frozen=True, kw_only=True):
    """A metric's values in a run, thinned to what a chart can show."""

    run: str
    key: str
    total: int  # points stored
    points: list[MetricPoint]


class DatasetInput(Record, frozen=True, kw_only=True):
    """A dataset that a run read, as its client described it.

    ``data_version`` is the Pomona version it was recognised as; None shows as "unversioned".
    """

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: dict[str, str] = {}
    data_version: str | None = None


class RunModel(Record, frozen=True, kw_only=True):
    """A logged model that a run read or wrote; ``step`` counts when it wrote several."""

    model_id: str
    step: int = 0


class Run(Record, frozen=True, kw_only=True):
    """A tracked run with the newest value of each metric."""

    id: str
    name: str
    experiment: str
    user: str = ""
    status: RunStatus
    state: LifecycleState = "active"
    started_at: datetime
    ended_at: datetime | None = None
    artifact_uri: str
    params: dict[str, str] = {}
    metrics: list[Metric] = []
    tags: dict[str, str] = {}
    inputs: list[DatasetInput] = []
    model_inputs: list[RunModel] = []
    model_outputs: list[RunModel] = []


class RunSummary(Record, frozen=True, kw_only=True):
    """A run as a row of a table: metrics by name, not-a-number left out."""

    id: str
    name: str
    experiment: str
    user: str
    status: RunStatus
    state: LifecycleState
    started_at: datetime
    ended_at: datetime | None
    hypothesis: str | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


class RunInput(Record, frozen=True, kw_only=True):
    """A dataset a run read, for people: versioned, or with the line that would have made it so."""

    name: str
    digest: str
    context: str | None
    data_version: str | None
    hint: str | None = None


class ArtifactFile(Record, frozen=True, kw_only=True):
    """A file or folder below a run or a logged model; folders have no size and no digest."""

    path: str
    is_dir: bool = False
    size: int | None = None
    digest: str | None = None


class LoggedModel(Record, frozen=True, kw_only=True):
    """A model that a run logged, before (or without) being registered."""

    id: str
    experiment: str
    name: str
    model_type: str | None = None
    source_run: str | None = None
    status: LoggedModelStatus = "PENDING"
    artifact_uri: str
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = {}
    params: dict[str, str] = {}
    metrics: list[Metric] = []


class RunDetail(Record, frozen=True, kw_only=True):
    """Everything Pomona knows about a run."""

    run: RunSummary
    experiment_name: str
    inputs: list[RunInput]
    code: RunCode
    environment: str | None
    entry: str | None
    models: list[LoggedModel]
    artifacts: list[ArtifactFile]
    links: list[Link]
    error: str | None = None  # the traceback of a script that failed
    machine: RunMachine | None = None
    cost: RunCost | None = None  # None: no price is set for what it used, or it goes on


class RunComparison(Record, frozen=True, kw_only=True):
    """Runs side by side: the params in which they differ, and every metric; in the order of ``runs``.

    ``same_code`` is None if of one of them it is not known.
    """

    runs: list[RunSummary]
    code: list[RunCode]
    same_code: bool | None
    params: dict[str, list[str | None]]
    metrics: dict[str, list[float | None]]


class Found(Record, frozen=True, kw_only=True):
    """One page of runs; ``next_offset`` is None on the last."""

    runs: list[Run]
    next_offset: int | None = None


class LogBatch(Record, frozen=True, kw_only=True):
    """Metrics, params and tags that one call stores together, or not at all."""

    metrics: list[Metric] = []
    params: dict[str, str] = {}
    tags: dict[str, str] = {}


Point = tuple[int, int, float]
"""One finite value of a metric: step, Unix milliseconds, value."""
Points = dict[str, list[Point]]
"""What one call logs of metrics, by name: a tuple a value, where hundreds come a millisecond."""


class SearchRuns(Record, frozen=True, kw_only=True):
    """A search as the MLflow protocol states it."""

    experiments: list[str] | None  # None: all of them
    filter: str = ""
    view: View = "ACTIVE_ONLY"
    order_by: list[str] = []
    limit: int = 1000
    offset: int = 0


class DatasetSummary(Record, frozen=True, kw_only=True):
    """A dataset that runs of an experiment read, once per context."""

    experiment: str
    name: str
    digest: str
    context: str | None


class DatasetFilter(Record, frozen=True, kw_only=True):
    """Keeps logged models with a metric on this dataset."""

    name: str
    digest: str | None = None


class ModelOrder(Record, frozen=True, kw_only=True):
    """One sort key of a search for logged models."""

    field: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None
