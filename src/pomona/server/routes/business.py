"""Stage 1 over HTTP: hypotheses and decisions."""

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.business.records import Decision, Hypothesis, NewDecision, NewHypothesis
from pomona.core.records import Page
from pomona.server.wiring import Wired
from pomona.stats.metrics import METRICS, KnownMetric


class MetricRoutes(Controller):
    """Metrics that a hypothesis, a gate or a monitor may name."""

    path = "/api/v1/metrics"
    tags = ("business",)

    @get(sync_to_thread=False)
    def known(self) -> list[KnownMetric]:
        """Every metric: what it tells and which way is better."""
        return list(METRICS.values())


class HypothesisRoutes(Controller):
    """Hypotheses."""

    path = "/api/v1/hypotheses"
    tags = ("business",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewHypothesis]) -> Hypothesis:
        """State a hypothesis."""
        return app.business.create(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Hypothesis]:
        """Hypotheses, newest first."""
        return app.business.hypotheses(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Hypothesis:
        """One hypothesis, by id or name."""
        return app.business.hypothesis(ref)

    @post("/{ref:str}/decisions", sync_to_thread=True)
    def decide(self, app: Wired, ref: FromPath[str], data: JSONBody[NewDecision]) -> Decision:
        """Decide: go, kill or pivot, with a reason and evidence."""
        return app.business.decide(ref, data)

    @get("/{ref:str}/decisions", sync_to_thread=True)
    def decisions(self, app: Wired, ref: FromPath[str]) -> list[Decision]:
        """Every decision about this hypothesis, oldest first."""
        return app.business.decisions(ref)


class DecisionRoutes(Controller):
    """Decisions."""

    path = "/api/v1/decisions"
    tags = ("business",)

    @get("/{decision_id:str}", sync_to_thread=True)
    def show(self, app: Wired, decision_id: FromPath[str]) -> Decision:
        """One decision."""
        return app.business.decision(decision_id)
