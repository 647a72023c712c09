"""The gate before the champion: gathers the evidence, asks the rule, keeps the answer."""

from pomona.business.records import Hypothesis
from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, Refused
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import GateChecked
from pomona.registry import rules, store
from pomona.registry.approvals.store import standing
from pomona.registry.records import Direction, GateCheck, GateResult, ModelVersion, Score
from pomona.stats.metrics import METRICS


class Gatekeeper:
    """Decides whether a version may take the champion's place."""

    def __init__(self, database: Database, clock: Clock, business: BusinessService) -> None:
        self._database = database
        self._clock = clock
        self._business = business

    def check(self, version: ModelVersion, champion: ModelVersion | None, wish: GateCheck) -> GateResult:
        """Decide and keep the answer, linked to what it rests on.

        Raises:
            Invalid: If the metric is unknown or none is named.
            Refused: If there is no measurement to decide on.
        """
        ref = wish.hypothesis or version.hypothesis
        hypothesis = self._business.hypothesis(ref) if ref else None
        metric, direction = _metric(wish, hypothesis)
        approval = self._database.read(lambda tx: standing(tx, version))
        rival = None if champion is None or champion.id == version.id else champion
        candidate = wish.candidate or _own(version, metric)
        before = wish.champion or _before(rival, metric, given=wish.candidate is not None)
        aim = hypothesis if hypothesis and hypothesis.metric == metric else None
        said = rules.decide_gate(
            candidate,
            before,
            target=aim.target if aim else None,
            direction=direction,
            minimum_improvement=wish.minimum_improvement,
            baseline=aim.baseline if aim else None,
        )
        now = self._clock.now()
        result = GateResult(
            id=new_id("gat", now),
            model=version.model,
            version=version.id,
            number=version.number,
            champion=rival.id if rival else None,
            hypothesis=hypothesis.id if hypothesis else None,
            metric=metric,
            direction=direction,
            target=aim.target if aim else None,
            minimum_improvement=wish.minimum_improvement,
            candidate_score=rules.kept(candidate),
            champion_score=rules.kept(before) if before else None,
            passed=said.passed,
            reason=said.reason,
            approved_by=approval.approved_by,
            approval_missing=approval.missing,
            at=now,
            by=current_actor(),
        )
        return self._database.write(lambda tx: _keep(tx, result))


def _keep(tx: Transaction, result: GateResult) -> GateResult:
    tx.link(result.id, "evidence", result.version)
    if result.champion:
        tx.link(result.id, "evidence", result.champion)
    if result.hypothesis:
        tx.link(result.id, "tests", result.hypothesis)
    if result.candidate_score.data_version:
        tx.link(result.id, "evaluated_on", result.candidate_score.data_version)
    tx.emit(
        GateChecked(
            subject=result.version,
            model=result.model,
            number=result.number,
            passed=result.passed,
            reason=result.reason,
        )
    )
    return store.gates.insert(tx, result)


def _metric(wish: GateCheck, hypothesis: Hypothesis | None) -> tuple[str, Direction]:
    metric = wish.metric or (wish.candidate.metric if wish.candidate else None)
    metric = metric or (hypothesis.metric if hypothesis else None)
    if metric is None:
        raise Invalid(
            "the gate needs a metric: the version tests no hypothesis",
            hint=f"name a hypothesis or a metric; known: {', '.join(sorted(METRICS))}",
        )
    if metric not in METRICS:
        raise Invalid(f"unknown metric {metric!r}", hint=f"known: {', '.join(sorted(METRICS))}")
    return metric, METRICS[metric].direction


def _own(version: ModelVersion, metric: str) -> Score:
    _, value = rules.logged_score(version.metrics, metric)
    return Score(metric=metric, value=value)


def _before(champion: ModelVersion | None, metric: str, *, given: bool) -> Score | None:
    if champion is None:
        return None
    if given:
        raise Refused(
            f"the champion {champion.model}/{champion.number} was not scored on the same data",
            hint="score it too and pass it as champion",
        )
    return _own(champion, metric)
