"""What is asked of an import, what is found elsewhere, and what came of it."""

from datetime import datetime
from typing import Literal

import msgspec

from pomona.core.records import Record
from pomona.jobs.records import JobState
from pomona.registry.webhooks.records import WebhookStatus
from pomona.training.evaluation.records import EvaluationDataset
from pomona.training.records.runs import DatasetInput, LifecycleState, LoggedModelStatus, RunModel, RunStatus
from pomona.training.traces.records import TraceInfo

Kind = Literal["database", "server", "folder"]
Point = tuple[str, str, int, int, float]
"""One metric value of another store: run id, key, step, Unix milliseconds, value."""


class NewImport(Record, frozen=True, kw_only=True):
    """What is to be taken over.

    Args:
        origin: ``sqlite:///...``, ``postgresql://...``, ``mysql://...``, ``http(s)://...``, or a folder.
        credentials: Where the password or token is: ``env:NAME`` or ``file:/path``.
        experiments: Their names; empty: all.
        files: Whether artifacts come along.
        artifacts: The folder that artifacts lie below, where their addresses lead nowhere from here.
        trust: Why registered models whose files run code (pickles) may come in; without it they stay out.
    """

    origin: str
    credentials: str | None = None
    experiments: tuple[str, ...] = ()
    files: Literal["copy", "leave"] = "copy"
    artifacts: str | None = None
    trust: str | None = None


class OldExperiment(Record, frozen=True, kw_only=True):
    """An experiment elsewhere, and how much is in it; None where counting means reading all."""

    id: str
    name: str
    state: LifecycleState = "active"
    created_ms: int
    updated_ms: int
    tags: dict[str, str] = {}
    runs: int = 0
    points: int | None = None
    models: int = 0
    traces: int | None = None


class OldRun(Record, frozen=True, kw_only=True):
    """A run elsewhere, without its metric values; ``measured`` changes when more of them are logged."""

    id: str
    name: str
    user: str = ""
    status: RunStatus
    state: LifecycleState = "active"
    started_ms: int
    ended_ms: int | None = None
    deleted_ms: int | None = None
    artifact_uri: str = ""
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    inputs: list[DatasetInput] = []
    model_inputs: list[RunModel] = []
    model_outputs: list[RunModel] = []
    measured: str = ""


class OldModelMetric(Record, frozen=True, kw_only=True):
    """A metric of a logged model elsewhere."""

    key: str
    value: float
    at_ms: int
    step: int = 0
    run_id: str = ""
    dataset_name: str | None = None
    dataset_digest: str | None = None


class OldModel(Record, frozen=True, kw_only=True):
    """A logged model elsewhere."""

    id: str
    name: str
    model_type: str | None = None
    source_run: str | None = None
    status: LoggedModelStatus = "READY"
    state: LifecycleState = "active"
    created_ms: int
    updated_ms: int
    artifact_uri: str = ""
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: list[OldModelMetric] = []


class OldVersion(Record, frozen=True, kw_only=True):
    """A registered version elsewhere; ``location`` is where its files lie, if that is not its source."""

    number: int
    stage: str = "None"
    source: str = ""
    location: str | None = None
    run_id: str | None = None
    run_link: str = ""
    description: str = ""
    created_ms: int
    tags: dict[str, str] = {}


class OldRegistered(Record, frozen=True, kw_only=True):
    """A registered model elsewhere, its versions in the order of their numbers."""

    name: str
    description: str = ""
    created_ms: int
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    versions: list[OldVersion] = []


class OldTrace(Record, frozen=True, kw_only=True):
    """A trace elsewhere, without its spans; ``measured`` changes when more of them come.

    ``runs`` and ``prompts`` (name/version) are what it is tied to. The experiment in ``info`` is that there.
    """

    info: TraceInfo
    measured: str = ""
    runs: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


class OldEvaluation(Record, frozen=True, kw_only=True):
    """An evaluation dataset elsewhere; the experiments in ``dataset`` are those there."""

    dataset: EvaluationDataset


class OldWebhook(Record, frozen=True, kw_only=True):
    """A webhook elsewhere, without its secret."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]  # e.g. model_version.created
    description: str = ""
    status: WebhookStatus = "ACTIVE"
    created_ms: int


class OldFile(Record, frozen=True, kw_only=True):
    """A file below a run or a model elsewhere; ``mark`` changes when it is written again."""

    path: str
    size: int | None = None
    mark: str = ""


class ImportPreview(Record, frozen=True, kw_only=True):
    """What would be taken over; nothing was."""

    origin: str
    kind: Kind
    experiments: list[OldExperiment]
    missing: list[str]  # experiments asked for that are not there
    registered: int
    versions: int
    prompts: int = 0
    prompt_versions: int = 0
    evaluations: int = 0
    webhooks: int = 0


class Skipped(Record, frozen=True, kw_only=True):
    """What stayed behind for one reason: how many, and the first few of them."""

    reason: str
    count: int
    examples: list[str]


class ExperimentTaken(Record, frozen=True, kw_only=True):
    """What came of one experiment: ``id`` is its id here."""

    id: str
    name: str
    runs: int  # there
    new: int
    changed: int
    points: int  # metric values read
    models: int  # logged models that are new or changed
    files: int
    bytes: int
    traces: int = 0  # new or changed
    skipped: list[Skipped] = []
    seconds: float = 0.0


class RegistryTaken(Record, frozen=True, kw_only=True):
    """What came of the registry: models, prompts, and the webhooks that are told of them."""

    models: int
    versions: int  # new ones
    prompts: int = 0
    prompt_versions: int = 0  # new ones
    webhooks: int = 0  # all of them disabled
    skipped: list[Skipped] = []
    seconds: float = 0.0


class EvaluationsTaken(Record, frozen=True, kw_only=True):
    """What came of the evaluation datasets."""

    datasets: int = 0  # new or changed
    rows: int = 0
    skipped: list[Skipped] = []
    seconds: float = 0.0


class ImportReport(Record, frozen=True, kw_only=True):
    """What an import did, from its beginning on, however often it was stopped meanwhile."""

    origin: str
    experiments: list[ExperimentTaken]
    registry: RegistryTaken
    evaluations: EvaluationsTaken = msgspec.field(
        default_factory=EvaluationsTaken
    )  # a schema holds no default record
    skipped: list[Skipped]
    seconds: float


class Import(Record, frozen=True, kw_only=True):
    """An import that was asked for, how far it is, and its report once it is done."""

    id: str  # of its job
    request: NewImport
    state: JobState
    progress: float
    note: str
    error: str | None
    hint: str | None
    report: ImportReport | None
    actor: str
    created_at: datetime
    finished_at: datetime | None
