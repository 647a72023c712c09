"""Models, versions named by the digest of their files, and what the gate said about them."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Link, Record

ModelStage = Literal["None", "Staging", "Production", "Archived"]
Direction = Literal["higher", "lower"]
CHAMPION = "champion"
CHALLENGER = "challenger"


class RegisteredModel(Record, frozen=True, kw_only=True):
    """A name under which versions of a model follow one another."""

    id: str
    name: str
    description: str = ""
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    latest: int | None = None
    approvals_needed: int = 0  # people who must agree before a version is champion or in production
    approvers: tuple[str, ...] = ()  # empty: anybody but its author
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class ModelFile(Record, frozen=True, kw_only=True):
    """One file of a version: its path below the model's folder, BLAKE3 and size in bytes."""

    path: str
    digest: str
    size: int


class ModelColumn(Record, frozen=True, kw_only=True):
    """A column that a model takes or answers, as its signature says."""

    name: str
    type: str
    required: bool = True


class Signature(Record, frozen=True, kw_only=True):
    """What a model takes and what it answers; empty where the model does not say."""

    inputs: tuple[ModelColumn, ...] = ()
    outputs: tuple[ModelColumn, ...] = ()
    params: tuple[ModelColumn, ...] = ()


class Code(Record, frozen=True, kw_only=True):
    """A file that runs code when its model is loaded: what kind, and what a pickle in it would import."""

    path: str
    kind: Literal["pickle", "python", "unreadable"]
    imports: tuple[str, ...] = ()


class Outside(Record, frozen=True, kw_only=True):
    """Where a model came from that no run here logged, and why its code is trusted if it has some."""

    origin: str
    code: tuple[Code, ...] = ()
    allowed: str | None = None


class ModelVersion(Record, frozen=True, kw_only=True):
    """One version of a model; its files never change.

    ``digest`` is the BLAKE3 root over the sorted manifest of files. ``metrics`` are those its run (or
    the logged model) had when it was registered; ``data_version`` is what it was trained on.
    """

    id: str
    model: str
    model_id: str  # mdl_...
    number: int
    run_id: str | None = None
    logged_model: str | None = None
    source: str
    files: tuple[ModelFile, ...]
    digest: str
    size: int
    flavors: dict[str, dict[str, Any]]
    signature: Signature
    metrics: dict[str, float] = {}
    data_version: str | None = None
    hypothesis: str | None = None
    environment: str | None = None  # digest of its requirements
    outside: Outside | None = None  # None: a run here logged it
    status: Literal["ready", "deleted"] = "ready"
    stage: ModelStage = "None"
    description: str = ""
    run_link: str = ""
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    created_by: str = ""
    run_user: str = ""  # whose run made it, as its client said


class NewVersion(Record, frozen=True, kw_only=True):
    """What is to be registered: the model a run logged, or one by its address."""

    run_id: str | None = None
    path: str | None = None  # of the model below its run; default: the one model the run logged
    source: str | None = None  # models:/m-..., runs:/<run>/<path>, mlflow-artifacts:/..., models:/name/3
    description: str = ""
    tags: dict[str, str] = {}


class Score(Record, frozen=True, kw_only=True):
    """A model's metric on some data. ``low`` and ``high`` bound it where the noise is known."""

    metric: str
    value: float | None  # None: it could not be measured
    rows: int | None = None
    data_version: str | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None


class GateDecision(Record, frozen=True, kw_only=True):
    """What the gate says and why, in words with the numbers."""

    passed: bool
    reason: str


class GateCheck(Record, frozen=True, kw_only=True):
    """What to check a version on; left out, its own logged metrics and its run's hypothesis."""

    hypothesis: str | None = None
    metric: str | None = None
    candidate: Score | None = None
    champion: Score | None = None
    minimum_improvement: float = 0.0


class GateResult(Record, frozen=True, kw_only=True):
    """A gate's answer as it was given, with everything it rests on."""

    id: str
    model: str
    version: str  # mv_...
    number: int
    champion: str | None  # the version it was compared with
    hypothesis: str | None
    metric: str
    direction: Direction
    target: float | None
    minimum_improvement: float
    candidate_score: Score
    champion_score: Score | None
    passed: bool
    reason: str
    approved_by: tuple[str, ...] = ()  # who had approved the version by then
    approval_missing: str = ""
    at: datetime
    by: str


class AliasMove(Record, frozen=True, kw_only=True):
    """Where an alias shall point. ``force`` passes the champion's gate by, for the reason it gives."""

    number: int
    force: str | None = None


class Verified(Record, frozen=True, kw_only=True):
    """The answer to a check: the seal is ours, and each file was hashed again and is what it was."""

    version: str
    digest: str
    files: int
    size: int
    key: str  # the public key that checks its seal
    sealed_at: datetime


class Seal(Record, frozen=True, kw_only=True):
    """What the server signed when a version was registered.

    ``manifest`` is JSON with everything about the version that never changes; ``signature`` is Ed25519
    over its UTF-8 bytes, in base64, by the key named ``key``.
    """

    id: str  # of the version
    manifest: str
    key: str
    signature: str
    sealed_at: datetime
    sealed_by: str
    note: str = ""  # why it was sealed later than registered


class Reason(Record, frozen=True, kw_only=True):
    """Why a person does something out of the ordinary; the ledger keeps it."""

    reason: str


class VersionDetail(Record, frozen=True, kw_only=True):
    """A version, what the gate said about it, and its links in the ledger."""

    version: ModelVersion
    gates: list[GateResult]
    links: list[Link]
    seal: Seal | None = None


class ModelDetail(Record, frozen=True, kw_only=True):
    """A model and all its versions, newest first."""

    model: RegisteredModel
    versions: list[ModelVersion]
    gates: list[GateResult]
