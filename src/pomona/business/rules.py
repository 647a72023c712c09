"""What makes a hypothesis testable, and what a decision does to it."""

import math
import re
from decimal import Decimal
from typing import Never

from pomona.business.records import (
    DecisionVerdict,
    Direction,
    HypothesisState,
    NewDecision,
    NewHypothesis,
)
from pomona.core.errors import Conflict, Invalid
from pomona.stats.metrics import METRICS

_MAX_PAYOFF = Decimal(1_000_000)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def check_hypothesis(new: NewHypothesis) -> Direction:
    """Refuse what could never be proven right or wrong; returns the direction that is better.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    if not NAME.fullmatch(new.name):
        _refuse(
            "name", f"{new.name!r} is not a name", "lower-case letters, digits and . _ - (e.g. flight-delay)"
        )
    if len(new.statement.strip()) < 10:
        _refuse("statement", "the statement says nothing yet", "one sentence: if we do X, then Y, because Z")
    if new.metric not in METRICS:
        _refuse("metric", f"unknown metric {new.metric!r}", f"known: {', '.join(sorted(METRICS))}")
    metric = METRICS[new.metric]
    direction = new.direction or metric.direction
    if direction != metric.direction:
        _refuse(
            "direction",
            f"{new.metric} is better when {metric.direction}",
            f"use direction={metric.direction!r}",
        )
    if not (math.isfinite(new.baseline) and math.isfinite(new.target)):
        _refuse(
            "target",
            "baseline and target must be finite numbers",
            "what the metric is now, and what it must reach",
        )
    improves = new.target > new.baseline if direction == "higher" else new.target < new.baseline
    if not improves:
        _refuse(
            "target",
            f"the target {new.target:g} is no better than the baseline {new.baseline:g}",
            f"for {new.metric}, {direction} is better",
        )
    _check_money(new)
    return direction


def _check_money(new: NewHypothesis) -> None:
    if new.metric == "value_per_prediction" and new.payoffs is None:
        _refuse(
            "payoffs", "value_per_prediction needs payoffs", "say what a right and a false answer are worth"
        )
    if new.payoffs is not None and not 0.0 < new.payoffs.threshold < 1.0:
        _refuse("payoffs", f"threshold {new.payoffs.threshold:g} is not between 0 and 1", "e.g. 0.5")
    for name in ("true_positive", "false_positive", "true_negative", "false_negative"):
        amount = getattr(new.payoffs, name, Decimal(0))
        if not (amount.is_finite() and abs(amount) <= _MAX_PAYOFF):  # sums of millionths must fit 64 bits
            _refuse("payoffs", f"{name} {amount} is no sum of money for one answer", "at most a million")
    if new.budget is not None and (new.budget.days <= 0 or new.budget.money.amount < 0):
        _refuse("budget", "a budget has at least one day and no negative money", "e.g. 10 days and 5000 EUR")


def state_after(state: HypothesisState, decision: NewDecision) -> HypothesisState:
    """Where a hypothesis stands after a decision; a pivot closes it (state the new one).

    Raises:
        Invalid: If the decision gives no reason.
        Conflict: If the hypothesis is closed already.
    """
    if not decision.reason.strip():
        raise Invalid("a decision needs a reason", hint="one sentence that still makes sense in a year")
    if state == "killed":
        raise Conflict("the hypothesis is closed", hint="state a new one; it can name this one as evidence")
    outcomes: dict[DecisionVerdict, HypothesisState] = {"go": "go", "kill": "killed", "pivot": "killed"}
    return outcomes[decision.verdict]


def _refuse(field: str, detail: str, hint: str) -> Never:
    raise Invalid(detail, hint=hint, extra={"field": field})
