"""Hypotheses and decisions from Python."""

from collections.abc import Iterator, Sequence

from pomona.business.records import (
    Budget,
    Decision,
    DecisionVerdict,
    Direction,
    Hypothesis,
    NewDecision,
    NewHypothesis,
    Payoffs,
)
from pomona.sdk.session import Session, part

DECISIONS = list[Decision]  # `list` is a method below


class Hypotheses:
    """``client.hypotheses``: why a project exists."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        name: str,
        *,
        statement: str,
        metric: str,
        baseline: float,
        target: float,
        direction: Direction | None = None,
        payoffs: Payoffs | None = None,
        unit: str = "prediction",
        budget: Budget | None = None,
    ) -> Hypothesis:
        """State a hypothesis: ``metric`` moves from ``baseline`` to ``target``, worth ``payoffs`` a unit."""
        new = NewHypothesis(
            name=name,
            statement=statement,
            metric=metric,
            baseline=baseline,
            target=target,
            direction=direction,
            payoffs=payoffs,
            unit=unit,
            budget=budget,
        )
        return self._session.post("/api/v1/hypotheses", new, Hypothesis)

    def get(self, ref: str) -> Hypothesis:
        """One hypothesis, by id or name."""
        return self._session.get(f"/api/v1/hypotheses/{part(ref)}", Hypothesis)

    def list(self, *, limit: int | None = None) -> Iterator[Hypothesis]:
        """Hypotheses, newest first."""
        return self._session.all("/api/v1/hypotheses", Hypothesis, limit=limit)

    def decide(
        self, ref: str, verdict: DecisionVerdict, *, reason: str, evidence: Sequence[str] = ()
    ) -> Decision:
        """Decide: ``go``, ``kill`` or ``pivot``, with the ids of the records the decision rests on."""
        new = NewDecision(verdict=verdict, reason=reason, evidence=[*evidence])
        return self._session.post(f"/api/v1/hypotheses/{part(ref)}/decisions", new, Decision)

    def decisions(self, ref: str) -> Sequence[Decision]:
        """Every decision about a hypothesis, oldest first."""
        return self._session.get(f"/api/v1/hypotheses/{part(ref)}/decisions", DECISIONS)
