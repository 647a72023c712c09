"""Triggers, what they decided about each event, and what a retraining did."""

from datetime import datetime
from typing import Any, Literal

from pomona.core.records import Money, Record
from pomona.registry.records import Score
from pomona.releases.records import CanaryPolicy

TriggerKind = Literal["request", "schedule", "drift", "quality", "data_volume"]
TickClock = Literal["wall", "event"]
RetrainOutcome = Literal["champion", "canary", "refused", "failed"]


class Recipe(Record, frozen=True, kw_only=True):
    """How a retraining is done, judged and released."""

    entry: str  # the training entry that is run again
    dataset: str | None = None  # default: the entry's own
    label: str  # the column that holds what came true
    params: dict[str, Any] = {}  # over the entry's own
    purpose: str = "training"  # what the rows it is judged on are read for
    holdout_days: float = 14.0  # newest labelled days: kept from training, both models are judged on them
    minimum_improvement: float = 0.0  # of the metric over the champion
    policy: CanaryPolicy = CanaryPolicy()
    cost: Money | None = None  # of one retraining: machine, people
    horizon_days: float = 30.0  # how long a better model is worth its cost


class NewTrigger(Record, frozen=True, kw_only=True):
    """When a model is retrained.

    ``threshold`` is, for ``drift`` and ``quality``, the score of a window from which on it fires (None:
    as soon as an incident is open); for ``data_volume`` the growth over the champion's version that
    fires: 1.0 = twice the rows.

    ``cooldown_hours`` and the period of ``budget`` are counted in the time of the events themselves: the
    window's end, or the moment a version describes. Only retrainings that drift, quality or data volume
    started count for the cool-down; a schedule or a person neither waits nor makes others wait.
    """

    name: str
    endpoint: str
    kind: TriggerKind
    recipe: Recipe
    threshold: float | None = None
    cron: str | None = None  # schedule: five fields, UTC
    clock: TickClock = "wall"  # schedule: ticks of the wall, or of the newest prediction's event time
    cooldown_hours: float = 0.0
    budget: int | None = None  # retrainings of this endpoint
    budget_days: float = 30.0  # within so many days


class Trigger(Record, frozen=True, kw_only=True):
    """A trigger as it is kept. ``endpoint`` is the endpoint's name."""

    id: str
    name: str
    endpoint: str
    kind: TriggerKind
    recipe: Recipe
    threshold: float | None = None
    cron: str | None = None
    clock: TickClock = "wall"
    cooldown_hours: float = 0.0
    budget: int | None = None
    budget_days: float = 30.0
    enabled: bool = True
    next_at: datetime | None = None  # schedule: the next tick
    created_at: datetime
    created_by: str


class Facts(Record, frozen=True, kw_only=True):
    """All that a decision to retrain rests on. None: not known, or of no matter for this trigger."""

    kind: TriggerKind
    enabled: bool = True
    what: str = ""  # what happened, in words
    as_of: datetime  # in the time of the event
    unmet: str | None = None  # what is still missing to be a reason; None: it is one
    running_job: str | None = None
    canary: str | None = None  # a release that is still being judged
    entry: str = ""
    params: dict[str, Any] = {}
    data_version: str | None = None  # what would be trained on
    champion_data: str | None = None  # what the champion was trained on
    tried_by: str | None = None  # a job that ran the same entry and parameters on the same version
    last_retrained: datetime | None = None
    cooldown_hours: float = 0.0
    retrained: int = 0  # within the budget's days
    budget: int | None = None
    budget_days: float = 30.0
    loss_per_day: float | None = None  # what the degraded model loses
    cost: float | None = None  # of one retraining
    horizon_days: float = 30.0
    currency: str = ""


class Decision(Record, frozen=True, kw_only=True):
    """Whether to retrain, and why."""

    fire: bool
    reason: str


class Reaction(Record, frozen=True, kw_only=True):
    """What a trigger decided about one event, on which facts, and what came of it."""

    id: str
    trigger: str  # its name
    endpoint: str
    kind: TriggerKind
    event: int | None = None  # sequence number in the ledger; None for a request or a tick
    fired: bool
    reason: str
    facts: Facts
    job: str | None = None
    outcome: RetrainOutcome | None = None  # once the job is done
    outcome_reason: str = ""
    at: datetime
    by: str


class Request(Record, frozen=True, kw_only=True):
    """A person asks for a retraining now."""

    reason: str
    params: dict[str, Any] = {}  # over the trigger's own


class RetrainPlan(Record, frozen=True, kw_only=True):
    """The payload of a ``retrain`` job."""

    reaction: str
    trigger: str
    endpoint: str
    recipe: Recipe
    data_version: str
    reason: str


class Comparison(Record, frozen=True, kw_only=True):
    """Candidate and champion on the same newest labelled rows."""

    data_version: str
    since: datetime | None = None
    until: datetime | None = None
    rows: int
    candidate: Score
    champion: Score | None = None  # None: there is none yet


class RetrainResult(Record, frozen=True, kw_only=True):
    """What a retraining came to."""

    outcome: RetrainOutcome
    reason: str
    run: str
    version: str  # the new model version
    data_version: str
    comparison: Comparison
    gate: str
    release: str | None = None
