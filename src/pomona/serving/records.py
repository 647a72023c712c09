"""What the gateway serves, what it answered, what came true, and what that was worth."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pomona.core.records import Record
from pomona.releases.records import Arm, Durability, StrategyName

OutcomeStatus = Literal["matched", "waiting", "repeated", "conflict"]
LedgerPeriod = Literal["day", "month"]


class EndpointRoute(Record, frozen=True, kw_only=True):
    """All a gateway needs to know of one endpoint. A unit's arm follows from ``salt`` and ``arms``.

    With a ``threshold`` an answer is the probability of the positive class and a decision above it;
    without one it is what the model predicts.
    """

    name: str
    release: str
    strategy: StrategyName
    salt: str
    arms: tuple[Arm, ...]  # the first is the champion
    durability: Durability = "commit"
    hypothesis: str | None = None
    threshold: float | None = None
    positive_class: str | None = None
    unit_column: str | None = None


class ServedFile(Record, frozen=True, kw_only=True):
    """One file of a model: its path inside the model's folder and its BLAKE3 digest."""

    path: str
    digest: str
    size: int


class ServedSeal(Record, frozen=True, kw_only=True):
    """What the registry signed: its manifest (JSON), and the signature of it by the key named ``key``."""

    manifest: str
    key: str
    signature: str


class ServedModel(Record, frozen=True, kw_only=True):
    """A model version as the gateway fetches it; seal and files are verified before it is loaded.

    One without a seal is not what was registered, and is refused.
    """

    id: str
    model: str
    number: int
    files: tuple[ServedFile, ...]
    seal: ServedSeal | None = None


class GatewaySnapshot(Record, frozen=True, kw_only=True):
    """Everything a gateway serves, named by content: the same routes have the same revision."""

    revision: str
    endpoints: tuple[EndpointRoute, ...] = ()
    models: tuple[ServedModel, ...] = ()


class Prediction(Record, frozen=True, kw_only=True):
    """One answered row, bound to the model version that answered it."""

    id: str
    key: str | None = None  # the caller's own id of the row, if it gave one
    request: str
    endpoint: str
    release: str
    revision: str
    model_version: str
    arm: str
    probabilities: dict[str, float]  # of every arm, so that any policy can be evaluated later
    failure: str | None = None  # why the arm's own model did not answer and the champion did
    unit: str
    input: dict[str, Any]
    output: Any
    decision: bool | None = None
    at: datetime  # when it happened in the business
    answered_at: datetime
    actual: float | None = None
    value: Decimal | None = None  # money, once the outcome is known
    value_without: Decimal | None = None  # money of the same case with no model
    outcomes: list["Outcome"] = []


TRUTH = "actual"
"""The outcome that says what came true; outcomes with other names are kept beside it."""


class NewOutcome(Record, frozen=True, kw_only=True):
    """What came true for a prediction; told again with the same value it changes nothing.

    A correction comes as the next ``seq``: the highest one counts. For a yes/no prediction the value
    is true or false (or 1 and 0).
    """

    prediction_id: str
    value: float | bool
    name: str = TRUTH
    at: datetime | None = None
    seq: int = 0


class Outcome(Record, frozen=True, kw_only=True):
    """An outcome as it is kept; ``waiting`` until its prediction is known."""

    prediction_id: str
    name: str
    seq: int
    value: float
    at: datetime
    recorded_at: datetime
    status: Literal["matched", "waiting"]


class OutcomeResult(Record, frozen=True, kw_only=True):
    """What happened to one item of a batch that was not simply matched."""

    index: int
    prediction_id: str
    status: OutcomeStatus
    detail: str


class OutcomeReceipt(Record, frozen=True, kw_only=True):
    """How many of a batch were matched, wait, were known already or contradict what is known."""

    matched: int = 0
    waiting: int = 0
    repeated: int = 0
    conflicts: int = 0
    notes: list[OutcomeResult] = []  # waiting and conflicting items, at most 100


class ValueRow(Record, frozen=True, kw_only=True):
    """Money of one period and model version. ``uplift`` = ``value`` - ``value_without``."""

    period: date
    model_version: str
    arm: str
    release: str
    predictions: int
    matched: int
    value: Decimal
    value_without: Decimal
    uplift: Decimal


class ValueLedger(Record, frozen=True, kw_only=True):
    """What an endpoint earned with the model, beside what the same cases earn without it."""

    endpoint: str
    currency: str
    period: LedgerPeriod
    rows: list[ValueRow]
    predictions: int
    matched: int
    value: Decimal
    value_without: Decimal
    uplift: Decimal


class JournalSegment(Record, frozen=True, kw_only=True):
    """How far one segment of a gateway's journal has been folded into the predictions table."""

    name: str
    offset: int  # bytes folded
    rows: int
    state: Literal[
        "open", "folded", "damaged"
    ]  # damaged: bytes behind the last whole row, never acknowledged
    folded_at: datetime
