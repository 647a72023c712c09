"""The workflow: train, register, judge, release or refuse; a crash repeats no finished step."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.loop.world import START, FakeRegistry, FakeReleases, World

from pomona.core.errors import Conflict, Unavailable, UserCodeFailed
from pomona.jobs.records import Job
from pomona.jobs.worker import JobContext
from pomona.loop.records import Comparison, Request, RetrainPlan
from pomona.loop.retraining import Retraining
from pomona.registry.records import GateCheck, GateResult, ModelVersion, NewVersion, Score
from pomona.registry.rules import decide_gate
from pomona.releases.records import CanaryPolicy, Endpoint, Release
from pomona.training.records.entries import Trained, TrainRequest

RUN = f"{2:032x}"


class Trainer:
    """Each training makes run 2; a test may let it break."""

    def __init__(self) -> None:
        self.asked: list[TrainRequest] = []
        self.broken: Exception | None = None

    def train(self, wanted: TrainRequest, context: JobContext, *, step: str = "train") -> Trained:
        return Trained(
            run=context.step("train", lambda: self._run(wanted)),
            entry="ent_1",
            data_version=wanted.data or "",
        )

    def _run(self, wanted: TrainRequest) -> str:
        self.asked.append(wanted)
        if self.broken is not None:
            raise self.broken
        return RUN


class Registry(FakeRegistry):
    """Registers run 2 as ``mv_2`` and asks the real gate."""

    def __init__(self) -> None:
        self.registered: list[str] = []
        self.gates: list[GateCheck] = []
        self.dies_at_gate = 0

    def versions_of_run(self, run_id: str) -> Sequence[ModelVersion]:
        return [self.version(name) for name in self.registered]

    def register(self, model: str, new: NewVersion) -> ModelVersion:
        assert (model, new.run_id) == ("delay", RUN)
        self.registered.append("mv_2")
        return self.version("mv_2")

    def check_gate(self, ref: str, check: GateCheck | None = None) -> GateResult:
        assert check is not None
        assert check.candidate is not None
        if self.dies_at_gate:
            self.dies_at_gate -= 1
            raise Unavailable("the disk is slow")
        self.gates.append(check)
        said = decide_gate(check.candidate, check.champion, target=0.7, direction="higher")
        return GateResult(
            id="gat_1",
            model="delay",
            version=ref,
            number=2,
            champion="mv_1" if check.champion else None,
            hypothesis=None,
            metric=str(check.metric),
            direction="higher",
            target=0.7,
            minimum_improvement=0.0,
            candidate_score=check.candidate,
            champion_score=check.champion,
            passed=said.passed,
            reason=said.reason,
            at=START,
            by="ann",
        )


class Evaluation:
    """The candidate's and the champion's metric are what a test says."""

    def __init__(self) -> None:
        self.candidate, self.champion = 0.8, 0.75

    def boundary(self, endpoint: Endpoint, plan: RetrainPlan) -> Any:
        return START

    def compare(
        self,
        endpoint: Endpoint,
        candidate: ModelVersion,
        champion: ModelVersion | None,
        *,
        plan: RetrainPlan,
        metric: str,
    ) -> Comparison:
        def score(value: float) -> Score:
            return Score(metric=metric, value=value, rows=100, data_version=plan.data_version)

        return Comparison(
            data_version=plan.data_version,
            rows=100,
            candidate=score(self.candidate),
            champion=score(self.champion) if champion is not None else None,
        )


class Shop:
    """A world with a retraining workflow in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.trainer, self.registry, self.evaluation = Trainer(), Registry(), Evaluation()
        world.data.count = 2
        world.trigger("request")
        self.retraining = Retraining(
            world.database,
            trainer=self.trainer,
            registry=self.registry,
            releases=world.releases,
            business=None,  # type: ignore[arg-type]
            data=world.data,
            facts=world.facts,
            evaluation=self.evaluation,  # type: ignore[arg-type]
        )

    def retrain(self) -> Job:
        asked = self.world.loop.request("request", Request(reason="now"))
        assert asked.job is not None
        self.work()
        return self.world.jobs.get(asked.job)

    def work(self) -> None:
        self.world.finish_jobs({"retrain": self.retraining.workflow()})
        self.world.loop.react()


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def test_a_better_model_becomes_a_canary(shop: Shop) -> None:
    job = shop.retrain()
    assert job.state == "done"
    assert (job.result["outcome"], job.result["version"]) == ("canary", "mv_2")
    running = shop.world.releases.running
    assert running is not None
    assert (running.champion, running.candidate) == ("mv_1", "mv_2")
    (reaction,) = shop.world.reactions()
    assert reaction.outcome == "canary"
    assert "beats the champion's 0.75" in reaction.outcome_reason
    (told,) = shop.world.ledger.entries(types=["loop.retraining_ended"])
    assert told.data["outcome"] == "canary"
    targets = {(link.relation, link.target) for link in shop.world.ledger.links([job.id, reaction.id])}
    assert {("caused", job.id), ("produced", RUN), ("evidence", "gat_1")} <= targets


