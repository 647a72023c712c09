"""Use cases of stage 1: state a hypothesis, look it up, decide about it."""

import msgspec

from pomona.business import rules, store
from pomona.business.records import Decision, Hypothesis, NewDecision, NewHypothesis
from pomona.core.actors import current_actor
from pomona.core.errors import NotFound
from pomona.core.events import DecisionMade, HypothesisCreated
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page


class BusinessService:
    """Hypotheses and decisions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, new: NewHypothesis) -> Hypothesis:
        """State a hypothesis.

        Raises:
            Invalid: If it could not be tested (unknown metric, target no better than the baseline, ...).
            Conflict: If the name is taken.
        """
        direction = rules.check_hypothesis(new)
        now = self._clock.now()
        hypothesis = Hypothesis(
            id=new_id("hyp", now),
            name=new.name,
            statement=new.statement,
            metric=new.metric,
            direction=direction,
            baseline=new.baseline,
            target=new.target,
            payoffs=new.payoffs,
            unit=new.unit,
            budget=new.budget,
            created_at=now,
            created_by=current_actor(),
        )

        def add(tx: Transaction) -> Hypothesis:
            store.hypotheses.unused(tx, "name", new.name)
            tx.emit(HypothesisCreated(subject=hypothesis.id, name=hypothesis.name))
            return store.hypotheses.insert(tx, hypothesis)

        return self._database.write(add)

    def hypothesis(self, ref: str) -> Hypothesis:
        """The hypothesis with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: _find(tx, ref))

    def hypotheses(self, *, cursor: str | None = None, limit: int = 50) -> Page[Hypothesis]:
        """Hypotheses, newest first."""
        return self._database.read(lambda tx: store.hypotheses.page(tx, cursor=cursor, limit=limit))

    def decide(self, ref: str, new: NewDecision) -> Decision:
        """Decide about a hypothesis; the evidence is linked in the ledger.

        Raises:
            NotFound: If there is no such hypothesis.
            Conflict: If it is closed already.
        """

        def add(tx: Transaction) -> Decision:
            hypothesis = _find(tx, ref)
            state = rules.state_after(hypothesis.state, new)
            now = self._clock.now()
            decision = Decision(
                id=new_id("dec", now),
                hypothesis=hypothesis.id,
                verdict=new.verdict,
                reason=new.reason,
                evidence=new.evidence,
                at=now,
                by=current_actor(),
            )
            store.hypotheses.replace(tx, msgspec.structs.replace(hypothesis, state=state))
            tx.link(decision.id, "decided", hypothesis.id)
            for evidence in filter(kind_of, new.evidence):
                tx.link(decision.id, "evidence", evidence)
            tx.emit(
                DecisionMade(
                    subject=decision.id, hypothesis=hypothesis.id, verdict=new.verdict, reason=new.reason
                )
            )
            return store.decisions.insert(tx, decision)

        return self._database.write(add)

    def decisions(self, ref: str) -> list[Decision]:
        """All decisions about a hypothesis, oldest first."""

        def find(tx: Transaction) -> list[Decision]:
            hypothesis = _find(tx, ref)
            return store.decisions.all(tx, store.decisions.c.hypothesis == hypothesis.id)

        return self._database.read(find)

    def decision(self, decision_id: str) -> Decision:
        """One decision.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.decisions.get(tx, decision_id))


def _find(tx: Transaction, ref: str) -> Hypothesis:
    if kind_of(ref) == "hyp":
        return store.hypotheses.get(tx, ref)
    found = store.hypotheses.first(tx, store.hypotheses.c.name == ref)
    if found is None:
        raise NotFound(f"no hypothesis named {ref!r}", hint="`pomona hypothesis ls` lists them")
    return found
