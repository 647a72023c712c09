"""Releases: one per endpoint; verdicts act, are kept with their evidence and replay to the same bytes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.business.records import NewHypothesis, Payoffs
from pomona.business.service import BusinessService
from pomona.core.actors import acting_as
from pomona.core.errors import Conflict, Invalid, NotFound, Refused
from pomona.core.ports import Transaction
from pomona.core.records import to_json
from pomona.registry.records import GateResult, ModelVersion, Score, Signature
from pomona.releases.records import (
    ArmEvidence,
    CanaryEvidence,
    CanaryPolicy,
    Endpoint,
    NewEndpoint,
    NewRelease,
    Release,
)
from pomona.releases.service import ReleaseService
from pomona.stats.records import Moments
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock

START = datetime(2026, 3, 1, tzinfo=UTC)


class FakeRegistry:
    """Versions ``mv_<n>`` of the model ``delay``; 9 is of another model, 7 tests a hypothesis."""

    def __init__(self) -> None:
        self.champions: list[int] = []
        self.said: list[GateResult] = []
        self.unapproved: set[str] = set()

    def version(self, ref: str) -> ModelVersion:
        number = int(ref.removeprefix("mv_"))
        return ModelVersion(
            id=ref,
            model="other" if number == 9 else "delay",
            model_id="mdl_1",
            number=number,
            source="",
            files=(),
            digest="",
            size=0,
            flavors={},
            signature=Signature(),
            hypothesis="hyp_1" if number == 7 else None,
            created_at=START,
            updated_at=START,
        )

    def gates(self, ref: str) -> list[GateResult]:
        return self.said

    def check_approved(self, version: ModelVersion) -> None:
        if version.id in self.unapproved:
            raise Refused("1 approval missing")

    def move_alias(self, tx: Transaction, model: str, alias: str, number: int, *, reason: str = "") -> None:
        assert (model, alias) == ("delay", "champion")
        self.champions.append(number)


class Bench:
    def __init__(self, opened: Opened) -> None:
        self.clock = FakeClock(START)
        self.database = opened(self.clock)
        self.registry = FakeRegistry()
        self.business = BusinessService(self.database, self.clock)
        self.releases = ReleaseService(self.database, self.clock, self.registry, self.business)
        self.ledger = SqlLedger(self.database)

    def endpoint(self, name: str = "late") -> Endpoint:
        return self.releases.create_endpoint(NewEndpoint(name=name, model="delay"))

    def canary(self) -> Release:
        self.endpoint()
        self.releases.start_champion("late", "mv_1", reason="the first")
        self.clock.advance(seconds=1)
        return self.releases.start_canary(
            "late", "mv_2", policy=CanaryPolicy(share=0.4, min_matured=100), reason="it was better on May"
        )

    def told(self, kind: str) -> list[dict[str, object]]:
        return [entry.data for entry in self.ledger.entries(types=[kind])]


@pytest.fixture
def bench(open_database: Opened) -> Bench:  # noqa: F811
    return Bench(open_database)


def seen(candidate_mean: float, *, n: int = 1000, days: float = 1.0) -> CanaryEvidence:
    champion_n = round(n * 1.5)
    return CanaryEvidence(
        champion=ArmEvidence(
            arm="champion",
            model_version="mv_1",
            predictions=champion_n,
            matured=champion_n,
            value=Moments(n=champion_n, mean=1.0, m2=100.0 * champion_n),
        ),
        candidate=ArmEvidence(
            arm="candidate",
            model_version="mv_2",
            predictions=n,
            matured=n,
            value=Moments(n=n, mean=candidate_mean, m2=100.0 * n),
        ),
        share=0.4,
        currency="EUR",
        since=START,
        until=START + timedelta(days=days),
    )


def test_an_endpoint_copies_what_its_hypothesis_is_worth(bench: Bench) -> None:
    payoffs = Payoffs(true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.4)
    hypothesis = bench.business.create(
        NewHypothesis(
            name="fewer-misses",
            statement="Warned passengers miss fewer flights",
            metric="value_per_prediction",
            baseline=0.0,
            target=1.0,
            payoffs=payoffs,
        )
    )
    made = bench.releases.create_endpoint(NewEndpoint(name="late", model="delay", hypothesis="fewer-misses"))
    assert (made.payoffs, made.threshold, made.hypothesis) == (payoffs, 0.4, hypothesis.id)
    assert bench.releases.endpoint("late") == bench.releases.endpoint(made.id) == made
    assert [(link.relation, link.target) for link in bench.ledger.links([made.id])] == [
        ("tests", hypothesis.id)
    ]


def test_bad_endpoints_store_nothing(bench: Bench) -> None:
    bench.endpoint()
    with pytest.raises(Conflict, match="late"):
        bench.endpoint()
    for new in (NewEndpoint(name="No Spaces", model="m"), NewEndpoint(name="x", model="m", threshold=2.0)):
        with pytest.raises(Invalid):
            bench.releases.create_endpoint(new)
    with pytest.raises(NotFound):
        bench.releases.create_endpoint(NewEndpoint(name="x", model="m", hypothesis="nothing"))
    assert [e.name for e in bench.releases.endpoints().items] == ["late"]


def test_the_first_champion_serves_everything(bench: Bench) -> None:
    bench.endpoint()
    assert bench.releases.active("late") is None
    assert bench.releases.plans() == []
    first = bench.releases.start("late", NewRelease(version="mv_1", strategy="champion", reason="the first"))
    assert bench.releases.active("late") == first
    (plan,) = bench.releases.plans()
    assert [(arm.name, arm.model_version, arm.share) for arm in plan.arms] == [("champion", "mv_1", 1.0)]
    assert bench.registry.champions == [1]
    again = bench.releases.start_champion("late", "mv_1", reason="the first")
    assert again == first


def test_a_version_that_tests_a_hypothesis_serves_only_past_its_gate(bench: Bench) -> None:
    bench.endpoint()
    with pytest.raises(Refused, match="not checked"):
        bench.releases.start_champion("late", "mv_7", reason="the first")
    assert bench.releases.active("late") is None
    forced = NewRelease(version="mv_7", strategy="champion", reason="the first", force="the demo is at noon")
    assert bench.releases.start("late", forced).champion == "mv_7"
    bench.registry.said = [
        GateResult(
            id="gat_1",
            model="delay",
            version="mv_7",
            number=7,
            champion=None,
            hypothesis="hyp_1",
            metric="roc_auc",
            direction="higher",
            target=0.7,
            minimum_improvement=0.0,
            candidate_score=Score(metric="roc_auc", value=0.8),
            champion_score=None,
            passed=True,
            reason="reaches the target",
            at=START,
            by="ann",
        )
    ]
    bench.endpoint("other")
    assert bench.releases.start_champion("other", "mv_7", reason="passed").champion == "mv_7"


def test_a_canary_needs_a_champion_and_is_alone(bench: Bench) -> None:
    bench.endpoint()
    with pytest.raises(Refused, match="no champion"):
        bench.releases.start_canary("late", "mv_2", reason="better")
    first = bench.releases.start_champion("late", "mv_1", reason="the first")
    with pytest.raises(Refused, match="champion already"):
        bench.releases.start_canary("late", "mv_1", reason="better")
    with pytest.raises(Invalid, match="other"):
        bench.releases.start_canary("late", "mv_9", reason="better")
    with pytest.raises(Invalid, match="reason"):
        bench.releases.start_canary("late", "mv_2", reason=" ")
    canary = bench.releases.start_canary("late", "mv_2", reason="better")
    for start in (bench.releases.start_canary, bench.releases.start_champion):
        with pytest.raises(Conflict, match=canary.id) as conflict:
            start("late", "mv_3", reason="even better")
        assert "rollback" in str(conflict.value.hint)
    assert bench.releases.active("late") == canary
    assert bench.releases.release(first.id).state == "superseded"
    assert bench.releases.canaries() == [canary]
    (plan,) = bench.releases.plans()
    assert [(arm.name, arm.share) for arm in plan.arms] == [("champion", 0.7), ("candidate", 0.3)]


def test_promotion_moves_the_alias_and_starts_the_next_champion(bench: Bench) -> None:
    canary = bench.canary()
    ended = bench.releases.decide(canary.id, seen(5.0))
    assert ended.state == "promoted"
    assert ended.verdict is not None
    now = bench.releases.active("late")
    assert now is not None
    assert (now.strategy, now.champion, now.candidate) == ("champion", "mv_2", None)
    assert bench.registry.champions == [1, 2]
    (told,) = bench.told("releases.decided")
    assert (told["verdict"], told["champion"], told["reason"]) == ("promote", "mv_2", ended.verdict.reason)


def test_a_winner_that_lacks_approvals_waits_for_people(bench: Bench) -> None:
    canary = bench.canary()
    bench.registry.unapproved = {"mv_2"}
    assert bench.releases.decide(canary.id, seen(5.0)).state == "running"
    with pytest.raises(Refused, match="approval"):
        bench.releases.promote(canary.id, reason="now")
    assert bench.registry.champions == [1]
    bench.registry.unapproved = set()
    assert bench.releases.decide(canary.id, seen(5.0)).state == "promoted"


def test_nothing_without_approvals_is_started(bench: Bench) -> None:
    bench.canary()
    bench.registry.unapproved = {"mv_3"}
    bench.releases.roll_back(bench.releases.canaries()[0].id, reason="to begin anew")
    for start in (bench.releases.start_champion, bench.releases.start_canary):
        with pytest.raises(Refused, match="approval"):
            start("late", "mv_3", reason="it is better")


def test_roll_back_leaves_the_champion_as_it_was(bench: Bench) -> None:
    canary = bench.canary()
    assert bench.releases.decide(canary.id, seen(-5.0)).state == "rolled_back"
    now = bench.releases.active("late")
    assert now is not None
    assert (now.champion, now.salt == canary.salt) == ("mv_1", False)
    assert bench.registry.champions == [1]


def test_the_same_evidence_again_changes_nothing(bench: Bench) -> None:
    canary = bench.canary()
    for evidence in (seen(1.0), seen(1.0), seen(1.1), seen(5.0), seen(-9.0)):
        bench.releases.decide(canary.id, evidence)
    stored = bench.releases.verdicts(canary.id)
    assert [(v.number, v.verdict.action) for v in stored] == [
        (1, "continue"),
        (2, "continue"),
        (3, "promote"),
    ]
    assert bench.releases.release(canary.id).verdicts == 3


def test_verdicts_replay_to_the_same_bytes(bench: Bench) -> None:
    canary = bench.canary()
    for mean in (0.7, 1.1, 5.0):
        bench.clock.advance(seconds=60)
        bench.releases.decide(canary.id, seen(mean))
    replayed = bench.releases.replay(canary.id)
    assert len(replayed) == 3
    for stored, again in replayed:
        assert to_json(again) == to_json(stored.verdict)


def test_a_person_decides_by_hand_with_a_reason(bench: Bench) -> None:
    canary = bench.canary()
    with pytest.raises(Invalid):
        bench.releases.promote(canary.id, reason="")
    with acting_as("ann"):
        ended = bench.releases.promote(canary.id, reason="the fair starts tomorrow")
    (stored,) = bench.releases.verdicts(ended.id)
    assert (stored.by, stored.evidence, stored.verdict.reason) == ("ann", None, "the fair starts tomorrow")
    with pytest.raises(Conflict, match="promoted"):
        bench.releases.roll_back(canary.id, reason="no")
    alone = bench.releases.active("late")
    assert alone is not None
    with pytest.raises(Conflict, match="no candidate"):
        bench.releases.roll_back(alone.id, reason="no")
    assert bench.releases.replay(canary.id) == []


def test_the_database_itself_allows_one_running_release(bench: Bench) -> None:
    canary = bench.canary()
    from sqlalchemy.exc import IntegrityError

    from pomona.releases import store

    twin = msgspec.structs.replace(canary, id="rel_twin")
    with pytest.raises(IntegrityError):
        bench.database.write(lambda tx: store.releases.insert(tx, twin))


def test_lists_are_newest_first_and_by_endpoint(bench: Bench) -> None:
    canary = bench.canary()
    bench.endpoint("other")
    bench.clock.advance(seconds=1)
    page = bench.releases.releases(endpoint="late")
    assert page.items[0] == canary
    assert len(page.items) == 2
    assert bench.releases.releases(endpoint="other").items == []
    with pytest.raises(NotFound):
        bench.releases.releases(endpoint="nowhere")
    with pytest.raises(NotFound):
        bench.releases.release("rel_nothing")
