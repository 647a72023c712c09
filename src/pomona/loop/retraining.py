"""The workflow ``retrain``: train, register, judge, and release or refuse; each step survives a crash."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from pomona.business.records import Hypothesis
from pomona.core.errors import Conflict, Invalid, Refused
from pomona.core.ports import Database, Transaction
from pomona.data.records import DataVersion
from pomona.jobs.worker import JobContext, Workflow
from pomona.loop import store
from pomona.loop.facts import KIND, FactFinder
from pomona.loop.reacting import ended
from pomona.loop.records import Comparison, RetrainOutcome, RetrainPlan, RetrainResult
from pomona.registry.records import GateCheck, GateResult, ModelVersion, NewVersion
from pomona.releases.records import CanaryPolicy, Endpoint, Release
from pomona.training.records.entries import Trained, TrainRequest

if TYPE_CHECKING:
    from pomona.loop.evaluation import Evaluation

VERSION = 1
HOLDOUT_PARAM = "holdout_days"  # an entry that has this parameter keeps the newest days back itself


class Trainer(Protocol):
    """Runs training entries, as steps of the calling job."""

    def train(self, wanted: TrainRequest, context: JobContext, *, step: str = "train") -> Trained:
        """Train an entry once.

        Raises:
            UserCodeFailed: If the script fails; its traceback is in ``extra`` and on the run.
            Refused: If the data version failed its checks.
        """
        ...


class Registry(Protocol):
    """Model versions and their gate."""

    def version(self, ref: str) -> ModelVersion: ...

    def versions_of_run(self, run_id: str) -> Sequence[ModelVersion]: ...

    def register(self, model: str, new: NewVersion) -> ModelVersion: ...

    def check_gate(self, ref: str, check: GateCheck | None = None) -> GateResult: ...


class Data(Protocol):
    """Data versions that may be trained on."""

    def usable_for_training(
        self, ref: str, force_reason: str | None = None, purpose: str = "training"
    ) -> DataVersion: ...


class Releases(Protocol):
    """Starts what the gate let pass."""

    def endpoint(self, ref: str) -> Endpoint: ...

    def active(self, endpoint: str) -> Release | None: ...

    def start_champion(
        self, endpoint: str, version: str, *, reason: str, force: str | None = None
    ) -> Release: ...

    def start_canary(
        self, endpoint: str, candidate: str, *, policy: CanaryPolicy | None = None, reason: str
    ) -> Release: ...


class Hypotheses(Protocol):
    """The metric that an endpoint is judged by."""

    def hypothesis(self, ref: str) -> Hypothesis: ...


class Retraining:
    """Retrains the model behind an endpoint."""

    def __init__(
        self,
        database: Database,
        *,
        trainer: Trainer,
        registry: Registry,
        releases: Releases,
        business: Hypotheses,
        data: Data,
        facts: FactFinder,
        evaluation: "Evaluation",
    ) -> None:
        self._database = database
        self._trainer = trainer
        self._registry = registry
        self._releases = releases
        self._business = business
        self._data = data
        self._facts = facts
        self._evaluation = evaluation

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=VERSION, run=self.run)

    def run(self, context: JobContext) -> RetrainResult:
        """All steps; one that finished before a crash is not run again.

        Raises:
            UserCodeFailed: If the training script raised.
            Refused: If the data failed its checks.
        """
        plan = msgspec.convert(context.payload, RetrainPlan)
        context.progress(0.05, f"retrain {plan.endpoint}: {plan.reason}")
        version = self._data.usable_for_training(plan.data_version, None, plan.recipe.purpose)
        context.progress(0.1, f"train {plan.recipe.entry} on {version.dataset}@v{version.number}")
        run = self._trainer.train(self._request(plan), context).run
        context.progress(0.6, f"register the model of run {run[:8]}")
        model_version = str(context.step("register", lambda: self._register(plan, run)))
        context.progress(0.7, f"judge it on the newest {plan.recipe.holdout_days:g} labelled days")
        compared = msgspec.convert(
            context.step("compare", lambda: self._compare(plan, model_version)), Comparison
        )
        gate = msgspec.convert(
            context.step("gate", lambda: self._gate(plan, model_version, compared)), GateResult
        )
        context.progress(0.9, f"gate: {'passed' if gate.passed else 'refused'}, {gate.reason}")
        release = msgspec.convert(context.step("release", lambda: self._release(plan, gate)), _Released)
        result = RetrainResult(
            outcome=release.outcome,
            reason=release.reason,
            run=run,
            version=model_version,
            data_version=plan.data_version,
            comparison=compared,
            gate=gate.id,
            release=release.id,
        )
        self._database.write(lambda tx: self._note(tx, context, plan, result))
        context.progress(1.0, f"{result.outcome}: {result.reason}")
        return result

    def _request(self, plan: RetrainPlan) -> TrainRequest:
        """The newest days are kept from the script: by its own parameter, or by cutting the data."""
        recipe, entry = plan.recipe, self._facts.entry(plan.recipe.entry)
        own = HOLDOUT_PARAM in entry.params
        until = None if own else self._evaluation.boundary(self._releases.endpoint(plan.endpoint), plan)
        return TrainRequest(
            entry=entry.id,
            data=plan.data_version,
            until=until,
            params=recipe.params | ({HOLDOUT_PARAM: _whole(recipe.holdout_days)} if own else {}),
            register=False,
        )

    def _register(self, plan: RetrainPlan, run: str) -> str:
        """The script may have registered its model itself."""
        model = self._releases.endpoint(plan.endpoint).model
        own = [version for version in self._registry.versions_of_run(run) if version.model == model]
        found = own[0] if own else self._registry.register(model, NewVersion(run_id=run))
        if found.data_version != plan.data_version:
            raise Invalid(
                f"run {run} was to train on {plan.data_version}, but says {found.data_version or 'nothing'}",
                hint="the script must train on the data it is given",
            )
        return found.id

    def _compare(self, plan: RetrainPlan, model_version: str) -> Comparison:
        endpoint = self._releases.endpoint(plan.endpoint)
        champion = self._facts.champion(endpoint)
        return self._evaluation.compare(
            endpoint,
            self._registry.version(model_version),
            champion if champion is not None and champion.id != model_version else None,
            plan=plan,
            metric=self._metric(endpoint),
        )

    def _gate(self, plan: RetrainPlan, model_version: str, compared: Comparison) -> GateResult:
        check = GateCheck(
            hypothesis=self._releases.endpoint(plan.endpoint).hypothesis,
            metric=compared.candidate.metric,
            candidate=compared.candidate,
            champion=compared.champion,
            minimum_improvement=plan.recipe.minimum_improvement,
        )
        return self._registry.check_gate(model_version, check)

    def _release(self, plan: RetrainPlan, gate: GateResult) -> "_Released":
        if not gate.passed:
            return _Released(outcome="refused", reason=gate.reason)
        active = self._releases.active(plan.endpoint)
        if active is not None and gate.version in (active.champion, active.candidate):  # began before a crash
            return _Released(outcome=active.strategy, reason=gate.reason, id=active.id)
        try:
            if active is None:
                started = self._releases.start_champion(plan.endpoint, gate.version, reason=gate.reason)
            else:
                policy = plan.recipe.policy
                started = self._releases.start_canary(
                    plan.endpoint, gate.version, policy=policy, reason=gate.reason
                )
        except (Conflict, Refused) as busy:  # a canary runs, or people have to approve it first
            return _Released(outcome="refused", reason=f"{gate.reason}; but {busy.detail}")
        return _Released(outcome=started.strategy, reason=gate.reason, id=started.id)

    def _note(self, tx: Transaction, context: JobContext, plan: RetrainPlan, result: RetrainResult) -> None:
        reaction = store.reactions.find(tx, plan.reaction)
        if reaction is not None and reaction.outcome in (None, "failed"):
            tx.link(context.job.id, "produced", result.run)
            tx.link(reaction.id, "evidence", result.gate)
            ended(tx, reaction, result.outcome, result.reason, version=result.version)

    def _metric(self, endpoint: Endpoint) -> str:
        if endpoint.hypothesis is not None:
            return self._business.hypothesis(endpoint.hypothesis).metric
        return "roc_auc" if endpoint.threshold is not None else "rmse"


class _Released(msgspec.Struct, frozen=True, kw_only=True):
    """What the release step did."""

    outcome: RetrainOutcome
    reason: str
    id: str | None = None


def _whole(days: float) -> float:
    """14 rather than 14.0: a script may want an integer, and a person reads it."""
    return int(days) if days.is_integer() else days