def test_a_worse_model_is_refused_and_nothing_is_released(shop: Shop) -> None:
    shop.evaluation.candidate = 0.72
    job = shop.retrain()
    assert job.result["outcome"] == "refused"
    running = shop.world.releases.running
    assert running is not None
    assert running.candidate is None
    assert "does not beat" in shop.world.reactions()[0].outcome_reason


def test_the_first_model_is_held_against_the_target(shop: Shop) -> None:
    shop.world.releases.running = None
    assert shop.retrain().result["outcome"] == "champion"
    running = shop.world.releases.running
    assert running is not None
    assert running.champion == "mv_2"
    shop.world.releases.running = None
    shop.evaluation.candidate = 0.6
    assert shop.retrain().result["outcome"] == "refused"


def test_the_script_is_kept_from_the_newest_days(shop: Shop) -> None:
    shop.retrain()
    (asked,) = shop.trainer.asked
    assert (asked.data, asked.params, asked.until) == ("ver_2", {"holdout_days": 14.0}, None)
    assert not asked.register


def test_a_script_that_knows_no_hold_out_is_given_less_data(shop: Shop) -> None:
    import msgspec

    entry = msgspec.structs.replace(shop.world.entries.entry("gbt"), params={})
    shop.world.entries.entry = lambda ref: entry  # type: ignore[method-assign]
    shop.retrain()
    assert (shop.trainer.asked[0].until, shop.trainer.asked[0].params) == (START, {})


def test_a_crash_repeats_no_finished_step(shop: Shop) -> None:
    shop.registry.dies_at_gate = 1
    job = shop.retrain()
    assert (job.state, job.failures) == ("queued", 1)
    shop.world.clock.advance(seconds=60)
    shop.work()
    assert shop.world.jobs.get(job.id).state == "done"
    assert len(shop.trainer.asked) == 1
    assert shop.registry.registered == ["mv_2"]


class ReleasesDie(FakeReleases):
    """The process dies after the canary started, before the job knows."""

    def start_canary(
        self, endpoint: str, candidate: str, *, policy: CanaryPolicy | None = None, reason: str
    ) -> Release:
        super().start_canary(endpoint, candidate, policy=policy, reason=reason)
        raise Unavailable("killed")


def test_a_canary_that_began_before_a_crash_is_found_again(shop: Shop) -> None:
    shop.world.releases.__class__ = ReleasesDie
    job = shop.retrain()
    assert job.state == "queued"
    shop.world.releases.__class__ = FakeReleases
    shop.world.clock.advance(seconds=60)
    shop.work()
    assert shop.world.jobs.get(job.id).result["outcome"] == "canary"


def test_a_canary_of_somebody_else_keeps_its_place(shop: Shop) -> None:
    def busy(*_: Any, **__: Any) -> Release:
        raise Conflict("release rel_9 is a running canary")

    shop.world.releases.start_canary = busy  # type: ignore[method-assign]
    result = shop.retrain().result
    assert result["outcome"] == "refused"
    assert "rel_9" in result["reason"]


def test_a_broken_script_ends_the_job_with_its_traceback_told(shop: Shop) -> None:
    shop.trainer.broken = UserCodeFailed("the training script failed: KeyError: 'hour'", hint="see the run")
    job = shop.retrain()
    assert job.state == "failed"
    (reaction,) = shop.world.reactions()
    assert reaction.outcome == "failed"
    assert "KeyError" in reaction.outcome_reason


def test_a_failed_job_that_is_retried_tells_its_real_end(shop: Shop) -> None:
    shop.trainer.broken = UserCodeFailed("the training script failed")
    job = shop.retrain()
    shop.trainer.broken = None
    shop.world.jobs.retry(job.id)
    shop.work()
    assert shop.world.reactions()[0].outcome == "canary"
