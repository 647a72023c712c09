"""Endpoints, releases of model versions on them, the evidence a canary gathers and its verdicts."""

from datetime import datetime
from typing import Literal

from pomona.business.records import Payoffs
from pomona.core.records import Record
from pomona.stats.records import Interval, Moments

Durability = Literal["commit", "async"]
StrategyName = Literal["champion", "canary"]
ReleaseState = Literal["running", "promoted", "rolled_back", "superseded"]
Action = Literal["continue", "promote", "roll_back", "halt_invalid"]
Measure = Literal["money", "right"]  # money per prediction, or the share of right answers

CHAMPION = "champion"
CANDIDATE = "candidate"


class NewEndpoint(Record, frozen=True, kw_only=True):
    """A named route of the gateway: which model answers there, and what its answers are worth."""

    name: str
    model: str
    hypothesis: str | None = None  # id or name; its payoffs and threshold are copied
    threshold: float | None = None  # default: the payoffs'
    positive_class: str | None = None  # label counted as "yes"; default: the model's second class
    unit_column: str | None = None  # the input column that names the unit, when a request names none
    durability: Durability = "commit"


class Endpoint(Record, frozen=True, kw_only=True):
    """A named route of the gateway.

    With a ``threshold`` an answer is the probability of the positive class and a decision above it;
    without one it is what the model predicts.
    """

    id: str
    name: str
    model: str
    hypothesis: str | None = None  # id
    payoffs: Payoffs | None = None
    threshold: float | None = None
    positive_class: str | None = None
    unit_column: str | None = None
    durability: Durability = "commit"
    created_at: datetime
    created_by: str


class Arm(Record, frozen=True, kw_only=True):
    """One model version of a release and the share of units it answers."""

    name: str
    model_version: str
    share: float


class Assignment(Record, frozen=True, kw_only=True):
    """The arm that answers a unit, and the probability each arm had."""

    arm: Arm
    probabilities: dict[str, float]


class CanaryPolicy(Record, frozen=True, kw_only=True):
    """When a canary ends, and how.

    ``tolerance`` is how much worse (per prediction, in the measure) the candidate may be and still be
    promoted. ``alpha`` is the chance, over the whole life of a canary, that a difference is claimed
    where there is none. ``max_days`` counts event time: then the better estimate wins, if it is better
    with at least ``min_probability``.
    """

    share: float = 0.3
    min_matured: int = 1000  # per arm, before the two are compared
    expected_matured: int = 10_000  # of both arms: where the comparison is sharpest
    alpha: float = 0.05
    tolerance: float = 0.0
    max_days: float = 14.0
    min_probability: float = 0.5
    max_failure_ratio: float = 2.0  # candidate's share of failed answers over the champion's
    fuse_failures: int = 5  # of the newest answers ...
    fuse_answers: int = 20  # ... this many
    srm_alpha: float = 0.001  # chance of a false alarm about the split itself


class ArmEvidence(Record, frozen=True, kw_only=True):
    """What one arm did so far. ``value`` is of the matured predictions, one value for each."""

    arm: str
    model_version: str
    predictions: int = 0
    units: int | None = None  # different units; None if unknown: then each prediction counts as one
    matured: int = 0
    value: Moments = Moments()
    failures: int = 0
    recent: int = 0  # newest answers looked at by the fuse
    recent_failures: int = 0


class CanaryEvidence(Record, frozen=True, kw_only=True):
    """Both arms of a canary over the same stretch of event time."""

    champion: ArmEvidence
    candidate: ArmEvidence
    share: float  # of units, that the plan gives to the candidate
    measure: Measure = "money"
    currency: str = ""
    since: datetime | None = None  # first and newest event time
    until: datetime | None = None

    @property
    def days(self) -> float:
        """Days of event time that the evidence spans."""
        if self.since is None or self.until is None:
            return 0.0
        return (self.until - self.since).total_seconds() / 86_400


class Verdict(Record, frozen=True, kw_only=True):
    """What the rule says, why in words, and the numbers behind it. A function of its inputs alone."""

    action: Action
    reason: str
    difference: float | None = None  # candidate minus champion, per prediction
    interval: Interval | None = None  # of the difference, valid however often it is looked at
    probability: float | None = None  # that the candidate is better, from the same data
    at: datetime


class StoredVerdict(Record, frozen=True, kw_only=True):
    """A verdict with everything that led to it, so that it can be replayed to the same bytes."""

    id: str
    release: str
    number: int
    verdict: Verdict
    evidence: CanaryEvidence | None = None  # None: a person decided
    policy: CanaryPolicy
    recorded_at: datetime
    by: str


class Release(Record, frozen=True, kw_only=True):
    """What an endpoint serves: one champion, or a champion and a candidate on a share of units."""

    id: str
    endpoint: str  # its name
    strategy: StrategyName
    champion: str  # model version id
    candidate: str | None = None
    share: float = 0.0  # of units, answered by the candidate
    salt: str
    policy: CanaryPolicy | None = None
    state: ReleaseState = "running"
    reason: str = ""  # why it was started
    verdict: Verdict | None = None  # the newest
    verdicts: int = 0
    started_at: datetime
    started_by: str
    ended_at: datetime | None = None


class NewRelease(Record, frozen=True, kw_only=True):
    """Start serving ``version`` (an id or ``models:/name/3``): at once as champion, or as canary."""

    version: str
    strategy: StrategyName = "canary"
    policy: CanaryPolicy | None = None
    reason: str
    force: str | None = None  # why a champion may serve although its gate has not let it pass


class ByHand(Record, frozen=True, kw_only=True):
    """A person ends a canary; the reason is kept."""

    reason: str


class Plan(Record, frozen=True, kw_only=True):
    """All that a gateway needs to route one endpoint: a unit's arm follows from ``salt`` and ``arms``."""

    endpoint: Endpoint
    release: Release
    arms: tuple[Arm, ...]
