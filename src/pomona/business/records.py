"""A hypothesis, what it is worth, what may be spent on it, and the decisions made about it."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pomona.core.records import Money, Record

Direction = Literal["higher", "lower"]
HypothesisState = Literal["open", "go", "killed"]
DecisionVerdict = Literal["go", "kill", "pivot"]


class Payoffs(Record, frozen=True, kw_only=True):
    """Money earned (or lost, if negative) by one prediction, by what was said and what came true.

    A prediction says "yes" when its probability is above ``threshold``. Without the model the answer
    is always "no", so ``true_negative`` and ``false_negative`` are what is earned anyway.
    """

    true_positive: Decimal
    false_positive: Decimal
    true_negative: Decimal = Decimal(0)
    false_negative: Decimal = Decimal(0)
    threshold: float = 0.5
    currency: str = "EUR"


class Budget(Record, frozen=True, kw_only=True):
    """What the first analysis may cost before a decision is due, and who answers for it."""

    owner: str
    days: int
    money: Money


class NewHypothesis(Record, frozen=True, kw_only=True):
    """What a person states: if we predict this, that metric reaches the target and earns money."""

    name: str
    statement: str
    metric: str
    baseline: float
    target: float
    direction: Direction | None = None  # None: the metric's own
    payoffs: Payoffs | None = None
    unit: str = "prediction"  # what one scored thing is called: a flight, a loan, a click
    budget: Budget | None = None


class Hypothesis(Record, frozen=True, kw_only=True):
    """A stated hypothesis and where it stands."""

    id: str
    name: str
    statement: str
    metric: str
    direction: Direction
    baseline: float
    target: float
    payoffs: Payoffs | None = None
    unit: str = "prediction"
    budget: Budget | None = None
    state: HypothesisState = "open"
    created_at: datetime
    created_by: str


class NewDecision(Record, frozen=True, kw_only=True):
    """A person's decision: go on, stop, or change course; why, and on what evidence."""

    verdict: DecisionVerdict
    reason: str
    evidence: list[str] = []  # ids of records (runs, versions, ...) or links to documents


class Decision(Record, frozen=True, kw_only=True):
    """A decision as it was made."""

    id: str
    hypothesis: str
    verdict: DecisionVerdict
    reason: str
    evidence: list[str] = []
    at: datetime
    by: str
